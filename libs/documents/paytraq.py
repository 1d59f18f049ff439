"""`<Sale>`: the message of PayTraq Direct (purchase inbox) and of PayTraq Connect (sales inbox) to our document.

The rules are those of PayTraq Direct's page: every tag, every enumeration, every "can be used only with". Both channels
accept the elements of either, because senders mix them: Connect's elements (Client, TaxKey, Total, Taxes,
ShippingAddress, AutoProcessing) are read in the purchase inbox as well.

Required, so that the message is a document at all: DocumentDate, DocumentRef (duplicates are recognised by it),
Currency, SaleType, and at least one LineItem that names its item (ItemCode, ItemBarCode, ItemName or Description)
with Qty and Price, one of which may be missing beside a LineTotal. In the purchase inbox the supplier's name, in the
sales inbox the client's. Connect itself knows no SaleType, so in the sales inbox a document without one is a
sales_order.

Not refused but warned of: unknown elements (the raw bytes are kept), a PayTerm of due days without days or of
another date without DateDue, links that are no web addresses, totals that do not add up. Blocks of empty elements,
as templates have them, count as absent. Attributes and namespaces are ignored.

An amount or quantity may be below 0 (returns, corrections), except Deposit and Adjustment/Amount, whose kind says
which way they go.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final, get_args

from contracts.primitives.money import StatedAmount, StatedNumber, StatedPercent
from contracts.primitives.problem import FieldError
from contracts.resources.document_kinds import SaleType
from contracts.resources.sale_line import LINES_MAX
from contracts.resources.schemas import Operation
from documents import gaps, totals
from documents.document import (
    ADJUSTMENTS_MAX,
    DAYS_MAX,
    ITEM_NAME_CHARS_MAX,
    NAME_CHARS_MAX,
    PAY_TERM_WITH_DATE,
    PAY_TERMS_WITH_DAYS,
    REFERENCE_CHARS_MAX,
    TAX_CATEGORIES,
    TEXT_CHARS_MAX,
    Address,
    Adjustment,
    AdjustmentMode,
    AdjustmentType,
    AutoPayment,
    AutoProcessing,
    Client,
    InboxDocument,
    InboxKind,
    Line,
    Links,
    PayTerm,
    ShipTo,
    Supplier,
)
from documents.element import Element, Report
from documents.parsed import Parsed
from documents.values import (
    Convert,
    PaymentMethod,
    PayTermType,
    ShippingType,
    TaxBasis,
    UnsignedAmount,
    adjustment_amount,
    as_currency,
    as_flag,
    as_tax_rate,
    as_web_address,
    as_xml_date,
    number,
    one_of,
    text_within,
    whole_within,
)
from documents.xml import Tree

REPEATABLE: Final = frozenset({"LineItem", "Adjustment"})

_SALE_TYPE: Final = one_of(get_args(SaleType))
_OPERATION: Final = one_of(get_args(Operation))
_TAX_BASIS: Final = one_of(get_args(TaxBasis))
_PAY_TERM_TYPE: Final = one_of(get_args(PayTermType))
_PAYMENT_METHOD: Final = one_of(get_args(PaymentMethod))
_SHIPPING_TYPE: Final = one_of(get_args(ShippingType))
_CHARGE_OR_DISCOUNT: Final[Convert[AdjustmentType]] = one_of(get_args(AdjustmentType))
_PCT_OR_AMOUNT: Final[Convert[AdjustmentMode]] = one_of(get_args(AdjustmentMode))
_DAYS: Final = whole_within(0, DAYS_MAX)
_QUANTITY: Final = number(StatedNumber)
_PRICE: Final = number(StatedNumber)
_PERCENT: Final = number(StatedPercent)
_AMOUNT: Final = number(StatedAmount)
_DEPOSIT: Final = number(UnsignedAmount)
_PCT: Final = adjustment_amount(pct=True)
_ADJUSTMENT: Final = adjustment_amount(pct=False)
_REFERENCE: Final = text_within(REFERENCE_CHARS_MAX)
_NAME: Final = text_within(NAME_CHARS_MAX)
_ITEM_NAME: Final = text_within(ITEM_NAME_CHARS_MAX)
_TEXT: Final = text_within(TEXT_CHARS_MAX)

_NO_DATE: Final = date.min  # stands in for a date that was refused


def read_sale(content: Tree, *, box: InboxKind) -> Parsed | list[FieldError]:
    """Read the content of a `<Sale>` element: the document with its warnings, or every fault with its path."""
    report = Report()
    sale = Element("/Sale", content, report)
    header = sale.child("Header")
    about = header.child("Document")
    line_elements = _lines_of(sale)
    shipping = header.child("ShippingData")
    charge = sale.child("ShippingCharge")
    include_tax = header.value("IncludeTax", as_flag) or False
    pay_term, date_due = _pay_term(header)
    shipping_tax_rate, shipping_tax_name, shipping_tax_key = _tax(charge)
    gross, net, places = _totals(sale, header, line_elements, include_tax=include_tax)
    document = InboxDocument(
        document_date=about.need("DocumentDate", as_xml_date, _NO_DATE),
        document_ref=about.need("DocumentRef", _REFERENCE, ""),
        links=_links(about.child("ExternalLink")),
        supplier=_supplier(about, required=box == "purchases"),
        client=_client(about, required=box == "sales"),
        ship_to=_ship_to(shipping.child("ShippingAddress")),
        sale_type=_sale_type(header, box),
        operation=header.value("Operation", _OPERATION),
        currency=header.need("Currency", as_currency, ""),
        tax_basis=header.value("TaxBasis", _TAX_BASIS),
        include_tax=include_tax,
        pay_term=pay_term,
        date_due=date_due,
        deposit=header.value("Deposit", _DEPOSIT),
        comment=header.value("Comment", _TEXT),
        payment_method=header.value("PaymentMethod", _PAYMENT_METHOD),
        shipping_type=shipping.value("ShippingType", _SHIPPING_TYPE),
        lines=tuple(_line(element) for element in line_elements),
        adjustments=_adjustments(sale.child("Adjustments")),
        shipping_charge=charge.value("Amount", _AMOUNT),
        shipping_tax_rate=shipping_tax_rate,
        shipping_tax_name=shipping_tax_name,
        shipping_tax_key=shipping_tax_key,
        gross_amount=gross,
        net_amount=net,
        auto_processing=_auto_processing(sale, header, about),
    )
    report.warn_of_leftovers()
    return report.conclude(document, places)


def _sale_type(header: Element, box: InboxKind) -> SaleType:
    if box == "sales" and not header.has("SaleType"):
        return "sales_order"
    return header.need("SaleType", _SALE_TYPE, "sales_invoice")


def _links(link: Element) -> Links | None:
    document, pdf = link.optional("DocumentURI", as_web_address), link.optional("PDF", as_web_address)
    return Links(document=document, pdf=pdf) if document or pdf else None


def _supplier(about: Element, *, required: bool) -> Supplier | None:
    """Read SupplierData; beside the name also what senders add by analogy with the client's block."""
    supplier = about.child("SupplierData")
    name = supplier.need("SupplierName", _NAME, "") if required else supplier.value("SupplierName", _NAME)
    reg_number = supplier.value("SupplierRegNumber", _REFERENCE)
    tax_number = supplier.value("SupplierTaxNumber", _REFERENCE)
    email = supplier.value("SupplierEmail", _NAME)
    if name is None:
        return None
    return Supplier(name=name, reg_number=reg_number, tax_number=tax_number, email=email)


