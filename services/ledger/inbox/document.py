"""Read an inbox message's document when it is accepted: the received fields, with a person's corrections.

Looser than the API's sales and clients: texts are as written, amounts may be below 0, almost every field may be absent.
Further requirements are checked where a draft or a bill is made of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import Field, StringConstraints, ValidationError, field_validator

from contracts.command_errors import InvalidInput
from contracts.primitives.money import (
    StatedAdjustment,
    StatedAmount,
    StatedNumber,
    StatedPercent,
    is_currency,
)
from contracts.primitives.problem import FieldError, field_errors
from contracts.resources.document_kinds import SaleType
from contracts.resources.sale_line import LINES_MAX
from contracts.resources.schemas import Model, Operation, PaymentMethodIn

Said = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000)]
SaidAtLength = Annotated[str, StringConstraints(max_length=10_000)]

ADJUSTMENTS_MAX = 100
TAXES_MAX = 100
PAYMENT_MEANS_MAX = 20  # as of what is pushed

_ARITHMETIC: Final = Context(prec=120, rounding=ROUND_HALF_UP)
_HUNDRED: Final = Decimal(100)
_PRICE_DIGITS: Final = Decimal("1E-8")  # of a quantity or price in a document of ours
_PERCENT_DIGITS: Final = Decimal("1E-6")


class _Loose(Model):
    """What all parts of a document share."""


class Address(_Loose):
    """A postal address; `country` is a code or a name."""

    street: Said | None = None
    city: Said | None = None
    postal_code: Said | None = None
    region: Said | None = None
    country: Said | None = None


class Party(_Loose):
    """A supplier or a client of the message."""

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


class Priced(NamedTuple):
    """A line as documents of ours have it: at most 8 decimals, and one discount in percent."""

    quantity: Decimal
    unit_price: Decimal
    discount: Decimal


class Line(_Loose):
    """One line; `total` is the sender's amount, `discount_amount` is off the whole line."""

    item_code: Said | None = None
    barcode: Said | None = None
    name: Said | None = None
    description: SaidAtLength | None = None
    quantity: StatedNumber
    unit_price: StatedNumber
    discount: StatedPercent | None = None
    discount_amount: StatedAmount | None = None
    total: StatedAmount | None = None
    unit: Said | None = None
    tax_rate: StatedPercent | None = None
    tax_name: Said | None = None
    tax_key: Said | None = None
    tax_category: Said | None = None

    @property
    def amount(self) -> Decimal:
        """The line's amount by quantity, price and discounts, unrounded."""
        left = _ARITHMETIC.subtract(_HUNDRED, self.discount or Decimal(0))
        full = _ARITHMETIC.multiply(_ARITHMETIC.multiply(self.quantity, self.unit_price), left)
        return _ARITHMETIC.subtract(full.scaleb(-2, _ARITHMETIC), self.discount_amount or Decimal(0))

    @property
    def priced(self) -> Priced:
        """The line as our documents can have it; a discount as an amount is within the price, if need be of one."""
        if not self.discount_amount:
            discount = _fitting(self.discount or Decimal(0), _PERCENT_DIGITS)
            return Priced(_fitting(self.quantity), _fitting(self.unit_price), discount)
        amount, quantity = self.amount, _fitting(self.quantity)
        price = _fitting(_ARITHMETIC.divide(amount, quantity)) if quantity else Decimal(0)
        if _ARITHMETIC.multiply(quantity, price) == amount:
            return Priced(quantity, price, Decimal(0))
        return Priced(Decimal(1), _fitting(amount), Decimal(0))


def _fitting(value: Decimal, digits: Decimal = _PRICE_DIGITS) -> Decimal:
    """Round to the digits that our documents have; a value with fewer is unchanged."""
    rounded = _ARITHMETIC.quantize(value, digits)
    return value if value == rounded else rounded


class Adjustment(_Loose):
    """A charge or discount on the whole document; a correction has negative amounts."""

    type: Literal["charge", "discount"]
    mode: Literal["pct", "amount"]
    amount: StatedAdjustment
    description: SaidAtLength | None = None

    @property
    def of_ours(self) -> Adjustment:
        """The same as our documents have it: 0 or more, at most 6 decimals; a negative charge is a discount."""
        amount = _fitting(self.amount, _PERCENT_DIGITS)
        if amount >= 0:
            return self.model_copy(update={"amount": amount})
        other = "discount" if self.type == "charge" else "charge"
        return self.model_copy(update={"type": other, "amount": abs(amount)})


class TaxSubtotal(_Loose):
    """What the document states of one tax category; `rate` in percent."""

    category: Said | None = None
    rate: StatedPercent | None = None
    taxable_amount: StatedAmount | None = None
    tax_amount: StatedAmount | None = None
    exemption_code: Said | None = None
    exemption_reason: SaidAtLength | None = None


class PaymentMeans(_Loose):
    """Where to pay to: `code` of UN/ECE 4461, an IBAN or another number of an account, what to refer to."""

    code: Said | None = None
    account: Said | None = None
    account_name: Said | None = None
    bic: Said | None = None
    reference: Said | None = None


class Document(_Loose):
    """The message's document."""

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
    deposit: StatedAmount | None = None
    payment_method: PaymentMethodIn | None = None
    payment_means: list[PaymentMeans] = Field(default_factory=list, max_length=PAYMENT_MEANS_MAX)
    shipping_type: Literal[0, 1, 2, 3] | None = None
    lines: list[Line] = Field(default_factory=list, max_length=LINES_MAX)
    adjustments: list[Adjustment] = Field(default_factory=list, max_length=ADJUSTMENTS_MAX)
    shipping_charge: StatedAmount | None = None
    shipping_tax_rate: StatedPercent | None = None
    shipping_tax_name: Said | None = None
    shipping_tax_key: Said | None = None
    taxes: list[TaxSubtotal] = Field(default_factory=list, max_length=TAXES_MAX)
    gross_amount: StatedAmount | None = None
    net_amount: StatedAmount | None = None
    prepaid_amount: StatedAmount | None = None
    rounding_amount: StatedAmount | None = None
    payable_amount: StatedAmount | None = None
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


def read(pushed: Mapping[str, Any], corrections: Mapping[str, Any] | None) -> Document:
    """Read the message's document with a person's corrections in place of its own fields; null removes one.

    Raises:
        InvalidInput: every fault, its path in the message's document.
    """
    try:
        return Document.model_validate({**pushed, **(corrections or {})})
    except ValidationError as error:
        raise InvalidInput(faults=[within(fault) for fault in field_errors(error)]) from None


def within(fault: FieldError) -> FieldError:
    """The same fault with its path in the message instead of the document."""
    return FieldError(f"document.{fault.path}" if fault.path else "document", fault.message)
