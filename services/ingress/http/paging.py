"""Keyset pages: `{"items": [...], "next_cursor": ...}`, newest first, with a cursor that callers cannot read into."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import orjson

from contracts.problem import Fault
from ingress.errors import InvalidInput

R = TypeVar("R")


def write_cursor(*key: Any) -> str:
    """Make the cursor of a row from its sort key: text, numbers, ids and times."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).rstrip(b"=").decode()


def read_cursor(text: str | None, *parts: Callable[[str], Any]) -> tuple[Any, ...] | None:
    """Take a cursor apart with one reader for each part (`UUID`, `datetime.fromisoformat`); None for the first page.

    Raises:
        InvalidInput: we never gave out such a cursor for this list.
    """
    if text is None:
        return None
    try:
        key = orjson.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
        return tuple(read(part) for read, part in zip(parts, key, strict=True))
    except (ValueError, TypeError, AttributeError, binascii.Error):
        raise InvalidInput(faults=[Fault("cursor", "is none that this list gave")]) from None


def read_id_cursor(text: str | None) -> UUID | None:
    """Take apart the cursor of a list that is sorted by id alone (our ids sort by time)."""
    key = read_cursor(text, UUID)
    return None if key is None else key[0]


def page(rows: Sequence[R], *, limit: int, show: Callable[[R], Any], key: Callable[[R], Sequence[Any]]) -> Any:
    """Make the answer from rows that were asked for with `limit + 1`."""
    shown = rows[:limit]
    more = write_cursor(*key(shown[-1])) if len(rows) > limit else None
    return {"items": [show(row) for row in shown], "next_cursor": more}
