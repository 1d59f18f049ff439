"""A supplier's bill as it is stored, and as it follows from a purchase message: pure.

Stated amounts count; others are computed as in our own documents. The bill is the payable with its file; the journal
has its postings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

from contracts.command_errors import InvalidInput
from contracts.primitives.money import MINOR_MAX, MoneyError, from_minor, plain, to_minor
from contracts.resources.document_kinds import SaleType
from contracts.resources.schemas import PAYMENT_METHODS
from ledger.account import Account
from ledger.errors import Faults, at
from ledger.inbox.document import Document, Line, within
from ledger.inbox.draft_from_message import description, tax_rate
from ledger.journal import rules as journal
from ledger.journal.rules import Entry
from ledger.sales import due
from ledger.sales.amounts import AdjustmentFacts, LineFacts, SaleFacts, SaleTotals, Tax, TaxAmount, totals

Status = Literal["recorded", "void"]

DEFAULT_KIND: Final[SaleType] = "sales_invoice"
_OWING: Final = frozenset({"invoice", "receipt", "credit_note"})


@dataclass(frozen=True, slots=True)
class Bill:
    """A row of `ledger.bill`. `lines` and `adjustments` are in the form of responses; amounts may be below 0."""

    account_id: UUID
    id: UUID
    document_type: str
    document_ref: str
    supplier_id: UUID
    supplier: dict[str, Any]
    document_date: date
    date_due: date | None
    currency: str
    pay_term: dict[str, Any] | None
    include_tax: bool
    lines: list[dict[str, Any]]
    adjustments: list[dict[str, Any]]
    shipping_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    prepaid_minor: int
    rounding_minor: int
    payable_minor: int
    comment: str | None
    links: dict[str, Any]
    file: dict[str, Any] | None
    message_id: UUID
    taxes: list[dict[str, Any]]
    payment_method: str | None
    payment_means: list[dict[str, Any]]
    attachments: list[dict[str, Any]]
    created_at: datetime
    updated_at: datetime
    status: Status = "recorded"
    status_reason: str | None = None

    def entry(self) -> Entry | None:
        """The entry of its recording; None for a document without a payable: a quote, an order, a proforma."""
        if self.document_type not in _OWING:
            return None
        sign = -1 if self.document_type == "credit_note" else 1
        return journal.bill(
            self.supplier_id,
            self.id,
            currency=self.currency,
            net_minor=sign * self.net_minor,
            tax_minor=sign * self.tax_minor,
        )


@dataclass(frozen=True, slots=True)
class Amounts:
    """A bill's amounts, in minor units; `lines` as they are stated or computed.

    `payable` is what is left to pay: as stated, else the total less `prepaid` and plus `rounding`.
    """

    lines: list[int]
    shipping: int
    net: int
    tax: int
    total: int
    prepaid: int = 0
    rounding: int = 0
    payable: int = 0
    taxes: tuple[TaxAmount, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedBill:
    """The validated content of a bill's document, before its supplier is known."""

    document: Document
    document_ref: str
    document_date: date
    date_due: date | None
    currency: str
    amounts: Amounts


def parse_bill(document: Document, *, account: Account, today: date) -> ParsedBill:
    """Read a bill from its document.

    Raises:
        InvalidInput: everything that a bill needs and the document lacks, with paths in the message.
    """
    faults = Faults()
    currency, document_date = document.currency or account.currency, document.document_date or today
    if not document.document_ref:
        faults.add("document.document_ref", "is required")
    if not document.lines and document.gross_amount is None:
        faults.add("document.lines", "is required where no gross_amount is stated")
    amounts = _with_payable(document, currency, _amounts(document, currency, faults), faults)
    if max(abs(amounts.net), abs(amounts.tax), abs(amounts.total), abs(amounts.payable)) > MINOR_MAX:
        faults.add("document.gross_amount", "makes more than the ledger can store")
    date_due = _date_due(document, document_date, faults)
    faults.refuse_if_any()
    return ParsedBill(document, document.document_ref or "", document_date, date_due, currency, amounts)


def lines_of(bill: ParsedBill) -> list[dict[str, Any]]:
    """The lines in the form of responses."""
    return [
        {
            "item_code": line.item_code or None,
            "description": description(line),
            "quantity": plain(line.quantity),
            "unit_price": plain(line.unit_price),
            "discount": plain(line.discount or Decimal(0)),
            "discount_amount": plain(line.discount_amount) if line.discount_amount else None,
            "tax_rate": None if (rate := tax_rate(line)) is None else plain(rate),
            "tax_category": line.tax_category or None,
            "unit": line.unit or None,
            "net": from_minor(minor, bill.currency),
        }
        for line, minor in zip(bill.document.lines, bill.amounts.lines, strict=True)
    ]


def adjustments_of(bill: ParsedBill) -> list[dict[str, Any]]:
    """Charges and discounts in the form of responses."""
    return [
        {"type": one.type, "mode": one.mode, "amount": plain(one.amount), "description": one.description}
        for one in bill.document.adjustments
    ]


