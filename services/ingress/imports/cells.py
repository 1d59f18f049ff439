"""Map a table's cells to objects and back: columns of `address.city` and the like.

A text that a spreadsheet would read as a formula is exported with an apostrophe before it, and imported without it; so
is one with white space around it, which an import strips otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import orjson

from contracts.resources.imports import ImportKind
from contracts.strict_json import JsonRefused, read_json

CELL_CHARS_MAX: Final = 100_000

_BEGINS: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20"  # fullwidth forms too
_GUARD: Final = "'"
# A reader that splits at another separator, or ignores our quotes, finds a cell after each of these.
_WITHIN: Final = re.compile(rf"([,;|\t\r\n][\s\"]*)('*)(?=[{_BEGINS}])")
_GUARDED_WITHIN: Final = re.compile(rf"([,;|\t\r\n][\s\"]*)'('*)(?=[{_BEGINS}])")
# The same reader finds what follows the quotes at a cell's start. Guards within may stand before a formula already.
_FIRST: Final = re.compile(rf"[{_BEGINS}\s]|\"[\s\"]*'*[{_BEGINS}]")

_ADDRESS: Final = ("street", "city", "postal_code", "region", "country")


def _text(cell: str) -> Any:
    return cell


def _number(cell: str) -> Any:
    return int(cell) if cell.isascii() and cell.isdigit() and len(cell) < 10 else cell  # noqa: PLR2004  else a fault


def _json(cell: str) -> Any:
    try:
        return read_json(cell.encode())
    except JsonRefused:
        return cell  # and so found to be no list


Reader = Callable[[str], Any]

COLUMNS: Final[Mapping[ImportKind, Mapping[str, Reader]]] = MappingProxyType(
    {
        "clients": {
            **dict.fromkeys(
                ("name", "type", "first_name", "last_name", "email", "phone", "reg_number", "vat_number"), _text
            ),
            **{f"address.{part}": _text for part in _ADDRESS},
            **{f"shipping_address.{part}": _text for part in _ADDRESS},
            "contacts": _json,
            **dict.fromkeys(("locale", "currency"), _text),
            "pay_term.type": _number,
            "pay_term.days": _number,
            **dict.fromkeys(("collector_id", "external_id", "comment"), _text),
        },
        "products": dict.fromkeys(
            (
                "code", "name", "type", "description", "barcode", "unit", "unit_price", "currency", "tax_rate",
                "tax_category", "external_id",
            ),
            _text,
        ),
    }
)  # fmt: skip
"""The columns of each kind's table, in export order."""

KEPT: Final = ("id", "archived", "balance", "created_at", "updated_at")
"""Columns that an export has and an import ignores: the ledger determines them."""


def object_of(header: Sequence[str | None], cells: Sequence[str], columns: Mapping[str, Reader]) -> dict[str, Any]:
    """The object of a row; an empty cell is an absent field. A column without a name is ignored."""
    given: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=False):
        if name is None or not cell or not (text := _plain(cell)):
            continue
        place, _, part = name.partition(".")
        if part:
            given.setdefault(place, {})[part] = columns[name](text)
        else:
            given[place] = columns[name](text)
    return given


def row_of(thing: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
    """The cells of an object as `GET` returns it, each safe to open in a spreadsheet."""
    return [_guarded(_cell(thing, column)) for column in columns]


def _cell(thing: Mapping[str, Any], column: str) -> str:
    place, _, part = column.partition(".")
    value = thing.get(place)
    if part:
        value = value.get(part) if value else None
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list() | dict():
            return orjson.dumps(value).decode() if value else ""
        case _:
            return str(value)


def _plain(cell: str) -> str:
    """The text of a cell, without guards, and without the white space that people leave around it."""
    for text in (cell, stripped := cell.strip()):
        if text.startswith(_GUARD) and _needs_guard(text):
            return _GUARDED_WITHIN.sub(r"\1\2", text[1:])
    return _GUARDED_WITHIN.sub(r"\1\2", stripped)


def _guarded(text: str) -> str:
    escaped = _WITHIN.sub(r"\1'\2", text)
    return _GUARD + escaped if _needs_guard(text) else escaped


def _needs_guard(text: str) -> bool:
    """Whether it would be a formula, or lose white space, regardless of existing guards."""
    bare = text.lstrip(_GUARD)
    return _FIRST.match(bare) is not None or bare != bare.rstrip()
