"""A message that came in on a channel, read: what ingress hands to the ledger."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.resources.messages import Automatic, Channel
from contracts.resources.output import ResponseModel
from contracts.resources.schemas import Model

BODY_CHARS_MAX: Final = 100_000  # about 30 pages; the source has all of it
SUBJECT_CHARS_MAX: Final = 1_000  # RFC 5322 bounds a line at 998
ADDRESS_CHARS_MAX: Final = 320  # RFC 5321: 64 before the @, 255 after it
REFERENCES_MAX: Final = 40  # Message-IDs of one thread that are looked for, the nearest first
TOKENS_MAX: Final = 20  # of one reply; a long thread quotes a token for each message
ATTACHMENTS_MAX: Final = 50  # files of one mail that are kept; the source has all of them
UNDELIVERED_MAX: Final = 50  # recipients of one report of failed delivery

Body = Annotated[str, StringConstraints(max_length=BODY_CHARS_MAX)]
ReceivedAddress = Annotated[str, StringConstraints(max_length=ADDRESS_CHARS_MAX)]
Reference = Annotated[str, StringConstraints(max_length=998)]


class Undelivered(Model):
    """An address that a message did not reach, and why. A failure that is not `permanent` may pass by itself."""

    address: ReceivedAddress
    reason: Annotated[str, StringConstraints(max_length=500)]
    permanent: bool


class ReceivedMessage(Model):
    """One message as it was read. `tokens` are the messages of ours that its text names.

    `references` are the Message-IDs that it answers, the nearest first. `attachments` and `source` name kept files.
    """

    message_id: UUID
    via: dict[str, Any]
    channel: Channel
    sender: ReceivedAddress | None
    recipient: ReceivedAddress | None
    subject: Annotated[str, StringConstraints(max_length=SUBJECT_CHARS_MAX)] | None
    body: Body
    quoted: Body | None
    provider_message_id: Reference | None
    tokens: list[UUID] = Field(max_length=TOKENS_MAX)
    references: list[Reference] = Field(max_length=REFERENCES_MAX)
    automatic: Automatic | None
    undelivered: list[Undelivered] = Field(max_length=UNDELIVERED_MAX)
    attachments: list[dict[str, Any]] = Field(max_length=ATTACHMENTS_MAX)
    source: dict[str, Any] | None
    received_at: dt.datetime


class MessageReceipt(ResponseModel):
    """A message that came in is kept; `duplicate`: the same was posted before, and `message_id` is that one."""

    message_id: UUID
    duplicate: bool
