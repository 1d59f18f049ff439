"""Quantities and prices that a line leaves out, worked out from what the rest of the line says, with a warning."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from documents.element import Element

PRICE_DIGITS: Final = Decimal("1E-12")  # of a price that is worked out
WHOLE_MAX: Final = Decimal("1E12")  # of quantities and prices

_ARITHMETIC: Final = Context(prec=120, rounding=ROUND_HALF_UP)
_ONE: Final = Decimal(1)
_ZERO: Final = Decimal(0)

Named = tuple[str, Decimal | None]
"""An element's name and its value, None where it is missing."""


def filled(line: Element, quantity: Named, price: Named, *, full: Decimal | None) -> tuple[Decimal, Decimal]:
    """Return quantity and price of a line that comes to `full` before discounts; what is missing is worked out."""
    many, each = quantity[1], price[1]
    if many is None:
        many = quotient(full, each) if each and full is not None else _ONE
        line.warn(quantity[0], "quantity_missing", f"is missing: {many:f} is assumed")
    if each is None:
        each = quotient(full, many) if many and full is not None else _ZERO
        line.warn(price[0], "price_missing", f"is missing: {each:f} is assumed from the rest of the line")
    return many, each


def quotient(amount: Decimal, divisor: Decimal) -> Decimal:
    """Divide, rounded to `PRICE_DIGITS`; 0 where the result is beyond every bound."""
    found = _ARITHMETIC.divide(amount, divisor)
    return _ZERO if abs(found) >= WHOLE_MAX else plain(_ARITHMETIC.quantize(found, PRICE_DIGITS))


def plain(value: Decimal) -> Decimal:
    """Return the same number without zeros at its end and without an exponent."""
    return Decimal(f"{value.normalize(_ARITHMETIC):f}") + 0
