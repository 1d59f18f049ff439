"""An event as the dispatcher works with it, read from the envelope that brought it or from the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from contracts.primitives.ids import made_at, parse_id
from contracts.resources.output import Row
from contracts.wire.envelope import Envelope
from contracts.wire.events import public_body

_UUID7: Final = 7


class UnreadableEvent(Exception):
    """The message is no event of ours; it is dead-lettered with what is wrong."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event. `data` is what GET of the resource returns, `body` the bytes that every subscriber gets."""

    account_id: UUID
    id: UUID
    trigger: str
    at: datetime
    subject_id: UUID
    client_id: UUID | None
    correlation_id: UUID
    causation_id: UUID | None
    depth: int
    data: Mapping[str, Any]
    body: bytes
    traceparent: str | None = None
    after: UUID | None = None  # the event before it about the same client

    @property
    def latest_origin(self) -> datetime:
        """The later of the event's time, by its sender's clock, and of its request's time, by ingress's clock.

        A subscription's start is by ingress's clock (see `subscribed_at`), so a subscriber whose request was completed
        before another request was sent gets that request's events, whatever the clock skew of the services.
        """
        return max(self.at, made_at(self.correlation_id)) if self.correlation_id.version == _UUID7 else self.at


def read_event(envelope: Envelope) -> Event:
    """Read what `contracts.wire.events.event` made.

    Raises:
        UnreadableEvent: it names no subject, or carries no object.
    """
    subject_id, data = parse_id(str(envelope.data.get("subject_id"))), envelope.data.get("object")
    if subject_id is None or not isinstance(data, dict):
        raise UnreadableEvent(f"{envelope.name} {envelope.id} needs a subject_id and an object")
    client_id = envelope.data.get("client_id")
    return Event(
        account_id=envelope.account_id,
        id=envelope.id,
        trigger=envelope.name,
        at=envelope.at,
        subject_id=subject_id,
        client_id=parse_id(str(client_id)) if client_id else None,
        correlation_id=envelope.correlation_id,
        causation_id=envelope.causation_id,
        depth=envelope.depth,
        data=data,
        body=public_body(event_id=envelope.id, trigger=envelope.name, timestamp=envelope.at.isoformat(), data=data),
        traceparent=envelope.traceparent,
        after=parse_id(str(envelope.data.get("after"))),
    )


def logged_event(row: Row) -> Event:
    """Read a row of `dispatch.event`."""
    return Event(
        account_id=row["account_id"],
        id=row["event_id"],
        trigger=row["trigger"],
        at=row["at"],
        subject_id=row["subject_id"],
        client_id=row["client_id"],
        correlation_id=row["correlation_id"],
        causation_id=row["causation_id"],
        depth=row["depth"],
        data=orjson.loads(row["body"])["data"],
        body=row["body"],
    )


def subscribed_at(command: Envelope) -> datetime:
    """When a subscription made by this command starts: as early as possible, by ingress's clock.

    The command's id was made before its caller got a response, and before any later request of the caller.
    """
    requested = made_at(command.id) if command.id.version == _UUID7 else command.at
    return min(requested, command.at)
