"""The shape of an inbox message."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from ingress.resources.shapes.base import Answer

Box = Literal["purchases", "sales"]
InboxState = Literal["received", "accepted", "rejected", "duplicate"]


class InboxMessage(Answer):
    """A document that somebody pushed, as it was read; its bytes are at `/raw`."""

    id: UUID
    box: Box
    state: InboxState
    channel_id: str | None
    received_at: dt.datetime
    warnings: list[Any]
    duplicate_of: UUID | None
    document: dict[str, Any]
    links: dict[str, Any]
    comment: str | None
