"""Messages to and from clients: what is sent of them, how a row becomes one, and a sample."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator

from contracts.primitives.problem import HIDDEN
from contracts.resources import client, sale
from contracts.resources.client import ClientReference
from contracts.resources.collector import STEPS_MAX, OwnTemplate, TemplatesByLanguage, form_of_template
from contracts.resources.json_rules import all_of, given, only, where, where_given
from contracts.resources.note import Origin
from contracts.resources.output import JSONObject, ResponseModel, Row, text, time_text
from contracts.resources.schemas import NOT_BLANK, LongText, Model

Channel = Literal["email", "sms"]
Direction = Literal["sent", "received"]
MessageState = Literal["requested", "sent", "failed", "cancelled", "received"]
"""`requested` until a provider has it: only that makes it `sent`. One that comes back as undeliverable is `failed`."""

Automatic = Literal["auto_reply", "bounce", "complaint"]
"""What a program wrote instead of a person: an out-of-office note, a delivery failure, a report of spam."""

SALES_MAX: Final = 50  # as many documents as one mail carries
SUBJECT_CHARS_MAX: Final = 250  # mail programs show less
SMS_CHARS_MAX: Final = 1_600  # ten parts, the most that gateways take

Subject = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=SUBJECT_CHARS_MAX),
    Field(json_schema_extra=NOT_BLANK),
]
AddressText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320), Field(json_schema_extra=NOT_BLANK)
]


_NO_FILES: Final[dict[str, Any]] = only(attach_pdf=[False], attach_statement=[False])
_OF_SMS: Final[dict[str, Any]] = where("channel", ["sms"], all_of(only(subject=[None]), _NO_FILES))


class MessageToSend(Model):
    """A message that goes to a client. An email needs a subject.

    `in_reply_to` names a message of the client that this one answers; the mail joins its thread. `attach_pdf` attaches
    the documents of `sale_ids`, `attach_statement` the client's statement of account. `to` is
    the client's own address or number when left out.
    """

    model_config = ConfigDict(json_schema_extra=_OF_SMS)

    client_id: UUID
    channel: Channel
    body: LongText = Field(min_length=1)
    subject: Subject | None = None
    sale_ids: list[UUID] = Field(default_factory=list, max_length=SALES_MAX)
    to: AddressText | None = None
    attach_pdf: bool = False
    attach_statement: bool = False
    in_reply_to: UUID | None = None

    @model_validator(mode="after")
    def _fits_its_channel(self) -> Self:
        if self.channel == "sms" and (self.subject is not None or self.attach_pdf or self.attach_statement):
            raise ValueError("an SMS has neither subject nor files: leave out subject, attach_pdf, attach_statement")
        return self


class ReportedMessage(Model):
    """A message that another system sent or received: nothing is sent."""

    client_id: UUID
    direction: Direction
    channel: Channel
    body: LongText
    subject: Subject | None = None
    sale_ids: list[UUID] = Field(default_factory=list, max_length=SALES_MAX)
    sender: AddressText | None = None
    recipient: AddressText | None = None
    in_reply_to: UUID | None = None
    occurred_at: dt.datetime | None = None


class CollectorTemplate(Model):
    """The template of a collector's step; steps count from 0."""

    collector_id: UUID
    step: int = Field(ge=0, lt=STEPS_MAX)


_OF_COLLECTOR: Final = f"{HIDDEN}collector"


def _form_of_template(given: Any) -> str:
    is_of_collector = isinstance(given, dict) and given.keys() & CollectorTemplate.model_fields.keys()
    return _OF_COLLECTOR if is_of_collector or isinstance(given, CollectorTemplate) else form_of_template(given)


MessageTemplate = Annotated[
    OwnTemplate | Annotated[CollectorTemplate, Tag(_OF_COLLECTOR)] | TemplatesByLanguage,
    Discriminator(_form_of_template),
]


_WITH_A_BODY: Final[dict[str, Any]] = {"required": ["body"], "properties": {"body": {"minLength": 1}}}


class MessageIn(MessageToSend):
    """A message to a client that is to be sent, or with `origin: external` one that another system reports.

    Instead of `subject` and `body` it can have a `template`: one of its own, one for each language, or that of a
    collector's step. It is rendered in the client's language, or the account's, over the invoices of `sale_ids` or all
    that are open.

    Of a reported message `direction` is needed, `from`, `to` and `occurred_at` say more, and nothing is sent.
    """

    model_config = ConfigDict(
        json_schema_extra=all_of(
            _OF_SMS,
            where_given("template", only(body=[""], subject=[None], origin=["own"]), _WITH_A_BODY),
            where(
                "origin",
                ["external"],
                all_of(given("direction"), _NO_FILES),
                only(direction=[None, "sent"], occurred_at=[None], **{"from": [None]}),
            ),
        )
    )

    body: LongText = ""
    template: MessageTemplate | None = None
    origin: Origin = "own"
    direction: Direction | None = None
    occurred_at: dt.datetime | None = None
    sender: AddressText | None = Field(default=None, alias="from")

    @model_validator(mode="after")
    def _written_or_rendered(self) -> Self:
        if self.template is None and not self.body:
            raise ValueError("needs a body, or a template that it is rendered from")
        if self.template is not None and (self.body or self.subject is not None or self.origin == "external"):
            raise ValueError("template gives subject and body: leave those out; a reported message takes none")
        return self

    @model_validator(mode="after")
    def _sent_or_reported(self) -> Self:
        if self.origin == "external":
            if self.direction is None or self.attach_pdf or self.attach_statement:
                raise ValueError("a reported message needs direction, sent or received, and takes no files")
        elif self.direction == "received" or self.occurred_at is not None or self.sender is not None:
            raise ValueError("direction received, occurred_at and from are for reported messages: add origin external")
        return self

    def to_send(self) -> MessageToSend:
        """What is to be sent."""
        return MessageToSend(**{name: getattr(self, name) for name in MessageToSend.model_fields})

    def reported(self) -> ReportedMessage:
        """What another system reports."""
        return ReportedMessage(
            recipient=self.to,
            **{name: getattr(self, name) for name in ReportedMessage.model_fields if name != "recipient"},
        )


