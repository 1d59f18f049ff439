"""Lines of a UBL document, and the charges and allowances of a line or of the whole document.

A line may lack its quantity, price or name where the rest of it carries them: each is worked out with a warning. What a
line's allowances take off less what its charges add becomes its discount: in percent where that gives the same amount,
else as an amount, below 0 when the charges are more.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from contracts.primitives.money import StatedAdjustment, StatedAmount, StatedNumber, StatedPercent
from documents import gaps
from documents.document import (
    ADJUSTMENTS_MAX,
    ITEM_NAME_CHARS_MAX,
    REFERENCE_CHARS_MAX,
    TEXT_CHARS_MAX,
    Adjustment,
    Line,
)
from documents.element import Element
from documents.values import Convert, as_flag, number

REPEATABLE: Final = frozenset({"cac:AllowanceCharge", "cac:ClassifiedTaxCategory", "cbc:Description"})

AMOUNT: Final = number(StatedAmount)
PERCENT: Final = number(StatedPercent)
_NUMBER: Final = number(StatedNumber)
_ADJUSTMENT: Final = number(StatedAdjustment)
_AMOUNT_MAX: Final = Decimal("1E15")
_PERCENT_DIGITS: Final = Decimal("1E-6")
_HUNDRED: Final = Decimal(100)
_ONE: Final = Decimal(1)
_ZERO: Final = Decimal(0)


class Money:
    """Reads amounts, each of which says its currency; one in another currency than the document's is left out."""

    __slots__ = ("currency",)

    def __init__(self, currency: str) -> None:
        self.currency = currency

    def value(self, element: Element, name: str, convert: Convert[Decimal] = AMOUNT) -> Decimal | None:
        """Take an amount; None where there is none, or none in the document's currency."""
        said = element.attribute(name, "currencyID")
        amount = element.value(name, convert)
        if amount is None or not said or not self.currency or said == self.currency:
            return amount
        message = f"is in {said[:3]}, but the document is in {self.currency}: it was left out"
        element.warn(name, "currency_differs", message)
        return None


@dataclass(frozen=True, slots=True)
class _Change:
    """A charge or an allowance; `amount` is a percentage when `is_percent`."""

    is_charge: bool
    amount: Decimal
    is_percent: bool


def line(element: Element, money: Money) -> Line:
    """Read one `cac:InvoiceLine` or `cac:CreditNoteLine`; call it within the arithmetic context of the reader."""
    item = element.child("cac:Item")
    quantity_name = _quantity_name(element)
    unit = element.attribute(quantity_name, "unitCode")
    stated_quantity = element.value(quantity_name, _NUMBER)
    stated_price = _unit_price(element.child("cac:Price"), money)
    total = money.value(element, "cbc:LineExtensionAmount")
    changes = _changes(element, money)
    quantity, price = gaps.filled(
        element,
        (quantity_name, stated_quantity),
        ("cac:Price/cbc:PriceAmount", stated_price),
        full=_undo(changes, total),
    )
    discount, discount_amount = _discount(element, changes, quantity * price)
    rate, category = _tax(item)
    read = Line(
        item_code=item.child("cac:SellersItemIdentification").text("cbc:ID", REFERENCE_CHARS_MAX),
        barcode=item.child("cac:StandardItemIdentification").text("cbc:ID", REFERENCE_CHARS_MAX),
        name=item.text("cbc:Name", ITEM_NAME_CHARS_MAX),
        description=item.texts("cbc:Description", TEXT_CHARS_MAX),
        quantity=quantity,
        unit_price=price,
        discount=discount,
        discount_amount=discount_amount,
        total=total,
        unit=unit[:REFERENCE_CHARS_MAX] if unit else None,
        tax_rate=rate,
        tax_category=category,
    )
    if not (read.name or read.description or read.item_code or read.barcode):
        item.warn("cbc:Name", "item_missing", "is missing, and nothing else says what the line is for")
    return read


def _quantity_name(line: Element) -> str:
    """Name the quantity as the kind of line has it; the other kind's is read where it stands instead."""
    names = ["cbc:InvoicedQuantity", "cbc:CreditedQuantity"]
    if "/cac:CreditNoteLine[" in line.path:
        names.reverse()
    expected, other = names
    return other if line.has(other) and not line.has(expected) else expected


