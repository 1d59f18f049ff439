"""Decide the refund commands: refund what is left of a payment or credit note, and reverse it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from contracts.command_errors import NotFound
from contracts.primitives.ids import new_id
from contracts.primitives.money import from_minor
from contracts.primitives.problem import FieldError
from contracts.resources.transitions import Refund as RefundAsked
from contracts.resources.transitions import Unrefund
from ledger.errors import Faults
from ledger.journal import rules as journal
from ledger.journal.booking import Booking, reversed_ids
from ledger.journal.state import JournalChanges, JournalPlan, LoadedJournal
from ledger.payments.allocation_commands import minor_of, need_source
from ledger.payments.payment import Refund
from ledger.payments.source import SourceBalance, SourceKind, held_named
from ledger.payments.state import LoadedPayments, PaymentChanges
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, ReadPlan


def refunding(kind: SourceKind) -> CommandHandler[RefundAsked]:
    """Refund what is left of a payment or credit note."""

    def plan(ctx: CommandContext[RefundAsked], wanted: ReadPlan) -> None:
        need_source(kind, ctx, wanted)

    def handle(ctx: CommandContext[RefundAsked], state: LoadedState) -> ChangeSet:
        changes = ChangeSet((kind, ctx.input.id))
        source = held_named(kind, ctx, state)
        source.asked_to("refund")
        amount, day = _asked_for(ctx, source)
        booking = Booking(journal.refund(source.party, source.id, amount_minor=amount), source.id, day)
        changes[JournalChanges].bookings.append(booking)
        changes[PaymentChanges].refunds.append(
            Refund(new_id(), amount, day, ctx.input.reference, booking.id, **source.named)
        )
        _emit_refund(changes, source.refunded(amount, now=ctx.now))
        return changes

    return CommandHandler(RefundAsked, plan, handle)


def unrefunding(kind: SourceKind) -> CommandHandler[Unrefund]:
    """Reverse a whole refund, which did not take place."""

    def plan(ctx: CommandContext[Unrefund], wanted: ReadPlan) -> None:
        need_source(kind, ctx, wanted)
        wanted[JournalPlan].reversible.add(ctx.key(ctx.input.id))

    def handle(ctx: CommandContext[Unrefund], state: LoadedState) -> ChangeSet:
        changes = ChangeSet((kind, ctx.input.id))
        source = held_named(kind, ctx, state)
        source.asked_to("unrefund")
        live = {refund.id: refund for refund in state[LoadedPayments].refunds.get(ctx.key(source.id), ())}
        refund = live.get(ctx.input.refund_id)
        if refund is None:
            raise NotFound(faults=[FieldError("refund_id", "is not a refund of it, or is reversed already")])
        booked = next(one for one in state[LoadedJournal].booked[ctx.key(source.id)] if one.id == refund.entry_id)
        mirror = reversed_ids(booked, today=ctx.today, on=ctx.input.date)
        changes[JournalChanges].bookings.append(mirror)
        changes[PaymentChanges].refunds.append(
            replace(
                refund,
                id=new_id(),
                amount_minor=-refund.amount_minor,
                date=mirror.booked_on,
                entry_id=mirror.id,
                reversal_of=refund.id,
            )
        )
        _emit_refund(changes, source.refunded(-refund.amount_minor, now=ctx.now))
        return changes

    return CommandHandler(Unrefund, plan, handle)


def _asked_for(ctx: CommandContext[RefundAsked], source: SourceBalance) -> tuple[int, date]:
    """The amount of the refund, and its date.

    Raises:
        InvalidInput: it is more than what is left, or before the payment or credit note itself.
    """
    faults, left = Faults(), source.source.unapplied_minor
    amount = left
    if ctx.input.amount is not None:
        amount = minor_of(ctx.input.amount, source.party.currency, "amount", faults)
    if amount > left:
        faults.add("amount", f"exceeds what is left of it: {from_minor(left, source.party.currency)}")
    day = ctx.input.date or max(ctx.today, source.date)
    if day < source.date:
        faults.add("date", f"is before that of what is refunded: {source.date}")
    faults.refuse_if_any()
    return amount, day


def _emit_refund(changes: ChangeSet, after: SourceBalance) -> None:
    after.put(changes)
    after.tell_updated(changes)
