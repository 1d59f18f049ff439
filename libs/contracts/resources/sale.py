"""Sales documents: input, changes, output, how a row becomes it, and a sample."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from contracts.primitives.money import MoneyText, from_minor
from contracts.resources import client, sale_line
from contracts.resources.client import ClientIn
from contracts.resources.document_kinds import KINDS, SaleType, kinds_that
from contracts.resources.json_rules import NOT_NULL, all_of, exactly_one_of, not_both
from contracts.resources.output import JSONObject, ResponseModel, Row, text, time_text
from contracts.resources.sale_json_rules import HOLDS_TOGETHER
from contracts.resources.sale_line import LINES_MAX, AdjustmentIn, LineIn, SaleAdjustment, SaleLine, SaleTax
from contracts.resources.schemas import (
    LongText,
    Operation,
    PaymentMethod,
    PaymentMethodIn,
    PayTerm,
    Reference,
    WithCurrency,
)
from contracts.resources.settlement import Allocation, Refund, Settlement, allocations, refunds
from contracts.urls import PublicUrls


class SaleIn(WithCurrency):
    """A sales document to draft or, with `issue`, to issue at once.

    A credit note may name the issued invoice that it corrects (`invoice_id`), a receipt its payment (`payment_id`).
    """

    model_config = ConfigDict(json_schema_extra=all_of(exactly_one_of("client_id", "client"), HOLDS_TOGETHER))

    sale_type: SaleType
    client: ClientIn | None = None
    client_id: UUID | None = Field(default=None, validate_default=True)
    invoice_id: UUID | None = None
    payment_id: UUID | None = None
    document_date: dt.date | None = None
    date_due: dt.date | None = None
    pay_term: PayTerm | None = None
    operation: Operation | None = None
    tax_basis: Literal[1, 2] | None = None
    include_tax: bool = False
    payment_method: PaymentMethodIn | None = None
    shipping_type: Literal[0, 1, 2, 3] | None = None
    lines: list[LineIn] = Field(min_length=1, max_length=LINES_MAX)
    adjustments: list[AdjustmentIn] = Field(default_factory=list, max_length=100)
    shipping_charge: MoneyText | None = None
    deposit: MoneyText | None = None
    comment: LongText | None = None
    external_id: Reference | None = None
    issue: bool = False

    @field_validator("client_id")
    @classmethod
    def _one_client(cls, client_id: UUID | None, info: ValidationInfo) -> UUID | None:
        if "client" not in info.data:  # it is invalid, and reported on its own
            return client_id
        if client_id is None and info.data["client"] is None:
            raise PydanticCustomError("no_client", "is required, or client {name, ...} in its place")
        if client_id is not None and info.data["client"] is not None:
            raise PydanticCustomError("two_clients", "cannot be given beside client: leave out one of both")
        return client_id

    @model_validator(mode="after")
    def _refers_as_its_kind_does(self) -> Self:
        refers_to = KINDS[self.sale_type].refers_to
        if self.invoice_id is not None and refers_to != "invoice":
            raise ValueError(f"invoice_id can be used only with sale_type {' or '.join(kinds_that('invoice'))}")
        if self.payment_id is not None and refers_to != "payment":
            raise ValueError(f"payment_id can be used only with sale_type {' or '.join(kinds_that('payment'))}")
        return self


class SaleCalculationIn(SaleIn):
    """A sales document whose totals to compute; without a client it is for one of whom nothing is known."""

    model_config = ConfigDict(json_schema_extra=all_of(not_both("client_id", "client"), HOLDS_TOGETHER))

    @field_validator("client_id")
    @classmethod
    def _one_client(cls, client_id: UUID | None, info: ValidationInfo) -> UUID | None:
        if client_id is not None and info.data.get("client") is not None:
            raise PydanticCustomError("two_clients", "cannot be given beside client: leave out one of both")
        return client_id


_KEEPS_A_CLIENT: Final[dict[str, Any]] = {"properties": {"client_id": NOT_NULL, "client": NOT_NULL}}


class SalePatch(WithCurrency):
    """What may change of a draft: the fields that were sent, null for none; lists are replaced whole."""

    model_config = ConfigDict(json_schema_extra=all_of(_KEEPS_A_CLIENT, {"not": {"required": ["client_id", "client"]}}))

    client_id: UUID | None = None
    client: ClientIn | None = None
    invoice_id: UUID | None = None
    payment_id: UUID | None = None
    document_date: dt.date | None = None
    date_due: dt.date | None = None
    pay_term: PayTerm | None = None
    operation: Operation | None = None
    tax_basis: Literal[1, 2] | None = None
    include_tax: bool = False
    payment_method: PaymentMethodIn | None = None
    shipping_type: Literal[0, 1, 2, 3] | None = None
    lines: list[LineIn] = Field(default_factory=list, min_length=1, max_length=LINES_MAX)
    adjustments: list[AdjustmentIn] = Field(default_factory=list, max_length=100)
    shipping_charge: MoneyText | None = None
    deposit: MoneyText | None = None
    comment: LongText | None = None
    external_id: Reference | None = None

    @model_validator(mode="after")
    def _keeps_a_client(self) -> Self:
        named = self.model_fields_set & {"client_id", "client"}
        if len(named) > 1:
            raise ValueError("needs either client_id or client {name, ...}, and not both")
        if any(getattr(self, name) is None for name in named):
            raise ValueError("a document has a client: leave client_id and client out to keep it")
        return self


SaleStatus = Literal[
    "draft", "issued", "accepted", "declined", "expired", "converted", "confirmed", "closed", "cancelled",
    "written_off", "void",
]  # fmt: skip


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
    """The computed totals of a sales document that is not stored."""

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


_SALE_FIELDS = (
    "pay_term", "operation", "tax_basis", "include_tax", "payment_method", "shipping_type", "lines", "adjustments",
    "taxes",
)  # fmt: skip


def from_row(row: Row, urls: PublicUrls) -> dict[str, Any]:
    """A sales document, from `ledger_api.sale`; `settlement` is null where nothing can be owed, as on a quote.

    `credited` is what credit notes against an invoice come to; of a credit note, `allocations` are the invoices that
    it settles, `refunds` what was given back, and `unapplied` is what is left.
    """
    currency = row["currency"]
    return {
        "id": str(row["id"]),
        "sale_type": row["sale_type"],
        "number": row["number"],
        "status": row["status"],
        "settlement": row["settlement"],
        "overdue": row["overdue"],
        "client_id": str(row["client_id"]),
        "client": {"id": str(row["client_id"]), **row["client"]},
        "currency": currency,
        "document_date": text(row["document_date"]),
        "date_due": text(row["date_due"]),
        **{name: row[name] for name in _SALE_FIELDS},
        "shipping_charge": from_minor(row["shipping_minor"], currency),
        "deposit": from_minor(row["deposit_minor"], currency),
        "net": from_minor(row["net_minor"], currency),
        "tax": from_minor(row["tax_minor"], currency),
        "total": from_minor(row["total_minor"], currency),
        "amount_due": from_minor(row["amount_due_minor"], currency),
        "credited": from_minor(row["credited_minor"], currency),
        "unapplied": from_minor(row["unapplied_minor"], currency),
        "allocations": allocations(row, currency),
        "refunds": refunds(row, currency),
        "invoice_id": text(row["invoice_id"]),
        "payment_id": text(row["payment_id"]),
        "converted_from": text(row["converted_from"]),
        "converted_to": text(row["converted_to"]),
        "status_reason": row["status_reason"],
        "send_requested_at": time_text(row["send_requested_at"]),
        "issued_at": time_text(row["issued_at"]),
        "comment": row["comment"],
        "external_id": row["external_id"],
        "pdf_url": urls.sale_pdf(row["id"]),
        "created_at": time_text(row["created_at"]),
        "updated_at": time_text(row["updated_at"]),
    }


BASE: Final = "https://ledgerwire.example"  # stands for the installation's public URL
SAMPLE_ID: Final = "0198f7c4-4c00-7f30-8c73-2e4f5a6b7c8d"

SAMPLE: Final[JSONObject] = {
    "id": SAMPLE_ID,
    "sale_type": "sales_invoice",
    "number": "INV-2026-000042",
    "status": "issued",
    "settlement": "unpaid",
    "overdue": False,
    "client_id": client.SAMPLE["id"],
    "client": {
        name: client.SAMPLE[name]
        for name in (
            "id",
            "name",
            "type",
            "first_name",
            "last_name",
            "email",
            "phone",
            "reg_number",
            "vat_number",
            "address",
            "shipping_address",
            "locale",
            "external_id",
        )
    },
    "currency": "EUR",
    "document_date": "2026-03-02",
    "date_due": "2026-03-16",
    "pay_term": {"type": 1, "days": 14},
    "operation": "sell_services",
    "tax_basis": 1,
    "include_tax": False,
    "payment_method": 1,
    "shipping_type": None,
    "lines": [sale_line.SAMPLE],
    "adjustments": [
        {"type": "charge", "mode": "amount", "amount": "10.00", "description": "Travel", "net": "10.00"},
    ],
    "taxes": [{"category": "S", "rate": "19", "net": "138.66", "tax": "26.35"}],
    "shipping_charge": "0.00",
    "deposit": "0.00",
    "net": "138.66",
    "tax": "26.35",
    "total": "165.01",
    "amount_due": "165.01",
    "credited": "0.00",
    "unapplied": "0.00",
    "allocations": [],
    "refunds": [],
    "invoice_id": None,
    "payment_id": None,
    "converted_from": None,
    "converted_to": None,
    "status_reason": None,
    "send_requested_at": None,
    "issued_at": "2026-03-02T09:30:00+00:00",
    "comment": "Thank you",
    "external_id": "shop-order-9001",
    "pdf_url": f"{BASE}/v1/sales/{SAMPLE_ID}/pdf",
    "created_at": "2026-03-02T09:29:58+00:00",
    "updated_at": "2026-03-02T09:30:00+00:00",
}
