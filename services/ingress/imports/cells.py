"""What a table's cells are to objects: columns of `address.city` and the like, as files bring them and as they leave.

A cell that a spreadsheet would take for a formula leaves with an apostrophe before it, and comes back without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import orjson

from contracts.imports import ImportKind
from contracts.strict_json import JsonRefused, read_json

CELL_CHARS_MAX: Final = 100_000

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
_GUARDED: Final = re.compile(r"'+[=+\-@\t\r]")

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
"""The columns that a table of each kind may have, in the order in which they leave."""

KEPT: Final = ("id", "archived", "balance", "created_at", "updated_at")
"""What an export carries and an import passes over: the books' own to say."""


def object_of(header: Sequence[str | None], cells: Sequence[str], columns: Mapping[str, Reader]) -> dict[str, Any]:
    """The object that a row tells; an empty cell says nothing. A column without a name is passed over."""
    told: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=False):
        text = _plain(cell)
        if name is None or not text:
            continue
        place, _, part = name.partition(".")
        if part:
            told.setdefault(place, {})[part] = columns[name](text)
        else:
            told[place] = columns[name](text)
    return told


def row_of(thing: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
    """The cells of an object as `GET` gives it, each safe to be opened by a spreadsheet."""
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
    text = cell.strip(" ")
    return text[1:] if _GUARDED.match(text) else text.strip()


def _guarded(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text
