"""The Estonian e-invoice, `<E_Invoice>` 1.1 and 1.2 of the Estonian Banking Association, to our document.

A file may hold several invoices; one is taken at a time. As with UBL, gaps are warnings, and elements without a place
in our document are left to the raw bytes. An addition (`DSC` a discount, `CHR` a charge) counts by its code, whatever
the sign of its sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Context, localcontext
from typing import Final

from contracts.primitives.money import StatedAdjustment, StatedAmount, StatedNumber, StatedPercent
from contracts.primitives.problem import FieldError
from contracts.resources.sale_line import LINES_MAX
from documents import attachments, gaps, line_changes
from documents.document import (
    ADJUSTMENTS_MAX,
    ITEM_NAME_CHARS_MAX,
    NAME_CHARS_MAX,
    PAY_TERM_WITH_DATE,
    PAYMENT_MEANS_MAX,
    REFERENCE_CHARS_MAX,
    TAXES_MAX,
    TEXT_CHARS_MAX,
    Address,
    InboxDocument,
    InboxKind,
    Line,
    PaymentMeans,
    PayTerm,
    TaxSubtotal,
)
from documents.element import Element, Report
from documents.line_changes import Change, adjustment_of
from documents.parsed import Parsed
from documents.parties import Party, client_of, supplier_of
from documents.totals import Places
from documents.values import as_currency, as_xml_date, number, text_within
from documents.xml import Tree

REPEATABLE: Final = frozenset({
    "Invoice", "ItemEntry", "InvoiceItemGroup", "ItemDetailInfo", "Addition", "VAT", "AttachmentFile", "AccountInfo",
    "Description", "PaymentInfo",
})  # fmt: skip
ATTRIBUTES: Final = frozenset({"addCode", "type"})

_REFERENCE: Final = text_within(REFERENCE_CHARS_MAX)
_AMOUNT: Final = number(StatedAmount)
_NUMBER: Final = number(StatedNumber)
_PERCENT: Final = number(StatedPercent)
_ADDITION: Final = number(StatedAdjustment)
_ARITHMETIC: Final = Context(prec=120, rounding=ROUND_HALF_UP)
_SUMS: Final = "InvoiceSumGroup"


def read_estonian(content: Tree, *, box: InboxKind) -> Parsed | list[FieldError]:
    """Read the content of an `<E_Invoice>`: the document, or every fault with its path."""
    with localcontext(_ARITHMETIC):
        report = Report()
        invoices = Element("/E_Invoice", content, report).children("Invoice")
        if len(invoices) != 1:
            report.refuse("/E_Invoice/Invoice", f"is there {len(invoices)} times: send invoices one by one")
            return report.faults
        return _document(invoices[0], report, box)


def _document(invoice: Element, report: Report, box: InboxKind) -> Parsed | list[FieldError]:
    about, sums, parties = (invoice.child(name) for name in ("InvoiceInformation", _SUMS, "InvoiceParties"))
    payments = invoice.children("PaymentInfo")[:PAYMENT_MEANS_MAX]
    currency = sums.value("Currency", as_currency) or next(
        (code for each in payments if (code := each.value("Currency", as_currency))), None
    )
    if currency is None:
        sums.refuse("Currency", "is required")
    seller, buyer = parties.child("SellerParty"), parties.child("BuyerParty")
    lines = _lines(invoice.child("InvoiceItem"))
    additions = [change for each in sums.children("Addition")[:ADJUSTMENTS_MAX] if (change := _addition(each))]
    due = about.optional("DueDate", as_xml_date)
    means = _payment_means(payments, seller, about.text("PaymentReferenceNumber", NAME_CHARS_MAX))
    _attached(invoice)
    document = InboxDocument(
        document_date=about.need("InvoiceDate", as_xml_date, date.min),
        document_ref=about.need("InvoiceNumber", _REFERENCE, ""),
        supplier=supplier_of(_party(seller), seller, "Name", required=box == "purchases"),
        client=client_of(_party(buyer), buyer, "Name", needed=box == "sales"),
        sale_type="credit_note" if _is_credit(about) else "sales_invoice",
        currency=currency or "",
        pay_term=None if due is None else PayTerm(type=PAY_TERM_WITH_DATE),
        date_due=due,
        payment_method=1 if means else None,
        payment_means=means,
        lines=tuple(line for line, _ in lines),
        adjustments=tuple(adjustment_of(change, reason) for change, reason in additions),
        taxes=tuple(_tax(each) for each in sums.children("VAT")[:TAXES_MAX]),
        net_amount=sums.value("InvoiceSum", _AMOUNT),
        gross_amount=sums.value("TotalSum", _AMOUNT),
        rounding_amount=sums.value("Rounding", _AMOUNT),
        payable_amount=sums.value("TotalToPay", _AMOUNT),
        comment=about.text("InvoiceContentText", TEXT_CHARS_MAX),
    )
    net, gross, payable = (f"{sums.path}/{name}" for name in ("InvoiceSum", "TotalSum", "TotalToPay"))
    places = Places([path for _, path in lines], net, gross, payable)
    return report.conclude(document, places)


def _is_credit(about: Element) -> bool:
    return about.attribute("Type", "type") == "CRE"


def _lines(item: Element) -> list[tuple[Line, str]]:
    """Read the lines of all groups, each with the path of its total."""
    entries = [entry for group in item.children("InvoiceItemGroup") for entry in group.children("ItemEntry")]
    entries = entries or item.children("ItemEntry")
    if not entries:
        item.refuse("InvoiceItemGroup/ItemEntry", "is required: a document has at least one line")
    if len(entries) > LINES_MAX:
        item.refuse("InvoiceItemGroup/ItemEntry", f"is there {len(entries)} times: at most {LINES_MAX} lines are read")
        return []
    return [(_line(entry), f"{entry.path}/ItemSum") for entry in entries]


def _line(entry: Element) -> Line:
    detail = entry.first("ItemDetailInfo")
    total = entry.value("ItemSum", _AMOUNT)
    changes = [change for each in entry.children("Addition") if (change := _addition(each))]
    quantity, price = gaps.filled(
        entry,
        ("ItemDetailInfo/ItemAmount", detail.value("ItemAmount", _NUMBER)),
        ("ItemDetailInfo/ItemPrice", detail.value("ItemPrice", _NUMBER)),
        full=line_changes.undo([change for change, _ in changes], total),
    )
    discount, amount = line_changes.discount_of(entry, "Addition", [change for change, _ in changes], quantity * price)
    vat = entry.first("VAT")
    return Line(
        item_code=entry.text("SellerProductId", REFERENCE_CHARS_MAX),
        barcode=entry.text("EAN", REFERENCE_CHARS_MAX),
        name=entry.texts("Description", ITEM_NAME_CHARS_MAX),
        quantity=quantity,
        unit_price=price,
        discount=discount,
        discount_amount=amount,
        total=total,
        unit=detail.text("ItemUnit", REFERENCE_CHARS_MAX),
        tax_rate=vat.optional("VATRate", _PERCENT),
    )


def _addition(element: Element) -> tuple[Change, str | None] | None:
    """Read a discount or charge: its sum, else its rate in percent."""
    is_charge = element.own_attribute("addCode") == "CHR"
    amount, percent = element.value("AddSum", _ADDITION), element.optional("AddRate", _PERCENT)
    reason = element.text("AddContent", TEXT_CHARS_MAX)
    change = line_changes.change_of(
        element,
        is_charge=is_charge,
        amount=None if amount is None else abs(amount),
        percent=None if percent is None else abs(percent),
        base=None,
        amount_name="AddSum",
    )
    return None if change is None else (change, reason)


def _tax(vat: Element) -> TaxSubtotal:
    return TaxSubtotal(
        rate=vat.optional("VATRate", _PERCENT),
        taxable_amount=vat.value("SumBeforeVAT", _AMOUNT),
        tax_amount=vat.value("VATSum", _AMOUNT),
    )


def _party(element: Element) -> Party:
    contact = element.child("ContactData")
    place = contact.child("LegalAddress" if contact.has("LegalAddress") else "MailAddress")
    address = Address(
        street=place.text("PostalAddress1", NAME_CHARS_MAX),
        city=place.text("City", NAME_CHARS_MAX),
        postal_code=place.text("PostalCode", REFERENCE_CHARS_MAX),
        country=place.text("Country", NAME_CHARS_MAX),
    )
    return Party(
        name=element.text("Name", NAME_CHARS_MAX),
        reg_number=element.text("RegNumber", REFERENCE_CHARS_MAX),
        tax_number=element.text("VATRegNumber", REFERENCE_CHARS_MAX),
        email=contact.text("E-mailAddress", NAME_CHARS_MAX),
        phone=contact.text("PhoneNumber", REFERENCE_CHARS_MAX),
        address=address if address != Address() else None,
    )


def _payment_means(payments: Sequence[Element], seller: Element, reference: str | None) -> tuple[PaymentMeans, ...]:
    """Where to pay to, as the payment's data say, else the seller's accounts."""
    found = [
        PaymentMeans(
            account=one.text("PayToAccount", REFERENCE_CHARS_MAX),
            account_name=one.text("PayToName", NAME_CHARS_MAX),
            bic=one.text("PayToBIC", REFERENCE_CHARS_MAX),
            reference=one.text("PaymentRefId", NAME_CHARS_MAX) or reference,
        )
        for one in payments
    ]
    accounts = [
        PaymentMeans(
            account=one.text("IBAN", REFERENCE_CHARS_MAX) or one.text("AccountNumber", REFERENCE_CHARS_MAX),
            bic=one.text("BIC", REFERENCE_CHARS_MAX),
            reference=reference,
        )
        for one in seller.children("AccountInfo")[:PAYMENT_MEANS_MAX]
    ]
    return tuple(one for one in found or accounts if one.account)


def _attached(invoice: Element) -> None:
    for file in invoice.children("AttachmentFile"):
        attachments.take(file, "FileBase64", title=file.text("FileName", NAME_CHARS_MAX))
