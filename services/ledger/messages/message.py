"""A message to a client as it stands, and what may become of it: pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from contracts.resources.messages import ConfirmMessage, MessageState


@dataclass(frozen=True, slots=True)
class Message:
    """A row of `ledger.message`."""

    account_id: UUID
    id: UUID
    client_id: UUID
    purpose: Literal["document"]
    channel: Literal["email", "sms"]
    state: MessageState
    sale_ids: list[UUID]
    sender: str | None
    recipient: str
    subject: str | None
    body: str
    provider_message_id: str | None
    detail: str | None
    command_id: UUID
    created_at: datetime
    sent_at: datetime | None
    updated_at: datetime


def confirmed(message: Message, said: ConfirmMessage, now: datetime) -> Message:
    """It after its hand-over; one that has an outcome already stays as it is."""
    if message.state != "requested":
        return message
    return replace(
        message,
        state=said.outcome,
        sender=said.sender,
        provider_message_id=said.provider_message_id,
        detail=said.detail,
        sent_at=now if said.outcome == "sent" else None,
        updated_at=now,
    )
