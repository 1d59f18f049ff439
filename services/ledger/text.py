"""Find text that Postgres cannot keep, before it turns into a database error: on the way in of every command."""

from __future__ import annotations

from itertools import islice
from typing import Any

from contracts.primitives.problem import ERRORS_MAX, FieldError, path_of, texts_in

NUL = "\x00"


def unstorable(value: Any) -> list[FieldError]:
    """Return the first `FAULTS_MAX` texts in JSON-like data, names included, that have a NUL character in them."""
    found = (place for text, place in texts_in(value) if NUL in text)
    return [FieldError(path_of(place), "must not contain the character U+0000") for place in islice(found, ERRORS_MAX)]


def storable(value: Any) -> Any:
    """The same data with U+FFFD in place of each NUL: for what must be kept whatever it contains."""
    match value:
        case str():
            return value.replace(NUL, "\ufffd") if NUL in value else value
        case dict():
            return {storable(name): storable(inner) for name, inner in value.items()}
        case list():
            return [storable(inner) for inner in value]
        case _:
            return value