class ConfirmMessage(Model):
    """What became of a hand-over, as the executor reports it. `sender` is the address that it went from.

    `has_source`: the mail is kept as it was sent.
    """

    message_id: UUID
    outcome: Literal["sent", "failed", "cancelled"]
    provider_message_id: str | None = None
    detail: str | None = None
    sender: str | None = None
    has_source: bool = False


class AssignIn(Model):
    """The client whose message an unmatched one is."""

    client_id: UUID


class AssignMessage(AssignIn):
    """Which message is whose."""

    id: UUID


class MessageFile(ResponseModel):
    """A file of a message; `url` gives its bytes."""

    name: str
    content_type: str
    size: int
    url: str


class Message(ResponseModel):
    """A message to or from a client; `detail` is what its provider said last, or why it failed.

    A received one without a client was matched to none and can be assigned. `quoted` is what its writer quoted below
    the new text in `body`. One that `needs_response` holds reminders back until `resolved_at`.
    """

    id: UUID
    client_id: UUID | None
    client: ClientReference | None
    direction: Direction
    channel: Channel
    state: MessageState
    sender: str | None = Field(alias="from")
    to: str | None
    subject: str | None
    body: str
    quoted: str | None
    sale_ids: list[UUID]
    in_reply_to: UUID | None
    origin: Origin
    automatic: Automatic | None
    needs_response: bool
    resolved_at: dt.datetime | None
    detail: str | None
    attachments: list[MessageFile]
    source_url: str | None
    created_at: dt.datetime
    sent_at: dt.datetime | None
    occurred_at: dt.datetime | None


def from_row(row: Row, path: str = "") -> JSONObject:
    """A message, from `ledger_api.message`; `path` is where messages are, absolute."""
    own = f"{path}/{row['id']}"
    return {
        "id": str(row["id"]),
        **(client.reference(row) if row["client_id"] is not None else {"client_id": None, "client": None}),
        **{name: row[name] for name in ("direction", "channel", "state")},
        "from": row["sender"],
        "to": row["recipient"],
        **{name: row[name] for name in ("subject", "body", "quoted")},
        "sale_ids": [str(sale_id) for sale_id in row["sale_ids"]],
        "in_reply_to": text(row["in_reply_to"]),
        **{name: row[name] for name in ("origin", "automatic", "needs_response")},
        "resolved_at": time_text(row["resolved_at"]),
        "detail": row["detail"],
        "attachments": [
            {"name": file["name"], "content_type": file["content_type"], "size": file["size"]}
            | {"url": f"{own}/attachments/{number}"}
            for number, file in enumerate(row["attachments"], start=1)
        ],
        "source_url": f"{own}/source" if row["has_source"] else None,
        "created_at": time_text(row["created_at"]),
        "sent_at": time_text(row["sent_at"]),
        "occurred_at": time_text(row["occurred_at"]),
    }


SAMPLE: Final[JSONObject] = {
    "id": "0198f7c4-7e00-7f90-8cd9-8e0f1a2b3c4d",
    "client_id": client.SAMPLE["id"],
    "client": client.REFERENCE_SAMPLE,
    "direction": "sent",
    "channel": "email",
    "state": "sent",
    "from": "books@baltic-trading.example",
    "to": "aija@ozola.example",
    "subject": "Invoice INV-2026-000042 is due",
    "body": "Dear Aija, invoice INV-2026-000042 over 165.01 EUR was due on 2026-03-16.",
    "quoted": None,
    "sale_ids": [sale.SAMPLE_ID],
    "in_reply_to": None,
    "origin": "own",
    "automatic": None,
    "needs_response": False,
    "resolved_at": None,
    "detail": "250 2.0.0 Ok: queued as 4F1B2C",
    "attachments": [],
    "source_url": "https://books.example/v1/messages/0198f7c4-7e00-7f90-8cd9-8e0f1a2b3c4d/source",
    "created_at": "2026-03-19T08:00:00+00:00",
    "sent_at": "2026-03-19T08:00:02+00:00",
    "occurred_at": "2026-03-19T08:00:02+00:00",
}