def _client(about: Element, *, required: bool) -> Client | None:
    """Read Connect's Client, else Direct's ClientData; both know the same elements."""
    client = about.child("Client" if about.has("Client") or not about.has("ClientData") else "ClientData")
    name = client.need("ClientName", _NAME, "") if required else client.value("ClientName", _NAME)
    is_company = client.value("IsCompany", as_flag)
    email = client.value("ClientEmail", _NAME)
    phone = client.value("ClientPhone", _REFERENCE)
    reg_number = client.value("ClientRegNumber", _REFERENCE)
    vat_number = client.value("ClientTaxNumber", _REFERENCE)
    address = _address(client.child("BillingAddress"))
    if name is None:
        return None
    return Client(
        name=name,
        type=None if is_company is None else "company" if is_company else "person",
        email=email,
        phone=phone,
        reg_number=reg_number,
        vat_number=vat_number,
        address=address,
    )


def _ship_to(element: Element) -> ShipTo | None:
    name, address = element.value("ShipTo", _NAME), _address(element)
    return ShipTo(name=name, address=address) if name or address else None


def _address(element: Element) -> Address | None:
    address = Address(
        street=element.value("Address", _NAME),
        city=element.value("City", _NAME),
        postal_code=element.value("Zip", _REFERENCE),
        region=element.value("Region", _NAME),
        country=element.value("Country", _NAME),
    )
    return address if address != Address() else None


