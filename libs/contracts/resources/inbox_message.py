"""Inbox messages: decisions about them, output, how a row becomes it, and a sample.

A command's data is the request's body beside the message's id and box, and `by`: who decided.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AfterValidator

from contracts.resources import file
from contracts.resources.document_kinds import SaleType
from contracts.resources.file import File
from contracts.resources.inbox import Actor, InboxFormat, InboxKind, InboxWarning
from contracts.resources.output import JSONObject, ResponseModel, Row, text, time_text
from contracts.resources.sale import BASE
from contracts.resources.schemas import LongText, Model, ShortText
from contracts.urls import PublicUrls

_DEPTH_MAX: Final = 32


def _check_depth(fields: dict[str, Any]) -> dict[str, Any]:
    level: list[Any] = [fields]
    for _ in range(_DEPTH_MAX):
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
        ]
        if not level:
            return fields
    raise ValueError(f"is nested more than {_DEPTH_MAX} levels deep")


DocumentFields = Annotated[dict[str, Any], AfterValidator(_check_depth)]
"""Fields of an inbox message's document, as received or as corrected."""


class AcceptIn(Model):
    """Accept a message.

    `document` has fields that replace or complete the message's own: read from a file by a person, or corrected. A
    message that is flagged as a duplicate, or whose bill is recorded already, is only accepted with
    `despite_duplicate`.
    """

    document: DocumentFields | None = None
    comment: LongText | None = None
    despite_duplicate: bool = False


class AcceptPurchaseIn(AcceptIn):
    """Record the supplier's bill: of the supplier named by id, else of the document's, found or made."""

    supplier_id: UUID | None = None


class AcceptSaleIn(AcceptIn):
    """Draft a sales document, or issue it: for the client named by id, else for the document's, found or made."""

    client_id: UUID | None = None
    sale_type: SaleType | None = None
    issue: bool = False


class RejectIn(Model):
    """Reject a message, and why."""

    reason: ShortText | None = None


class AcceptMessage(AcceptSaleIn, AcceptPurchaseIn):
    """Accept one message."""

    id: UUID
    box: InboxKind
    by: Actor


class RejectMessage(RejectIn):
    """Reject one message."""

    id: UUID
    box: InboxKind
    by: Actor


class ApplyRules(Model):
    """Check whether a rule accepts a message that has just arrived."""

    id: UUID


InboxState = Literal["received", "accepted", "rejected", "duplicate"]


class ChannelReference(ResponseModel):
    """The channel that a message came through, as it was named then."""

    id: UUID
    kind: Literal["direct", "orders", "replies", "hook"]
    name: str | None


class InboxMessage(ResponseModel):
    """A received document, as it was read; its bytes are at `/raw`.

    `document` has no fields when the message is a file alone. `result` has what was created when it was accepted:
    `client_id` and `sale_id`, or `supplier_id` and `bill_id`. `attachments` are the files inside an e-invoice.
    """

    id: UUID
    box: InboxKind
    state: InboxState
    channel: ChannelReference | None
    format: InboxFormat
    received_at: dt.datetime
    warnings: list[InboxWarning]
    duplicate_of: UUID | None
    document: dict[str, Any]
    links: dict[str, Any]
    comment: str | None
    file: File | None
    attachments: list[File]
    decided_at: dt.datetime | None
    decided_by: Actor | None
    reason: str | None
    result: dict[str, UUID] | None


class PushedMessage(InboxMessage):
    """A message that an action pushed; with `duplicate` an earlier one: the same document and file came before."""

    duplicate: bool


def from_row(row: Row, urls: PublicUrls) -> dict[str, Any]:
    """A message in an inbox, from `ledger_api.inbox_message`, without its raw bytes.

    `document` has no fields when the message is a file alone. `decided_by` is {kind, id, name} of the caller's
    credentials or of the rule, `result` what came of it: {client_id, sale_id} or {supplier_id, bill_id}.
    """
    return {
        "id": str(row["id"]),
        "box": row["box"],
        "state": row["state"],
        "channel": row["channel"],
        "format": row["format"],
        "received_at": time_text(row["received_at"]),
        "warnings": row["warnings"],
        "duplicate_of": text(row["duplicate_of"]),
        "document": row["document"],
        "links": row["links"],
        "comment": row["comment"],
        "file": file.from_row(row["file"], urls.inbox_file(row["box"], row["id"])),
        "attachments": [
            file.from_row(kept, urls.inbox_attachment(row["box"], row["id"], number))
            for number, kept in enumerate(row["attachments"], start=1)
        ],
        "decided_at": time_text(row["decided_at"]),
        "decided_by": row["decided_by"],
        "reason": row["reason"],
        "result": row["result"],
    }


SAMPLE: Final[JSONObject] = {
    "id": "0198f7c4-2e00-7b50-8e95-4a6b7c8d9e0f",
    "box": "purchases",
    "state": "received",
    "channel": {"id": "0198f7c4-0f00-7c60-9fa6-5b7c8d9e0f1a", "kind": "direct", "name": "Suppliers"},
    "format": "paytraq",
    "received_at": "2026-03-02T09:30:00+00:00",
    "warnings": [],
    "duplicate_of": None,
    # What the sender left out is absent, not null.
    "document": {
        "document_date": "2026-03-01",
        "document_ref": "A-17",
        "supplier": {"name": "Paper and Pens OÜ", "reg_number": "10000001"},
        "client": {"name": "Baltic Trading OÜ"},
        "sale_type": "sales_invoice",
        "operation": "sell_goods",
        "currency": "EUR",
        "include_tax": False,
        "pay_term": {"type": 0},
        "date_due": "2026-03-15",
        "payment_method": 1,
        "lines": [
            {
                "item_code": "P-80",
                "name": "Paper A4",
                "description": "Paper A4, 80 g, 500 sheets",
                "quantity": "10",
                "unit_price": "4.20",
                "total": "42.00",
                "unit": "pack",
            }
        ],
        "gross_amount": "42.00",
        "net_amount": "42.00",
    },
    "links": {"document": "https://paper.example/A-17", "pdf": "https://paper.example/A-17.pdf"},
    "comment": "Delivered on 27 February",
    "file": {
        "name": "A-17.pdf",
        "content_type": "application/pdf",
        "size": 48211,
        "sha256": "9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a",
        "url": f"{BASE}/v1/inbox/purchases/0198f7c4-2e00-7b50-8e95-4a6b7c8d9e0f/file",
    },
    "attachments": [],
    "decided_at": None,
    "decided_by": None,
    "reason": None,
    "result": None,
}

PUSHED_SAMPLE: Final[JSONObject] = SAMPLE | {"duplicate": False}

_DECIDED: Final[JSONObject] = SAMPLE | {
    "decided_at": "2026-03-02T10:05:00+00:00",
    "decided_by": {"kind": "user", "id": "0198f7c4-0a00-7d70-a1b7-6c8d9e0f1a2b", "name": "Anna Ozola"},
}

ACCEPTED_SAMPLE: Final[JSONObject] = _DECIDED | {
    "state": "accepted",
    "result": {
        "supplier_id": "0198f7c4-3a00-7e80-b2c8-7d9e0f1a2b3c",
        "bill_id": "0198f7c4-3b00-7f90-83d9-8e0f1a2b3c4d",
    },
}

REJECTED_SAMPLE: Final[JSONObject] = _DECIDED | {"state": "rejected", "reason": "Not ordered by us"}
