"""Read JSON from outside: strictly, exactly and within bounds. The only reader of external JSON.

Whatever this accepts can be written by orjson and read again by every service, because envelopes, jobs and stored
values add a few levels and no new kind of value.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from itertools import accumulate
from typing import Any, Final, Literal, TypeAlias

import orjson

DEPTH_MAX: Final = 32
"""Nested arrays and objects. Parsers give up between 200 and 1000 levels, and a message adds levels of its own."""

VALUES_MAX: Final = 100_000
"""Values in one text: a sale of 5,000 lines has 70,000. An empty object of 2 bytes takes 64 bytes of memory."""

NAME_CHARS_MAX: Final = 256
"""Characters of a field's name: a validator repeats the names of a path in every fault under it."""

NUMBER_CHARS_MAX: Final = 1_000
"""Digits of a number; a double has at most 767 that matter."""

WHOLE_MIN: Final = -(2**63)
WHOLE_MAX: Final = 2**64 - 1

_WHOLE_CHARS_SAFE: Final = 18  # so many characters are always within 64 bits
_WHOLE_CHARS_MAX: Final = 40  # an exact number that is longer is out of every bound
_SHOWN_CHARS: Final = 40

Numbers: TypeAlias = 'Literal["native", "text", "exact"]'
"""How numbers are read.

`native`: int within 64 bits, float; a whole number beyond 64 bits is refused. `text`: the same, but a whole number
beyond 64 bits becomes the text of its digits, for values that are only passed on. `exact`: int or Decimal of the
digits that were sent.
"""

_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_SURROGATE_ESCAPED: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_NOT_STRUCTURE: Final = bytes(set(range(256)) - set(b"[]{},"))
_STEP: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class JsonRefused(ValueError):
    """This text is not read as JSON; the message is a predicate: "is not JSON: ..."."""


class NotJson(JsonRefused):
    """It cannot be read at all: not UTF-8, not the grammar of RFC 8259, a name twice in one object, nested too deep."""


class JsonOutOfBounds(JsonRefused):
    """It is JSON beyond a bound: too many values, a name or number that is too long."""


def read_json(raw: bytes, *, numbers: Numbers = "native") -> Any:
    """Read a JSON text in UTF-8, with or without a byte order mark.

    Costs about 20 µs for 1 KiB, and at most 0.1 s and 40 MiB for 1 MiB made to be slow.

    Raises:
        NotJson, JsonOutOfBounds: it is refused; never RecursionError.
    """
    raw = raw.removeprefix(codecs.BOM_UTF8)
    _check_shape(raw)
    try:
        value = _DECODERS[numbers].decode(raw.decode())
    except UnicodeDecodeError as error:
        raise NotJson(f"is not UTF-8 text: byte {error.start + 1} is wrong") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    if numbers != "exact" and _SURROGATE_ESCAPED.search(raw):
        _check_characters(value)
    return value


def _check_shape(raw: bytes) -> None:
    """Count levels and values before anything is built; text that is not JSON is the parser's to refuse."""
    opened = raw.count(b"[") + raw.count(b"{")
    if opened <= DEPTH_MAX and opened + raw.count(b",") < VALUES_MAX:
        return  # also if no bracket or comma stands inside a string
    structure = _STRING.sub(b"", raw).translate(None, _NOT_STRUCTURE)
    brackets = structure.translate(None, b",")[: 2 * VALUES_MAX]
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > DEPTH_MAX:
        raise NotJson(f"is nested more than {DEPTH_MAX} levels deep")
    if structure.count(b",") + structure.count(b"[") + structure.count(b"{") >= VALUES_MAX:
        raise JsonOutOfBounds(f"has more than {VALUES_MAX} values")


def _check_characters(value: Any) -> None:
    try:
        orjson.dumps(value)
    except TypeError:
        raise NotJson("is not JSON: it has half of a surrogate pair, such as \\ud800, which is no character") from None


def _no_constant(name: str) -> Any:
    raise NotJson(f"is not JSON: it has {name}, which is not a number of JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise NotJson(f"has the field {_shown(_first_repeated(pairs))} twice in one object")
    if made and max(map(len, made)) > NAME_CHARS_MAX:
        raise JsonOutOfBounds(f"has a field whose name has more than {NAME_CHARS_MAX} characters")
    return made


def _first_repeated(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    return next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]


def _native_whole(text: str) -> int:
    if len(text) > _WHOLE_CHARS_SAFE and not _fits(text):
        raise JsonOutOfBounds(f"has the whole number {_shown(text)}, which has more than 64 bits: send it as text")
    return int(text)


def _whole_or_text(text: str) -> int | str:
    return text if len(text) > _WHOLE_CHARS_SAFE and not _fits(text) else int(text)


def _fits(text: str) -> bool:
    return len(text) <= len(str(WHOLE_MIN)) and WHOLE_MIN <= int(text) <= WHOLE_MAX


def _exact_whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= _WHOLE_CHARS_MAX else Decimal(text)


def _float(text: str) -> float:
    if len(text) > NUMBER_CHARS_MAX:
        raise JsonOutOfBounds(f"has a number of more than {NUMBER_CHARS_MAX} characters")
    number = float(text)
    if not math.isfinite(number):
        raise JsonOutOfBounds(f"has the number {_shown(text)}, which is too large")
    return number


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "...")


def _decoder(whole: Callable[[str], Any], fraction: Callable[[str], Any]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_object, parse_int=whole, parse_float=fraction, parse_constant=_no_constant
    )


_DECODERS: Final = {
    "native": _decoder(_native_whole, _float),
    "text": _decoder(_whole_or_text, _float),
    "exact": _decoder(_exact_whole, Decimal),
}
