"""Add a row to a CSV file (RFC 4180) or a sheet, by its columns' names. Pure.

The first line names the columns. A value that spreadsheet programs would take for a formula is written as text (OWASP,
CSV injection). A row carries its id, so that it is recognised when it is added again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

CSV_BYTES_MAX: Final = 5 * 1024 * 1024  # it is read whole for each row: 50 ms
COLUMNS_MAX: Final = 500  # more is no table that people read
LINE_END: Final = "\r\n"

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"[+-]?[0-9][0-9 .,]{0,60}%?", re.ASCII)


class RowFault(ValueError):
    """The row cannot be added: what is wrong with which field of the input."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"input.{path}: {message}")
        self.path, self.message = path, message


@dataclass(frozen=True, slots=True)
class NewFile:
    """There is nothing yet: the whole file, with its columns and the row."""

    content: bytes
    row: int = 2


@dataclass(frozen=True, slots=True)
class Addition:
    """What goes to the end of the file, and the row's number there, the columns' line being 1."""

    content: bytes
    row: int


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """The row is in the file already."""

    row: int


def add_row(
    content: bytes | None,
    values: Mapping[str, Any],
    *,
    id_column: str | None,
    row_id: str,
    delimiter: str,
    order: Sequence[str] = (),
) -> NewFile | Addition | AlreadyThere:
    """What adding a row to a file means; `content` is None or empty where there is none yet.

    Raises:
        RowFault: the file is no CSV in UTF-8, is too large, or has no such column.
    """
    given = with_id(values, id_column, row_id)
    if not content:
        columns = first_columns(given, order)
        if odd := next((name for name in columns if name.startswith(_FORMULA)), None):
            raise RowFault(f"values.{odd}", "a column's name must not begin as a formula does")
        lines = _line(columns, delimiter, LINE_END) + _line(cells(columns, given), delimiter, LINE_END)
        return NewFile(lines.encode())
    text = _read(content)
    columns, ids = _scan(text, delimiter, id_column)
    check_columns(columns, given)
    if id_column is not None and row_id in ids:
        return AlreadyThere(ids[row_id])
    end = "\r\n" if "\r\n" in text[:10_000] else "\n"
    begin = "" if text.endswith(("\n", "\r")) else end
    row = ids[_LAST] + 1
    return Addition((begin + _line(cells(columns, given), delimiter, end)).encode(), row)


def first_columns(given: Mapping[str, Any], order: Sequence[str]) -> list[str]:
    """The columns of a new table: those that are ordered, then the row's others."""
    return list(dict.fromkeys([*order, *given]))


def with_id(values: Mapping[str, Any], id_column: str | None, row_id: str) -> dict[str, Any]:
    """The row's values with its id in its column."""
    return dict(values) if id_column is None else {**values, id_column: row_id}


def check_columns(columns: Sequence[str], given: Mapping[str, Any]) -> None:
    """Compare a row's names with the columns there are.

    Raises:
        RowFault: a value has no column.
    """
    for name in given:
        if name not in columns:
            named = ", ".join(column for column in columns[:20] if column)
            raise RowFault(f"values.{name}", f"is no column of the file, which has {named}: add it to its first line")


def cells(columns: Sequence[str], given: Mapping[str, Any], *, guard: bool = True) -> list[str]:
    """The row in the columns' order; `guard` writes what looks like a formula as text."""
    return [_guarded(_text(given.get(column))) if guard else _text(given.get(column)) for column in columns]


_LAST: Final = ""  # never an id


def _read(content: bytes) -> str:
    if len(content) > CSV_BYTES_MAX:
        raise RowFault("file", f"has more than {CSV_BYTES_MAX // 1024**2} MiB: begin another file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RowFault("file", "is not UTF-8 text") from None


def _scan(text: str, delimiter: str, id_column: str | None) -> tuple[list[str], dict[str, int]]:
    """The columns, and each row's number by its id; that of the last row under `_LAST`."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    ids: dict[str, int] = {}
    try:
        columns = next(reader, [])
        place = columns.index(id_column) if id_column in columns else None
        number = 1
        for number, row in enumerate(reader, 2):
            if place is not None and place < len(row):
                ids[row[place]] = number
    except csv.Error as error:
        raise RowFault("file", f"is no CSV: {error}") from None
    if not 1 <= len(columns) <= COLUMNS_MAX:
        raise RowFault("file", f"its first line must name 1 to {COLUMNS_MAX} columns")
    ids[_LAST] = number
    return columns, ids


def _line(row: Sequence[str], delimiter: str, end: str) -> str:
    made = io.StringIO(newline="")
    csv.writer(made, delimiter=delimiter, lineterminator=end).writerow(row)
    return made.getvalue()


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case _:
            return orjson.dumps(value).decode()


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text
