"""Suppliers' bills: output, and how a row becomes it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import WithJsonSchema

from contracts.primitives.money import from_minor
from contracts.resources import file
from contracts.resources.document_kinds import KINDS
from contracts.resources.file import File
from contracts.resources.output import ResponseModel, Row
from contracts.resources.schemas import PaymentMethod, PayTerm
from contracts.urls import PublicUrls

DocumentType = Annotated[
    str, WithJsonSchema({"type": "string", "enum": [name.removeprefix("sales_") for name in KINDS]})
]


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


_AS_KEPT = (
    "document_type", "document_ref", "supplier", "pay_term", "include_tax", "lines", "adjustments", "taxes",
    "payment_method", "payment_means", "status", "status_reason", "comment", "links",
)  # fmt: skip


def from_row(row: Row, urls: PublicUrls) -> dict[str, Any]:
    """A supplier's bill, from `ledger_api.bill`; `supplier` is the supplier as it was when the bill was recorded.

    Amounts are those that the supplier states, so they may be below 0; `payable` is what is left to pay.
    """
    currency = row["currency"]
    return {
        "id": str(row["id"]),
        "supplier_id": str(row["supplier_id"]),
        **{name: row[name] for name in _AS_KEPT},
        "document_date": str(row["document_date"]),
        "date_due": None if row["date_due"] is None else str(row["date_due"]),
        "currency": currency,
        "shipping_charge": from_minor(row["shipping_minor"], currency),
        "net": from_minor(row["net_minor"], currency),
        "tax": from_minor(row["tax_minor"], currency),
        "total": from_minor(row["total_minor"], currency),
        "prepaid": from_minor(row["prepaid_minor"], currency),
        "rounding": from_minor(row["rounding_minor"], currency),
        "payable": from_minor(row["payable_minor"], currency),
        "file": file.from_row(row["file"], urls.bill_file(row["id"])),
        "attachments": [
            file.from_row(kept, urls.bill_attachment(row["id"], number))
            for number, kept in enumerate(row["attachments"], start=1)
        ],
        "message_id": str(row["message_id"]),
        "created_at": row["created_at"].isoformat(),
        "updated_at": row["updated_at"].isoformat(),
    }
