"""UBL 2.1 `Invoice` and `CreditNote` (Peppol BIS Billing 3, EN 16931) to our document.

Names below carry the customary prefixes; what counts is the namespace, so a sender may choose any. UBL has hundreds
of elements: those without a place in our document are left to the raw bytes without a warning. An allowance on a line
becomes its discount in percent when that gives the same amount, else the line's own total counts and a warning says so.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Final

from contracts.money import Percent, SignedDecimal
from contracts.objects import LINES_MAX, SaleType
from contracts.problem import Fault
from ingress.inbox.document import (
    ADJUSTMENTS_MAX,
    ITEM_NAME_CHARS_MAX,
    NAME_CHARS_MAX,
    PAY_TERM_WITH_DATE,
    REFERENCE_CHARS_MAX,
    TEXT_CHARS_MAX,
    Address,
    Adjustment,
    Box,
    Client,
    InboxDocument,
    Line,
    Links,
    Parsed,
    PayTerm,
    Supplier,
)
from ingress.inbox.element import Element, Report
from ingress.inbox.totals import Places
from ingress.inbox.values import (
    Convert,
    PaymentMethod,
    SignedAmount,
    UnsignedAmount,
    Wrong,
    adjustment_amount,
    as_currency,
    as_date,
    as_flag,
    as_web_address,
    number,
    text_within,
)
from ingress.inbox.xml import Tree

_URN: Final = "urn:oasis:names:specification:ubl:schema:xsd"
INVOICE_NAMESPACE: Final = f"{_URN}:Invoice-2"
CREDIT_NOTE_NAMESPACE: Final = f"{_URN}:CreditNote-2"
NAMESPACES: Final = {
    INVOICE_NAMESPACE: "",
    CREDIT_NOTE_NAMESPACE: "",
    f"{_URN}:CommonAggregateComponents-2": "cac",
    f"{_URN}:CommonBasicComponents-2": "cbc",
}
REPEATABLE: Final = frozenset({
    "cac:InvoiceLine", "cac:CreditNoteLine", "cac:AllowanceCharge", "cac:TaxTotal", "cac:PaymentMeans",
    "cac:AdditionalDocumentReference", "cac:PartyTaxScheme", "cac:PartyName", "cac:PartyLegalEntity",
    "cac:ClassifiedTaxCategory", "cbc:Note", "cbc:Description",
})  # fmt: skip

_KINDS: Final[dict[str, SaleType]] = {"325": "sales_proforma", "381": "credit_note", "396": "credit_note"}
_MEANS: Final[dict[str, PaymentMethod]] = {
    "10": 2, "30": 1, "31": 1, "42": 1, "48": 3, "49": 1, "54": 3, "55": 3, "57": 1, "58": 1, "59": 1, "97": 5,
}  # fmt: skip
"""UN/ECE 4461 payment means to PayTraq's payment methods; the rest stay unsaid."""

_REFERENCE: Final = text_within(REFERENCE_CHARS_MAX)
_NAME: Final = text_within(NAME_CHARS_MAX)
_ITEM_NAME: Final = text_within(ITEM_NAME_CHARS_MAX)
_TEXT: Final = text_within(TEXT_CHARS_MAX)
_QUANTITY: Final = number(SignedDecimal)
_PERCENT: Final = number(Percent)
_AMOUNT: Final = number(SignedAmount)
_PREPAID: Final = number(UnsignedAmount)
_ALLOWANCE: Final = adjustment_amount(pct=False)
_PRICE_DIGITS: Final = Decimal("1E-8")
_PERCENT_DIGITS: Final = Decimal("1E-6")
_HUNDRED: Final = Decimal(100)
_ONE: Final = Decimal(1)
_ARITHMETIC: Final = Context(prec=80, rounding=ROUND_HALF_UP)


def read_ubl(root: str, content: Tree, *, box: Box) -> Parsed | list[Fault]:
    """Read the content of an `<Invoice>` or `<CreditNote>`: the document, or every fault with its path."""
    with localcontext(_ARITHMETIC):
        report = Report()
        invoice = Element(f"/{root}", content, report)
        currency = invoice.need("cbc:DocumentCurrencyCode", as_currency, "")
        money = _Money(currency)
        lines = _lines_of(invoice, f"cac:{root}Line")
        payment_method, payment_due = _payment_means(invoice)
        date_due = invoice.value("cbc:DueDate", as_date) or payment_due
        gross, net, prepaid = _totals(invoice, money)
        document = InboxDocument(
            document_date=invoice.need("cbc:IssueDate", as_date, date.min),
            document_ref=invoice.need("cbc:ID", _REFERENCE, ""),
            supplier=_supplier(invoice.child("cac:AccountingSupplierParty"), required=box == "purchases"),
            client=_client(invoice.child("cac:AccountingCustomerParty"), required=box == "sales"),
            sale_type=_sale_type(root, invoice),
            currency=currency,
            pay_term=None if date_due is None else PayTerm(type=PAY_TERM_WITH_DATE),
            date_due=date_due,
            deposit=prepaid,
            payment_method=payment_method,
            lines=tuple(_line(line, money) for line in lines),
            adjustments=_adjustments(invoice, money),
            gross_amount=gross,
            net_amount=net,
            links=_links(invoice),
            comment="\n".join(invoice.values("cbc:Note", _TEXT)) or None,
        )
        totals = f"/{root}/cac:LegalMonetaryTotal/cbc:Tax"
        line_totals = [f"{line.path}/cbc:LineExtensionAmount" for line in lines]
        return report.conclude(document, Places(line_totals, f"{totals}ExclusiveAmount", f"{totals}InclusiveAmount"))


