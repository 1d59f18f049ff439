"""Our own identifiers: UUIDv7, so that ids sort by the time they were made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

import uuid_utils

_derived: ContextVar[Iterator[UUID] | None] = ContextVar("derived ids", default=None)


@contextmanager
def ids_derived_from(root: UUID) -> Iterator[None]:
    """Let `new_id` give the same ids each time inside the block: what is decided twice is the same twice."""
    token = _derived.set(derive_id(root, str(number)) for number in count())
    try:
        yield
    finally:
        _derived.reset(token)


def new_id() -> UUID:
    """Make a UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then random bits."""
    if (derived := _derived.get()) is not None:
        return next(derived)
    return UUID(bytes=uuid_utils.uuid7().bytes)


def new_id_after(earlier: UUID) -> UUID:
    """Make a UUIDv7 that sorts after `earlier`, independent of the clocks of the machines that make them."""
    fresh = new_id()
    return fresh if fresh.int > earlier.int else UUID(int=earlier.int + 1)


def made_at(identifier: UUID) -> datetime:
    """Return when a UUIDv7 was made, to the millisecond, in UTC."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, tz=UTC)


def parse_id(text: str) -> UUID | None:
    """Read an id that a caller sent; None when it has another form than our ids."""
    try:
        return UUID(text)
    except ValueError:
        return None


def derive_id(root: UUID, name: str) -> UUID:
    """Make the one id that belongs to (`root`, `name`): the same each time, and sorted with its root.

    It keeps the root's 48 bits of time so that tables partitioned by id find it; the rest is a SHA-256 of both.
    """
    digest = hashlib.sha256(root.bytes + name.encode()).digest()
    raw = bytearray(root.bytes[:6] + digest[:10])
    raw[6] = (raw[6] & 0x0F) | 0x70
    raw[8] = (raw[8] & 0x3F) | 0x80
    return UUID(bytes=bytes(raw))
