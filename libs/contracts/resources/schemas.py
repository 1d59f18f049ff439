"""The objects callers send, as contract.md names them: what ingress checks and what commands carry.

Every model refuses unknown fields by name. Money and other exact numbers travel as decimal strings; dates are
`YYYY-MM-DD`. What `GET` answers is made from a view's row by `contracts.serializers.ledger`.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from contracts.primitives.money import (
    AdjustmentAmount,
    MoneyText,
    Percent,
    PositiveMoneyText,
    SignedDecimal,
    is_currency,
)
from contracts.resources.document_kinds import KINDS, SaleType, kinds_that
from contracts.values import Form, make_strict, read_email

ShortText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
LongText = Annotated[str, StringConstraints(max_length=10_000)]
Reference = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
# Deliberately loose: whether an address takes mail only the mail server knows, and reserved names must work in trials.
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254),
    AfterValidator(read_email),
    WithJsonSchema({"type": "string", "maxLength": 254, "pattern": r"^[^@\s]+@[^@\s]+\.[^@\s]+$"}),
]
CountryCode = Annotated[str, Form(r"[A-Z]{2}", "must be the two letters of a country by ISO 3166, such as LV")]
Locale = Annotated[
    str, Form(r"[a-z]{2,3}([_-][A-Z]{2})?", "must be a language, with a country or without, such as en or fr-CA")
]

Operation = Literal["sell_goods", "sell_services", "other_income"]
PaymentMethod = Literal["not_defined", "bank", "cash", "card", "prepayment", "offsetting", "factoring"]
PAYMENT_METHODS: tuple[PaymentMethod, ...] = (
    "not_defined", "bank", "cash", "card", "prepayment", "offsetting", "factoring",
)  # fmt: skip

PaymentMethodIn = Annotated[
    Literal[0, 1, 2, 3, 4, 5, 6, "not_defined", "bank", "cash", "card", "prepayment", "offsetting", "factoring"],
    # Generators of clients refuse an enumeration of mixed types.
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "enum": list(range(len(PAYMENT_METHODS)))},
                {"type": "string", "enum": list(PAYMENT_METHODS)},
            ]
        }
    ),
]
"""A payment method by its name or by PayTraq's number, which is its place in `PAYMENT_METHODS`."""

LINES_MAX = 5_000


