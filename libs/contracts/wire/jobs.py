"""The executor's jobs, shared by both ends of the queue: deliver an event, run an automation, send a message."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

DELIVER: Final = "deliver"
RUN: Final = "run"
SEND_MESSAGE: Final = "send_message"
NOTIFY_REMOVAL: Final = "notify_removal"
ERASE_CLIENT_MAILS: Final = "erase_client_mails"
RECIPIENTS_MAX: Final = 20  # a client's contacts, not a mailing list
ATTACHMENTS_MAX: Final = 50  # the open invoices of one client; a statement of account comes on top
SUBJECT_CHARS_MAX: Final = 250  # mail programs show less
BODY_CHARS_MAX: Final = 100_000  # what `LongText` allows, and room for what a template adds
REFERENCES_MAX: Final = 20  # of a thread; mail programs need the first and the last few

Address = Annotated[str, Field(min_length=1, max_length=320)]


class DeliverJob(BaseModel):
    """Deliver an event to a hook; the envelope's id is the delivery's. `body` is the exact text to send.

    `after` is the delivery that an ordered hook gets before this one about the same client. `hook_version` is that of
    the hook when the event was matched: target and secret of an older version are outdated.
    """

    model_config = ConfigDict(frozen=True)

    hook_id: UUID
    event_id: UUID
    trigger: str
    body: str
    client_id: UUID | None = None
    ordered: Literal["client"] | None = None
    after: UUID | None = None
    test: bool = False  # requested by hand
    hook_version: int = 0  # 0: by code that did not know it


class RunJob(BaseModel):
    """Run an automation's version on an event; the envelope's id is the run's. `body` is the event as hooks see it."""

    model_config = ConfigDict(frozen=True)

    automation_id: UUID
    version: int
    event_id: UUID
    trigger: str
    body: str


class NotifyRemovalJob(BaseModel):
    """Tell a hook's target that the hook ended on our side, unless it is another version of it by then."""

    model_config = ConfigDict(frozen=True)

    hook_id: UUID
    version: int


class EraseClientMailsJob(BaseModel):
    """Delete what was kept of the mails to an erased client: their sources, and finished hand-overs."""

    model_config = ConfigDict(frozen=True)

    client_id: UUID


class DocumentAttachment(BaseModel):
    """A sales document as PDF, rendered when the message goes, so that it shows what is paid by then."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["sale_pdf"] = "sale_pdf"
    sale_id: UUID


class StatementAttachment(BaseModel):
    """A client's statement of account as PDF: its open invoices as they are when the message goes."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["statement_pdf"] = "statement_pdf"
    client_id: UUID


Attachment = DocumentAttachment | StatementAttachment


class SendMessageJob(BaseModel):
    """Hand a message over; the envelope's id is this hand-over's, and a new one sends the message again.

    `to` and `cc` are addresses, or numbers in E.164 form (`+37120000000`) for an SMS, which has no subject. `reply_to`
    has the token that threads a reply; `in_reply_to` and `references` are Message-IDs with their angle brackets. The
    message itself is looked up again right before: it goes only while `ledger_api.message` has it `requested`. A mail
    of `access` (a password reset) is none of the ledger's: it is not looked up, and no outcome is reported. Its body
    holds a secret and travels as `sealed_body`, encrypted. A `notice` of the installation to
    an owner is none of the ledger's either.
    """

    model_config = ConfigDict(frozen=True)

    message_id: UUID
    channel: Literal["email", "sms"]
    to: list[Address] = Field(min_length=1, max_length=RECIPIENTS_MAX)
    cc: list[Address] = Field(default_factory=list, max_length=RECIPIENTS_MAX)
    subject: str = Field(default="", max_length=SUBJECT_CHARS_MAX)
    body: str = Field(default="", max_length=BODY_CHARS_MAX)
    sealed_body: str | None = Field(default=None, max_length=BODY_CHARS_MAX)
    origin: Literal["ledger", "access", "notice"] = "ledger"
    sender_name: str | None = Field(default=None, max_length=200)
    sender_address: Address | None = None
    reply_to: Address | None = None
    in_reply_to: str | None = Field(default=None, max_length=998)
    references: list[Annotated[str, Field(max_length=998)]] = Field(default_factory=list, max_length=REFERENCES_MAX)
    attachments: list[Attachment] = Field(default_factory=list, max_length=ATTACHMENTS_MAX + 1)
