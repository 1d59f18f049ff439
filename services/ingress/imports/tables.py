"""Read a table of CSV row by row: what separates its cells, its header, its records, each within bounds.

A record may span several lines, inside quotes. One whose quote is never closed, or closed in the middle of a cell, is
an error of its first line, and reading continues with the next line.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from contracts.primitives.problem import FieldError
from contracts.resources.imports import ImportKind
from ingress.imports.cells import CELL_CHARS_MAX, COLUMNS, object_of
from ingress.imports.headers import Unreadable, header_of
from ingress.imports.lines import LINE_BYTES_MAX, Line, Lines
from ingress.imports.numbers import Numbers

RECORD_LINES_MAX: Final = 500  # a comment of 10,000 characters has fewer
RECORD_CHARS_MAX: Final = LINE_BYTES_MAX
TICK_LINES: Final = 500  # after so many lines without a record the reader yields

_NUMBERS: Final = frozenset({"unit_price", "tax_rate"})
_DELIMITERS: Final = (",", ";", "\t", "|")
_QUOTED: Final = re.compile(r'"[^"]*"?')
_NAMED_DELIMITER: Final = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # a first line that Excel writes
_TOO_LONG: Final = f"has a cell of more than {CELL_CHARS_MAX} characters"

Given = tuple[int, dict[str, Any] | list[FieldError]]


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: list[str]
    fault: FieldError | None = None


def objects_of(file: BinaryIO, kind: ImportKind, charset: str | None) -> Iterator[Given | None]:
    """Yield each row's line with its object, or its errors; None periodically when there is no row.

    Raises:
        Unreadable: the header is wrong.
    """
    lines = Lines(file, charset)
    delimiter, names = _first(lines)
    header, columns = header_of(names, kind), COLUMNS[kind]
    numbers = Numbers(point_usual=delimiter != ";")
    if _NUMBERS.intersection(header):
        yield from _note(numbers, header, _Rows(lines, delimiter, len(header)))
        lines = Lines(file, charset)
        _first(lines)
    for row in _Rows(lines, delimiter, len(header)):
        if row is None:
            yield None
        elif row.fault is not None:
            yield row.line, [row.fault]
        elif any(map(str.strip, row.cells)):
            yield row.line, _read(object_of(header, row.cells, columns), numbers)


def _first(lines: Lines) -> tuple[str, list[str]]:
    """The delimiter and the names of the columns.

    Raises:
        Unreadable: the first line is not text.
    """
    while lines.skip_blank():
        pass
    first = lines.next()
    named = _NAMED_DELIMITER.fullmatch(first.text) if first is not None and first.fault is None else None
    if named:
        first = lines.next()
    if first is None:
        return ",", []
    if first.fault is not None:
        raise Unreadable([FieldError(f"line {first.number}", first.fault.message)])
    bare = _QUOTED.sub("", first.text)
    delimiter = named[1] if named and named[1] in _DELIMITERS else max(_DELIMITERS, key=bare.count)
    try:
        return delimiter, next(csv.reader([first.text], delimiter=delimiter), [])
    except csv.Error as error:
        raise Unreadable(
            [FieldError(f"line {first.number}", f"cannot be read as a line of a table: {error}")]
        ) from None


def _note(numbers: Numbers, header: list[str | None], rows: _Rows) -> Iterator[None]:
    """Read all numbers of a file, to learn their format."""
    places = [(place, name) for place, name in enumerate(header) if name in _NUMBERS]
    for count, row in enumerate(rows):
        if row is None or count % TICK_LINES == 0:
            yield None
        if row is not None and row.fault is None:
            for place, name in places:
                if place < len(row.cells):
                    numbers.note(str(name), _number(str(name), row.cells[place]))


def _read(given: dict[str, Any], numbers: Numbers) -> dict[str, Any] | list[FieldError]:
    read = {name: numbers.read(name, _number(name, given[name])) for name in _NUMBERS.intersection(given)}
    faults = [value for value in read.values() if isinstance(value, FieldError)]
    return faults or given | read


def _number(column: str, cell: str) -> str:
    text = cell.strip()
    return text.removesuffix("%").rstrip() if column == "tax_rate" else text


class _Rows:
    """The rows below the header; None periodically, while lines are skipped."""

    def __init__(self, lines: Lines, delimiter: str, columns: int) -> None:
        csv.field_size_limit(RECORD_CHARS_MAX)
        self._lines, self._delimiter, self._columns = lines, delimiter, columns
        self._again: deque[Line] = deque()  # lines that a broken record had consumed

    def __iter__(self) -> Iterator[_Row | None]:
        while True:
            if not self._again and self._lines.skip_blank():
                yield None
            elif (line := self._take()) is None:
                return
            elif line.fault is not None:
                yield _Row(line.number, [], line.fault)
            else:
                yield self._checked(line.number, self._record(line))

    def _take(self) -> Line | None:
        return self._again.popleft() if self._again else self._lines.next()

    def _checked(self, number: int, cells: list[str] | FieldError) -> _Row:
        if isinstance(cells, FieldError):
            return _Row(number, [], cells)
        if len(cells) > self._columns and any(cells[self._columns :]):
            fault = FieldError("", f"has {len(cells)} cells under {self._columns} columns")
            return _Row(number, [], fault)
        if any(len(cell) > CELL_CHARS_MAX for cell in cells):
            return _Row(number, [], FieldError("", _TOO_LONG))
        return _Row(number, cells)

    def _record(self, first: Line) -> list[str] | FieldError:
        if '"' not in first.text:
            return first.text.rstrip("\r\n").split(self._delimiter)
        taken: list[Line] = []
        try:
            cells = next(csv.reader(self._texts(first, taken), delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            broken = f"has a quote that is not closed, or not at the end of its cell ({error}): double quotes in a cell"
        else:
            if not taken or len(cells) == self._columns:
                return cells
            broken = (
                f"begins a quoted cell that ends in line {taken[-1].number}, and makes {len(cells)} cells for"
                f" {self._columns} columns: is a quote not closed?"
            )
        self._again.extendleft(reversed(taken))
        return FieldError("", broken)

    def _texts(self, first: Line, taken: list[Line]) -> Iterator[str]:
        """The lines of one record, those after the first stored in `taken`; none when a bound is reached."""
        chars = len(first.text)
        yield first.text
        while len(taken) < RECORD_LINES_MAX and chars < RECORD_CHARS_MAX and (line := self._take()) is not None:
            taken.append(line)
            if line.fault is not None:
                return
            chars += len(line.text)
            yield line.text
