"""Lines of a Cross Industry Invoice, and charges and allowances of a line or of the whole document."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from contracts.primitives.money import StatedAmount, StatedNumber, StatedPercent
from documents import gaps, line_changes
from documents.document import ITEM_NAME_CHARS_MAX, NAME_CHARS_MAX, REFERENCE_CHARS_MAX, TEXT_CHARS_MAX, Line
from documents.element import Element
from documents.en16931.model import UNIT_PROPERTY
from documents.line_changes import Change
from documents.values import Convert, as_flag, number

REPEATABLE: Final = frozenset(
    {"ram:SpecifiedTradeAllowanceCharge", "ram:AppliedTradeAllowanceCharge", "ram:ApplicableTradeTax",
     "ram:ApplicableProductCharacteristic", "ram:Name", "ram:Description"}
)  # fmt: skip

TOTAL: Final = "ram:SpecifiedLineTradeSettlement/ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"
AMOUNT: Final = number(StatedAmount)
PERCENT: Final = number(StatedPercent)
_NUMBER: Final = number(StatedNumber)
_ONE: Final = Decimal(1)
_SUBTOTALS: Final = frozenset({"GROUP", "INFORMATION"})


def line(element: Element) -> Line | None:
    """Read one line; None for a subtotal or information, which the profile EXTENDED has between its lines."""
    about = element.child("ram:AssociatedDocumentLineDocument")
    kind = about.text("ram:LineStatusReasonCode", REFERENCE_CHARS_MAX)
    if kind in _SUBTOTALS:
        about.warn("ram:LineStatusReasonCode", "line_ignored", f"is {kind}: the line is not one to be paid")
        return None
    product = element.child("ram:SpecifiedTradeProduct")
    delivery = element.child("ram:SpecifiedLineTradeDelivery")
    settlement = element.child("ram:SpecifiedLineTradeSettlement")
    unit = delivery.attribute("ram:BilledQuantity", "unitCode")
    stated_quantity = delivery.value("ram:BilledQuantity", _NUMBER)
    stated_price = _unit_price(element.child("ram:SpecifiedLineTradeAgreement"))
    sums = settlement.child("ram:SpecifiedTradeSettlementLineMonetarySummation")
    total = sums.value("ram:LineTotalAmount", AMOUNT)
    changes = _changes(settlement)
    quantity, price = gaps.filled(
        element,
        ("ram:SpecifiedLineTradeDelivery/ram:BilledQuantity", stated_quantity),
        ("ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice", stated_price),
        full=line_changes.undo(changes, total),
    )
    discount, discount_amount = line_changes.discount_of(
        settlement, "ram:SpecifiedTradeAllowanceCharge", changes, quantity * price
    )
    rate, category = _tax(settlement)
    name = product.texts("ram:Name", ITEM_NAME_CHARS_MAX)
    read = Line(
        item_code=product.text("ram:SellerAssignedID", REFERENCE_CHARS_MAX),
        barcode=product.text("ram:GlobalID", REFERENCE_CHARS_MAX),
        name=name,
        description=product.texts("ram:Description", TEXT_CHARS_MAX),
        quantity=quantity,
        unit_price=price,
        discount=discount,
        discount_amount=discount_amount,
        total=total,
        unit=_unit_property(product) or (unit[:REFERENCE_CHARS_MAX] if unit else None),
        tax_rate=rate,
        tax_category=category,
    )
    if not (read.name or read.description or read.item_code or read.barcode):
        product.warn("ram:Name", "item_missing", "is missing, and nothing else says what the line is for")
    return read


def _unit_property(product: Element) -> str | None:
    """Read the unit's own word, where our writer kept one."""
    for characteristic in product.children("ram:ApplicableProductCharacteristic"):
        if characteristic.texts("ram:Description", NAME_CHARS_MAX) == UNIT_PROPERTY:
            return characteristic.text("ram:Value", REFERENCE_CHARS_MAX)
    return None


def change(element: Element, amount: Convert[Decimal] = AMOUNT) -> Change | None:
    """Read one charge or allowance."""
    is_charge = element.child("ram:ChargeIndicator").value("udt:Indicator", as_flag)
    if is_charge is None:
        element.warn("ram:ChargeIndicator", "charge_indicator_missing", "is missing: an allowance is assumed")
    return line_changes.change_of(
        element,
        is_charge=bool(is_charge),
        amount=element.value("ram:ActualAmount", amount),
        percent=element.optional("ram:CalculationPercent", PERCENT),
        base=element.value("ram:BasisAmount", AMOUNT),
        amount_name="ram:ActualAmount",
    )


def _changes(settlement: Element) -> list[Change]:
    found = [change(each) for each in settlement.children("ram:SpecifiedTradeAllowanceCharge")]
    return [one for one in found if one is not None]


def _unit_price(agreement: Element) -> Decimal | None:
    """Read the net price of one, else the gross price less what is applied to it."""
    net = _price_of_one(agreement.child("ram:NetPriceProductTradePrice"))
    gross = agreement.child("ram:GrossPriceProductTradePrice")
    if net is not None:
        return net
    price = _price_of_one(gross)
    if price is None:
        return None
    return price + sum(
        (applied.signed for each in gross.children("ram:AppliedTradeAllowanceCharge") if (applied := change(each))),
        Decimal(0),
    )


def _price_of_one(price: Element) -> Decimal | None:
    """Read a price: ChargeAmount is for BasisQuantity of them."""
    amount, base = price.value("ram:ChargeAmount", _NUMBER), price.value("ram:BasisQuantity", _NUMBER)
    if base is not None and base <= 0:
        price.warn("ram:BasisQuantity", "base_quantity_invalid", f"is {base:f}, which is not more than 0: 1 is assumed")
        return amount
    if amount is None or base is None or base == _ONE:
        return amount
    if abs(amount / base) >= gaps.WHOLE_MAX:
        price.refuse("ram:ChargeAmount", "for one is beyond what can be read")
        return amount
    return gaps.quotient(amount, base)


def _tax(settlement: Element) -> tuple[Decimal | None, str | None]:
    """Read rate and category; of several taxes the first that has a rate counts, with a warning."""
    rate, code = None, None
    taxes = settlement.children("ram:ApplicableTradeTax")
    for tax in taxes:
        given = tax.optional("ram:RateApplicablePercent", PERCENT)
        rate = given if rate is None else rate
        code = code or tax.text("ram:CategoryCode", REFERENCE_CHARS_MAX)
    if len(taxes) > 1:
        message = f"is there {len(taxes)} times: the first tax that has a rate was read"
        settlement.warn("ram:ApplicableTradeTax", "several_taxes", message)
    return rate, code
