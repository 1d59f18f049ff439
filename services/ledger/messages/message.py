"""A message to or from a client as it stands, and what may become of it: pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from contracts.resources.messages import Automatic, Channel, ConfirmMessage, Direction, MessageState
from contracts.resources.note import Origin

Purpose = Literal["document", "message", "reminder", "reply", "notification"]


@dataclass(frozen=True, slots=True)
class Message:
    """A row of `ledger.message`. A received one without a client was matched to none."""

    account_id: UUID
    id: UUID
    client_id: UUID | None
    purpose: Purpose
    channel: Channel
    state: MessageState
    sale_ids: list[UUID]
    sender: str | None
    recipient: str | None
    subject: str | None
    body: str
    provider_message_id: str | None
    detail: str | None
    command_id: UUID
    created_at: datetime
    sent_at: datetime | None
    updated_at: datetime
    direction: Direction = "sent"
    origin: Origin = "own"
    occurred_at: datetime | None = None
    quoted: str | None = None
    in_reply_to: UUID | None = None
    automatic: Automatic | None = None
    needs_response: bool = False
    resolved_at: datetime | None = None
    attachments: list[dict[str, Any]] = field(default_factory=list)
    source: dict[str, Any] | None = None
    source_kept: bool = False


def confirmed(message: Message, confirmation: ConfirmMessage, now: datetime) -> Message:
    """It after its hand-over; one that has an outcome already stays as it is.

    One that was called off while it went was sent all the same.
    """
    if message.state != "requested" and not (message.state == "cancelled" and confirmation.outcome == "sent"):
        return message
    sent_at = now if confirmation.outcome == "sent" else None
    return replace(
        message,
        state=confirmation.outcome,
        sender=confirmation.sender,
        provider_message_id=confirmation.provider_message_id,
        detail=confirmation.detail,
        sent_at=sent_at,
        occurred_at=sent_at,
        source_kept=confirmation.has_source,
        updated_at=now,
    )


def returned(message: Message, reason: str, now: datetime) -> Message:
    """A sent message that came back as undeliverable; one that did before, or is no sent one, stays as it is."""
    if message.state != "sent":
        return message
    return replace(message, state="failed", detail=reason, updated_at=now)


def resolved(message: Message, now: datetime) -> Message:
    """A message that needs no response any more; one that needs none stays as it is."""
    if not message.needs_response or message.resolved_at is not None:
        return message
    return replace(message, resolved_at=now, updated_at=now)
