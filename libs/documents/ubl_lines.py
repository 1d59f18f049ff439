"""Lines of a UBL document, and the charges and allowances of a line or of the whole document.

A line may lack its quantity, price or name where the rest of it carries them: each is worked out with a warning.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from contracts.primitives.money import StatedAdjustment, StatedAmount, StatedNumber, StatedPercent
from documents import gaps, line_changes
from documents.document import (
    ADJUSTMENTS_MAX,
    ITEM_NAME_CHARS_MAX,
    NAME_CHARS_MAX,
    REFERENCE_CHARS_MAX,
    TEXT_CHARS_MAX,
    Adjustment,
    Line,
)
from documents.element import Element
from documents.en16931.model import UNIT_PROPERTY
from documents.line_changes import Change
from documents.untdid import FREIGHT
from documents.values import Convert, as_flag, number

REPEATABLE: Final = frozenset({
    "cac:AllowanceCharge", "cac:ClassifiedTaxCategory", "cac:AdditionalItemProperty", "cbc:Description",
    "cbc:AllowanceChargeReason", "cbc:DocumentDescription",
})  # fmt: skip

AMOUNT: Final = number(StatedAmount)
PERCENT: Final = number(StatedPercent)
_NUMBER: Final = number(StatedNumber)
_ADJUSTMENT: Final = number(StatedAdjustment)
_ONE: Final = Decimal(1)


class Money:
    """Reads amounts, each of which says its currency; one in another currency than the document's is left out."""

    __slots__ = ("currency",)

    def __init__(self, currency: str) -> None:
        self.currency = currency

    def value(self, element: Element, name: str, convert: Convert[Decimal] = AMOUNT) -> Decimal | None:
        """Take an amount; None where there is none, or none in the document's currency."""
        stated = element.attribute(name, "currencyID")
        amount = element.value(name, convert)
        if amount is None or not stated or not self.currency or stated == self.currency:
            return amount
        message = f"is in {stated[:3]}, but the document is in {self.currency}: it was left out"
        element.warn(name, "currency_differs", message)
        return None


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
        full=line_changes.undo(changes, total),
    )
    discount, discount_amount = line_changes.discount_of(element, "cac:AllowanceCharge", changes, quantity * price)
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
        unit=_unit_property(item) or (unit[:REFERENCE_CHARS_MAX] if unit else None),
        tax_rate=rate,
        tax_category=category,
    )
    if not (read.name or read.description or read.item_code or read.barcode):
        item.warn("cbc:Name", "item_missing", "is missing, and nothing else says what the line is for")
    return read


def _unit_property(item: Element) -> str | None:
    """Read the unit's own word, where our writer kept one."""
    for one in item.children("cac:AdditionalItemProperty"):
        if one.text("cbc:Name", NAME_CHARS_MAX) == UNIT_PROPERTY:
            return one.text("cbc:Value", REFERENCE_CHARS_MAX)
    return None


def _quantity_name(line: Element) -> str:
    """Name the quantity as the kind of line has it; the other kind's is read where it stands instead."""
    names = ["cbc:InvoicedQuantity", "cbc:CreditedQuantity"]
    if "/cac:CreditNoteLine[" in line.path:
        names.reverse()
    expected, other = names
    return other if line.has(other) and not line.has(expected) else expected


def adjustments(invoice: Element, money: Money) -> tuple[tuple[Adjustment, ...], Decimal | None]:
    """Read the charges and allowances of the whole document; freight among them is its shipping charge."""
    elements = invoice.children("cac:AllowanceCharge")
    if len(elements) > ADJUSTMENTS_MAX:
        invoice.refuse("cac:AllowanceCharge", f"is there {len(elements)} times: at most {ADJUSTMENTS_MAX} are read")
        return (), None
    found, shipping = [], Decimal(0)
    for element in elements:
        code = element.text("cbc:AllowanceChargeReasonCode", REFERENCE_CHARS_MAX)
        reason = element.texts("cbc:AllowanceChargeReason", TEXT_CHARS_MAX)
        change = _change(element, money)
        if change is not None and change.is_charge and not change.is_percent and code == FREIGHT:
            shipping += change.amount
        elif change is not None:
            found.append(line_changes.adjustment_of(change, reason))
    return tuple(found), shipping or None


def _change(element: Element, money: Money) -> Change | None:
    """Read one charge or allowance: its amount, else its percentage (of its base amount where it has one)."""
    is_charge = element.value("cbc:ChargeIndicator", as_flag)
    if is_charge is None:
        element.warn("cbc:ChargeIndicator", "charge_indicator_missing", "is missing: an allowance is assumed")
    return line_changes.change_of(
        element,
        is_charge=bool(is_charge),
        amount=money.value(element, "cbc:Amount", _ADJUSTMENT),
        percent=element.optional("cbc:MultiplierFactorNumeric", PERCENT),
        base=money.value(element, "cbc:BaseAmount"),
        amount_name="cbc:Amount",
    )


def _changes(element: Element, money: Money) -> list[Change]:
    return [change for each in element.children("cac:AllowanceCharge") if (change := _change(each, money)) is not None]


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
