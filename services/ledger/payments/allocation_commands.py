"""Decide the allocation commands: settle invoices with payments and credit notes, and reverse it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from contracts.command_errors import InvalidInput, NotFound, StateForbids
from contracts.primitives.ids import new_id
from contracts.primitives.money import MoneyError, to_minor
from contracts.primitives.problem import FieldError
from contracts.resources.settlement import AllocationIn
from contracts.resources.transitions import Allocate, Unallocate
from ledger.errors import Faults, at
from ledger.journal import rules as journal
from ledger.journal.booking import Booking, reversed_ids
from ledger.journal.state import JournalChanges, JournalPlan, LoadedJournal
from ledger.payments.allocate import Allocation, Owed, allocate, oldest_first
from ledger.payments.payment import Settlement
from ledger.payments.source import SourceBalance, SourceKind, held_named
from ledger.payments.state import LoadedPayments, PaymentChanges, PaymentPlan
from ledger.sales.document_state import DocumentState
from ledger.sales.state import LoadedSales, SaleChanges, SalePlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, ReadPlan


def need_allocated(ctx: CommandContext[Any], plan: ReadPlan, allocations: Sequence[AllocationIn]) -> None:
    """Plan the read of the invoices to settle."""
    plan[SalePlan].states.update(ctx.key(allocation.sale_id) for allocation in allocations)


def need_settled(ctx: CommandContext[Any], state: LoadedState, plan: ReadPlan) -> None:
    """Plan the read of the invoices that the source has settled."""
    plan[SalePlan].states.update(
        ctx.key(one.sale_id) for one in state[LoadedPayments].settlements.get(ctx.key(ctx.input.id), ())
    )


def need_source(kind: SourceKind, ctx: CommandContext[Any], plan: ReadPlan) -> None:
    """Plan the read of the command's payment or credit note."""
    (plan[PaymentPlan].ids if kind == "payment" else plan[SalePlan].states).add(ctx.key(ctx.input.id))


def allocating(kind: SourceKind) -> CommandHandler[Allocate]:
    """Settle invoices with what is left of a payment or credit note."""

    def plan(ctx: CommandContext[Allocate], wanted: ReadPlan) -> None:
        need_source(kind, ctx, wanted)
        need_allocated(ctx, wanted, ctx.input.allocations or ())

    def then(ctx: CommandContext[Allocate], state: LoadedState, wanted: ReadPlan) -> None:
        found = (state[LoadedPayments].payments if kind == "payment" else state[LoadedSales].states).get(
            ctx.key(ctx.input.id)
        )
        if ctx.input.oldest_first and found is not None:
            wanted[SalePlan].open_invoices.add((ctx.account.id, found.client_id, found.currency))

    def handle(ctx: CommandContext[Allocate], state: LoadedState) -> ChangeSet:
        changes = ChangeSet((kind, ctx.input.id))
        source = held_named(kind, ctx, state)
        source.asked_to("allocate")
        wanted = _wanted(source, ctx, state)
        apply_within(changes, source, wanted, ctx, state).tell_updated(changes)
        return _told_first(changes)

    return CommandHandler(Allocate, plan, handle, then)


def _wanted(source: SourceBalance, ctx: CommandContext[Allocate], state: LoadedState) -> Sequence[Allocation]:
    """The requested allocations, or the client's open invoices as far as the source suffices.

    Raises:
        NotFound: an invoice is unknown. InvalidInput: amounts that are invalid in this currency.
        StateForbids: nothing is open.
    """
    if ctx.input.allocations is None:
        open_ones = [
            _owing(one)
            for key, one in state[LoadedSales].states.items()
            if key[0] == ctx.account.id and one.is_receivable
        ]
        found = oldest_first(source.source, open_ones)
        if not found:
            raise StateForbids("The client has no open invoice in this currency.", code="nothing_open")
        return found
    check_known(ctx, state, ctx.input.allocations)
    faults = Faults()
    wanted = wanted_of(ctx.input.allocations, source.party.currency, faults)
    faults.refuse_if_any()
    return wanted


def unallocating(kind: SourceKind) -> CommandHandler[Unallocate]:
    """Reverse allocations of a payment or credit note, whole settlements at a time."""

    def plan(ctx: CommandContext[Unallocate], wanted: ReadPlan) -> None:
        need_source(kind, ctx, wanted)
        wanted[JournalPlan].reversible.add(ctx.key(ctx.input.id))

    def handle(ctx: CommandContext[Unallocate], state: LoadedState) -> ChangeSet:
        changes = ChangeSet((kind, ctx.input.id))
        source = held_named(kind, ctx, state)
        source.asked_to("unallocate")
        live = _chosen(state[LoadedPayments].settlements.get(ctx.key(source.id), []), ctx.input.sale_ids)
        taken_back = unsettle_within(changes, source, live, ctx, state)
        after = source.applied(-taken_back, now=ctx.now)
        after.put(changes)
        after.tell_updated(changes)
        return changes

    return CommandHandler(Unallocate, plan, handle, need_settled)


def check_known(ctx: CommandContext[Any], state: LoadedState, allocations: Sequence[AllocationIn]) -> None:
    """Find every document that is named.

    Raises:
        NotFound: some are no sales of this account.
    """
    unknown = [
        FieldError(at("allocations", index, "sale_id"), "unknown sale")
        for index, allocation in enumerate(allocations)
        if ctx.key(allocation.sale_id) not in state[LoadedSales].states
    ]
    if unknown:
        raise NotFound(faults=unknown)


