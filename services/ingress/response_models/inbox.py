"""The shapes of what the inboxes hold and what becomes of it: messages, rules, suppliers' bills."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import WithJsonSchema

from contracts.resources.document_kinds import KINDS
from contracts.resources.inbox import Actor, InboxKind, RuleConditions, RuleMatch
from contracts.resources.output import ResponseModel
from contracts.resources.schemas import PaymentMethod, PayTerm
from ingress.response_models.base import MessageWarning

InboxState = Literal["received", "accepted", "rejected", "duplicate"]
DocumentType = Annotated[
    str, WithJsonSchema({"type": "string", "enum": [name.removeprefix("sales_") for name in KINDS]})
]


class File(ResponseModel):
    """A file that was pushed; `content_type` is told by its bytes, `sha256` is theirs, `url` gives them."""

    name: str
    content_type: str
    size: int
    sha256: str
    url: str


class ChannelNamed(ResponseModel):
    """The channel that a message came through, as it was named then."""

    id: UUID
    kind: Literal["direct", "orders", "hook"]
    name: str | None


class InboxMessage(ResponseModel):
    """A document that somebody pushed, as it was read; its bytes are at `/raw`.

    `document` has no fields when the message is a file alone. `result` has what was made of it when it was accepted:
    `client_id` and `sale_id`, or `supplier_id` and `bill_id`. `attachments` are the files inside an e-invoice.
    """

    id: UUID
    box: InboxKind
    state: InboxState
    channel: ChannelNamed | None
    format: Literal["paytraq", "ubl", "cii", "facturx", "estonian", "json", "file"]
    received_at: dt.datetime
    warnings: list[MessageWarning]
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


class InboxRule(ResponseModel):
    """Whose messages are accepted as they come."""

    id: UUID
    box: InboxKind
    match: RuleMatch
    action: Literal["accept"]
    conditions: RuleConditions
    issue: bool
    auto_processing: bool
    name: str | None
    created_at: dt.datetime


class RuleRemoved(ResponseModel):
    """It is gone."""

    id: UUID
    deleted: bool


class BillLine(ResponseModel):
    """One line of a bill; `net` as its supplier states it, else as it is computed."""

    item_code: str | None
    description: str | None
    quantity: str
    unit_price: str
    discount: str
    discount_amount: str | None
    tax_rate: str | None
    tax_category: str | None
    unit: str | None
    net: str


class BillAdjustment(ResponseModel):
    """A charge or discount on the whole bill."""

    type: Literal["charge", "discount"]
    mode: Literal["pct", "amount"]
    amount: str
    description: str | None


class BillTax(ResponseModel):
    """A tax of a bill, as its supplier states it, else as it is computed."""

    category: str | None
    rate: str | None
    net: str | None
    tax: str | None
    exemption_code: str | None
    exemption_reason: str | None


class BillPaymentMeans(ResponseModel):
    """Where a bill is to be paid to; `code` is UN/ECE 4461."""

    code: str | None
    account: str | None
    account_name: str | None
    bic: str | None
    reference: str | None


class Bill(ResponseModel):
    """A supplier's bill, recorded from an inbox message; `supplier` is the supplier as it was then.

    An invoice, receipt or credit note is in the journal (expense, input_tax, payable) until it is void.
    """

    id: UUID
    supplier_id: UUID
    document_type: DocumentType
    document_ref: str
    supplier: dict[str, Any]
    pay_term: PayTerm | None
    include_tax: bool
    lines: list[BillLine]
    adjustments: list[BillAdjustment]
    taxes: list[BillTax]
    payment_method: PaymentMethod | None
    payment_means: list[BillPaymentMeans]
    status: Literal["recorded", "void"]
    status_reason: str | None
    comment: str | None
    links: dict[str, Any]
    document_date: dt.date
    date_due: dt.date | None
    currency: str
    shipping_charge: str
    net: str
    tax: str
    total: str
    prepaid: str
    rounding: str
    payable: str
    file: File | None
    attachments: list[File]
    message_id: UUID
    created_at: dt.datetime
    updated_at: dt.datetime
