"""Issue a draft: its number counted, its entry booked, what it refers to moved along, its events fired."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from contracts.command_errors import InvalidInput, NotFound, StateForbids
from contracts.primitives.money import MINOR_MAX, from_minor
from contracts.primitives.problem import FieldError
from contracts.resources.document_kinds import KINDS
from contracts.resources.transitions import ByIdInput
from ledger.account import Account
from ledger.journal import rules as journal
from ledger.journal.booking import Booking
from ledger.journal.state import JournalChanges
from ledger.payments.allocate import Allocation
from ledger.payments.allocation_commands import settle_within
from ledger.payments.payment import Payment
from ledger.payments.source import held
from ledger.payments.state import LoadedPayments, PaymentChanges
from ledger.sales import due, lookup, numbers, references
from ledger.sales import transitions as states
from ledger.sales.crediting import with_tax_of_the_rest
from ledger.sales.document_state import DocumentState
from ledger.sales.sale import Sale
from ledger.sales.state import LoadedSales, SaleChanges, SalePlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, ReadPlan


def _plan(ctx: CommandContext[ByIdInput], plan: ReadPlan) -> None:
    plan[SalePlan].documents.add(ctx.key(ctx.input.id))


def _then(ctx: CommandContext[ByIdInput], state: LoadedState, plan: ReadPlan) -> None:
    sale = state[LoadedSales].documents.get(ctx.key(ctx.input.id))
    if sale is not None:
        plan[SalePlan].counters.add((ctx.account.id, series_of(sale)))
        references.need_others(ctx, plan, invoice_id=sale.invoice_id, payment_id=sale.payment_id)


def _issue(ctx: CommandContext[ByIdInput], state: LoadedState) -> ChangeSet:
    sale_id = ctx.input.id
    changes = ChangeSet(("sale", sale_id))
    paper, document_state = lookup.document_of(ctx, state, sale_id), lookup.state_of(ctx, state, sale_id)
    issue_within(changes, paper, document_state, ctx, state)
    return changes


ISSUE_SALE = CommandHandler(ByIdInput, _plan, _issue, _then)


def issue_within(
    changes: ChangeSet, draft: Sale, document_state: DocumentState, ctx: CommandContext[Any], state: LoadedState
) -> None:
    """Issue a draft as part of `changes`.

    Raises:
        StateForbids: it is no draft, or lacks what its kind needs: a receipt its confirmed payment, a credit note its
        issued invoice with enough left to credit. InvalidInput: a receipt exceeds its payment.
    """
    invoice, payment = _invoice(draft, ctx, state), _payment(draft, ctx, state)
    if invoice is not None and document_state.role == "credit":
        draft = with_tax_of_the_rest(draft, state[LoadedSales].credited[ctx.key(invoice.sale_id)].values())
        document_state = replace(
            document_state, total_minor=draft.total_minor, due_minor=draft.total_minor - draft.deposit_minor
        )
    if document_state.status == "draft":
        _check(draft, invoice, payment)
    status = states.decide_transition(draft.sale_type, document_state.status, "issue", _facts(draft, invoice, payment))
    series = series_of(draft)
    counter = state[LoadedSales].next_counter(ctx.account.id, series)
    issued = numbered(draft, counter=counter, number_format=ctx.account.number_format, now=ctx.now)
    stands = replace(
        document_state,
        status=status,
        overdue_check_at=_clock_at(issued, ctx.account),
        status_reason=None,
        updated_at=ctx.now,
    )
    changes[SaleChanges].documents[issued.id] = issued
    changes[SaleChanges].set_document_state(stands)
    changes[SaleChanges].numbers.append((series, counter))
    changes.emit("sale.posted", document_state.status, stands)
    entry = booked(issued)
    if entry is not None and entry.postings:
        changes[JournalChanges].bookings.append(Booking(entry, issued.id, issued.document_date))
    if stands.role == "receivable" and 0 < issued.total_minor == issued.deposit_minor:
        changes.emit("sale.paid", stands.status, stands)
    if invoice is not None and stands.role == "credit":
        _credit(changes, stands, invoice, ctx, state)
    if payment is not None:
        changes[PaymentChanges].payments[payment.id] = replace(payment, receipt_id=issued.id, updated_at=ctx.now)


def series_of(sale: Sale) -> numbers.Series:
    """The series in which this document is numbered."""
    return numbers.series_of(sale.sale_type, sale.document_date)


def numbered(draft: Sale, *, counter: int, number_format: str, now: datetime) -> Sale:
    """Number a draft, which issues it."""
    series = series_of(draft)
    return replace(
        draft,
        number=numbers.spell(series, counter, number_format),
        series=series.prefix,
        period=series.period,
        counter=counter,
        issued_at=now,
    )


def booked(sale: Sale) -> journal.Entry | None:
    """The entry of issuing this document; None without a claim (a quote, an order, a proforma, a receipt)."""
    party = journal.Party(sale.client_id, sale.currency)
    match KINDS[sale.sale_type].role:
        case "receivable":
            return journal.issue(
                party, sale.id, net_minor=sale.net_minor, tax_minor=sale.tax_minor, deposit_minor=sale.deposit_minor
            )
        case "credit":
            return journal.credit_note(party, sale.id, net_minor=sale.net_minor, tax_minor=sale.tax_minor)
        case "receipt" | "offer":
            return None
        case role:
            assert_never(role)


def _invoice(draft: Sale, ctx: CommandContext[Any], state: LoadedState) -> DocumentState | None:
    """The invoice that a credit note is against."""
    return None if draft.invoice_id is None else _there(state[LoadedSales].states.get(ctx.key(draft.invoice_id)))


def _payment(draft: Sale, ctx: CommandContext[Any], state: LoadedState) -> Payment | None:
    """The payment that a receipt is for."""
    return None if draft.payment_id is None else _there(state[LoadedPayments].payments.get(ctx.key(draft.payment_id)))


def _there(found: Any) -> Any:
    if found is None:
        raise NotFound("What this document refers to is not there.")
    return found


def _check(draft: Sale, invoice: DocumentState | None, payment: Payment | None) -> None:
    """Check the document's references, beyond the table of states."""
    if invoice is not None and invoice.status != "issued":
        detail = f"Its invoice is {invoice.status.replace('_', ' ')}: only an issued invoice can be credited."
        raise StateForbids(detail, code="invoice_not_issued")
    if payment is not None and payment.receipt_id is not None:
        fault = FieldError("payment_id", f"has a receipt already: {payment.receipt_id}")
        raise StateForbids(code="has_receipt", faults=[fault])
    if payment is not None and draft.total_minor > payment.amount_minor:
        amount = from_minor(payment.amount_minor, payment.currency)
        raise InvalidInput(faults=[FieldError("lines", f"exceed the payment: {amount}")])