class _Money:
    """Reads amounts, each of which says its currency and must say the document's."""

    __slots__ = ("currency",)

    def __init__(self, currency: str) -> None:
        self.currency = currency

    def value(self, element: Element, name: str, convert: Convert[Decimal]) -> Decimal | None:
        said = element.attribute(name, "currencyID")
        if said and self.currency and said != self.currency:
            element.refuse(name, f"is in {said[:3]}, but the document is in {self.currency}")
        return element.value(name, convert)


def _sale_type(root: str, invoice: Element) -> SaleType:
    code = invoice.value(f"cbc:{root}TypeCode", _REFERENCE) or ""
    return "credit_note" if root == "CreditNote" else _KINDS.get(code, "sales_invoice")


def _payment_means(invoice: Element) -> tuple[PaymentMethod | None, date | None]:
    method, due = None, None
    for means in invoice.children("cac:PaymentMeans"):
        code, day = means.value("cbc:PaymentMeansCode", _REFERENCE), means.value("cbc:PaymentDueDate", as_date)
        method, due = method or _MEANS.get(code or ""), due or day
    return method, due


def _totals(invoice: Element, money: _Money) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Read (gross, net, prepaid) and flag a tax that is not what lies between gross and net."""
    totals = invoice.child("cac:LegalMonetaryTotal")
    gross = money.value(totals, "cbc:TaxInclusiveAmount", _AMOUNT)
    net = money.value(totals, "cbc:TaxExclusiveAmount", _AMOUNT)
    prepaid = money.value(totals, "cbc:PrepaidAmount", _PREPAID)
    for tax in invoice.children("cac:TaxTotal"):
        # a second tax total states the same tax in the currency of the seller's tax authority
        if tax.attribute("cbc:TaxAmount", "currencyID") != money.currency:
            continue
        amount = tax.value("cbc:TaxAmount", _AMOUNT)
        if amount is not None and gross is not None and net is not None and amount != gross - net:
            tax.warn("cbc:TaxAmount", f"is {amount:f}, but {gross - net:f} lies between net and gross")
    return gross, net, prepaid


def _supplier(holder: Element, *, required: bool) -> Supplier | None:
    party = _Party(holder.child("cac:Party"), required=required)
    if party.name is None:
        return None
    return Supplier(
        name=party.name,
        reg_number=party.reg_number,
        tax_number=party.tax_number,
        email=party.email,
        phone=party.phone,
        address=party.address,
    )


def _client(holder: Element, *, required: bool) -> Client | None:
    party = _Party(holder.child("cac:Party"), required=required)
    if party.name is None:
        return None
    return Client(
        name=party.name,
        reg_number=party.reg_number,
        vat_number=party.tax_number,
        email=party.email,
        phone=party.phone,
        address=party.address,
    )


class _Party:
    """What both parties have: the registered name (else the trading name), numbers, contact, address."""

    __slots__ = ("address", "email", "name", "phone", "reg_number", "tax_number")

    def __init__(self, party: Element, *, required: bool) -> None:
        self.name: str | None = None
        self.reg_number: str | None = None
        for legal in party.children("cac:PartyLegalEntity"):
            self.name = self.name or legal.value("cbc:RegistrationName", _NAME)
            self.reg_number = self.reg_number or legal.value("cbc:CompanyID", _REFERENCE)
        for traded in party.children("cac:PartyName"):
            self.name = self.name or traded.value("cbc:Name", _NAME)
        if required and self.name is None:
            party.refuse("cac:PartyLegalEntity/cbc:RegistrationName", "is required")
        self.tax_number = _vat_number(party)
        contact = party.child("cac:Contact")
        self.email = contact.value("cbc:ElectronicMail", _NAME)
        self.phone = contact.value("cbc:Telephone", _REFERENCE)
        self.address = _address(party.child("cac:PostalAddress"))


def _vat_number(party: Element) -> str | None:
    for scheme in party.children("cac:PartyTaxScheme"):
        number_given = scheme.value("cbc:CompanyID", _REFERENCE)
        if number_given and scheme.child("cac:TaxScheme").value("cbc:ID", _REFERENCE) in {"VAT", None}:
            return number_given
    return None


def _address(element: Element) -> Address | None:
    streets = (element.value("cbc:StreetName", _NAME), element.value("cbc:AdditionalStreetName", _NAME))
    address = Address(
        street=", ".join(street for street in streets if street) or None,
        city=element.value("cbc:CityName", _NAME),
        postal_code=element.value("cbc:PostalZone", _REFERENCE),
        region=element.value("cbc:CountrySubentity", _NAME),
        country=element.child("cac:Country").value("cbc:IdentificationCode", _REFERENCE),
    )
    return address if address != Address() else None


def _lines_of(invoice: Element, name: str) -> list[Element]:
    lines = invoice.children(name)
    if not lines:
        invoice.refuse(name, "is required: a document has at least one line")
    if len(lines) > LINES_MAX:
        invoice.refuse(name, f"is there {len(lines)} times: at most {LINES_MAX} lines are read")
        return []
    return lines


def _line(line: Element, money: _Money) -> Line:
    item = line.child("cac:Item")
    quantity_name = "cbc:CreditedQuantity" if line.has("cbc:CreditedQuantity") else "cbc:InvoicedQuantity"
    unit = line.attribute(quantity_name, "unitCode")
    quantity = line.need(quantity_name, _QUANTITY, Decimal(0))
    price = _unit_price(line.child("cac:Price"), money)
    total = money.value(line, "cbc:LineExtensionAmount", _AMOUNT)
    rate, category = _tax(item)
    return Line(
        item_code=item.child("cac:SellersItemIdentification").value("cbc:ID", _REFERENCE),
        barcode=item.child("cac:StandardItemIdentification").value("cbc:ID", _REFERENCE),
        name=item.need("cbc:Name", _ITEM_NAME, ""),
        description="\n".join(item.values("cbc:Description", _TEXT)) or None,
        quantity=quantity,
        unit_price=price,
        discount=_discount(line, money, quantity * price),
        total=total,
        unit=unit[:REFERENCE_CHARS_MAX] if unit else None,
        tax_rate=rate,
        tax_category=category,
    )


def _unit_price(price: Element, money: _Money) -> Decimal:
    """Read the price of one: PriceAmount is for BaseQuantity of them."""
    if not price.has("cbc:PriceAmount"):
        price.refuse("cbc:PriceAmount", "is required")
    amount = money.value(price, "cbc:PriceAmount", _QUANTITY) or Decimal(0)
    base = price.value("cbc:BaseQuantity", _QUANTITY)
    if base is None or base == _ONE:
        return amount
    if base <= 0:
        price.refuse("cbc:BaseQuantity", "must be more than 0")
        return amount
    try:
        return _QUANTITY(f"{(amount / base).quantize(_PRICE_DIGITS).normalize():f}")
    except Wrong as wrong:
        price.refuse("cbc:PriceAmount", f"for one {wrong}")
        return amount


def _tax(item: Element) -> tuple[Decimal | None, str | None]:
    rate, code = None, None
    for category in item.children("cac:ClassifiedTaxCategory"):
        rate = category.value("cbc:Percent", _PERCENT) if rate is None else rate
        code = code or category.value("cbc:ID", _REFERENCE)
    return rate, code


def _discount(line: Element, money: _Money, full: Decimal) -> Decimal | None:
    """Bring a line's allowances less its charges to a percentage of its full amount."""
    allowed = Decimal(0)
    for change in line.children("cac:AllowanceCharge"):
        is_charge = change.need("cbc:ChargeIndicator", as_flag, stand_in=False)
        amount = money.value(change, "cbc:Amount", _ALLOWANCE) or Decimal(0)
        allowed += -amount if is_charge else amount
    if not allowed:
        return None
    percent = (allowed * _HUNDRED / full).quantize(_PERCENT_DIGITS).normalize() + 0 if full else Decimal(-1)
    if 0 <= percent <= _HUNDRED and abs(full * percent / _HUNDRED - allowed) < Decimal("0.0005"):
        return percent
    line.warn("cac:AllowanceCharge", "is no discount in percent: the line's own total counts")
    return None


