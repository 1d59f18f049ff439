"""Issue a draft: its number counted, its entry booked, what it refers to moved along, its events fired."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from contracts.money import MINOR_MAX, from_minor
from contracts.transitions import OnOne
from ledger.account import Account
from ledger.books import Asked, Books, Changes, Needs
from ledger.decision import Decision
from ledger.documents import due, lookup, numbers, references, states
from ledger.documents.crediting import with_tax_of_the_rest
from ledger.documents.sale import Sale
from ledger.documents.standing import Standing
from ledger.errors import BadInput, Fault, NotFound, StateForbids
from ledger.journal import rules as journal
from ledger.journal.booking import Booking
from ledger.payments.allocate import Allocation
from ledger.payments.payment import Payment
from ledger.payments.settling import settle_within
from ledger.payments.source import held


def _needs(asked: Asked[OnOne], needs: Needs) -> None:
    needs.papers.add(asked.key(asked.input.id))


def _then(asked: Asked[OnOne], books: Books, needs: Needs) -> None:
    sale = books.papers.get(asked.key(asked.input.id))
    if sale is not None:
        needs.counters.add((asked.account.id, series_of(sale)))
        references.need_others(asked, needs, invoice_id=sale.invoice_id, payment_id=sale.payment_id)


def _issue(asked: Asked[OnOne], books: Books) -> Changes:
    sale_id = asked.input.id
    changes = Changes(("sale", sale_id))
    paper, standing = lookup.paper_of(asked, books, sale_id), lookup.standing_of(asked, books, sale_id)
    issue_within(changes, paper, standing, asked, books)
    return changes


ISSUE_SALE = Decision(OnOne, _needs, _issue, _then)


def issue_within(changes: Changes, draft: Sale, standing: Standing, asked: Asked[Any], books: Books) -> None:
    """Issue a draft as part of `changes`.

    Raises:
        StateForbids: it is no draft, or what its kind needs is not there: a receipt its confirmed payment, a credit
            note its issued invoice and enough of that left to credit.
        BadInput: a receipt comes to more than its payment.
    """
    invoice, payment = _invoice(draft, asked, books), _payment(draft, asked, books)
    if invoice is not None:
        draft = with_tax_of_the_rest(draft, books.credited[asked.key(invoice.sale_id)].values())
        standing = replace(standing, total_minor=draft.total_minor, due_minor=draft.total_minor - draft.deposit_minor)
    if standing.status == "draft":
        _check(draft, invoice, payment)
    status = states.decide(draft.sale_type, standing.status, "issue", _facts(draft, invoice, payment))
    series = series_of(draft)
    counter = books.next_counter(asked.account.id, series)
    issued = numbered(draft, counter=counter, now=asked.now)
    stands = replace(
        standing, status=status, clock_at=_clock_at(issued, asked.account), status_reason=None, updated_at=asked.now
    )
    changes.sales[issued.id] = issued
    changes.stand(stands)
    changes.counted.append((series, counter))
    changes.tell("sale.posted", standing.status, stands)
    entry = booked(issued)
    if entry is not None and entry.postings:
        changes.bookings.append(Booking(entry, issued.id, issued.document_date))
    if issued.sale_type == "sales_invoice" and 0 < issued.total_minor == issued.deposit_minor:
        changes.tell("sale.paid", stands.status, stands)
    if invoice is not None:
        _credit(changes, stands, invoice, asked, books)
    if payment is not None:
        changes.payments[payment.id] = replace(payment, receipt_id=issued.id, updated_at=asked.now)


def series_of(sale: Sale) -> numbers.Series:
    """The series in which this document is numbered."""
    return numbers.series_of(sale.sale_type, sale.document_date)


def numbered(draft: Sale, *, counter: int, now: datetime) -> Sale:
    """Give a draft its number; it is issued with that."""
    series = series_of(draft)
    return replace(
        draft,
        number=numbers.spell(series, counter),
        series=series.prefix,
        period=series.period,
        counter=counter,
        issued_at=now,
    )


def booked(sale: Sale) -> journal.Entry | None:
    """What issuing this document books; None for what is no claim (a quote, an order, a proforma, a receipt)."""
    party = journal.Party(sale.client_id, sale.currency)
    match sale.sale_type:
        case "sales_invoice":
            return journal.issue(
                party, sale.id, net_minor=sale.net_minor, tax_minor=sale.tax_minor, deposit_minor=sale.deposit_minor
            )
        case "credit_note":
            return journal.credit_note(party, sale.id, net_minor=sale.net_minor, tax_minor=sale.tax_minor)
        case "sales_estimate" | "sales_order" | "sales_proforma" | "sales_receipt":
            return None
        case _:
            assert_never(sale.sale_type)


def _invoice(draft: Sale, asked: Asked[Any], books: Books) -> Standing | None:
    """The invoice that a credit note is against."""
    return None if draft.invoice_id is None else _there(books.standings.get(asked.key(draft.invoice_id)))


def _payment(draft: Sale, asked: Asked[Any], books: Books) -> Payment | None:
    """The payment that a receipt is for."""
    return None if draft.payment_id is None else _there(books.payments.get(asked.key(draft.payment_id)))


def _there(found: Any) -> Any:
    if found is None:
        raise NotFound("What this document refers to is not there.")
    return found


def _check(draft: Sale, invoice: Standing | None, payment: Payment | None) -> None:
    """Look at what the document refers to, as far as the table of states does not."""
    if invoice is not None and invoice.status != "issued":
        said = f"Its invoice is {invoice.status.replace('_', ' ')}: only an issued invoice can be credited."
        raise StateForbids(said, code="invoice_not_issued")
    if payment is not None and payment.receipt_id is not None:
        fault = Fault("payment_id", f"has a receipt already: {payment.receipt_id}")
        raise StateForbids(code="has_receipt", faults=[fault])
    if payment is not None and draft.total_minor > payment.amount_minor:
        amount = from_minor(payment.amount_minor, payment.currency)
        raise BadInput(faults=[Fault("lines", f"come to more than the payment: {amount}")])


def _facts(draft: Sale, invoice: Standing | None, payment: Payment | None) -> states.Facts:
    return states.Facts(
        total_minor=draft.total_minor,
        # A credit note that names no invoice stands alone.
        creditable_minor=MINOR_MAX if invoice is None else invoice.creditable_minor,
        payment_status="failed" if payment is None else payment.status,
    )


def _clock_at(sale: Sale, account: Account) -> datetime | None:
    """When the clock has to look whether it is overdue."""
    if sale.sale_type != "sales_invoice" or sale.date_due is None:
        return None
    return due.overdue_at(sale.date_due, account.zone)


def _credit(changes: Changes, note: Standing, invoice: Standing, asked: Asked[Any], books: Books) -> None:
    """Count a credit note against its invoice, and settle with it what of that is open; the rest stays unapplied."""
    changes.stand(replace(invoice, credited_minor=invoice.credited_minor + note.total_minor, updated_at=asked.now))
    amount = min(invoice.open_minor, note.total_minor)
    if amount > 0:
        source = held(note)
        settled = settle_within(changes, source, [Allocation(invoice.sale_id, amount)], asked, books)
        source.applied(settled, now=asked.now).put(changes)


def unlinked(changes: Changes, sale_id: UUID, parent_id: UUID | None, asked: Asked[Any], books: Books) -> None:
    """Let the order that a document was made of be invoiced again."""
    parent = None if parent_id is None else books.standings.get(asked.key(parent_id))
    if parent is not None and parent.converted_to == sale_id:
        changes.stand(replace(parent, converted_to=None, updated_at=asked.now))
