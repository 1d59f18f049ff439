"""Check that a document's own totals add up: differences are flagged for a person, never a reason to refuse.

A line is quantity x unit price less its discounts, rounded half up to the currency's digits. The lines as stated,
adjustments in their order (percent of the sum of the lines, each rounded) and the shipping charge make the net
amount, or the gross amount when prices include tax. Gross is not smaller than net, or for a document of negative
amounts not larger. Gross less what was prepaid plus the rounding is payable. A stated amount with more digits than the
currency is rounded before it is compared, and may differ by one minor unit a line: senders round at different steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from contracts.primitives.money import digits
from documents.document import Adjustment, InboxDocument, Line
from documents.parsed import ReadingWarning

# 42 digits of quantity by 42 of price by 33 of percent are exact
_EXACT: Final = Context(prec=120, rounding=ROUND_HALF_UP)
_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the sender's format has the amounts: the path of each line's total, of net, gross and payable."""

    line_totals: Sequence[str]
    net: str
    gross: str
    payable: str


def differences(document: InboxDocument, places: Places) -> Iterator[ReadingWarning]:
    """Yield a warning with both amounts for each amount that does not follow from the others."""
    unit = Decimal(1).scaleb(-digits(document.currency))
    for line, path in zip(document.lines, places.line_totals, strict=True):
        calculated = _line_total(line, unit)
        if line.total is not None and _differs(line.total, calculated, unit, allowed=unit):
            message = f"is {line.total:f}, but quantity, price and discount make {calculated:f}"
            yield ReadingWarning(path, "line_total_differs", message)
    stated, path = (document.gross_amount, places.gross) if document.include_tax else (document.net_amount, places.net)
    calculated = _sum(document, unit)
    if stated is not None and _differs(stated, calculated, unit, allowed=unit * len(document.lines)):
        message = f"is {stated:f}, but lines, adjustments and shipping make {calculated:f}"
        yield ReadingWarning(path, "total_differs", message)
    yield from _gross_below_net(document, places)
    yield from _payable(document, places, unit)


def _differs(stated: Decimal, calculated: Decimal, unit: Decimal, *, allowed: Decimal) -> bool:
    return abs(_EXACT.subtract(_rounded(stated, unit), calculated)) > allowed


def _gross_below_net(document: InboxDocument, places: Places) -> Iterator[ReadingWarning]:
    gross, net = document.gross_amount, document.net_amount
    if gross is None or net is None or _has_both_signs(document):
        return
    if (gross < 0 < net) or (net < 0 < gross):
        message = f"is {gross:f}, but the amount before taxes is {net:f}: one of them has the wrong sign"
        yield ReadingWarning(places.gross, "gross_sign_differs", message)
    elif abs(gross) < abs(net):
        message = f"is {gross:f}, which is less than the amount before taxes, {net:f}"
        yield ReadingWarning(places.gross, "gross_below_net", message)


def _has_both_signs(document: InboxDocument) -> bool:
    """Whether the document has lines above and below 0: taxed at different rates, they make any gross of a net."""
    signs = {line.quantity * line.unit_price > 0 for line in document.lines if line.quantity and line.unit_price}
    return len(signs) > 1


def _payable(document: InboxDocument, places: Places, unit: Decimal) -> Iterator[ReadingWarning]:
    stated, gross = document.payable_amount, document.gross_amount
    if stated is None or gross is None:
        return
    left = _EXACT.subtract(gross, document.prepaid_amount or Decimal(0))
    calculated = _rounded(_EXACT.add(left, document.rounding_amount or Decimal(0)), unit)
    if _differs(stated, calculated, unit, allowed=unit):
        message = f"is {stated:f}, but gross, prepaid and rounding amounts make {calculated:f}"
        yield ReadingWarning(places.payable, "payable_differs", message)


def _sum(document: InboxDocument, unit: Decimal) -> Decimal:
    lines = Decimal(0)
    for line in document.lines:
        lines = _EXACT.add(lines, _line_total(line, unit) if line.total is None else _rounded(line.total, unit))
    total = lines
    for adjustment in document.adjustments:
        total = _EXACT.add(total, _signed(adjustment, lines, unit))
    return _EXACT.add(total, _rounded(document.shipping_charge or Decimal(0), unit))


def _signed(adjustment: Adjustment, lines: Decimal, unit: Decimal) -> Decimal:
    amount = adjustment.amount
    if adjustment.mode == "pct":
        amount = _percent_of(lines, amount)
    amount = _rounded(amount, unit)
    return amount if adjustment.type == "charge" else amount.copy_negate()  # unary minus would round to 28 digits


def _line_total(line: Line, unit: Decimal) -> Decimal:
    full = _EXACT.multiply(line.quantity, line.unit_price)
    if line.discount:
        full = _EXACT.subtract(full, _percent_of(full, line.discount))
    if line.discount_amount:
        full = _EXACT.subtract(full, line.discount_amount)
    return _rounded(full, unit)


def _percent_of(amount: Decimal, percent: Decimal) -> Decimal:
    return _EXACT.divide(_EXACT.multiply(amount, percent), _HUNDRED)


def _rounded(amount: Decimal, unit: Decimal) -> Decimal:
    return _EXACT.quantize(amount, unit)
