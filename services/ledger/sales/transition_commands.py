"""Decide the transitions of issued documents: accepted, declined, closed, void, written off and back.

A transition posts the reversal of the issuing entry, or the write-off; linked documents change with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from contracts.command_errors import InvalidInput
from contracts.primitives.problem import FieldError
from contracts.resources.document_kinds import Command
from contracts.resources.transitions import DatedTransitionInput, TransitionInput
from ledger.journal import rules as journal
from ledger.journal.booking import Booking, reversed_ids
from ledger.journal.state import JournalChanges, JournalPlan, LoadedJournal
from ledger.sales import lookup
from ledger.sales import transitions as states
from ledger.sales.document_state import DocumentState
from ledger.sales.issue import unlinked
from ledger.sales.state import LoadedSales, SaleChanges, SalePlan
from ledger.sales.transitions import Facts
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, ReadPlan


def _need_one(ctx: CommandContext[Any], plan: ReadPlan) -> None:
    plan[SalePlan].states.add(ctx.key(ctx.input.id))


def _need_undoable(ctx: CommandContext[DatedTransitionInput], plan: ReadPlan) -> None:
    plan[SalePlan].states.add(ctx.key(ctx.input.id))
    plan[JournalPlan].reversible.add(ctx.key(ctx.input.id))


def _moved(
    document_state: DocumentState, command: Command, ctx: CommandContext[Any], facts: Facts | None = None
) -> DocumentState:
    """Return its state after a command.

    Raises:
        StateForbids: its state does not allow the command, or a guard does not hold.
    """
    status = states.decide_transition(document_state.sale_type, document_state.status, command, facts)
    return replace(document_state, status=status, status_reason=ctx.input.reason, updated_at=ctx.now)


def _moving(command: Command, facts: Callable[[DocumentState], Facts] | None = None) -> CommandHandler[TransitionInput]:
    """A transition that posts nothing."""

    def handle(ctx: CommandContext[TransitionInput], state: LoadedState) -> ChangeSet:
        before = lookup.state_of(ctx, state, ctx.input.id)
        after = _moved(before, command, ctx, facts(before) if facts else None)
        changes = ChangeSet(("sale", before.sale_id))
        changes[SaleChanges].set_document_state(after)
        changes.emit("sale.updated", before.status, after)
        return changes

    return CommandHandler(TransitionInput, _need_one, handle)


ACCEPT_SALE = _moving("accept")
DECLINE_SALE = _moving("decline")
EXPIRE_SALE = _moving("expire")
CLOSE_SALE = _moving("close")
CANCEL_SALE = _moving("cancel", lambda document_state: Facts(invoiced=document_state.converted_to is not None))


def _need_what_it_refers_to(ctx: CommandContext[DatedTransitionInput], state: LoadedState, plan: ReadPlan) -> None:
    document_state = state[LoadedSales].states.get(ctx.key(ctx.input.id))
    if document_state is not None:
        others = (document_state.invoice_id, document_state.converted_from)
        plan[SalePlan].states.update(ctx.key(other) for other in others if other is not None)


def _void(ctx: CommandContext[DatedTransitionInput], state: LoadedState) -> ChangeSet:
    before = lookup.state_of(ctx, state, ctx.input.id)
    facts = Facts(
        settled_minor=before.settled_minor,
        credited_minor=before.credited_minor,
        applied_minor=before.settled_minor + before.refunded_minor,
    )
    after = _moved(before, "void", ctx, facts)
    changes = ChangeSet(("sale", before.sale_id))
    changes[SaleChanges].set_document_state(after)
    for booking in state[LoadedJournal].booked.get(ctx.key(before.sale_id), ()):
        if booking.entry.kind in {"issue", "credit_note"}:
            changes[JournalChanges].bookings.append(reversed_ids(booking, today=ctx.today, on=ctx.input.date))
    if before.invoice_id is not None and before.role == "credit":
        invoice = state[LoadedSales].states[ctx.key(before.invoice_id)]
        credited = invoice.credited_minor - before.total_minor
        changes[SaleChanges].set_document_state(replace(invoice, credited_minor=credited, updated_at=ctx.now))
    unlinked(changes, before.sale_id, before.converted_from, ctx, state)
    changes.emit("sale.voided", before.status, after)
    return changes


VOID_SALE = CommandHandler(DatedTransitionInput, _need_undoable, _void, _need_what_it_refers_to)


def _write_off(ctx: CommandContext[DatedTransitionInput], state: LoadedState) -> ChangeSet:
    before = lookup.state_of(ctx, state, ctx.input.id)
    after = _moved(before, "write_off", ctx, Facts(open_minor=before.open_minor))
    day = ctx.input.date or max(ctx.today, before.document_date)
    if day < before.document_date:
        raise InvalidInput(faults=[FieldError("date", f"is before that of the invoice: {before.document_date}")])
    party = journal.Party(before.client_id, before.currency)
    entry = journal.write_off(party, before.sale_id, open_minor=before.open_minor)
    changes = ChangeSet(("sale", before.sale_id))
    changes[JournalChanges].bookings.append(Booking(entry, before.sale_id, day))
    after = replace(after, written_off_minor=before.open_minor)
    changes[SaleChanges].set_document_state(after)
    changes.emit("sale.updated", before.status, after)
    return changes


WRITE_OFF_SALE = CommandHandler(DatedTransitionInput, _need_one, _write_off)


def _write_back(ctx: CommandContext[DatedTransitionInput], state: LoadedState) -> ChangeSet:
    before = lookup.state_of(ctx, state, ctx.input.id)
    after = replace(_moved(before, "write_back", ctx), written_off_minor=0)
    booked = next(one for one in state[LoadedJournal].booked[ctx.key(before.sale_id)] if one.entry.kind == "write_off")
    mirror = reversed_ids(booked, today=ctx.today, on=ctx.input.date)
    changes = ChangeSet(("sale", before.sale_id))
    changes[JournalChanges].bookings.append(mirror)
    changes[SaleChanges].set_document_state(after)
    changes.emit("sale.updated", before.status, after)
    return changes


WRITE_BACK_SALE = CommandHandler(DatedTransitionInput, _need_undoable, _write_back)
