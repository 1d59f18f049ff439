"""Decide moves of invoices to another collector: by a person, by a workflow's last step, or because one is removed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from contracts.command_errors import NotFound, StateForbids
from contracts.primitives.problem import FieldError
from contracts.resources.case import MoveByWorkflow, MoveFromRemoved, MoveInvoices
from contracts.wire.jobs import SEND_MESSAGE, SendMessageJob
from contracts.wire.topology import EXECUTOR_JOBS
from ledger.collections.cases.letters import notice_to
from ledger.collections.cases.models import Case, Debtor, OpenInvoice
from ledger.collections.cases.move_changes import (
    Moving,
    NamedCollector,
    case_of,
    ended,
    moved,
    name_of,
    reported,
    source_of,
)
from ledger.collections.cases.rules import cases_of_removed, collector_of
from ledger.collections.cases.state import CaseChanges, CasePlan, LoadedCases
from ledger.collections.collectors.models import living
from ledger.collections.due.state import make_due
from ledger.sales.state import LoadedSales, SalePlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, FollowUp, LoadedState, ReadPlan


def _plan(ctx: CommandContext[MoveInvoices], plan: ReadPlan) -> None:
    if ctx.input.client_id is not None:
        plan[CasePlan].clients.add(ctx.key(ctx.input.client_id))
    plan[SalePlan].states.update(ctx.key(sale_id) for sale_id in ctx.input.invoice_ids or ())


def _plan_client(ctx: CommandContext[MoveInvoices], state: LoadedState, plan: ReadPlan) -> None:
    for sale_id in ctx.input.invoice_ids or ():
        if (sale := state[LoadedSales].states.get(ctx.key(sale_id))) is not None:
            plan[CasePlan].clients.add(ctx.key(sale.client_id))


def _move(ctx: CommandContext[MoveInvoices], state: LoadedState) -> ChangeSet:
    """Move what is named, each client's invoices by a move of their own: all of it, or nothing."""
    debtors = _debtors(ctx, state)
    wanted = None if ctx.input.invoice_ids is None else set(ctx.input.invoice_ids)
    _require_open(debtors, wanted)
    named = [(debtor, [one for one in debtor.invoices if wanted is None or one.id in wanted]) for debtor in debtors]
    if ctx.input.origin == "external":
        return _all_of([_reported(ctx, state, debtor, invoices) for debtor, invoices in named])
    made = [changes for debtor, invoices in named if (changes := _moved(ctx, state, debtor, invoices)) is not None]
    if not made:
        raise StateForbids("All of these are in that collector already.", code="already_there")
    return _all_of(made)


def _moved(
    ctx: CommandContext[MoveInvoices], state: LoadedState, debtor: Debtor, invoices: Sequence[OpenInvoice]
) -> ChangeSet | None:
    """A client's move; None where all of it is in that collector already."""
    account = state[LoadedCases].accounts[ctx.account.id]
    target = None if ctx.input.collector_id is None else account.collectors.get(ctx.input.collector_id)
    if target is None or target.deleted_at is not None:
        raise NotFound(faults=[FieldError("collector_id", "unknown collector")])
    elsewhere = [one for one in invoices if collector_of(one, debtor, account).id != target.id]
    if not elsewhere:
        return None
    source = source_of(elsewhere[0], debtor, account)
    moving = Moving(debtor, account, elsewhere, source, name_of(target), "person", note=ctx.input.note)
    return moved(ctx, moving, target)


def _reported(
    ctx: CommandContext[MoveInvoices], state: LoadedState, debtor: Debtor, invoices: Sequence[OpenInvoice]
) -> ChangeSet:
    """A move between collectors of another system: nothing changes here but the record and its event."""
    given, account = ctx.input, state[LoadedCases].accounts[ctx.account.id]
    own = None if given.collector_id is None else account.collectors.get(given.collector_id)
    if given.collector_id is not None and own is None:
        raise NotFound(faults=[FieldError("collector_id", "unknown collector")])
    requested = given.notification
    moving = Moving(
        debtor,
        account,
        invoices,
        source_of(invoices[0], debtor, account)
        if given.from_collector is None
        else NamedCollector(None, given.from_collector),
        NamedCollector(None, given.to_collector or "") if own is None else name_of(own),
        given.cause,
        note=given.note,
        notification=None if requested is None else {"subject": requested.subject, "body": requested.body},
        origin="external",
        at=given.occurred_at,
    )
    return reported(ctx, moving)


def _debtors(ctx: CommandContext[MoveInvoices], state: LoadedState) -> list[Debtor]:
    """The clients whose invoices are named, in the order in which they are."""
    known = state[LoadedCases]
    ids = [ctx.input.client_id] if ctx.input.client_id is not None else _clients_of(ctx, state)
    if any(ctx.key(one) not in known.debtors for one in ids):
        raise NotFound(faults=[FieldError("client_id", "unknown client")])
    return [known.debtor(ctx.key(one)) for one in ids]


def _clients_of(ctx: CommandContext[MoveInvoices], state: LoadedState) -> list[UUID]:
    found: dict[UUID, None] = {}
    for number, sale_id in enumerate(ctx.input.invoice_ids or ()):
        sale = state[LoadedSales].states.get(ctx.key(sale_id))
        if sale is None or sale.role != "receivable":
            raise NotFound(faults=[FieldError(f"invoice_ids[{number}]", "unknown invoice")])
        found[sale.client_id] = None
    return list(found)


