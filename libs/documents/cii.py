"""UN/CEFACT Cross Industry Invoice (D16B, D22B: XRechnung, Factur-X, ZUGFeRD 2) to our document.

Names below carry the customary prefixes; what counts is the namespace. As with UBL, elements without a place in our
document are left to the raw bytes without a warning, gaps are warnings, and refused is only what cannot be read or has
no supplier, number, date, currency or lines. The profiles MINIMUM and BASIC WL of Factur-X have no lines by design:
each tax of theirs, or the whole, is read as one, with a warning.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Final

from contracts.primitives.money import StatedAdjustment
from contracts.primitives.problem import FieldError
from contracts.resources.document_kinds import SaleType
from contracts.resources.sale_line import LINES_MAX
from documents import attachments, cii_lines, cii_parties
from documents.cii_lines import AMOUNT, PERCENT
from documents.document import (
    ADJUSTMENTS_MAX,
    NAME_CHARS_MAX,
    PAY_TERM_WITH_DATE,
    PAYMENT_MEANS_MAX,
    REFERENCE_CHARS_MAX,
    TAXES_MAX,
    TEXT_CHARS_MAX,
    Adjustment,
    InboxDocument,
    InboxKind,
    Line,
    Links,
    PaymentMeans,
    PayTerm,
    TaxSubtotal,
)
from documents.element import Element, Report
from documents.line_changes import adjustment_of
from documents.parsed import Parsed
from documents.parties import client_of, supplier_of
from documents.totals import Places
from documents.untdid import FREIGHT, kind_of, payment_method_of
from documents.values import (
    InvalidValue,
    PaymentMethod,
    as_compact_date,
    as_currency,
    as_web_address,
    number,
    text_within,
)
from documents.xml import Tree

NAMESPACE: Final = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
NAMESPACES: Final = {
    NAMESPACE: "",
    "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100": "ram",
    "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100": "udt",
    "urn:un:unece:uncefact:data:standard:QualifiedDataType:100": "qdt",
}
REPEATABLE: Final = cii_lines.REPEATABLE | cii_parties.REPEATABLE | {
    "ram:IncludedSupplyChainTradeLineItem", "ram:IncludedNote", "ram:SpecifiedTradeSettlementPaymentMeans",
    "ram:SpecifiedTradePaymentTerms", "ram:AdditionalReferencedDocument", "ram:TaxTotalAmount", "ram:GrandTotalAmount",
    "ram:TaxBasisTotalAmount", "ram:SpecifiedLogisticsServiceCharge", "ram:Content",
    "ram:GuidelineSpecifiedDocumentContextParameter",
}  # fmt: skip

_REFERENCE: Final = text_within(REFERENCE_CHARS_MAX)
_ADJUSTMENT: Final = number(StatedAdjustment)
_ARITHMETIC: Final = Context(prec=120, rounding=ROUND_HALF_UP)
_SUMMATION: Final = "ram:SpecifiedTradeSettlementHeaderMonetarySummation"
_LINES: Final = "ram:IncludedSupplyChainTradeLineItem"
_WITHOUT_LINES: Final = ("minimum", "basicwl")


def read_cii(content: Tree, *, box: InboxKind) -> Parsed | list[FieldError]:
    """Read the content of a `<CrossIndustryInvoice>`: the document, or every fault with its path."""
    with localcontext(_ARITHMETIC):
        report = Report()
        invoice = Element("/CrossIndustryInvoice", content, report)
        return _Reading(invoice, report).document(box)


class _Reading:
    """The parts of one invoice, opened once."""

    def __init__(self, invoice: Element, report: Report) -> None:
        self.report = report
        self.without_lines = _is_without_lines(invoice.child("ExchangedDocumentContext"))
        self.header = invoice.child("ExchangedDocument")
        self.transaction = invoice.child("SupplyChainTradeTransaction")
        self.agreement = self.transaction.child("ram:ApplicableHeaderTradeAgreement")
        self.transaction.child("ram:ApplicableHeaderTradeDelivery")
        self.settlement = self.transaction.child("ram:ApplicableHeaderTradeSettlement")
        self.currency = self.settlement.need("ram:InvoiceCurrencyCode", as_currency, "")
        self.sums = self.settlement.child(_SUMMATION)
        self.net = self._in_currency("ram:TaxBasisTotalAmount")
        self.gross = self._in_currency("ram:GrandTotalAmount")
        self.paths: list[str] = []

    def document(self, box: InboxKind) -> Parsed | list[FieldError]:
        method, due, means = self._payment()
        taxes = self._taxes()
        lines = self._lines(taxes)
        adjustments, shipping = self._adjustments()
        prepaid = self.sums.value("ram:TotalPrepaidAmount", AMOUNT)
        links = self._attached()
        seller, buyer = (self.agreement.child(f"ram:{who}TradeParty") for who in ("Seller", "Buyer"))
        document = InboxDocument(
            document_date=self._day(self.header.child("ram:IssueDateTime"), needed=True) or date.min,
            document_ref=self.header.need("ram:ID", _REFERENCE, ""),
            supplier=supplier_of(cii_parties.party(seller), seller, cii_parties.NAME, required=box == "purchases"),
            client=client_of(cii_parties.party(buyer), buyer, cii_parties.NAME, needed=box == "sales"),
            sale_type=self._sale_type(),
            currency=self.currency,
            pay_term=None if due is None else PayTerm(type=PAY_TERM_WITH_DATE),
            date_due=due,
            deposit=prepaid if prepaid and prepaid > 0 else None,
            payment_method=method,
            payment_means=means,
            lines=lines,
            adjustments=adjustments,
            shipping_charge=shipping,
            taxes=taxes,
            gross_amount=self.gross,
            net_amount=self.net,
            prepaid_amount=prepaid,
            rounding_amount=self.sums.value("ram:RoundingAmount", AMOUNT),
            payable_amount=self.sums.value("ram:DuePayableAmount", AMOUNT),
            links=links,
            comment=self._comment(),
        )
        return self.report.conclude(document, self._places())

    def _places(self) -> Places:
        sums = self.sums.path
        net, gross, payable = (f"{sums}/ram:{name}Amount" for name in ("TaxBasisTotal", "GrandTotal", "DuePayable"))
        return Places(self.paths, net, gross, payable)

    def _sale_type(self) -> SaleType:
        return kind_of(self.header.text("ram:TypeCode", REFERENCE_CHARS_MAX) or "")

    def _comment(self) -> str | None:
        notes = [note.texts("ram:Content", TEXT_CHARS_MAX) for note in self.header.children("ram:IncludedNote")]
        return "\n".join(note for note in notes if note)[:TEXT_CHARS_MAX] or None

    def _day(self, holder: Element, *, needed: bool = False) -> date | None:
        """Read a date: digits as UN/ECE 2379 has them, or an ISO date where a sender writes one."""
        name = (
            "udt:DateTimeString"
            if holder.has("udt:DateTimeString") or not holder.has("udt:DateTime")
            else "udt:DateTime"
        )
        return holder.need(name, as_compact_date, date.min) if needed else holder.optional(name, as_compact_date)

    def _in_currency(self, name: str) -> Decimal | None:
        """Read an amount that may be there a second time in the seller's own currency."""
        return self.sums.choose(name, AMOUNT, currency=self.currency)

    def _payment(self) -> tuple[PaymentMethod | None, date | None, tuple[PaymentMeans, ...]]:
        method, due = None, None
        reference = self.settlement.text("ram:PaymentReference", NAME_CHARS_MAX)
        found: list[PaymentMeans] = []
        for means in self.settlement.children("ram:SpecifiedTradeSettlementPaymentMeans")[:PAYMENT_MEANS_MAX]:
            found.append(_where_to_pay(means, reference))
            method = method or payment_method_of(found[-1].code)
        for terms in self.settlement.children("ram:SpecifiedTradePaymentTerms"):
            day = self._day(terms.child("ram:DueDateDateTime"))
            due = due or day
        return method, due, tuple(found)

    def _taxes(self) -> tuple[TaxSubtotal, ...]:
        found = [self._tax(tax) for tax in self.settlement.children("ram:ApplicableTradeTax")[:TAXES_MAX]]
        total = self.sums.choose("ram:TaxTotalAmount", AMOUNT, currency=self.currency)
        if total is not None and self.gross is not None and self.net is not None and total != self.gross - self.net:
            between = self.gross - self.net
            message = f"is {total:f}, but {between:f} lies between net and gross"
            self.sums.warn("ram:TaxTotalAmount", "tax_differs", message)
        return tuple(found)

    def _tax(self, tax: Element) -> TaxSubtotal:
        return TaxSubtotal(
            category=tax.text("ram:CategoryCode", REFERENCE_CHARS_MAX),
            rate=tax.optional("ram:RateApplicablePercent", PERCENT),
            taxable_amount=tax.value("ram:BasisAmount", AMOUNT),
            tax_amount=tax.value("ram:CalculatedAmount", AMOUNT),
            exemption_code=tax.text("ram:ExemptionReasonCode", REFERENCE_CHARS_MAX),
            exemption_reason=tax.text("ram:ExemptionReason", TEXT_CHARS_MAX),
        )

    def _lines(self, taxes: tuple[TaxSubtotal, ...]) -> tuple[Line, ...]:
        elements = self.transaction.children(_LINES)
        if len(elements) > LINES_MAX:
            self.transaction.refuse(_LINES, f"is there {len(elements)} times: at most {LINES_MAX} lines are read")
            return ()
        if not elements:
            return self._assumed_lines(taxes)
        lines = []
        for element in elements:
            if (line := cii_lines.line(element)) is not None:
                lines.append(line)
                self.paths.append(f"{element.path}/{cii_lines.TOTAL}")
        if not lines:
            self.transaction.refuse(_LINES, "is required: a document has at least one line that is no subtotal")
        return tuple(lines)

    def _assumed_lines(self, taxes: tuple[TaxSubtotal, ...]) -> tuple[Line, ...]:
        """Lines of a profile that has none: one for each tax, else one of the net."""
        net = self.net if self.net is not None else self.gross
        if not self.without_lines or net is None:
            self.transaction.refuse(_LINES, "is required: a document has at least one line")
            return ()
        self.transaction.warn(_LINES, "lines_missing", "is not there in this profile: each tax was read as one line")
        amounts = [(tax.taxable_amount, tax.rate, tax.category) for tax in taxes if tax.taxable_amount is not None]
        self.paths = [self.sums.path] * (len(amounts) or 1)
        self.settlement.children("ram:SpecifiedTradeAllowanceCharge")  # the taxes' amounts hold them already
        return tuple(
            Line(
                name="Total" if rate is None else f"Total at {rate:f} %",
                quantity=Decimal(1),
                unit_price=amount,
                total=amount,
                tax_rate=rate,
                tax_category=category,
            )
            for amount, rate, category in amounts or [(net, None, None)]
        )

    def _adjustments(self) -> tuple[tuple[Adjustment, ...], Decimal | None]:
        """Read charges and allowances of the whole document; freight among them is its shipping charge."""
        elements = self.settlement.children("ram:SpecifiedTradeAllowanceCharge")
        if len(elements) > ADJUSTMENTS_MAX:
            message = f"is there {len(elements)} times: at most {ADJUSTMENTS_MAX} are read"
            self.settlement.refuse("ram:SpecifiedTradeAllowanceCharge", message)
            return (), None
        found, shipping = [], Decimal(0)
        for element in elements:
            code = element.text("ram:ReasonCode", REFERENCE_CHARS_MAX)
            reason = element.text("ram:Reason", TEXT_CHARS_MAX)
            change = cii_lines.change(element, _ADJUSTMENT)
            if change is not None and change.is_charge and not change.is_percent and code == FREIGHT:
                shipping += change.amount
            elif change is not None:
                found.append(adjustment_of(change, reason))
        for service in self.settlement.children("ram:SpecifiedLogisticsServiceCharge"):
            shipping += service.value("ram:AppliedAmount", AMOUNT) or 0
        return tuple(found), shipping or None

    def _attached(self) -> Links | None:
        """Take the files inside, and the first web address."""
        links = None
        for reference in self.agreement.children("ram:AdditionalReferencedDocument"):
            title = reference.text("ram:Name", NAME_CHARS_MAX) or reference.text("ram:IssuerAssignedID", NAME_CHARS_MAX)
            attachments.take(reference, "ram:AttachmentBinaryObject", title=title)
            address = reference.value("ram:URIID", _web_address_or_nothing)
            links = links or (Links(document=address) if address else None)
        return links


def _where_to_pay(means: Element, reference: str | None) -> PaymentMeans:
    account = means.first("ram:PayeePartyCreditorFinancialAccount")
    iban = account.text("ram:IBANID", REFERENCE_CHARS_MAX)
    return PaymentMeans(
        code=means.text("ram:TypeCode", REFERENCE_CHARS_MAX),
        account=iban or account.text("ram:ProprietaryID", REFERENCE_CHARS_MAX),
        account_name=account.text("ram:AccountName", NAME_CHARS_MAX),
        bic=means.first("ram:PayeeSpecifiedCreditorFinancialInstitution").text("ram:BICID", REFERENCE_CHARS_MAX),
        reference=reference,
    )


def _is_without_lines(context: Element) -> bool:
    """Whether the profile is one of those that have no lines."""
    found = [
        guideline.text("ram:ID", NAME_CHARS_MAX) or ""
        for guideline in context.children("ram:GuidelineSpecifiedDocumentContextParameter")
    ]
    return any(profile in guideline.lower() for guideline in found for profile in _WITHOUT_LINES)


def _web_address_or_nothing(text: str) -> str:
    try:
        return as_web_address(text)
    except InvalidValue:
        return ""
