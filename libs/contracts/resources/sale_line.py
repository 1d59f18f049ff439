"""Lines, adjustments and taxes of a sales document: input, output and a sample."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from contracts.primitives.money import AdjustmentAmount, MoneyText, Percent, SignedDecimal
from contracts.resources.json_rules import all_of, at_least_one_of, given, only
from contracts.resources.output import JSONObject, ResponseModel
from contracts.resources.sale_json_rules import ZERO
from contracts.resources.schemas import LongText, Model, Reference

LINES_MAX = 5_000


class LineTaxIn(Model):
    """One of several taxes on a line; none is levied on another."""

    category: Reference | None = None
    rate: Percent


TAXES_MAX = 10


_SAYS_WHAT_IS_SOLD: Final[dict[str, Any]] = {
    "anyOf": [
        *map(given, ("product_id", "item_code")),
        {"required": ["description"], "properties": {"description": {"type": "string", "minLength": 1}}},
    ]
}


class LineIn(Model):
    """One line: an item or free text; `discount` and `tax_rate` in percent, prices in the sale's currency.

    Quantity or price may be below 0: a return, a deduction. `discount_amount` is taken off the whole line, towards 0.
    One tax is `tax_rate` and `tax_category`, several are `taxes`. A line that names a product by id or code takes
    missing fields from it: description, price, unit, and its tax if it names none.
    """

    model_config = ConfigDict(
        json_schema_extra=all_of(
            _SAYS_WHAT_IS_SOLD,
            at_least_one_of("unit_price", "product_id", "item_code"),
            {"anyOf": [{"properties": {"discount": ZERO}}, {"properties": {"discount_amount": ZERO}}]},
            {"anyOf": [only(taxes=[[]]), only(tax_rate=[None], tax_category=[None])]},
        )
    )

    product_id: UUID | None = None
    item_code: Reference | None = None
    description: LongText | None = None
    quantity: SignedDecimal
    unit_price: SignedDecimal | None = Field(default=None, validate_default=True)
    discount: Percent | None = None
    discount_amount: MoneyText | None = None
    tax_rate: Percent | None = None
    tax_category: Reference | None = None
    taxes: list[LineTaxIn] = Field(default_factory=list, max_length=TAXES_MAX, json_schema_extra={"uniqueItems": True})
    unit: Reference | None = None

    @field_validator("unit_price")
    @classmethod
    def _priced_here_or_by_a_product(cls, price: Decimal | None, info: ValidationInfo) -> Decimal | None:
        # An invalid field is not in `data`; it is reported on its own.
        if price is None and not any(info.data.get(name, "faulty") for name in ("product_id", "item_code")):
            raise PydanticCustomError("missing", "is required")
        return price

    @model_validator(mode="after")
    def _says_what_is_sold(self) -> Self:
        if not (self.product_id or self.item_code or self.description):
            raise ValueError("needs a description, an item_code or a product_id")
        if self.discount and self.discount_amount:
            raise ValueError("has either a discount in percent or a discount_amount, and not both")
        if self.taxes and (self.tax_rate is not None or self.tax_category is not None):
            raise ValueError("names its taxes either in taxes or in tax_rate and tax_category, and not in both")
        return self


class AdjustmentIn(Model):
    """A charge or discount on the whole document, in percent or as an amount."""

    type: Literal["charge", "discount"]
    mode: Literal["pct", "amount"]
    amount: AdjustmentAmount
    description: LongText | None = None


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


SAMPLE: Final[JSONObject] = {
    "product_id": None,
    "item_code": "CONSULT",
    "description": "One hour of consulting",
    "quantity": "1",
    "unit_price": "128.66",
    "discount": "0",
    "discount_amount": None,
    "tax_rate": "19",
    "tax_category": "S",
    "taxes": [],
    "unit": "hour",
    "net": "128.66",
}