def taxes_of(bill: ParsedBill) -> list[dict[str, Any]]:
    """The taxes in the form of responses: those that the document states, else the computed ones."""
    if not bill.document.taxes:
        return [
            {
                "category": one.category or None,
                "rate": plain(one.rate),
                "net": from_minor(one.base_minor, bill.currency),
                "tax": from_minor(one.tax_minor, bill.currency),
                "exemption_code": None,
                "exemption_reason": None,
            }
            for one in bill.amounts.taxes
        ]
    return [
        {
            "category": one.category,
            "rate": _plain_or_none(one.rate),
            "net": _plain_or_none(one.taxable_amount),
            "tax": _plain_or_none(one.tax_amount),
            "exemption_code": one.exemption_code,
            "exemption_reason": one.exemption_reason,
        }
        for one in bill.document.taxes
    ]


def _plain_or_none(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def payment_method_of(document: Document) -> str | None:
    """How to pay, by its name."""
    method = document.payment_method
    return PAYMENT_METHODS[method] if isinstance(method, int) else method


def type_of(document: Document) -> str:
    """The kind of the document; an invoice by default."""
    return (document.sale_type or DEFAULT_KIND).removeprefix("sales_")


def _amounts(document: Document, currency: str, faults: Faults) -> Amounts:
    checked = [_line(index, line, currency, faults) for index, line in enumerate(document.lines)]
    lines = [0 if line is None else line for line in checked]
    shipping = _stated("shipping_charge", document.shipping_charge or Decimal(0), currency, faults)
    gross = _stated("gross_amount", document.gross_amount, currency, faults)
    net = _stated("net_amount", document.net_amount, currency, faults)
    if gross is not None and (net is not None or not document.lines):
        net = gross if net is None else net
        return Amounts(lines, shipping or 0, net, gross - net, gross)
    computed = None if None in checked else _computed(document, currency, faults)
    net_counted, tax, taxes = (computed.net_minor, computed.tax_minor, computed.taxes) if computed else (0, 0, ())
    if gross is not None:
        return Amounts(lines, shipping or 0, gross - tax, tax, gross, taxes=taxes)
    net = net_counted if net is None else net
    return Amounts(lines, shipping or 0, net, tax, net + tax, taxes=taxes)


def _with_payable(document: Document, currency: str, amounts: Amounts, faults: Faults) -> Amounts:
    """The amounts with what was paid before and what is left to pay; PayTraq's deposit is what was prepaid."""
    paid = ("deposit", document.deposit)
    if document.prepaid_amount is not None:
        paid = ("prepaid_amount", document.prepaid_amount)
    prepaid = _stated(*paid, currency, faults) or 0
    rounding = _stated("rounding_amount", document.rounding_amount, currency, faults) or 0
    payable = _stated("payable_amount", document.payable_amount, currency, faults)
    if payable is None:
        payable = amounts.total - prepaid + rounding
    return replace(amounts, prepaid=prepaid, rounding=rounding, payable=payable)


def _stated(name: str, amount: Decimal | None, currency: str, faults: Faults) -> int | None:
    """An amount that is stated, rounded where it has more digits than its currency."""
    try:
        return None if amount is None else to_minor(amount, currency, rounded=True)
    except MoneyError as error:
        faults.add(f"document.{name}", str(error))
        return 0


def _line(index: int, line: Line, currency: str, faults: Faults) -> int | None:
    """A line's amount: as stated, else quantity by price less its discount, rounded once; None when too large."""
    try:
        return to_minor(line.amount if line.total is None else line.total, currency, rounded=True)
    except MoneyError as error:
        faults.add(f"document.{at('lines', index)}", str(error))
        return None


def _computed(document: Document, currency: str, faults: Faults) -> SaleTotals | None:
    """Net and taxes as they follow from the lines, like those of our own documents; None where they are at fault."""
    facts = SaleFacts(
        currency=currency,
        lines=tuple(LineFacts(*line.priced, _taxes(line)) for line in document.lines),
        adjustments=tuple(
            AdjustmentFacts(one.type, one.mode, one.amount) for one in (each.of_ours for each in document.adjustments)
        ),
        shipping_charge=document.shipping_charge or Decimal(0),
        include_tax=document.include_tax,
    )
    try:
        return totals(facts)
    except InvalidInput as refusal:
        for fault in refusal.faults:
            faults.add(within(fault).path, f"{fault.message}; or state gross_amount and net_amount")
        return None


def _taxes(line: Line) -> tuple[Tax, ...]:
    rate = tax_rate(line)
    return () if rate is None else (Tax(line.tax_category or "", rate),)


def _date_due(document: Document, document_date: date, faults: Faults) -> date | None:
    """The due date as stated or by the pay term; None where there is neither, or the bill is open."""
    term = document.pay_term
    if document.date_due is not None or term is None:
        return document.date_due
    try:
        return due.due_date(document_date, term=due.PayTerm(term.type, term.days))
    except InvalidInput:
        if term.days is not None:
            faults.add("document.document_date", "is too late for the calendar")
        return None
