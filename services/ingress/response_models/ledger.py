"""The shapes of clients, sales documents and payments as `contracts.serializers.ledger` makes them."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from contracts.resources.collections import NoteKind, Origin
from contracts.resources.document_kinds import SaleType
from contracts.resources.output import ClientNamed, ResponseModel
from contracts.resources.schemas import Address, Contact, Operation, PaymentMethod, PayTerm

SaleStatus = Literal[
    "draft", "issued", "accepted", "declined", "expired", "converted", "confirmed", "closed", "cancelled",
    "written_off", "void",
]  # fmt: skip
Settlement = Literal["unpaid", "partial", "paid"]
PaymentStatus = Literal["pending", "confirmed", "failed", "reversed"]


class Balance(ResponseModel):
    """What a client owes and has to spare in one currency."""

    currency: str
    receivable: str
    unapplied: str


class Client(ResponseModel):
    """Someone who owes; `balance` is by currency."""

    id: UUID
    name: str
    type: Literal["company", "person"]
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    reg_number: str | None
    vat_number: str | None
    address: Address | None
    shipping_address: Address | None
    contacts: list[Contact]
    locale: str | None
    currency: str
    pay_term: PayTerm | None
    collector_id: UUID | None
    external_id: str | None
    comment: str | None
    archived: bool
    balance: list[Balance]
    created_at: dt.datetime
    updated_at: dt.datetime


class LineTax(ResponseModel):
    """One of several taxes on a line."""

    category: str | None
    rate: str


class SaleLine(ResponseModel):
    """One line of a document; `net` after its discount, which is in percent or an amount.

    `taxes` are there when it bears more than one.
    """

    product_id: UUID | None
    item_code: str | None
    description: str | None
    quantity: str
    unit_price: str
    discount: str | None
    discount_amount: str | None
    tax_rate: str | None
    tax_category: str | None
    taxes: list[LineTax]
    unit: str | None
    net: str


class SaleAdjustment(ResponseModel):
    """A charge or discount on the whole document, and what it comes to."""

    type: Literal["charge", "discount"]
    mode: Literal["pct", "amount"]
    amount: str
    description: str | None
    net: str


class SaleTax(ResponseModel):
    """The tax of one category and rate."""

    category: str | None
    rate: str
    net: str
    tax: str


class Allocation(ResponseModel):
    """How much of a payment or credit note settles one sale."""

    sale_id: UUID
    amount: str


class Refund(ResponseModel):
    """How much of a payment or credit note was given back, and when."""

    id: UUID
    amount: str
    date: dt.date
    reference: str | None


class Sale(ResponseModel):
    """A sales document; `client` is the client as it was when the document was made.

    `credited` is what credit notes against an invoice come to; of a credit note, `unapplied` is what is left of it.
    """

    id: UUID
    sale_type: SaleType
    number: str | None
    status: SaleStatus | Literal["deleted"]
    settlement: Settlement | None
    overdue: bool
    client_id: UUID
    client: dict[str, Any]
    currency: str
    document_date: dt.date
    date_due: dt.date | None
    pay_term: PayTerm | None
    operation: Operation | None
    tax_basis: Literal[1, 2] | None
    include_tax: bool
    payment_method: Literal[0, 1, 2, 3, 4, 5, 6] | PaymentMethod | None
    shipping_type: Literal[0, 1, 2, 3] | None
    lines: list[SaleLine]
    adjustments: list[SaleAdjustment]
    taxes: list[SaleTax]
    shipping_charge: str
    deposit: str
    net: str
    tax: str
    total: str
    amount_due: str
    credited: str
    unapplied: str
    allocations: list[Allocation]
    refunds: list[Refund]
    invoice_id: UUID | None
    payment_id: UUID | None
    converted_from: UUID | None
    converted_to: UUID | None
    status_reason: str | None
    send_requested_at: dt.datetime | None
    issued_at: dt.datetime | None
    comment: str | None
    external_id: str | None
    pdf_url: str
    created_at: dt.datetime
    updated_at: dt.datetime


class SaleCalculation(ResponseModel):
    """What a sales document would come to."""

    sale_type: SaleType
    currency: str
    document_date: dt.date
    date_due: dt.date | None
    include_tax: bool
    lines: list[SaleLine]
    adjustments: list[SaleAdjustment]
    taxes: list[SaleTax]
    shipping_charge: str
    deposit: str
    net: str
    tax: str
    total: str
    amount_due: str


class Note(ResponseModel):
    """A note on a client; one that needs a response holds automatic reminders back until `resolved_at`."""

    id: UUID
    client_id: UUID
    client: ClientNamed
    sale_id: UUID | None
    kind: NoteKind
    body: str
    pinned: bool
    needs_response: bool
    resolved_at: dt.datetime | None
    origin: Origin
    created_at: dt.datetime


class Dispute(ResponseModel):
    """An invoice that its client does not accept; `number` is the invoice's."""

    id: UUID
    sale_id: UUID
    client_id: UUID
    client: ClientNamed
    number: str | None
    reason: str
    state: Literal["open", "resolved"]
    resolution: str | None
    created_at: dt.datetime
    resolved_at: dt.datetime | None


class Payment(ResponseModel):
    """Money that came in; `unapplied` is what settles nothing yet."""

    id: UUID
    client_id: UUID
    client: ClientNamed
    status: PaymentStatus
    amount: str
    unapplied: str
    currency: str
    date: dt.date
    method: PaymentMethod
    reference: str | None
    allocations: list[Allocation]
    refunds: list[Refund]
    receipt_id: UUID | None
    status_reason: str | None
    external_id: str | None
    created_at: dt.datetime
    updated_at: dt.datetime