def adjustments(invoice: Element, money: Money) -> tuple[Adjustment, ...]:
    """Read the charges and allowances of the whole document."""
    elements = invoice.children("cac:AllowanceCharge")
    if len(elements) > ADJUSTMENTS_MAX:
        invoice.refuse("cac:AllowanceCharge", f"is there {len(elements)} times: at most {ADJUSTMENTS_MAX} are read")
        return ()
    found = []
    for element in elements:
        reason = element.text("cbc:AllowanceChargeReason", TEXT_CHARS_MAX)
        change = _change(element, money)
        if change is not None:
            found.append(
                Adjustment(
                    type="charge" if change.is_charge else "discount",
                    mode="pct" if change.is_percent else "amount",
                    amount=change.amount,
                    description=reason,
                )
            )
    return tuple(found)


def _change(element: Element, money: Money) -> _Change | None:
    """Read one charge or allowance: its amount, else its percentage (of its base amount where it has one)."""
    is_charge = element.value("cbc:ChargeIndicator", as_flag)
    if is_charge is None:
        element.warn("cbc:ChargeIndicator", "charge_indicator_missing", "is missing: an allowance is assumed")
    amount = money.value(element, "cbc:Amount", _ADJUSTMENT)
    percent = element.optional("cbc:MultiplierFactorNumeric", PERCENT)
    base = money.value(element, "cbc:BaseAmount")
    if amount is not None:
        return _Change(bool(is_charge), amount, is_percent=False)
    if percent is None:
        element.warn("cbc:Amount", "amount_missing", "is missing: the charge or allowance was left out")
        return None
    if base is None:
        return _Change(bool(is_charge), percent, is_percent=True)
    return _Change(
        bool(is_charge), (base * percent / _HUNDRED).quantize(gaps.PRICE_DIGITS).normalize() + 0, is_percent=False
    )


def _changes(element: Element, money: Money) -> list[_Change]:
    return [change for each in element.children("cac:AllowanceCharge") if (change := _change(each, money)) is not None]


def _undo(changes: list[_Change], total: Decimal | None) -> Decimal | None:
    """Return what a line of this total came to before charges and allowances stated as amounts."""
    if total is None:
        return None
    return total - sum(
        (change.amount if change.is_charge else -change.amount) for change in changes if not change.is_percent
    )


def _unit_price(price: Element, money: Money) -> Decimal | None:
    """Read the price of one: PriceAmount is for BaseQuantity of them."""
    amount = money.value(price, "cbc:PriceAmount", _NUMBER)
    base = price.value("cbc:BaseQuantity", _NUMBER)
    if base is not None and base <= 0:
        price.warn("cbc:BaseQuantity", "base_quantity_invalid", f"is {base:f}, which is not more than 0: 1 is assumed")
        return amount
    if amount is None or base is None or base == _ONE:
        return amount
    if abs(amount / base) >= gaps.WHOLE_MAX:
        price.refuse("cbc:PriceAmount", "for one is beyond what can be read")
        return amount
    return gaps.quotient(amount, base)


def _tax(item: Element) -> tuple[Decimal | None, str | None]:
    """Read rate and category; of several taxes on a line the first counts, with a warning."""
    rate, code = None, None
    categories = item.children("cac:ClassifiedTaxCategory")
    for category in categories:
        given = category.optional("cbc:Percent", PERCENT)
        rate = given if rate is None else rate
        code = code or category.text("cbc:ID", REFERENCE_CHARS_MAX)
    if len(categories) > 1:
        message = f"is there {len(categories)} times: the first tax that has a rate was read"
        item.warn("cac:ClassifiedTaxCategory", "several_taxes", message)
    return rate, code


def _discount(line: Element, changes: list[_Change], full: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """Bring a line's allowances less its charges to (percent, None) where that is exact, else (None, amount)."""
    allowed = _ZERO
    for change in changes:
        amount = full * change.amount / _HUNDRED if change.is_percent else change.amount
        allowed += -amount if change.is_charge else amount
    if not allowed:
        return None, None
    if abs(allowed) >= _AMOUNT_MAX:
        line.refuse("cac:AllowanceCharge", "makes an amount beyond what can be read")
        return None, None
    percent = (allowed * _HUNDRED / full).quantize(_PERCENT_DIGITS) if full and abs(allowed) <= abs(full) else -_ONE
    if percent >= 0 and abs(full * percent / _HUNDRED - allowed) < Decimal("0.0005"):
        return gaps.plain(percent), None
    return None, gaps.plain(allowed.quantize(gaps.PRICE_DIGITS))