def _pay_term(header: Element) -> tuple[PayTerm | None, date | None]:
    """Read PayTerm and DateDue and hold them to their "can be used only with"."""
    term = header.child("PayTerm")
    has_type, has_days, has_date = term.has("PayTermType"), term.has("PayTermDays"), header.has("DateDue")
    kind = term.value("PayTermType", _PAY_TERM_TYPE)
    days = term.value("PayTermDays", _DAYS)
    date_due = header.value("DateDue", as_xml_date)
    if has_type and kind is None:  # refused already: what may go with it cannot be said
        return None, date_due
    if has_days and kind not in PAY_TERMS_WITH_DAYS:
        term.refuse("PayTermDays", "can be used only with PayTermType 1 (due days) and 2 (end of month plus days)")
    elif kind in PAY_TERMS_WITH_DAYS and not has_days:
        term.warn("PayTermDays", "pay_term_incomplete", f"is missing, so PayTermType {kind} does not say when to pay")
    if has_date and kind != PAY_TERM_WITH_DATE:
        header.refuse("DateDue", "can be used only with PayTermType 0 (other date)")
    elif kind == PAY_TERM_WITH_DATE and not has_date:
        header.warn("DateDue", "pay_term_incomplete", "is missing, so PayTermType 0 does not say when to pay")
    return None if kind is None else PayTerm(type=kind, days=days), date_due


def _lines_of(sale: Element) -> list[Element]:
    items = sale.child("LineItems")
    lines = items.children("LineItem")
    if not lines:
        items.refuse("LineItem", "is required: a document has at least one line")
    if len(lines) > LINES_MAX:
        items.refuse("LineItem", f"is there {len(lines)} times: at most {LINES_MAX} lines are read")
        return []
    return lines


def _line(line: Element) -> Line:
    item, unit = line.child("Item"), line.child("Unit")
    if not (line.has("Description") or any(item.has(each) for each in ("ItemCode", "ItemBarCode", "ItemName"))):
        line.refuse("Item", "is required: give an ItemCode, ItemBarCode or ItemName, or the line a Description")
    tax_rate, tax_name, tax_key = _tax(line)
    quantity, price, total = _priced(line)
    return Line(
        item_code=item.value("ItemCode", _REFERENCE),
        barcode=item.value("ItemBarCode", _REFERENCE),
        name=item.value("ItemName", _ITEM_NAME),
        description=line.value("Description", _TEXT),
        quantity=quantity,
        unit_price=price,
        discount=line.value("LineDiscount", _PERCENT),
        total=total,
        unit=unit.value("UnitName", _REFERENCE),
        tax_rate=tax_rate,
        tax_name=tax_name,
        tax_key=tax_key,
        tax_category=tax_key if tax_key in TAX_CATEGORIES else None,
    )


