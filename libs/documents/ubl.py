"""UBL 2.1 `Invoice` and `CreditNote` (Peppol BIS Billing 3, EN 16931) to our document.

Names below carry the customary prefixes; what counts is the namespace, so a sender may choose any. UBL has hundreds
of elements: those without a place in our document are left to the raw bytes without a warning. A document is refused
only if it cannot be read or has no supplier, number, date, currency or lines; other gaps are warnings.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Final, NamedTuple

from contracts.primitives.problem import FieldError
from contracts.resources.document_kinds import SaleType
from contracts.resources.sale_line import LINES_MAX
from documents import attachments, ubl_lines, ubl_parties
from documents.document import (
    NAME_CHARS_MAX,
    PAY_TERM_WITH_DATE,
    PAYMENT_MEANS_MAX,
    REFERENCE_CHARS_MAX,
    TAXES_MAX,
    TEXT_CHARS_MAX,
    InboxDocument,
    InboxKind,
    Links,
    PaymentMeans,
    PayTerm,
    TaxSubtotal,
)
from documents.element import Element, Report
from documents.parsed import Parsed
from documents.parties import client_of, supplier_of
from documents.totals import Places
from documents.ubl_lines import AMOUNT, PERCENT, Money
from documents.untdid import kind_of, payment_method_of
from documents.values import (
    InvalidValue,
    PaymentMethod,
    as_currency,
    as_web_address,
    as_xml_date,
    text_within,
)
from documents.xml import Tree

_URN: Final = "urn:oasis:names:specification:ubl:schema:xsd"
INVOICE_NAMESPACE: Final = f"{_URN}:Invoice-2"
CREDIT_NOTE_NAMESPACE: Final = f"{_URN}:CreditNote-2"
NAMESPACES: Final = {
    INVOICE_NAMESPACE: "",
    CREDIT_NOTE_NAMESPACE: "",
    f"{_URN}:CommonAggregateComponents-2": "cac",
    f"{_URN}:CommonBasicComponents-2": "cbc",
}
REPEATABLE: Final = ubl_lines.REPEATABLE | ubl_parties.REPEATABLE | {
    "cac:InvoiceLine", "cac:CreditNoteLine", "cac:TaxTotal", "cac:TaxSubtotal", "cac:PaymentMeans",
    "cac:AdditionalDocumentReference", "cbc:PaymentID", "cbc:Note", "cbc:TaxExemptionReason",
}  # fmt: skip

_REFERENCE: Final = text_within(REFERENCE_CHARS_MAX)
_ARITHMETIC: Final = Context(prec=120, rounding=ROUND_HALF_UP)


def read_ubl(root: str, content: Tree, *, box: InboxKind) -> Parsed | list[FieldError]:
    """Read the content of an `<Invoice>` or `<CreditNote>`: the document, or every fault with its path."""
    with localcontext(_ARITHMETIC):
        report = Report()
        invoice = Element(f"/{root}", content, report)
        currency = invoice.need("cbc:DocumentCurrencyCode", as_currency, "")
        money = Money(currency)
        lines = _lines_of(invoice, f"cac:{root}Line")
        payment_method, payment_due, payment_means = _payment_means(invoice)
        date_due = invoice.optional("cbc:DueDate", as_xml_date) or payment_due
        totals = _totals(invoice.child("cac:LegalMonetaryTotal"), money)
        supplier = ubl_parties.party(invoice.child("cac:AccountingSupplierParty"))
        client = ubl_parties.party(invoice.child("cac:AccountingCustomerParty"))
        adjustments, shipping = ubl_lines.adjustments(invoice, money)
        document = InboxDocument(
            document_date=invoice.need("cbc:IssueDate", as_xml_date, date.min),
            document_ref=invoice.need("cbc:ID", _REFERENCE, ""),
            supplier=supplier_of(*supplier, ubl_parties.NAME, required=box == "purchases"),
            client=client_of(*client, ubl_parties.NAME, needed=box == "sales"),
            sale_type=_sale_type(root, invoice),
            currency=currency,
            pay_term=None if date_due is None else PayTerm(type=PAY_TERM_WITH_DATE),
            date_due=date_due,
            deposit=totals.prepaid if totals.prepaid and totals.prepaid > 0 else None,
            payment_method=payment_method,
            payment_means=payment_means,
            lines=tuple(ubl_lines.line(line, money) for line in lines),
            adjustments=adjustments,
            shipping_charge=shipping,
            taxes=_taxes(invoice, money, totals),
            gross_amount=totals.gross,
            net_amount=totals.net,
            prepaid_amount=totals.prepaid,
            rounding_amount=totals.rounding,
            payable_amount=totals.payable,
            links=_links(invoice),
            comment=invoice.texts("cbc:Note", TEXT_CHARS_MAX),
        )
        return report.conclude(document, _places(root, lines))


def _places(root: str, lines: list[Element]) -> Places:
    totals = f"/{root}/cac:LegalMonetaryTotal/cbc:"
    return Places(
        [f"{line.path}/cbc:LineExtensionAmount" for line in lines],
        f"{totals}TaxExclusiveAmount",
        f"{totals}TaxInclusiveAmount",
        f"{totals}PayableAmount",
    )


def _sale_type(root: str, invoice: Element) -> SaleType:
    code = invoice.text(f"cbc:{root}TypeCode", REFERENCE_CHARS_MAX) or ""
    return "credit_note" if root == "CreditNote" else kind_of(code)


def _payment_means(invoice: Element) -> tuple[PaymentMethod | None, date | None, tuple[PaymentMeans, ...]]:
    method, due = None, None
    found: list[PaymentMeans] = []
    for means in invoice.children("cac:PaymentMeans")[:PAYMENT_MEANS_MAX]:
        code = means.text("cbc:PaymentMeansCode", REFERENCE_CHARS_MAX)
        found.append(_where_to_pay(means, code))
        day = means.optional("cbc:PaymentDueDate", as_xml_date)
        method, due = method or payment_method_of(code), due or day
    return method, due, tuple(found)


def _where_to_pay(means: Element, code: str | None) -> PaymentMeans:
    account = means.first("cac:PayeeFinancialAccount")
    return PaymentMeans(
        code=code,
        account=account.text("cbc:ID", REFERENCE_CHARS_MAX),
        account_name=account.text("cbc:Name", NAME_CHARS_MAX),
        bic=account.first("cac:FinancialInstitutionBranch").text("cbc:ID", REFERENCE_CHARS_MAX),
        reference=means.texts("cbc:PaymentID", NAME_CHARS_MAX),
    )


class _Totals(NamedTuple):
    gross: Decimal | None
    net: Decimal | None
    prepaid: Decimal | None
    rounding: Decimal | None
    payable: Decimal | None


def _totals(totals: Element, money: Money) -> _Totals:
    return _Totals(
        gross=money.value(totals, "cbc:TaxInclusiveAmount"),
        net=money.value(totals, "cbc:TaxExclusiveAmount"),
        prepaid=money.value(totals, "cbc:PrepaidAmount"),
        rounding=money.value(totals, "cbc:PayableRoundingAmount"),
        payable=money.value(totals, "cbc:PayableAmount"),
    )


def _taxes(invoice: Element, money: Money, totals: _Totals) -> tuple[TaxSubtotal, ...]:
    """Read each tax category, and flag a tax that is not what lies between gross and net."""
    found: list[TaxSubtotal] = []
    for tax in invoice.children("cac:TaxTotal"):
        # a second tax total states the same tax in the currency of the seller's tax authority
        if tax.attribute("cbc:TaxAmount", "currencyID") not in {None, money.currency}:
            continue
        amount = tax.value("cbc:TaxAmount", AMOUNT)
        found += [_tax_subtotal(subtotal, money) for subtotal in tax.children("cac:TaxSubtotal")[:TAXES_MAX]]
        if amount is None or totals.gross is None or totals.net is None:
            continue
        between = totals.gross - totals.net
        if amount != between:
            message = f"is {amount:f}, but {between:f} lies between net and gross"
            tax.warn("cbc:TaxAmount", "tax_differs", message)
    return tuple(found[:TAXES_MAX])


def _tax_subtotal(subtotal: Element, money: Money) -> TaxSubtotal:
    category = subtotal.child("cac:TaxCategory")
    percent = category.optional("cbc:Percent", PERCENT)
    return TaxSubtotal(
        category=category.text("cbc:ID", REFERENCE_CHARS_MAX),
        rate=subtotal.optional("cbc:Percent", PERCENT) if percent is None else percent,
        taxable_amount=money.value(subtotal, "cbc:TaxableAmount"),
        tax_amount=money.value(subtotal, "cbc:TaxAmount"),
        exemption_code=category.text("cbc:TaxExemptionReasonCode", REFERENCE_CHARS_MAX),
        exemption_reason=category.texts("cbc:TaxExemptionReason", TEXT_CHARS_MAX),
    )


def _lines_of(invoice: Element, name: str) -> list[Element]:
    lines = invoice.children(name)
    if not lines:
        invoice.refuse(name, "is required: a document has at least one line")
    if len(lines) > LINES_MAX:
        invoice.refuse(name, f"is there {len(lines)} times: at most {LINES_MAX} lines are read")
        return []
    return lines


def _links(invoice: Element) -> Links | None:
    """Take the files inside, and the first web address; other addresses (mailto:, urn:) are no links to follow."""
    links = None
    for reference in invoice.children("cac:AdditionalDocumentReference"):
        title = reference.texts("cbc:DocumentDescription", NAME_CHARS_MAX) or reference.text("cbc:ID", NAME_CHARS_MAX)
        attached = reference.child("cac:Attachment")
        attachments.take(attached, "cbc:EmbeddedDocumentBinaryObject", title=title)
        address = attached.child("cac:ExternalReference").value("cbc:URI", _web_address_or_nothing)
        links = links or (Links(document=address) if address else None)
    return links


def _web_address_or_nothing(text: str) -> str:
    try:
        return as_web_address(text)
    except InvalidValue:
        return ""
