"""Decide the commands on payments themselves: recorded, confirmed, failed, reversed.

A recorded payment has come in unless it is pending; a pending one posts nothing. What a payment does not settle stays
unapplied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from contracts.command_errors import Conflict
from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
from contracts.resources.payment import PaymentIn
from contracts.resources.transitions import ConfirmPayment, DatedTransitionInput, TransitionInput
from ledger.clients import handlers as parties
from ledger.clients.state import ClientPlan
from ledger.errors import Faults
from ledger.journal import rules as journal
from ledger.journal.booking import Booking, reversed_ids
from ledger.journal.state import JournalChanges, JournalPlan, LoadedJournal
from ledger.payments import allocation_commands
from ledger.payments.allocate import Allocation
from ledger.payments.payment import Payment
from ledger.payments.source import held, payment_of
from ledger.payments.state import LoadedPayments, PaymentChanges, PaymentPlan
from ledger.sales import transitions as states
from ledger.sales.state import LoadedSales, SaleChanges, SalePlan
from ledger.sales.transitions import Facts
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, ReadPlan


def _plan(ctx: CommandContext[PaymentIn], plan: ReadPlan) -> None:
    plan[ClientPlan].ids.add(ctx.key(ctx.input.client_id))
    allocation_commands.need_allocated(ctx, plan, ctx.input.allocations)
    if ctx.input.external_id is not None:
        plan[PaymentPlan].external_ids.add((ctx.account.id, ctx.input.external_id))


def _record(ctx: CommandContext[PaymentIn], state: LoadedState) -> ChangeSet:
    parties.named(ctx, state, ctx.input.client_id)
    allocation_commands.check_known(ctx, state, ctx.input.allocations)
    _check_external_id(ctx, state)
    payment, wanted = _read(ctx)
    changes = ChangeSet(("payment", payment.id), http_status=201)
    if payment.status == "pending":
        changes[PaymentChanges].payments[payment.id] = payment
        changes.emit("payment.created", None, payment)
    else:
        changes.emit("payment.posted", None, payment)
        _post_within(changes, payment, wanted, ctx, state)
    return changes


RECORD_PAYMENT = CommandHandler(PaymentIn, _plan, _record)


def _check_external_id(ctx: CommandContext[PaymentIn], state: LoadedState) -> None:
    if ctx.input.external_id is not None:
        there = state[LoadedPayments].external_ids.get((ctx.account.id, ctx.input.external_id))
        if there is not None:
            fault = FieldError("external_id", f"is that of the payment {there}")
            raise Conflict(code="external_id_taken", faults=[fault])


def _read(ctx: CommandContext[PaymentIn]) -> tuple[Payment, list[Allocation]]:
    """The payment and what it is to settle, in minor units."""
    given, faults = ctx.input, Faults()
    payment = Payment(
        account_id=ctx.account.id,
        id=new_id(),
        client_id=given.client_id,
        status=given.status,
        amount_minor=allocation_commands.minor_of(given.amount, given.currency, "amount", faults),
        currency=given.currency,
        date=given.date or ctx.today,
        method=given.method,
        reference=given.reference,
        external_id=given.external_id,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    wanted = allocation_commands.wanted_of(given.allocations, given.currency, faults)
    faults.refuse_if_any()
    return payment, wanted


def _post_within(
    changes: ChangeSet, payment: Payment, wanted: Sequence[Allocation], ctx: CommandContext[Any], state: LoadedState
) -> None:
    """Post an incoming payment, and settle the requested allocations with it."""
    party = journal.Party(payment.client_id, payment.currency)
    entry = journal.payment(party, payment.id, amount_minor=payment.amount_minor)
    changes[JournalChanges].bookings.append(Booking(entry, payment.id, payment.date))
    allocation_commands.apply_within(changes, held(payment), wanted, ctx, state)


def _need_one(ctx: CommandContext[TransitionInput], plan: ReadPlan) -> None:
    plan[PaymentPlan].ids.add(ctx.key(ctx.input.id))


def _need_confirmed(ctx: CommandContext[ConfirmPayment], plan: ReadPlan) -> None:
    plan[PaymentPlan].ids.add(ctx.key(ctx.input.id))
    allocation_commands.need_allocated(ctx, plan, ctx.input.allocations)


def _confirm(ctx: CommandContext[ConfirmPayment], state: LoadedState) -> ChangeSet:
    before = payment_of(ctx, state, ctx.input.id)
    status = states.decide_transition("payment", before.status, "confirm")
    allocation_commands.check_known(ctx, state, ctx.input.allocations)
    faults = Faults()
    wanted = allocation_commands.wanted_of(ctx.input.allocations, before.currency, faults)
    faults.refuse_if_any()
    payment = replace(before, status=status, date=ctx.input.date or before.date, status_reason=None, updated_at=ctx.now)
    changes = ChangeSet(("payment", payment.id))
    changes.emit("payment.posted", before.status, payment)
    _post_within(changes, payment, wanted, ctx, state)
    return changes


CONFIRM_PAYMENT = CommandHandler(ConfirmPayment, _need_confirmed, _confirm)


def _fail(ctx: CommandContext[TransitionInput], state: LoadedState) -> ChangeSet:
    before = payment_of(ctx, state, ctx.input.id)
    status = states.decide_transition("payment", before.status, "fail")
    payment = replace(before, status=status, status_reason=ctx.input.reason, updated_at=ctx.now)
    changes = ChangeSet(("payment", payment.id))
    changes[PaymentChanges].payments[payment.id] = payment
    changes.emit("payment.failed", before.status, payment)
    return changes


FAIL_PAYMENT = CommandHandler(TransitionInput, _need_one, _fail)


def _need_reversible(ctx: CommandContext[DatedTransitionInput], plan: ReadPlan) -> None:
    plan[PaymentPlan].ids.add(ctx.key(ctx.input.id))
    plan[JournalPlan].reversible.add(ctx.key(ctx.input.id))


def _need_what_it_settled(ctx: CommandContext[DatedTransitionInput], state: LoadedState, plan: ReadPlan) -> None:
    allocation_commands.need_settled(ctx, state, plan)
    payment = state[LoadedPayments].payments.get(ctx.key(ctx.input.id))
    if payment is not None and payment.receipt_id is not None:
        plan[SalePlan].states.add(ctx.key(payment.receipt_id))


def _reverse(ctx: CommandContext[DatedTransitionInput], state: LoadedState) -> ChangeSet:
    """Reverse a payment: what it settled is open again, and its receipt is void."""
    before = payment_of(ctx, state, ctx.input.id)
    status = states.decide_transition("payment", before.status, "reverse", Facts(refunded_minor=before.refunded_minor))
    changes = ChangeSet(("payment", before.id))
    live = state[LoadedPayments].settlements.get(ctx.key(before.id), [])
    taken_back = allocation_commands.unsettle_within(changes, held(before), live, ctx, state, on=ctx.input.date)
    booked = next(one for one in state[LoadedJournal].booked[ctx.key(before.id)] if one.entry.kind == "payment")
    changes[JournalChanges].bookings.append(reversed_ids(booked, today=ctx.today, on=ctx.input.date))
    payment = replace(
        before,
        status=status,
        settled_minor=before.settled_minor - taken_back,
        receipt_id=None,
        status_reason=ctx.input.reason,
        updated_at=ctx.now,
    )
    changes[PaymentChanges].payments[payment.id] = payment
    changes.emit("payment.reversed", before.status, payment)
    if before.receipt_id is not None:
        _void_receipt(changes, ctx, state, before)
    return changes


def _void_receipt(
    changes: ChangeSet, ctx: CommandContext[DatedTransitionInput], state: LoadedState, payment: Payment
) -> None:
    if payment.receipt_id is None:
        return
    before = state[LoadedSales].states[ctx.key(payment.receipt_id)]
    status = states.decide_transition(before.sale_type, before.status, "reverse")
    after = replace(before, status=status, status_reason=ctx.input.reason, updated_at=ctx.now)
    changes[SaleChanges].set_document_state(after)
    changes.emit("sale.voided", before.status, after)


REVERSE_PAYMENT = CommandHandler(DatedTransitionInput, _need_reversible, _reverse, _need_what_it_settled)