def wanted_of(allocations: Sequence[AllocationIn], currency: str, faults: Faults) -> list[Allocation]:
    """The requested amounts in minor units, each error with its path."""
    return [
        Allocation(one.sale_id, minor_of(one.amount, currency, at("allocations", index, "amount"), faults))
        for index, one in enumerate(allocations)
    ]


def apply_within(
    changes: ChangeSet,
    source: SourceBalance,
    wanted: Sequence[Allocation],
    ctx: CommandContext[Any],
    state: LoadedState,
) -> SourceBalance:
    """Settle the requested allocations as part of `changes`; return the source afterwards.

    Raises:
        InvalidInput, StateForbids: see `allocate`.
    """
    allocated = allocate(source.source, wanted, _owed(ctx, state, wanted))
    after = source.applied(settle_within(changes, source, allocated.allocations, ctx, state), now=ctx.now)
    after.put(changes)
    return after


def minor_of(amount: Any, currency: str, path: str, faults: Faults) -> int:
    """An amount in minor units; 1 in place of one that is at fault."""
    try:
        return to_minor(amount, currency)
    except MoneyError as error:
        faults.add(path, str(error))
        return 1


def settle_within(
    changes: ChangeSet,
    source: SourceBalance,
    allocations: Sequence[Allocation],
    ctx: CommandContext[Any],
    state: LoadedState,
) -> int:
    """Post each allocation, on the later of the two documents' dates, with `sale.paid` for invoices that become paid.

    Returns the settled minor units; the caller updates the source.
    """
    for allocation in allocations:
        invoice = (
            changes[SaleChanges].states.get(allocation.invoice_id)
            or state[LoadedSales].states[ctx.key(allocation.invoice_id)]
        )
        entry = journal.settle(
            source.party, invoice_id=invoice.sale_id, source_id=source.id, amount_minor=allocation.amount_minor
        )
        booking = Booking(entry, source.id, max(source.date, invoice.document_date))
        after = invoice.settled_by(allocation.amount_minor, now=ctx.now)
        changes[JournalChanges].bookings.append(booking)
        changes[PaymentChanges].settlements.append(
            Settlement(new_id(), invoice.sale_id, allocation.amount_minor, booking.id, **source.named)
        )
        changes[SaleChanges].set_document_state(after)
        if after.open_minor == 0:
            changes.emit("sale.paid", after.status, after)
    return sum(allocation.amount_minor for allocation in allocations)


def unsettle_within(
    changes: ChangeSet,
    source: SourceBalance,
    live: Sequence[Settlement],
    ctx: CommandContext[Any],
    state: LoadedState,
    *,
    on: date | None = None,
) -> int:
    """Reverse settlements: each entry is reversed, and the invoice is open again.

    Returns the reversed minor units. They are posted on the requested day, else today, and none before its settlement.
    """
    booked = {booking.id: booking for booking in state[LoadedJournal].booked.get(ctx.key(source.id), ())}
    for settlement in live:
        mirror = reversed_ids(booked[settlement.entry_id], today=on or ctx.today)
        changes[JournalChanges].bookings.append(mirror)
        changes[PaymentChanges].settlements.append(
            replace(
                settlement,
                id=new_id(),
                amount_minor=-settlement.amount_minor,
                entry_id=mirror.id,
                reversal_of=settlement.id,
            )
        )
        invoice = (
            changes[SaleChanges].states.get(settlement.sale_id)
            or state[LoadedSales].states[ctx.key(settlement.sale_id)]
        )
        changes[SaleChanges].set_document_state(invoice.settled_by(-settlement.amount_minor, now=ctx.now))
    return sum(settlement.amount_minor for settlement in live)


def _current(invoice_id: UUID, changes: ChangeSet, ctx: CommandContext[Any], state: LoadedState) -> DocumentState:
    """The invoice's state within `changes`."""
    return changes[SaleChanges].states.get(invoice_id) or state[LoadedSales].states[ctx.key(invoice_id)]


def _chosen(live: Sequence[Settlement], sale_ids: Sequence[UUID] | None) -> Sequence[Settlement]:
    """The live settlements of these invoices; all of them when none are named."""
    if not live:
        raise StateForbids("Nothing of it is applied.", code="nothing_applied")
    if sale_ids is None:
        return live
    settled = {settlement.sale_id for settlement in live}
    faults = [
        FieldError(at("sale_ids", index), "is not settled by it")
        for index, sale_id in enumerate(sale_ids)
        if sale_id not in settled
    ]
    if faults:
        raise InvalidInput(faults=faults)
    return [settlement for settlement in live if settlement.sale_id in sale_ids]


def _owed(ctx: CommandContext[Any], state: LoadedState, wanted: Sequence[Allocation]) -> dict[UUID, Owed]:
    """The named documents that can be owed; others are left out, and refused for that."""
    document_states = (state[LoadedSales].states[ctx.key(allocation.invoice_id)] for allocation in wanted)
    return {one.sale_id: _owing(one) for one in document_states if one.role == "receivable"}


def _owing(invoice: DocumentState) -> Owed:
    return Owed(
        invoice.sale_id, invoice.client_id, invoice.currency, invoice.status, invoice.open_minor, invoice.date_due
    )


def _told_first(changes: ChangeSet) -> ChangeSet:
    """Order the source's event before those of the invoices that it has paid."""
    changes.domain_events.insert(0, changes.domain_events.pop())
    return changes
