"""Decide `record_call`: the outcome of a call, with the promise or the disputes that it brings."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from contracts.command_errors import InvalidInput, StateForbids
from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
from contracts.resources.call import RecordCall
from contracts.resources.dispute import OpenDispute
from contracts.resources.promise import PromiseIn
from ledger.clients import handlers as clients
from ledger.clients.state import ClientPlan, LoadedClients
from ledger.collections.calls.models import Call
from ledger.collections.calls.state import CallChanges
from ledger.collections.cases.called import call_cases
from ledger.collections.cases.state import CasePlan
from ledger.collections.disputes import handlers as disputes
from ledger.collections.disputes.state import DisputePlan, LoadedDisputes
from ledger.collections.due.state import make_due
from ledger.collections.notes import handlers as notes
from ledger.collections.promises import handlers as promises
from ledger.sales.document_state import DocumentState
from ledger.sales.state import LoadedSales, SalePlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, DomainEvent, LoadedState, ReadPlan


def _plan(ctx: CommandContext[RecordCall], plan: ReadPlan) -> None:
    plan[ClientPlan].ids.add(ctx.key(ctx.input.client_id))
    plan[SalePlan].states.update(ctx.key(sale_id) for sale_id in ctx.input.sale_ids)
    if ctx.input.advance or ctx.input.snooze_until is not None:
        plan[CasePlan].clients.add(ctx.key(ctx.input.client_id))
    if ctx.input.outcome == "disputed":
        plan[DisputePlan].of_clients.add(ctx.key(ctx.input.client_id))


def _plan_open(ctx: CommandContext[RecordCall], state: LoadedState, plan: ReadPlan) -> None:
    """Read what the client owes, where the outcome is about all of it."""
    client = state[LoadedClients].clients.get(ctx.key(ctx.input.client_id))
    if client is not None and ctx.input.outcome in {"promised", "disputed"} and not ctx.input.sale_ids:
        plan[SalePlan].open_invoices.add((ctx.account.id, client.id, client.currency))


def _record(ctx: CommandContext[RecordCall], state: LoadedState) -> ChangeSet:
    given = ctx.input
    client = clients.named(ctx, state, given.client_id)
    if given.snooze_until is not None and given.snooze_until < ctx.today:
        raise InvalidInput(faults=[FieldError("snooze_until", "is over: name today or a later day")])
    changes = ChangeSet(None, http_status=201)
    snooze = None if given.outcome == "promised" and given.promise is None else given.snooze_until
    advanced = call_cases(ctx, state, changes, client=ctx.key(client.id), advance=given.advance, snooze_until=snooze)
    promise_id = _promised(ctx, state, changes) if given.outcome == "promised" else None
    dispute_ids = _disputed(ctx, state, changes) if given.outcome == "disputed" else []
    call = Call(
        account_id=ctx.account.id,
        id=new_id(),
        client_id=client.id,
        outcome=given.outcome,
        note=given.note,
        snooze_until=given.snooze_until,
        advance=advanced,
        sale_ids=list(given.sale_ids),
        promise_id=promise_id,
        dispute_ids=dispute_ids,
        origin=given.origin,
        created_at=ctx.now,
    )
    changes.result_entity = ("call", call.id)
    changes[CallChanges].calls.append(call)
    body = given.note or f"Call: {given.outcome.replace('_', ' ')}"
    note = notes.note_on(ctx, client_id=client.id, sale_id=None, kind="call", body=body)
    notes.add(changes, replace(note, origin=given.origin))
    changes.domain_events.append(DomainEvent("call.recorded", "call", call.id, client.id))
    make_due(changes, client.id)
    return changes


RECORD_CALL = CommandHandler(RecordCall, _plan, _record, _plan_open)


def _promised(ctx: CommandContext[RecordCall], state: LoadedState, changes: ChangeSet) -> UUID:
    """Record the promise that was made in the call."""
    given = ctx.input
    day = given.promise.date if given.promise is not None else given.snooze_until
    assert day is not None  # noqa: S101  the input has one of both
    amount = None if given.promise is None else given.promise.amount
    promise = PromiseIn(client_id=given.client_id, date=day, amount=amount, sale_ids=list(given.sale_ids))
    made = promises.record(CommandContext(ctx.envelope, promise, ctx.account, ctx.now), state)
    changes.merge(made)
    assert made.result_entity is not None  # noqa: S101  the promise
    return made.result_entity[1]


def _disputed(ctx: CommandContext[RecordCall], state: LoadedState, changes: ChangeSet) -> list[UUID]:
    """Open a dispute of each invoice that the call is about and that has none."""
    reason, opened = ctx.input.note or "Disputed in a call", []
    for sale in _undisputed(ctx, state):
        dispute = OpenDispute(sale_id=sale.sale_id, reason=reason, author=ctx.input.author)
        made = disputes.open_dispute(CommandContext(ctx.envelope, dispute, ctx.account, ctx.now), state)
        changes.merge(made)
        assert made.result_entity is not None  # noqa: S101  the dispute
        opened.append(made.result_entity[1])
    return opened


def _undisputed(ctx: CommandContext[RecordCall], state: LoadedState) -> list[DocumentState]:
    """The open invoices of the call, else of the client, without a dispute.

    Raises:
        InvalidInput: one that is named is another client's; StateForbids: there is none.
    """
    wanted = [ctx.key(sale_id) for sale_id in ctx.input.sale_ids] or list(state[LoadedSales].states)
    found = [state[LoadedSales].states[key] for key in wanted if key in state[LoadedSales].states]
    if ctx.input.sale_ids:
        faults = [
            FieldError(f"sale_ids[{index}]", "is no open invoice of this client")
            for index, sale_id in enumerate(ctx.input.sale_ids)
            if not any(one.sale_id == sale_id and _is_open(one, ctx) for one in found)
        ]
        if faults:
            raise InvalidInput(faults=faults)
    open_ones = [one for one in found if _is_open(one, ctx) and ctx.key(one.sale_id) not in state[LoadedDisputes].open]
    if not open_ones:
        raise StateForbids("The client has no open invoice without a dispute: there is nothing to dispute.")
    return open_ones


def _is_open(sale: DocumentState, ctx: CommandContext[RecordCall]) -> bool:
    return sale.account_id == ctx.account.id and sale.client_id == ctx.input.client_id and sale.is_receivable
