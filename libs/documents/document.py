"""The common model of received documents: one frozen document for `<Sale>`, UBL, CII and JSON.

Field names are those of contract.md (inbox message, sale, client); `documents.command_form` makes JSON of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, StrictBool, StrictInt

from contracts.primitives.money import StatedAdjustment, StatedAmount, StatedNumber, StatedPercent
from contracts.resources.document_kinds import SaleType
from contracts.resources.sale_line import LINES_MAX
from contracts.resources.schemas import PAYMENT_METHODS, Operation
from documents.values import (
    InvalidValue,
    PaymentMethod,
    PayTermType,
    ShippingType,
    TaxBasis,
    UnsignedAmount,
    as_currency,
    as_date,
    as_web_address,
    text_within,
)

InboxKind = Literal["purchases", "sales"]
"""The inbox of a channel: bills of suppliers, or orders of clients."""

AdjustmentType = Literal["charge", "discount"]
AdjustmentMode = Literal["pct", "amount"]

REFERENCE_CHARS_MAX: Final = 100
NAME_CHARS_MAX: Final = 200
ITEM_NAME_CHARS_MAX: Final = 1_000
TEXT_CHARS_MAX: Final = 10_000
DAYS_MAX: Final = 3650
ADJUSTMENTS_MAX: Final = 100
PAYMENT_MEANS_MAX: Final = 20  # published invoices name up to four accounts
TAXES_MAX: Final = 100  # a document has a handful of tax categories
PERCENT_MAX: Final = 100
TAX_CATEGORIES: Final = frozenset({"S", "Z", "E", "AE", "K", "G", "O", "L", "M"})
"""The codes of UN/ECE 5305 that EN 16931 takes for a tax: standard, zero rate, exempt, reverse charge and so on."""

PAY_TERMS_WITH_DAYS: Final = (1, 2)
PAY_TERM_WITH_DATE: Final = 0


def _day_from_text(given: object) -> date:
    if not isinstance(given, str):
        raise InvalidValue("is not a date: use text such as 2014-01-30")
    return as_date(given)


def _days_in_bounds(days: int) -> int:
    if not 0 <= days <= DAYS_MAX:
        raise InvalidValue(f"must be from 0 to {DAYS_MAX}")
    return days


def _method_from_name(given: object) -> object:
    return PAYMENT_METHODS.index(given) if given in PAYMENT_METHODS else given


Reference = Annotated[str, AfterValidator(text_within(REFERENCE_CHARS_MAX))]
Name = Annotated[str, AfterValidator(text_within(NAME_CHARS_MAX))]
ItemName = Annotated[str, AfterValidator(text_within(ITEM_NAME_CHARS_MAX))]
DocumentText = Annotated[str, AfterValidator(text_within(TEXT_CHARS_MAX))]
Day = Annotated[date, BeforeValidator(_day_from_text)]
Days = Annotated[StrictInt, AfterValidator(_days_in_bounds)]
Currency = Annotated[str, AfterValidator(as_currency)]
WebAddress = Annotated[str, AfterValidator(as_web_address)]
Method = Annotated[PaymentMethod, BeforeValidator(_method_from_name)]

_STRICT: Final = ConfigDict(extra="forbid")  # read when JSON becomes one of these; XML senders' extras are warnings


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address as the sender wrote it; `country` may be a code or a name."""

    __pydantic_config__ = _STRICT

    street: Name | None = None
    city: Name | None = None
    postal_code: Reference | None = None
    region: Name | None = None
    country: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplier:
    """The sender of the bill."""

    __pydantic_config__ = _STRICT

    name: Name
    reg_number: Reference | None = None
    tax_number: Reference | None = None
    email: Name | None = None
    phone: Reference | None = None
    address: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The payer; in the sales inbox the client who ordered."""

    __pydantic_config__ = _STRICT

    name: Name | None = None
    type: Literal["company", "person"] | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    email: Name | None = None
    phone: Reference | None = None
    reg_number: Reference | None = None
    vat_number: Reference | None = None
    address: Address | None = None
    locale: Reference | None = None
    currency: Currency | None = None
    external_id: Reference | None = None
    comment: DocumentText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipTo:
    """Where the goods go, when that is not the client's own address."""

    __pydantic_config__ = _STRICT

    name: Name | None = None
    address: Address | None = None


def _days_fit(term: PayTerm) -> PayTerm:
    if term.days is not None and term.type not in PAY_TERMS_WITH_DAYS:
        raise InvalidValue("days can be used only with type 1 (due days) and 2 (end of month plus days)")
    return term


