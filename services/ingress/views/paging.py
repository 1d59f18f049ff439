"""Keyset pages: `{"items": [...], "next_cursor": ...}`, newest first, bounded by bytes; and their cursors.

A cursor is the sort key of the last row shown, as JSON in base64url, after a checksum over the key and the list's path.
So a changed cursor, or one of another list, is refused before its parts are used. The checksum is no secret: forging
one gains nothing, because a cursor only names a position in a list of the caller's own account.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson

from contracts.primitives.problem import FieldError
from ingress.errors import InvalidInput
from ingress.http.route import Page, Request

R = TypeVar("R")

PAGE_BYTES: Final = 2 * 1024 * 1024
"""Of the items of a page, and one item more: larger items make a page of fewer than its `limit`."""

CHECK_BYTES: Final = 6  # an accidental change passes once in 2**48
_UNKNOWN: Final = "unknown cursor: pass the `next_cursor` of the previous page unchanged"


def write_cursor(path: str, *key: Any) -> str:
    """Make the cursor of a row from its sort key: texts, whole numbers, ids, dates and times, for the list at `path`.

    `path` is the route's, with its variable parts unfilled.
    """
    content = orjson.dumps(key)
    return base64.urlsafe_b64encode(_check_sum(path, content) + content).rstrip(b"=").decode()


def read_cursor(call: Request, *parts: type) -> tuple[Any, ...] | None:
    """Read the call's cursor, whose parts have these types (`UUID`, `str`, `int`, `dt.date`, `dt.datetime`).

    None for the first page.

    Raises:
        InvalidInput: it is not a cursor of this list.
    """
    text = call.query_as(Page).cursor
    return None if text is None else parse_cursor(call.route.path, text, *parts)


def parse_cursor(path: str, text: str, *parts: type) -> tuple[Any, ...]:
    """Parse a cursor that `write_cursor` made for `path`.

    Raises:
        InvalidInput: it is another text.
    """
    with suppress(ValueError, TypeError):
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        values = orjson.loads(raw[CHECK_BYTES:])
        key = tuple(_PARSERS[part](value) for part, value in zip(parts, values, strict=True))
        # Writing it again checks the checksum, and that the text is the key's only form.
        if write_cursor(path, *key) == text:
            return key
    raise InvalidInput(faults=[FieldError("cursor", _UNKNOWN)])


def read_id_cursor(call: Request) -> UUID | None:
    """Read the cursor of a list that is sorted by id alone (our ids sort by time)."""
    key = read_cursor(call, UUID)
    return None if key is None else key[0]


def page(
    call: Request,
    rows: Sequence[R],
    *,
    show: Callable[[R], Any],
    key: Callable[[R], Sequence[Any]],
    beside: Mapping[str, Any] | None = None,
) -> bytes:
    """Make the response from rows that were read with the request's `limit + 1`; `beside` is added beside the items."""
    listed = _Listed(call, show, key)
    listed.add(rows)
    return listed.body(beside or {})


async def page_of_batches(
    call: Request, batches: AsyncIterator[Sequence[R]], *, show: Callable[[R], Any], key: Callable[[R], Sequence[Any]]
) -> bytes:
    """Make the response from batches up to the request's `limit + 1`; none is read beyond `PAGE_BYTES`."""
    listed = _Listed(call, show, key)
    async for batch in batches:
        if not listed.add(batch):
            break
    return listed.body({})


class _Listed:
    """The items of a page, serialized one by one: at most the call's `limit`, and none beyond `PAGE_BYTES`."""

    def __init__(self, call: Request, show: Callable[[R], Any], key: Callable[[R], Sequence[Any]]) -> None:
        self._call, self._show, self._key = call, show, key
        self._limit = call.query_as(Page).limit
        self._items: list[bytes] = []
        self._bytes = 0
        self._last: Any = None
        self._cursor: str | None = None

    def add(self, rows: Sequence[Any]) -> bool:
        """Add rows; return whether there is room for more."""
        for row in rows:
            if len(self._items) == self._limit or self._bytes >= PAGE_BYTES:
                self._cursor = write_cursor(self._call.route.path, *self._key(self._last))
                return False
            item = orjson.dumps(self._show(row))
            self._call.count_answer(len(item))
            self._items.append(item)
            self._bytes += len(item)
            self._last = row
        return True

    def body(self, beside: Mapping[str, Any]) -> bytes:
        """The page as JSON."""
        end = orjson.dumps({**beside, "next_cursor": self._cursor})
        return b'{"items":[%b],%b' % (b",".join(self._items), end[1:])


def _check_sum(path: str, content: bytes) -> bytes:
    return hashlib.sha256(path.encode() + b"\0" + content).digest()[:CHECK_BYTES]


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("not a text that Postgres can hold")
    return value


def _id(value: Any) -> UUID:
    return UUID(_text(value))


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError("not a whole number")
    return value


def _time(value: Any) -> dt.datetime:
    moment = dt.datetime.fromisoformat(value)
    if moment.utcoffset() != dt.timedelta(0):
        raise ValueError("not a time in UTC")
    return moment


_PARSERS: Final[Mapping[type, Callable[[Any], Any]]] = MappingProxyType(
    {
        UUID: _id,
        str: _text,
        int: _whole,
        dt.date: dt.date.fromisoformat,
        dt.datetime: _time,
    }
)