def _adjustments(invoice: Element, money: _Money) -> tuple[Adjustment, ...]:
    elements = invoice.children("cac:AllowanceCharge")
    if len(elements) > ADJUSTMENTS_MAX:
        invoice.refuse("cac:AllowanceCharge", f"is there {len(elements)} times: at most {ADJUSTMENTS_MAX} are read")
        return ()
    return tuple(_adjustment(element, money) for element in elements)


def _adjustment(element: Element, money: _Money) -> Adjustment:
    if not element.has("cbc:Amount"):
        element.refuse("cbc:Amount", "is required")
    return Adjustment(
        type="charge" if element.need("cbc:ChargeIndicator", as_flag, stand_in=False) else "discount",
        mode="amount",
        amount=money.value(element, "cbc:Amount", _ALLOWANCE) or Decimal(0),
        description=element.value("cbc:AllowanceChargeReason", _TEXT),
    )


def _links(invoice: Element) -> Links | None:
    """Take the first web address of an attachment; other addresses (mailto:, urn:) are no links to follow."""
    for reference in invoice.children("cac:AdditionalDocumentReference"):
        attached = reference.child("cac:Attachment").child("cac:ExternalReference")
        if address := attached.value("cbc:URI", _web_address_or_nothing):
            return Links(document=address)
    return None


def _web_address_or_nothing(text: str) -> str:
    try:
        return as_web_address(text)
    except Wrong:
        return ""
