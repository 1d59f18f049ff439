"""Find text that Postgres cannot store, in every command's data, before it becomes a database error."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

import orjson

from contracts.primitives.problem import ERRORS_MAX, FieldError, path_of, texts_in

NUL = "\x00"
_NUL_IN_JSON: Final = b"\\u0000"


def unstorable(value: Any) -> list[FieldError]:
    """Return the first `FAULTS_MAX` texts in JSON-like data, names included, that have a NUL character in them."""
    found = (place for text, place in texts_in(value) if NUL in text)
    return [FieldError(path_of(place), "must not contain the character U+0000") for place in islice(found, ERRORS_MAX)]


def storable(value: Any) -> Any:
    """The same JSON data with U+FFFD in place of each NUL: for data that must be stored in any case.

    Most data have none: serializing them to check takes a tenth of traversing them.
    """
    return _replaced(value) if _may_have_nul(value) else value


def _may_have_nul(value: Any) -> bool:
    try:
        return _NUL_IN_JSON in orjson.dumps(value)
    except TypeError:  # a number beyond 64 bits, half a character pair: JSON that orjson does not write
        return True


def _replaced(value: Any) -> Any:
    match value:
        case str():
            return value.replace(NUL, "\ufffd")
        case dict():
            return {_replaced(name): _replaced(inner) for name, inner in value.items()}
        case list():
            return [_replaced(inner) for inner in value]
        case _:
            return value