def _priced(line: Element) -> tuple[Decimal, Decimal, Decimal | None]:
    """Read quantity, price and total; with a total, one of the others may be missing where there is no discount."""
    total = line.value("LineTotal", _AMOUNT)
    if total is None or line.has("LineDiscount") or (line.has("Qty") and line.has("Price")):
        return line.need("Qty", _QUANTITY, Decimal(0)), line.need("Price", _PRICE, Decimal(0)), total
    quantity, price = ("Qty", line.value("Qty", _QUANTITY)), ("Price", line.value("Price", _PRICE))
    return *gaps.filled(line, quantity, price, full=total), total


def _tax(element: Element) -> tuple[Decimal | None, str | None, str | None]:
    """Read Connect's TaxKey as (rate, name, key): a name such as "21%" is a rate too. It may be plain text."""
    if element.is_plain("TaxKey"):
        name, key = element.value("TaxKey", _NAME), None
    else:
        tax = element.child("TaxKey")
        name, key = tax.value("TaxKeyName", _NAME), tax.value("TaxKeyID", _REFERENCE)
    return as_tax_rate(name) if name else None, name, key


def _adjustments(group: Element) -> tuple[Adjustment, ...]:
    elements = group.children("Adjustment")
    if len(elements) > ADJUSTMENTS_MAX:
        group.refuse("Adjustment", f"is there {len(elements)} times: at most {ADJUSTMENTS_MAX} are read")
        return ()
    return tuple(_adjustment(element) for element in elements)


def _adjustment(element: Element) -> Adjustment:
    mode: AdjustmentMode = element.need("PctOrAmount", _PCT_OR_AMOUNT, "amount")
    return Adjustment(
        type=element.need("TypeID", _CHARGE_OR_DISCOUNT, "charge"),
        mode=mode,
        amount=element.need("Amount", _PCT if mode == "pct" else _ADJUSTMENT, Decimal(0)),
        description=element.value("Description", _TEXT),
    )


def _totals(
    sale: Element, header: Element, lines: list[Element], *, include_tax: bool
) -> tuple[Decimal | None, Decimal | None, totals.Places]:
    """Read gross, net and where they stand: from Totals, else from Connect's Total (with or without its Taxes)."""
    stated = sale.child("Totals")
    gross, net = stated.value("GrossAmount", _AMOUNT), stated.value("NetAmount", _AMOUNT)
    total, taxes = header.value("Total", _AMOUNT), header.value("Taxes", _AMOUNT)
    line_totals = [f"{line.path}/LineTotal" for line in lines]
    if gross is not None or net is not None or total is None:
        return (
            gross,
            net,
            totals.Places(line_totals, "/Sale/Totals/NetAmount", "/Sale/Totals/GrossAmount", "/Sale/Totals"),
        )
    places = totals.Places(line_totals, "/Sale/Header/Total", "/Sale/Header/Total", "/Sale/Header/Total")
    if include_tax:
        return total, None if taxes is None else total - taxes, places
    return None if taxes is None else total + taxes, total, places


def _auto_processing(*candidates: Element) -> AutoProcessing | None:
    """Read Connect's AutoProcessing, in whichever place it stands: a group of flags, or just one."""
    holder = next((each for each in candidates if each.has("AutoProcessing")), None)
    if holder is None:
        return None
    if holder.is_plain("AutoProcessing"):
        return AutoProcessing(process=holder.value("AutoProcessing", as_flag) or False)
    requested = holder.child("AutoProcessing")
    return AutoProcessing(
        process=requested.value("Process", as_flag) or False,
        approve=requested.value("Approve", as_flag) or False,
        send=requested.value("Send", as_flag) or False,
        payment=_auto_payment(requested) if requested.has("AddPayment") else None,
    )


def _auto_payment(requested: Element) -> AutoPayment | None:
    if requested.is_plain("AddPayment"):
        return AutoPayment() if requested.value("AddPayment", as_flag) else None
    payment = requested.child("AddPayment")
    return AutoPayment(
        money_account_id=payment.value("MoneyAccountID", _REFERENCE),
        date_paid=payment.value("DatePaid", as_xml_date),
        amount=payment.value("Amount", _AMOUNT),
    )
