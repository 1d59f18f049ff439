"""Price what is sold: from quantities, prices and percentages to whole minor units, each rounded once.

First half of `ledger.sales.amounts`, which adds taxes and totals.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from fractions import Fraction
from typing import Final, Literal

from contracts.primitives.money import MoneyError, MoneyOverflow, digits, round_half_up, to_minor
from ledger.errors import Faults, at
from ledger.sales.apportion import half_up

TOO_LARGE: Final = "is larger than the ledger can store"
NO_PERCENT: Final = "must be a percentage from 0 to 100"

_HUNDRED: Final = Decimal(100)
_PERCENT_DECIMALS_MAX: Final = 12
_ARITHMETIC: Final = Context(prec=120, traps=[InvalidOperation, Overflow, Inexact])


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax on a line: a category as the account names it, and its rate in percent."""

    category: str
    rate: Decimal


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What a line's amount follows from; `taxes` are added up, none is levied on another."""

    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal = Decimal(0)
    taxes: tuple[Tax, ...] = ()
    discount_amount: Decimal = Decimal(0)  # in major units, off the whole line


@dataclass(frozen=True, slots=True)
class AdjustmentFacts:
    """A charge or discount on the whole document; `pct` is of the sum of the lines, `amount` in major units."""

    type: Literal["charge", "discount"]
    mode: Literal["pct", "amount"]
    amount: Decimal


@dataclass(frozen=True, slots=True)
class SaleFacts:
    """A sale before it is computed; amounts in major units, with tax when `include_tax`, else without."""

    currency: str
    lines: tuple[LineFacts, ...]
    adjustments: tuple[AdjustmentFacts, ...] = ()
    shipping_charge: Decimal = Decimal(0)
    deposit: Decimal = Decimal(0)
    include_tax: bool = False


@dataclass(frozen=True, slots=True)
class Priced:
    """All that has an amount, in minor units, as priced."""

    lines: list[int]
    adjustments: list[int]
    shipping: int
    deposit: int


def price(sale: SaleFacts, faults: Faults) -> Priced:
    """Price everything, recording each error with its path; an invalid value counts as 0.

    Raises:
        UnknownCurrency: the sale's currency is unknown; callers check it earlier.
    """
    lines = [_line_minor(index, line, sale.currency, faults) for index, line in enumerate(sale.lines)]
    return Priced(
        lines,
        _adjustments_minor(sale, sum(lines), faults),
        _major_to_minor(sale.shipping_charge, sale.currency, "shipping_charge", faults),
        _major_to_minor(sale.deposit, sale.currency, "deposit", faults),
    )


def _line_minor(index: int, line: LineFacts, currency: str, faults: Faults) -> int:
    """Quantity x price less its discount, rounded once; 0 when something is wrong with it."""
    discount = _major_to_minor(line.discount_amount, currency, at("lines", index, "discount_amount"), faults)
    full = _line_before_amount(index, line, digits(currency), faults)
    if discount > abs(full):
        faults.add(at("lines", index, "discount_amount"), "exceeds the line's amount")
        return 0
    return full + discount if full < 0 else full - discount


def _line_before_amount(index: int, line: LineFacts, places: int, faults: Faults) -> int:
    """Quantity x price less its discount in percent, rounded."""
    try:
        if not 0 <= line.discount_percent <= _HUNDRED:
            faults.add(at("lines", index, "discount"), "must be from 0 to 100")
            return 0
        left_percent = _ARITHMETIC.subtract(_HUNDRED, line.discount_percent)
        full = _ARITHMETIC.multiply(line.quantity, line.unit_price)
        return round_half_up(_ARITHMETIC.multiply(full, left_percent).scaleb(-2, _ARITHMETIC), places)
    except MoneyOverflow:
        faults.add(at("lines", index), TOO_LARGE)
    except (MoneyError, ArithmeticError):
        faults.add(at("lines", index), "cannot be computed: a number of it is none, or has too many digits")
    return 0


def _major_to_minor(amount: Decimal, currency: str, path: str, faults: Faults) -> int:
    try:
        minor = to_minor(amount, currency)
    except MoneyError as error:
        faults.add(path, str(error))
        return 0
    if minor < 0:
        faults.add(path, "must be 0 or more")
    return max(minor, 0)


def _adjustments_minor(sale: SaleFacts, subtotal: int, faults: Faults) -> list[int]:
    """Price each adjustment; percentages are all of the lines' sum, none of what another adjustment left."""
    exact = [
        _adjustment_exact(adjustment, subtotal, sale.currency, at("adjustments", index, "amount"), faults)
        for index, adjustment in enumerate(sale.adjustments)
    ]
    minor = [half_up(*amount.as_integer_ratio()) for amount in exact]
    discounts = [index for index, adjustment in enumerate(sale.adjustments) if adjustment.type == "discount"]
    left = max(subtotal + sum(minor) - sum(minor[index] for index in discounts), 0)
    if discounts and sum(exact[index] for index in discounts) > left:
        faults.add("adjustments", "the discounts exceed their base")
        return minor
    for index in discounts:  # 50 % twice on one cent rounds up to two: together they may not exceed what is there
        minor[index] = min(minor[index], left)
        left -= minor[index]
    return minor


def _adjustment_exact(adjustment: AdjustmentFacts, subtotal: int, currency: str, path: str, faults: Faults) -> Fraction:
    if adjustment.mode == "amount":
        return Fraction(_major_to_minor(adjustment.amount, currency, path, faults))
    if not is_percent(adjustment.amount):
        faults.add(path, NO_PERCENT)
        return Fraction(0)
    return subtotal * Fraction(adjustment.amount) / 100


def is_percent(value: Decimal) -> bool:
    """Whether this is from 0 to 100 with a bounded number of decimals, so that whole-number arithmetic stays small."""
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_PERCENT_DECIMALS_MAX and 0 <= value <= _HUNDRED
