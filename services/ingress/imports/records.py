"""Read a file of clients or products line by line, in bounded memory: each line an object, or what is wrong with it.

A line has a number as an editor counts it, from 1. A table's first line names its columns; what it names wrong is
wrong with the whole file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, BinaryIO, Final, Literal

from pydantic import BaseModel, ValidationError

from contracts.imports import ImportKind
from contracts.parties import ClientUpsert, OnConflict, ProductUpsert
from contracts.problem import Fault, faults_of
from contracts.strict_json import JsonRefused, read_json
from ingress.imports.cells import CELL_CHARS_MAX, COLUMNS, KEPT, Reader, object_of

Format = Literal["csv", "jsonl"]

LINE_BYTES_MAX: Final = 256 * 1024
COLUMNS_MAX: Final = 200  # a line of 256 KiB could name 130,000, each compared with all before it
_DELIMITERS: Final = (",", ";", "\t", "|")
_BOM: Final = "\ufeff"
_TOO_LONG: Final = f"has more than {LINE_BYTES_MAX} bytes"

_MODELS: Final[Mapping[ImportKind, type[BaseModel]]] = MappingProxyType(
    {"clients": ClientUpsert, "products": ProductUpsert}
)
_REQUIRED: Final[Mapping[ImportKind, tuple[str, ...]]] = MappingProxyType(
    {"clients": ("name",), "products": ("code", "name")}
)


@dataclass(frozen=True, slots=True)
class Record:
    """A line that tells an object: what was said of it, as JSON values, checked."""

    line: int
    given: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A line that tells none, and why."""

    line: int
    faults: list[Fault]


class Unreadable(ValueError):
    """The file as a whole is none that can be taken; `faults` say why."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.path} {fault.message}" for fault in faults))
        self.faults = faults


def records(file: BinaryIO, *, kind: ImportKind, form: Format, on_conflict: OnConflict) -> Iterator[Record | BadRecord]:
    """Read records one after the other; empty lines are passed over.

    Raises:
        Unreadable: while reading the first line of a table.
    """
    told = _of_table(file, kind) if form == "csv" else _of_json(file)
    for line, given in told:
        yield BadRecord(line, given) if isinstance(given, list) else _checked(line, given, kind, on_conflict)


def _checked(line: int, given: dict[str, Any], kind: ImportKind, on_conflict: OnConflict) -> Record | BadRecord:
    said = {name: value for name, value in given.items() if name not in KEPT}
    if "on_conflict" in said:
        return BadRecord(line, [Fault("on_conflict", "is not a field of this object: leave it out")])
    try:
        read = _MODELS[kind].model_validate(said | {"on_conflict": on_conflict})
    except ValidationError as error:
        return BadRecord(line, faults_of(error))
    return Record(line, read.model_dump(mode="json", exclude_unset=True))


Told = tuple[int, dict[str, Any] | list[Fault]]


def _of_json(file: BinaryIO) -> Iterator[Told]:
    for line, text in _lines(file):
        if isinstance(text, Fault):
            yield line, [text]
        elif stripped := text.strip():
            yield line, _parsed(stripped)


def _parsed(text: str) -> dict[str, Any] | list[Fault]:
    try:
        given = read_json(text.encode())
    except JsonRefused as refused:
        return [Fault("", str(refused))]
    if not isinstance(given, dict):
        return [Fault("", "must be one JSON object")]
    # What is said with an escape is not in the line itself.
    return [Fault("", "must not hold a NUL character")] if "\\u0000" in text else given


def _of_table(file: BinaryIO, kind: ImportKind) -> Iterator[Told]:
    csv.field_size_limit(CELL_CHARS_MAX)
    columns, lines = COLUMNS[kind], _Lines(file)
    first = next(lines, "")
    if lines.faults:
        raise Unreadable([Fault("line 1", lines.faults[0][1].message)])
    delimiter = max(_DELIMITERS, key=first.count)
    header = _header(next(csv.reader([first.removeprefix(_BOM)], delimiter=delimiter), []), kind, columns)
    begins = 2
    for cells in _rows(lines, delimiter):
        yield from ((number, [fault]) for number, fault in lines.faults)
        lines.faults.clear()
        if isinstance(cells, Fault):
            yield begins, [cells]
        elif len(cells) > len(header):
            yield begins, [Fault("", f"has {len(cells)} cells under {len(header)} columns")]
        elif any(cell.strip() for cell in cells):
            yield begins, object_of(header, cells, columns)
        begins = lines.number + 1


def _rows(lines: _Lines, delimiter: str) -> Iterator[list[str] | Fault]:
    rows = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Fault("", f"cannot be read as a line of a table: {error}")
        else:
            yield cells


def _header(names: list[str], kind: ImportKind, columns: Mapping[str, Reader]) -> list[str | None]:
    """The columns in the file's order, None for those that are passed over.

    Raises:
        Unreadable: unknown and doubled columns, and those that are missing, all of them.
    """
    if len(names) > COLUMNS_MAX:
        raise Unreadable([Fault("line 1", f"has {len(names)} columns: at most {COLUMNS_MAX} are read")])
    header = [name.strip().lower() for name in names]
    faults = []
    for position, name in enumerate(header):
        if name in header[:position]:
            faults.append(Fault(name, "is the name of more than one column"))
        elif name not in columns and name not in KEPT:
            faults.append(Fault(name[:100], f"is no column of {kind}: they have {', '.join(columns)}"))
    faults += [Fault(name, "is a column that must be there") for name in _REQUIRED[kind] if name not in header]
    if faults:
        raise Unreadable(faults)
    return [name if name in columns else None for name in header]


class _Lines:
    """The lines of a file for the table reader, which wants text; what is none is put aside in `faults`."""

    def __init__(self, file: BinaryIO) -> None:
        self._lines = _lines(file)
        self.number = 0
        self.faults: list[tuple[int, Fault]] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        self.number, text = next(self._lines)
        if isinstance(text, Fault):
            self.faults.append((self.number, text))
            return "\n"
        return text


def _lines(file: BinaryIO) -> Iterator[tuple[int, str | Fault]]:
    """Each line with its number, or what keeps it from being text."""
    number = 0
    while raw := file.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(raw) > LINE_BYTES_MAX:
            while raw and not raw.endswith(b"\n"):
                raw = file.readline(LINE_BYTES_MAX)
            yield number, Fault("", _TOO_LONG)
            continue
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            yield number, Fault("", "is not UTF-8 text")
            continue
        yield number, Fault("", "must not hold a NUL character") if "\0" in text else text