class Model(BaseModel):
    """What all inputs share: unknown fields are refused by name, types are strict, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        make_strict(handler.resolve_ref_schema(schema), cls)
        return schema


def _known_currency(code: str | None) -> str | None:
    if code is not None and not is_currency(code):
        raise ValueError("is not an ISO 4217 currency code, e.g. EUR")
    return code


class WithCurrency(Model):
    """Something with a currency; absent means the account's or the client's."""

    currency: str | None = None

    _check = field_validator("currency")(_known_currency)


class PayTerm(Model):
    """When to pay: 0 other date, 1 due days, 2 end of month plus days, 3 cash on delivery, 4 open (PayTraq's)."""

    type: Literal[0, 1, 2, 3, 4]
    days: int | None = Field(default=None, ge=0, le=3650)

    @model_validator(mode="after")
    def _days_only_with_1_and_2(self) -> Self:
        if self.days is not None and self.type not in {1, 2}:
            raise ValueError("days can be used only with type 1 (due days) and 2 (end of month plus days)")
        return self


class Address(Model):
    """A postal address; codes keep their leading zeros."""

    street: ShortText | None = None
    city: ShortText | None = None
    postal_code: Reference | None = None
    region: ShortText | None = None
    country: CountryCode | None = None


class Contact(Model):
    """Somebody who answers for a company: at least a name, and how to reach them where that is known."""

    name: ShortText
    role: ShortText | None = None
    email: Email | None = None
    phone: Reference | None = None


CONTACTS_MAX = 50


class ClientIn(WithCurrency):
    """Someone who will owe. `address` is where bills go; goods go to `shipping_address`, if it is another."""

    name: ShortText
    type: Literal["company", "person"] = "company"
    first_name: ShortText | None = None
    last_name: ShortText | None = None
    email: Email | None = None
    phone: Reference | None = None
    reg_number: Reference | None = None
    vat_number: Reference | None = None
    address: Address | None = None
    shipping_address: Address | None = None
    contacts: list[Contact] = Field(default_factory=list, max_length=CONTACTS_MAX)
    locale: Locale | None = None
    pay_term: PayTerm | None = None
    collector_id: UUID | None = None
    external_id: Reference | None = None
    comment: LongText | None = None


class LineTaxIn(Model):
    """One of several taxes on a line; none is levied on another."""

    category: Reference | None = None
    rate: Percent


TAXES_MAX = 10


class LineIn(Model):
    """One line: an item or free text; `discount` and `tax_rate` in percent, prices in the sale's currency.

    Quantity or price may be below 0: a return, a deduction. `discount_amount` is taken off the whole line, towards 0.
    One tax is `tax_rate` and `tax_category`, several are `taxes`. A line that names a product by id or code gets
    from it what it does not say itself: description, price, unit, and its tax if it names none.
    """

    product_id: UUID | None = None
    item_code: Reference | None = None
    description: LongText | None = None
    quantity: SignedDecimal
    unit_price: SignedDecimal | None = Field(default=None, validate_default=True)
    discount: Percent | None = None
    discount_amount: MoneyText | None = None
    tax_rate: Percent | None = None
    tax_category: Reference | None = None
    taxes: list[LineTaxIn] = Field(default_factory=list, max_length=TAXES_MAX)
    unit: Reference | None = None

    @field_validator("unit_price")
    @classmethod
    def _priced_here_or_by_a_product(cls, price: Decimal | None, info: ValidationInfo) -> Decimal | None:
        # A name that is faulty is not in `data`, and told by itself.
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


class SaleIn(WithCurrency):
    """A sales document to draft or, with `issue`, to issue at once.

    A credit note may name the issued invoice that it corrects (`invoice_id`), a receipt its payment (`payment_id`).
    """

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
        if "client" not in info.data:  # it is faulty, and told by itself
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


class SalePatch(WithCurrency):
    """What may change of a draft: the fields that were sent, null for none; lists are replaced whole."""

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


class AllocationIn(Model):
    """How much of a payment settles one sale."""

    sale_id: UUID
    amount: PositiveMoneyText


class PaymentIn(Model):
    """Money that came in; what is not allocated stays unapplied on the client.

    One that is `pending` is announced: it is not in the books before it is confirmed, and settles nothing.
    """

    client_id: UUID
    status: Literal["pending", "confirmed"] = "confirmed"
    amount: PositiveMoneyText
    currency: str
    date: dt.date | None = None
    method: PaymentMethod = "not_defined"
    reference: ShortText | None = None
    allocations: list[AllocationIn] = Field(default_factory=list, max_length=1_000)
    external_id: Reference | None = None

    _check = field_validator("currency")(_known_currency)

    @model_validator(mode="after")
    def _settles_when_it_came(self) -> Self:
        if self.status == "pending" and self.allocations:
            raise ValueError("a pending payment settles nothing yet: name allocations when it is confirmed")
        return self


FilterValues = Annotated[list[str | int | bool], Field(min_length=1, max_length=100)]
Filters = Annotated[dict[Reference, FilterValues], Field(max_length=20)]
TriggerKeys = Annotated[list[str], Field(min_length=1, max_length=50)]


class HookIn(Model):
    """A URL that wants to be told of some triggers; an event passes when every filter has its value among `values`."""

    target_url: Annotated[str, StringConstraints(min_length=8, max_length=2048)]
    triggers: TriggerKeys
    filters: Filters = Field(default_factory=dict)
    ordered: Literal["client"] | None = None
    name: ShortText | None = None


class HookPatch(Model):
    """What may change of a hook: absent fields stay as they are."""

    target_url: Annotated[str, StringConstraints(min_length=8, max_length=2048)] | None = None
    triggers: TriggerKeys | None = None
    filters: Filters | None = None
    ordered: Literal["client"] | None = None
    name: ShortText | None = None
    state: Literal["active", "disabled"] | None = None