def _require_open(debtors: Sequence[Debtor], wanted: set[UUID] | None) -> None:
    there = {one.id for debtor in debtors for one in debtor.invoices}
    if wanted is not None and (paid := wanted - there):
        raise StateForbids(f"Nothing is open on the invoice {min(paid)}: leave it out.", code="nothing_open")
    if not there:
        raise StateForbids("Nothing is open on any invoice of the client.", code="nothing_open")


def _all_of(made: Sequence[ChangeSet]) -> ChangeSet:
    """The moves of several clients as one change; the result is the first, with the others beside it."""
    first, *others = [one for changes in made for one in changes[CaseChanges].moves]
    changes = ChangeSet(None, subject_id=first.id)
    changes.result_body = {**first.shown, "other_clients": [one.shown for one in others]}
    for one in made:
        changes.merge(one)
    return changes


MOVE_INVOICES = CommandHandler(MoveInvoices, _plan, _move, _plan_client)


def _plan_case(ctx: CommandContext[MoveByWorkflow], plan: ReadPlan) -> None:
    plan[CasePlan].cases.add(ctx.key(ctx.input.case_id))


def _plan_client_of_case(ctx: CommandContext[MoveByWorkflow], state: LoadedState, plan: ReadPlan) -> None:
    if (case := state[LoadedCases].cases.get(ctx.key(ctx.input.case_id))) is not None:
        plan[CasePlan].clients.add(ctx.key(case.client_id))


def _move_by_workflow(ctx: CommandContext[MoveByWorkflow], state: LoadedState) -> ChangeSet:
    """Move what is still open of the case; nothing where it was paid or moved meanwhile."""
    known = state[LoadedCases]
    case = known.cases.get(ctx.key(ctx.input.case_id))
    if case is None:
        raise NotFound("There is no case with this id.")
    debtor, account = known.debtor(ctx.key(case.client_id)), known.accounts[ctx.account.id]
    target = living(account.collectors, ctx.input.target_id)
    invoices = [one for one in debtor.invoices if case_of(one, debtor, account) == case.id]
    if target is None or target.id == case.collector_id or case.cycle != ctx.input.cycle or not invoices:
        return ChangeSet(None, result_body={"moved": 0}, subject_id=case.id)
    requested = ctx.input.notification
    moving = Moving(
        debtor,
        account,
        invoices,
        source_of(invoices[0], debtor, account),
        name_of(target),
        "workflow",
        starts_manually=ctx.input.starts_manually,
        notification=None if requested is None else {"subject": requested.subject, "body": requested.body},
    )
    changes = moved(ctx, moving, target)
    if requested is not None and ctx.input.notify:
        _notify(ctx, changes, moving)
    return changes


MOVE_BY_WORKFLOW = CommandHandler(MoveByWorkflow, _plan_case, _move_by_workflow, _plan_client_of_case)


def _plan_removed(ctx: CommandContext[MoveFromRemoved], plan: ReadPlan) -> None:
    plan[CasePlan].clients.add(ctx.key(ctx.input.client_id))


def _move_from_removed(ctx: CommandContext[MoveFromRemoved], state: LoadedState) -> ChangeSet:
    """Move a client's invoices out of a removed collector; a case without any open ones just ends."""
    debtor = state[LoadedCases].debtor(ctx.key(ctx.input.client_id))
    account = state[LoadedCases].accounts[ctx.account.id]
    cases = [one for one in cases_of_removed(debtor, account) if one.collector_id == ctx.input.collector_id]
    target = living(account.collectors, ctx.input.collector_id)
    if target is None:
        return ChangeSet(None, result_body={"moved": 0}, subject_id=debtor.id)
    invoices = [one for one in debtor.invoices if _was_in(one, ctx.input.collector_id, cases, debtor)]
    if invoices:
        source = name_of(account.collectors[ctx.input.collector_id])
        moving = Moving(debtor, account, invoices, source, name_of(target), "person", ending=cases)
        return moved(ctx, moving, target)
    changes = ChangeSet(None, result_body={"moved": 0}, subject_id=debtor.id)
    if cases:
        changes[CaseChanges].cases.update({one.id: ended(one, target.name, ctx) for one in cases})
        make_due(changes, debtor.id)
    return changes


def _was_in(invoice: OpenInvoice, collector_id: UUID, cases: Sequence[Case], debtor: Debtor) -> bool:
    """Whether an invoice was in a collector: it, or its client, names it, or one of its cases lists it."""
    named = invoice.collector_id or debtor.row["collector_id"]
    return named == collector_id or any(invoice.id in one.sale_ids for one in cases)


MOVE_FROM_REMOVED = CommandHandler(MoveFromRemoved, _plan_removed, _move_from_removed)


def _notify(ctx: CommandContext[MoveByWorkflow], changes: ChangeSet, moving: Moving) -> None:
    """Let a mail go to the people of the account who take over."""
    requested = ctx.input.notification
    assert requested is not None  # noqa: S101  only what is said is sent
    recipients = ctx.input.notify
    message = notice_to(
        ", ".join(recipients),
        moving.debtor.id,
        moving.account,
        subject=requested.subject,
        body=requested.body,
        now=ctx.now,
    )
    changes[CaseChanges].messages.append(message)
    job = SendMessageJob(
        message_id=message.id,
        channel="email",
        to=recipients,
        subject=message.subject or "",
        body=message.body,
        sender_name=moving.account.settings.get("sender_name"),
    )
    changes.follow_ups.append(FollowUp(SEND_MESSAGE, job.model_dump(mode="json"), EXECUTOR_JOBS))
