"""Decide the commands on promises: recorded, taken back, and what becomes of one when it is looked at."""

from __future__ import annotations

from typing import Final

from contracts.command_errors import InvalidInput, NotFound, StateForbids
from contracts.primitives.ids import new_id
from contracts.primitives.money import MoneyError, to_minor
from contracts.primitives.problem import FieldError
from contracts.resources.promise import PromiseIn
from contracts.resources.transitions import ByIdInput
from ledger.clients import handlers as clients
from ledger.clients.state import ClientPlan, LoadedClients
from ledger.collections.due.state import make_due
from ledger.collections.promises import rules
from ledger.collections.promises.models import Promise
from ledger.collections.promises.state import LoadedPromises, PromiseChanges, PromisePlan
from ledger.errors import Faults, at
from ledger.sales.document_state import DocumentState
from ledger.sales.state import LoadedSales, SalePlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, DomainEvent, LoadedState, ReadPlan

CHECK_COMMAND: Final = "check_promise"
"""data: id of a promise; the envelope's time is the scheduler's. No caller waits for it. 200 with the promise."""


def _plan(ctx: CommandContext[PromiseIn], plan: ReadPlan) -> None:
    plan[ClientPlan].ids.add(ctx.key(ctx.input.client_id))
    plan[SalePlan].states.update(ctx.key(sale_id) for sale_id in ctx.input.sale_ids)


def _plan_open(ctx: CommandContext[PromiseIn], state: LoadedState, plan: ReadPlan) -> None:
    """Read what the client owes, where no invoices are named."""
    client = state[LoadedClients].clients.get(ctx.key(ctx.input.client_id))
    if client is not None and not ctx.input.sale_ids:
        plan[SalePlan].open_invoices.add((ctx.account.id, client.id, ctx.input.currency or client.currency))


def record(ctx: CommandContext[PromiseIn], state: LoadedState) -> ChangeSet:
    """Record a promise of a client to pay."""
    given = ctx.input
    client = clients.named(ctx, state, given.client_id)
    fault = rules.date_fault(given.date, today=ctx.today)
    if fault is not None:
        raise InvalidInput(faults=[FieldError("date", fault)])
    receivable = _owed(ctx, state, given.currency or client.currency)
    ends_at = rules.end_of(given.date, ctx.account.zone)
    promise = Promise(
        account_id=ctx.account.id,
        id=new_id(),
        client_id=client.id,
        date=given.date,
        amount_minor=_amount(ctx, receivable),
        currency=receivable[0].currency,
        sale_ids=list(given.sale_ids),
        state="open",
        ends_at=ends_at,
        check_at=ends_at,
        created_at=ctx.now,
        ended_at=None,
        updated_at=ctx.now,
    )
    changes = ChangeSet(("promise", promise.id), http_status=201)
    _put(changes, promise)
    changes.domain_events.append(DomainEvent("promise.recorded", "promise", promise.id, client.id))
    return changes


RECORD_PROMISE = CommandHandler(PromiseIn, _plan, record, _plan_open)


def _put(changes: ChangeSet, promise: Promise) -> None:
    changes[PromiseChanges].promises[promise.id] = promise
    make_due(changes, promise.client_id)


def _owed(ctx: CommandContext[PromiseIn], state: LoadedState, currency: str) -> list[DocumentState]:
    """The open invoices that a promise is about.

    Raises:
        NotFound, InvalidInput: a named one is unknown, or cannot be promised; StateForbids: nothing is open.
    """
    if ctx.input.sale_ids:
        return _named(ctx, state)
    found = [
        sale
        for (account_id, _), sale in state[LoadedSales].states.items()
        if account_id == ctx.account.id
        and (sale.client_id, sale.currency) == (ctx.input.client_id, currency)
        and sale.is_receivable
    ]
    if not found:
        raise StateForbids(f"The client has no open invoice in {currency}: there is nothing to promise.")
    return found


def _named(ctx: CommandContext[PromiseIn], state: LoadedState) -> list[DocumentState]:
    faults = Faults()
    found: list[DocumentState] = []
    for index, sale_id in enumerate(ctx.input.sale_ids):
        sale, path = state[LoadedSales].states.get(ctx.key(sale_id)), at("sale_ids", index)
        if sale is None:
            raise NotFound(faults=[FieldError(path, "unknown sale")])
        if sale.client_id != ctx.input.client_id:
            faults.add(path, "is another client's")
        elif not sale.is_receivable:
            faults.add(path, "is no open invoice: name only what is still to be paid")
        elif sale.currency != (ctx.input.currency or (found[0].currency if found else sale.currency)):
            faults.add(path, f"is in {sale.currency}: a promise is in one currency")
        else:
            found.append(sale)
    faults.refuse_if_any()
    return found


def _amount(ctx: CommandContext[PromiseIn], receivable: list[DocumentState]) -> int:
    if ctx.input.amount is None:
        return sum(sale.open_minor for sale in receivable)
    try:
        return to_minor(ctx.input.amount, receivable[0].currency)
    except MoneyError as error:
        raise InvalidInput(faults=[FieldError("amount", str(error))]) from None


def _plan_one(ctx: CommandContext[ByIdInput], plan: ReadPlan) -> None:
    plan[PromisePlan].ids.add(ctx.key(ctx.input.id))


def _cancel(ctx: CommandContext[ByIdInput], state: LoadedState) -> ChangeSet:
    """Take an open promise back: its client is reminded again."""
    before = _of(ctx, state)
    if before.state == "cancelled":
        return ChangeSet(("promise", before.id))
    if before.state != "open":
        raise StateForbids(f"The promise is {before.state}: only an open one can be cancelled.")
    changes = ChangeSet(("promise", before.id))
    _put(changes, rules.cancelled(before, now=ctx.now))
    return changes


CANCEL_PROMISE = CommandHandler(ByIdInput, _plan_one, _cancel)


def _of(ctx: CommandContext[ByIdInput], state: LoadedState) -> Promise:
    promise = state[LoadedPromises].promises.get(ctx.key(ctx.input.id))
    if promise is None:
        raise NotFound("There is no promise with this id.")
    return promise


def _plan_check(ctx: CommandContext[ByIdInput], plan: ReadPlan) -> None:
    _plan_one(ctx, plan)
    plan[PromisePlan].paid.add(ctx.key(ctx.input.id))


def _check(ctx: CommandContext[ByIdInput], state: LoadedState) -> ChangeSet:
    """Decide what became of a promise, by the clock that sent the command."""
    before = _of(ctx, state)
    paid = state[LoadedPromises].paid[ctx.key(before.id)]
    after = rules.judged(before, paid, ctx.account.zone, now=ctx.envelope.at)
    changes = ChangeSet(("promise", before.id))
    _put(changes, after)
    if after.state == "broken" and before.state != "broken":
        changes.domain_events.append(DomainEvent("promise.broken", "promise", after.id, after.client_id))
    return changes


CHECK_PROMISE = CommandHandler(ByIdInput, _plan_check, _check)
