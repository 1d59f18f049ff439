"""Decide moves of invoices to another collector: by a person, or by the last step of a workflow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from contracts.primitives.ids import new_id
from contracts.primitives.money import from_minor
from contracts.resources.case import MoveByWorkflow, MoveInvoices
from contracts.wire.jobs import SEND_MESSAGE, SendMessageJob
from contracts.wire.topology import EXECUTOR_JOBS
from ledger.collections.cases.letters import notice_to
from ledger.collections.cases.models import Case, CollectingAccount, Debtor, OpenInvoice, case_id, new_case
from ledger.collections.cases.rules import collector_of
from ledger.collections.cases.state import Assigned, CaseChanges, CasePlan, LoadedCases, Move
from ledger.collections.collectors.models import Collector, living
from ledger.collections.due.state import make_due
from ledger.collections.notes import handlers as notes
from ledger.errors import FieldError, NotFound, StateForbids
from ledger.sales.state import LoadedSales, SalePlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, DomainEvent, FollowUp, LoadedState, ReadPlan


@dataclass(frozen=True, slots=True)
class _Moving:
    """Invoices of a client on their way to a collector."""

    debtor: Debtor
    account: CollectingAccount
    invoices: Sequence[OpenInvoice]
    target: Collector
    cause: Literal["person", "workflow"]
    starts_manually: bool = False
    note: str | None = None
    notification: dict[str, str] | None = None


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
    debtors, account = _debtors(ctx, state), state[LoadedCases].accounts[ctx.account.id]
    target = account.collectors.get(ctx.input.collector_id)
    if target is None or target.deleted_at is not None:
        raise NotFound(faults=[FieldError("collector_id", "unknown collector")])
    wanted = None if ctx.input.invoice_ids is None else set(ctx.input.invoice_ids)
    _require_open(debtors, wanted)
    made = []
    for debtor in debtors:
        named = [one for one in debtor.invoices if wanted is None or one.id in wanted]
        elsewhere = [one for one in named if collector_of(one, debtor, account).id != target.id]
        if elsewhere:
            made.append(_moved(ctx, _Moving(debtor, account, elsewhere, target, "person", note=ctx.input.note)))
    if not made:
        raise StateForbids("All of these are in that collector already.", code="already_there")
    return _all_of(made)


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
        changes.join(one)
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
    invoices = [one for one in debtor.invoices if _case_of(one, debtor, account) == case.id]
    if target is None or target.id == case.collector_id or case.cycle != ctx.input.cycle or not invoices:
        return ChangeSet(None, result_body={"moved": 0}, subject_id=case.id)
    said = ctx.input.notification
    moving = _Moving(
        debtor,
        account,
        invoices,
        target,
        "workflow",
        starts_manually=ctx.input.starts_manually,
        notification=None if said is None else {"subject": said.subject, "body": said.body},
    )
    changes = _moved(ctx, moving)
    if said is not None and ctx.input.notify:
        _notify(ctx, changes, moving)
    return changes


MOVE_BY_WORKFLOW = CommandHandler(MoveByWorkflow, _plan_case, _move_by_workflow, _plan_client_of_case)


def _case_of(invoice: OpenInvoice, debtor: Debtor, account: CollectingAccount) -> UUID:
    collector = collector_of(invoice, debtor, account)
    return case_id(collector.id, invoice.id if collector.kind == "invoice" else debtor.id)


def _moved(ctx: CommandContext[Any], moving: _Moving) -> ChangeSet:
    """Assign the invoices to their new collector, end the cases that are left without any, and tell of it once."""
    move = Move(ctx.account.id, new_id(), moving.debtor.id, moving.cause, {}, ctx.now)
    move = replace(move, shown=_shown(move, moving))
    changes = ChangeSet(("move", move.id))
    mine = changes[CaseChanges]
    mine.moves.append(move)
    mine.held.add(moving.debtor.id)
    for one in moving.invoices:
        mine.assigned[one.id] = Assigned(ctx.account.id, one.id, moving.target.id, ctx.now, moving.starts_manually)
    for case in _left_empty(moving):
        mine.cases[case.id] = _ended(case, moving, ctx)
    for case in _carried(moving, ctx):
        mine.cases[case.id] = case
    if moving.note is not None:
        note = notes.note_on(ctx, client_id=moving.debtor.id, sale_id=moving.invoices[0].id, kind="note",
                             body=moving.note)  # fmt: skip
        notes.add(changes, note)
    changes.domain_events.append(DomainEvent("invoices.moved", "move", move.id, moving.debtor.id))
    make_due(changes, moving.debtor.id)
    return changes


def _left_empty(moving: _Moving) -> list[Case]:
    moved = {one.id for one in moving.invoices}
    kept = {_case_of(one, moving.debtor, moving.account) for one in moving.debtor.invoices if one.id not in moved}
    left = {_case_of(one, moving.debtor, moving.account) for one in moving.invoices} - kept
    return [moving.debtor.cases[one] for one in left if one in moving.debtor.cases]


def _ended(case: Case, moving: _Moving, ctx: CommandContext[Any]) -> Case:
    return replace(
        case,
        state="settled",
        reason=f"its invoices were moved to {moving.target.name}",
        ends="an invoice that comes back",
        since=ctx.now,
        ends_at=None,
        next_step=None,
        next_channel=None,
        next_at=None,
        muted_reason=None,
        paused_reason=None,
        paused_until=None,
        open_minor=0,
        overdue_minor=0,
        amounts=[],
        sale_ids=[],
        invoices=0,
        updated_at=ctx.now,
    )


def _carried(moving: _Moving, ctx: CommandContext[Any]) -> list[Case]:
    """The cases that begin muted or paused, because what is moved was."""
    held = next((one for one in _left_empty(moving) if one.muted_reason is not None or one.is_paused), None)
    if held is None:
        return []
    each = moving.invoices if moving.target.kind == "invoice" else [None]
    cases = []
    for one in each:
        sale_id = None if one is None else one.id
        new = new_case(moving.target, client_id=moving.debtor.id, sale_id=sale_id, now=ctx.now)
        case = moving.debtor.cases.get(new.id, new)
        cases.append(
            replace(
                case,
                muted_reason=held.muted_reason,
                paused_reason=held.paused_reason,
                paused_until=held.paused_until,
                updated_at=ctx.now,
            )
        )
    return cases


def _shown(move: Move, moving: _Moving) -> dict[str, Any]:
    """The move as results and `invoices.moved` show it."""
    source = collector_of(moving.invoices[0], moving.debtor, moving.account)
    row = moving.debtor.row
    client = {name: row[name] for name in ("name", "email", "external_id")}
    return {
        "id": str(move.id),
        "cause": move.cause,
        "from_collector": {"id": str(source.id), "name": source.name},
        "to_collector": {"id": str(moving.target.id), "name": moving.target.name},
        "client_id": str(moving.debtor.id),
        "client": {"id": str(moving.debtor.id), **client},
        "invoices": [
            {
                "id": str(one.id),
                "number": one.number,
                "date_due": one.date_due.isoformat() if one.date_due else None,
                "currency": one.currency,
                "total": from_minor(one.total_minor, one.currency),
                "amount_due": from_minor(one.open_minor, one.currency),
            }
            for one in moving.invoices
        ],
        "account_total": _total(moving, move),
        "notification": moving.notification,
        "note": moving.note,
        "moved_at": move.at.isoformat(),
    }


def _total(moving: _Moving, move: Move) -> list[dict[str, str]]:
    """All that the client owes, in each currency."""
    today = moving.account.account.day(move.at)
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for one in moving.debtor.invoices:
        sums[one.currency][0] += one.open_minor
        if one.date_due is not None and one.date_due < today:
            sums[one.currency][1] += one.open_minor
    return [
        {"currency": name, "open": from_minor(minor, name), "overdue": from_minor(late, name)}
        for name, (minor, late) in sums.items()
    ]


def _notify(ctx: CommandContext[MoveByWorkflow], changes: ChangeSet, moving: _Moving) -> None:
    """Let a mail go to the people of the account who take over."""
    said = ctx.input.notification
    assert said is not None  # noqa: S101  only what is said is sent
    recipients = ctx.input.notify
    message = notice_to(
        ", ".join(recipients), moving.debtor.id, moving.account, subject=said.subject, body=said.body, now=ctx.now
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
