"""An inbox message's document as the books read it when it is accepted: what was pushed, with what a person mended.

Looser than what the API takes of sales and clients: texts are what others wrote, amounts may be below 0, almost all may
be absent. What the books need beyond that is asked where a draft or a bill is made of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from contracts.money import AdjustmentAmount, ExactDecimal, Percent, SignedDecimal, is_currency
from contracts.objects import LINES_MAX, Operation, PaymentMethod, SaleType
from contracts.problem import Fault, faults_of
from ledger.errors import BadInput

Said = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000)]
SaidAtLength = Annotated[str, StringConstraints(max_length=10_000)]
SignedAmount = Annotated[Decimal, ExactDecimal(whole_digits=15, decimals=8, least=None)]

ADJUSTMENTS_MAX = 100


class _Loose(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Address(_Loose):
    """A postal address; `country` is a code or a name."""

    street: Said | None = None
    city: Said | None = None
    postal_code: Said | None = None
    region: Said | None = None
    country: Said | None = None


class Party(_Loose):
    """A supplier or a client, as the message tells of them."""

    name: Said | None = None
    type: Literal["company", "person"] | None = None
    first_name: Said | None = None
    last_name: Said | None = None
    email: Said | None = None
    phone: Said | None = None
    reg_number: Said | None = None
    tax_number: Said | None = None
    vat_number: Said | None = None
    address: Address | None = None
    locale: Said | None = None
    currency: Said | None = None
    external_id: Said | None = None
    comment: SaidAtLength | None = None


class PayTerm(_Loose):
    """PayTraq's pay term."""

    type: Literal[0, 1, 2, 3, 4]
    days: int | None = Field(default=None, ge=0, le=3650)


class Line(_Loose):
    """One line; `total` is what the sender says it comes to."""

    item_code: Said | None = None
    barcode: Said | None = None
    name: Said | None = None
    description: SaidAtLength | None = None
    quantity: SignedDecimal
    unit_price: SignedDecimal
    discount: Percent | None = None
    total: SignedAmount | None = None
    unit: Said | None = None
    tax_rate: Percent | None = None
    tax_name: Said | None = None
    tax_key: Said | None = None
    tax_category: Said | None = None


class Adjustment(_Loose):
    """A charge or discount on the whole document."""

    type: Literal["charge", "discount"]
    mode: Literal["pct", "amount"]
    amount: AdjustmentAmount
    description: SaidAtLength | None = None


class Document(_Loose):
    """What the message says."""

    document_date: dt.date | None = None
    document_ref: Said | None = None
    supplier: Party | None = None
    client: Party | None = None
    ship_to: ShipTo | None = None
    sale_type: SaleType | None = None
    operation: Operation | None = None
    currency: str | None = None
    tax_basis: Literal[1, 2] | None = None
    include_tax: bool = False
    pay_term: PayTerm | None = None
    date_due: dt.date | None = None
    deposit: SignedAmount | None = None
    payment_method: Literal[0, 1, 2, 3, 4, 5, 6] | PaymentMethod | None = None
    shipping_type: Literal[0, 1, 2, 3] | None = None
    lines: list[Line] = Field(default_factory=list, max_length=LINES_MAX)
    adjustments: list[Adjustment] = Field(default_factory=list, max_length=ADJUSTMENTS_MAX)
    shipping_charge: SignedAmount | None = None
    shipping_tax_rate: Percent | None = None
    shipping_tax_name: Said | None = None
    shipping_tax_key: Said | None = None
    gross_amount: SignedAmount | None = None
    net_amount: SignedAmount | None = None
    external_id: Said | None = None

    @field_validator("currency")
    @classmethod
    def _known(cls, code: str | None) -> str | None:
        if code is not None and not is_currency(code):
            raise ValueError("is not an ISO 4217 currency code, e.g. EUR")
        return code


class ShipTo(_Loose):
    """Where the goods go."""

    name: Said | None = None
    address: Address | None = None


def read(pushed: Mapping[str, Any], mended: Mapping[str, Any] | None) -> Document:
    """The message's document with the fields that a person mended in place of its own, null taking one away.

    Raises:
        BadInput: every fault, its path in the message's document.
    """
    try:
        return Document.model_validate({**pushed, **(mended or {})})
    except ValidationError as error:
        raise BadInput(faults=[within(fault) for fault in faults_of(error)]) from None


def within(fault: Fault) -> Fault:
    """The same fault with its path in the message instead of the document."""
    return Fault(f"document.{fault.path}" if fault.path else "document", fault.message)
