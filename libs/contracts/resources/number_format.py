"""The form of document numbers, as an account sets it: `{prefix}-{year}-{number:6}` gives INV-2026-000001.

A format holds the series' prefix, the year and the counter once each, and no digits of its own, so that no two
documents of an account can share a number, whatever formats it had.
"""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, StringConstraints, WithJsonSchema

DEFAULT_NUMBER_FORMAT: Final = "{prefix}-{year}-{number:6}"

_CHARS_MAX: Final = 60  # the longest number still fits its line on the printed document
_FIELD: Final = re.compile(r"\{(prefix|year|number(?::[1-9])?)\}", re.ASCII)
_LITERAL: Final = re.compile(r"[A-Za-z._/ -]*", re.ASCII)
_FIELDS: Final = ["number", "prefix", "year"]


def render(number_format: str, *, prefix: str, year: int, counter: int) -> str:
    """A document's number; a counter with more digits than `{number:6}` asks for is written whole."""

    def written(found: re.Match[str]) -> str:
        name, _, digits = found[1].partition(":")
        match name:
            case "prefix":
                return prefix
            case "year":
                return f"{year:04d}"
            case _:
                return f"{counter:0{digits or 1}d}"

    return _FIELD.sub(written, number_format)


def read_number_format(given: str) -> str:
    """Check the form of document numbers.

    Raises:
        ValueError: it lacks the prefix, the year or the counter, or could give two documents one number.
    """
    fields = [found[1].partition(":")[0] for found in _FIELD.finditer(given)]
    literals = _FIELD.split(given)[::2]
    if sorted(fields) != _FIELDS:
        raise ValueError("must hold {prefix}, {year} and {number} once each, as {prefix}-{year}-{number:6}")
    if not all(_LITERAL.fullmatch(each) for each in literals):
        raise ValueError("can hold letters, spaces and . _ / - beside its fields, such as {prefix}-{year}-{number:6}")
    if not all(literals[1:-1]):
        raise ValueError("must have a character such as - between its fields")
    return given


NumberFormat = Annotated[
    str,
    StringConstraints(max_length=_CHARS_MAX),
    AfterValidator(read_number_format),
    WithJsonSchema({
        "type": "string", "maxLength": _CHARS_MAX,
        "description": "`{prefix}`, `{year}` and `{number}` once each; `{number:6}` has at least six digits",
    }),
]  # fmt: skip
