"""Read a message from ingress's command, and decide its initial state: pure."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.wire.envelope import Envelope
from ledger.text import storable

State = Literal["received", "accepted", "rejected", "duplicate"]


class ReceivedData(BaseModel):
    """The data of `receive_inbox_message`; the fields beside the document are optional."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    message_id: UUID
    box: Literal["purchases", "sales"]
    channel: dict[str, Any] | None = None
    content_type: str
    raw: str
    raw_file: dict[str, Any] | None = None
    received_at: AwareDatetime
    document: dict[str, Any]
    links: dict[str, Any] = Field(default_factory=dict)
    comment: str | None = None
    auto_processing: dict[str, Any] | None = None
    file: dict[str, Any] | None = None
    format: str = "json"
    attachments: list[dict[str, Any]] = Field(default_factory=list)
    warnings: list[dict[str, Any]] = Field(default_factory=list)
    duplicate_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """A row of `ledger.inbox_message`."""

    account_id: UUID
    id: UUID
    box: Literal["purchases", "sales"]
    state: State
    channel: dict[str, Any] | None
    content_type: str
    raw: bytes
    raw_file: dict[str, Any] | None
    document: dict[str, Any]
    links: dict[str, Any]
    comment: str | None
    auto_processing: dict[str, Any] | None
    file: dict[str, Any] | None
    format: str
    attachments: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    duplicate_of: UUID | None
    received_at: datetime
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None

    @property
    def channel_id(self) -> str | None:
        """The public id of the channel that it came through."""
        return str(self.channel["id"]) if self.channel else None


def read(command: Envelope) -> InboxMessage:
    """Make the row of a command.

    Ingress recognises repetitions; a message with `duplicate_of` has other content under a known reference: it is
    stored in the state `duplicate`, for a person to decide.

    Raises:
        ValueError: the command is malformed; it can never be handled.
    """
    pushed = ReceivedData.model_validate(command.data)
    return InboxMessage(
        account_id=command.account_id,
        id=pushed.message_id,
        box=pushed.box,
        state="received" if pushed.duplicate_of is None else "duplicate",
        channel=storable(pushed.channel),
        content_type=pushed.content_type,
        raw=_bytes(pushed.raw),
        raw_file=storable(pushed.raw_file),
        document=storable(pushed.document),
        links=storable(pushed.links),
        comment=storable(pushed.comment),
        auto_processing=storable(pushed.auto_processing),
        file=storable(pushed.file),
        format=pushed.format,
        attachments=storable(pushed.attachments),
        warnings=storable(pushed.warnings),
        duplicate_of=pushed.duplicate_of,
        received_at=pushed.received_at.astimezone(UTC),
        command_id=command.id,
        correlation_id=command.correlation_id,
        causation_id=command.causation_id,
    )


def _bytes(raw: str) -> bytes:
    try:
        return base64.b64decode(raw, validate=True)
    except binascii.Error as error:
        raise ValueError(f"raw is not base64: {error}") from None