def _facts(draft: Sale, invoice: DocumentState | None, payment: Payment | None) -> states.Facts:
    return states.Facts(
        total_minor=draft.total_minor,
        # A credit note without an invoice has no limit.
        creditable_minor=MINOR_MAX if invoice is None else invoice.creditable_minor,
        payment_status="failed" if payment is None else payment.status,
    )


def _clock_at(sale: Sale, account: Account) -> datetime | None:
    """When the scheduler has to check whether it is overdue."""
    if KINDS[sale.sale_type].role != "receivable" or sale.date_due is None:
        return None
    return due.overdue_at(sale.date_due, account.zone)


def _credit(
    changes: ChangeSet, note: DocumentState, invoice: DocumentState, ctx: CommandContext[Any], state: LoadedState
) -> None:
    """Count a credit note against its invoice, and settle with it what of that is open; the rest stays unapplied."""
    changes[SaleChanges].set_document_state(
        replace(invoice, credited_minor=invoice.credited_minor + note.total_minor, updated_at=ctx.now)
    )
    amount = min(invoice.open_minor, note.total_minor)
    if amount > 0:
        source = held(note)
        settled = settle_within(changes, source, [Allocation(invoice.sale_id, amount)], ctx, state)
        source.applied(settled, now=ctx.now).put(changes)


def unlinked(
    changes: ChangeSet, sale_id: UUID, parent_id: UUID | None, ctx: CommandContext[Any], state: LoadedState
) -> None:
    """Allow invoicing the order again from which a document was made."""
    parent = None if parent_id is None else state[LoadedSales].states.get(ctx.key(parent_id))
    if parent is not None and parent.converted_to == sale_id:
        changes[SaleChanges].set_document_state(replace(parent, converted_to=None, updated_at=ctx.now))
