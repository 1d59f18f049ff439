"""Our own identifiers: UUIDv7, so that ids sort by the time they were made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NewType
from uuid import UUID

import uuid_utils

AccountId = NewType("AccountId", UUID)
MessageId = NewType("MessageId", UUID)


def new_id() -> UUID:
    """Make a UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then random bits."""
    return UUID(bytes=uuid_utils.uuid7().bytes)


def made_at(identifier: UUID) -> datetime:
    """Tell when a UUIDv7 was made, to the millisecond, in UTC."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, tz=UTC)


def parse_id(text: str) -> UUID | None:
    """Read an id that a caller sent; None when it is not one of the form we hand out."""
    try:
        return UUID(text)
    except ValueError:
        return None