@dataclass(frozen=True, slots=True, kw_only=True)
class PayTerm:
    """PayTraq's: 0 other date, 1 due days, 2 end of month plus days, 3 cash on delivery, 4 open."""

    __pydantic_config__ = _STRICT

    type: PayTermType
    days: Days | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line; `discount` and `tax_rate` in percent, `total` as the sender states it.

    `discount_amount` is what is taken off the whole line, in the document's currency; below 0 it is a charge.
    `tax_key` is the sender's own id of a tax, `tax_category` the UN/ECE 5305 code of UBL.
    """

    __pydantic_config__ = _STRICT

    item_code: Reference | None = None
    barcode: Reference | None = None
    name: ItemName | None = None
    description: DocumentText | None = None
    quantity: StatedNumber
    unit_price: StatedNumber
    discount: StatedPercent | None = None
    discount_amount: StatedAmount | None = None
    total: StatedAmount | None = None
    unit: Reference | None = None
    tax_rate: StatedPercent | None = None
    tax_name: Name | None = None
    tax_key: Reference | None = None
    tax_category: Reference | None = None


def _says_what(line: Line) -> Line:
    if not (line.item_code or line.barcode or line.name or line.description):
        raise InvalidValue("needs an item_code, a barcode, a name or a description")
    return line


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """A charge or discount on the whole document; `amount` is percent of the lines when `mode` is pct.

    A correction has negative amounts: what it takes back keeps its type.
    """

    __pydantic_config__ = _STRICT

    type: AdjustmentType
    mode: AdjustmentMode
    amount: StatedAdjustment
    description: DocumentText | None = None


def _percent_of_a_hundred(adjustment: Adjustment) -> Adjustment:
    if adjustment.mode == "pct" and abs(adjustment.amount) > PERCENT_MAX:
        raise InvalidValue(f"amount must be from -{PERCENT_MAX} to {PERCENT_MAX} when the mode is pct")
    return adjustment


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where the sender shows the document and its PDF."""

    __pydantic_config__ = _STRICT

    document: WebAddress | None = None
    pdf: WebAddress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoPayment:
    """The payment that PayTraq Connect asks to be added with the order."""

    __pydantic_config__ = _STRICT

    money_account_id: Reference | None = None
    date_paid: Day | None = None
    amount: StatedAmount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoProcessing:
    """What PayTraq Connect requests for the order; the account's rules decide whether it is done."""

    __pydantic_config__ = _STRICT

    process: StrictBool = False
    approve: StrictBool = False
    send: StrictBool = False
    payment: AutoPayment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxSubtotal:
    """What the document states of one tax category: `category` is the UN/ECE 5305 code, `rate` in percent."""

    __pydantic_config__ = _STRICT

    category: Reference | None = None
    rate: StatedPercent | None = None
    taxable_amount: StatedAmount | None = None
    tax_amount: StatedAmount | None = None
    exemption_code: Reference | None = None
    exemption_reason: DocumentText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMeans:
    """Where to pay to: `code` is UN/ECE 4461, `account` an IBAN or another number, `reference` what to refer to."""

    __pydantic_config__ = _STRICT

    code: Reference | None = None
    account: Reference | None = None
    account_name: Name | None = None
    bic: Reference | None = None
    reference: Name | None = None


def _means_within_bounds(means: tuple[PaymentMeans, ...]) -> tuple[PaymentMeans, ...]:
    if len(means) > PAYMENT_MEANS_MAX:
        raise InvalidValue(f"must have at most {PAYMENT_MEANS_MAX}")
    return means


def _from_1_to_the_most(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    if not 1 <= len(lines) <= LINES_MAX:
        raise InvalidValue(f"must have from 1 to {LINES_MAX} lines")
    return lines


def _to_the_most(adjustments: tuple[Adjustment, ...]) -> tuple[Adjustment, ...]:
    if len(adjustments) > ADJUSTMENTS_MAX:
        raise InvalidValue(f"must have at most {ADJUSTMENTS_MAX}")
    return adjustments


def _taxes_within_bounds(taxes: tuple[TaxSubtotal, ...]) -> tuple[TaxSubtotal, ...]:
    if len(taxes) > TAXES_MAX:
        raise InvalidValue(f"must have at most {TAXES_MAX}")
    return taxes


# not pydantic's own length limits: they count only valid entries and so report errors that are none
Lines = Annotated[tuple[Annotated[Line, AfterValidator(_says_what)], ...], AfterValidator(_from_1_to_the_most)]
Adjustments = Annotated[
    tuple[Annotated[Adjustment, AfterValidator(_percent_of_a_hundred)], ...], AfterValidator(_to_the_most)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxDocument:
    """A received document, read and checked, not yet in the ledger.

    Amounts are in `currency`, exact and with the scale they were sent with. `pay_term.days` occurs only with type 1
    and 2, `date_due` only with type 0. What the sender left out is None. `payable_amount` is what the sender states is
    left to pay: gross less `prepaid_amount` (below 0: carried over from before) plus `rounding_amount`.
    """

    __pydantic_config__ = _STRICT

    document_date: Day
    document_ref: Reference
    supplier: Supplier | None = None
    client: Client | None = None
    ship_to: ShipTo | None = None
    sale_type: SaleType
    operation: Operation | None = None
    currency: Currency
    tax_basis: TaxBasis | None = None
    include_tax: StrictBool = False
    pay_term: Annotated[PayTerm, AfterValidator(_days_fit)] | None = None
    date_due: Day | None = None
    deposit: UnsignedAmount | None = None
    payment_method: Method | None = None
    payment_means: Annotated[tuple[PaymentMeans, ...], AfterValidator(_means_within_bounds)] = ()
    shipping_type: ShippingType | None = None
    lines: Lines
    adjustments: Adjustments = ()
    shipping_charge: StatedAmount | None = None
    shipping_tax_rate: StatedPercent | None = None
    shipping_tax_name: Name | None = None
    shipping_tax_key: Reference | None = None
    taxes: Annotated[tuple[TaxSubtotal, ...], AfterValidator(_taxes_within_bounds)] = ()
    gross_amount: StatedAmount | None = None
    net_amount: StatedAmount | None = None
    prepaid_amount: StatedAmount | None = None
    rounding_amount: StatedAmount | None = None
    payable_amount: StatedAmount | None = None
    external_id: Reference | None = None
    links: Links | None = None
    comment: DocumentText | None = None
    auto_processing: AutoProcessing | None = None


BESIDE_DOCUMENT: Final[tuple[str, ...]] = ("links", "comment", "auto_processing")
"""Fields that stand beside `document` in JSON (contract.md, inbox message)."""
