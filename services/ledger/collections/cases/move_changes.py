"""Build the changes of a move: invoices get their new collector, cases without any left end, one event is emitted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from contracts.primitives.ids import new_id
from contracts.primitives.money import from_minor
from contracts.resources.note import Origin
from ledger.collections.cases.models import Case, CollectingAccount, Debtor, OpenInvoice, case_id, new_case
from ledger.collections.cases.rules import collector_of
from ledger.collections.cases.state import Assigned, CaseChanges, Move
from ledger.collections.collectors.models import Collector
from ledger.collections.due.state import make_due
from ledger.collections.notes import handlers as notes
from ledger.unit_of_work.state import ChangeSet, CommandContext, DomainEvent


@dataclass(frozen=True, slots=True)
class NamedCollector:
    """A collector as a move shows it; one of another system has no id here."""

    id: UUID | None
    name: str


@dataclass(frozen=True, slots=True)
class Moving:
    """Invoices of a client, and the collectors that they leave and enter.

    `ending` are the cases that end with the move whatever invoices there are: those of a removed collector, if any.
    """

    debtor: Debtor
    account: CollectingAccount
    invoices: Sequence[OpenInvoice]
    source: NamedCollector
    target: NamedCollector
    cause: Literal["person", "workflow"]
    starts_manually: bool = False
    note: str | None = None
    notification: dict[str, str] | None = None
    origin: Origin = "own"
    at: datetime | None = None
    ending: Sequence[Case] | None = None


def case_of(invoice: OpenInvoice, debtor: Debtor, account: CollectingAccount) -> UUID:
    """The id of the case that an invoice belongs to."""
    collector = collector_of(invoice, debtor, account)
    return case_id(collector.id, invoice.id if collector.kind == "invoice" else debtor.id)


def name_of(collector: Collector) -> NamedCollector:
    """How a move shows one of the account's collectors."""
    return NamedCollector(collector.id, collector.name)


def source_of(invoice: OpenInvoice, debtor: Debtor, account: CollectingAccount) -> NamedCollector:
    """The collector that an invoice is in."""
    return name_of(collector_of(invoice, debtor, account))


def moved(ctx: CommandContext[Any], moving: Moving, target: Collector) -> ChangeSet:
    """Assign the invoices to their new collector, end the cases without any left, and emit one event."""
    changes = reported(ctx, moving)
    mine = changes[CaseChanges]
    mine.held.add(moving.debtor.id)
    for one in moving.invoices:
        mine.assigned[one.id] = Assigned(ctx.account.id, one.id, target.id, ctx.now, moving.starts_manually)
    for case in _left_empty(moving):
        mine.cases[case.id] = ended(case, target.name, ctx)
    for case in _carried(moving, target, ctx):
        mine.cases[case.id] = case
    make_due(changes, moving.debtor.id)
    return changes


def reported(ctx: CommandContext[Any], moving: Moving) -> ChangeSet:
    """Record a move with its note and emit its event; no case changes."""
    move = Move(ctx.account.id, new_id(), moving.debtor.id, moving.cause, {}, moving.at or ctx.now)
    move = replace(move, shown=_shown(move, moving))
    changes = ChangeSet(("move", move.id))
    changes[CaseChanges].moves.append(move)
    if moving.note is not None:
        note = notes.note_on(ctx, client_id=moving.debtor.id, sale_id=moving.invoices[0].id, kind="note",
                             body=moving.note)  # fmt: skip
        notes.add(changes, replace(note, origin=moving.origin))
    changes.domain_events.append(DomainEvent("invoices.moved", "move", move.id, moving.debtor.id))
    return changes


def _left_empty(moving: Moving) -> list[Case]:
    """The cases that end because all their invoices are moved."""
    if moving.ending is not None:
        return list(moving.ending)
    sale_ids = {one.id for one in moving.invoices}
    kept = {case_of(one, moving.debtor, moving.account) for one in moving.debtor.invoices if one.id not in sale_ids}
    left = {case_of(one, moving.debtor, moving.account) for one in moving.invoices} - kept
    return [moving.debtor.cases[one] for one in left if one in moving.debtor.cases]


def ended(case: Case, target: str, ctx: CommandContext[Any]) -> Case:
    """A case whose invoices all went to another collector."""
    return replace(
        case,
        state="settled",
        reason=f"its invoices were moved to {target}",
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


def _carried(moving: Moving, target: Collector, ctx: CommandContext[Any]) -> list[Case]:
    """The cases that begin muted or paused, because what is moved was."""
    held = next((one for one in _left_empty(moving) if one.muted_reason is not None or one.is_paused), None)
    if held is None:
        return []
    each = moving.invoices if target.kind == "invoice" else [None]
    cases = []
    for one in each:
        sale_id = None if one is None else one.id
        new = new_case(target, client_id=moving.debtor.id, sale_id=sale_id, now=ctx.now)
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


def _shown(move: Move, moving: Moving) -> dict[str, Any]:
    """The move as results and `invoices.moved` show it."""
    row = moving.debtor.row
    client = {name: row[name] for name in ("name", "email", "external_id")}
    return {
        "id": str(move.id),
        "cause": move.cause,
        "origin": moving.origin,
        "from_collector": _named(moving.source),
        "to_collector": _named(moving.target),
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


def _named(collector: NamedCollector) -> dict[str, str | None]:
    return {"id": None if collector.id is None else str(collector.id), "name": collector.name}


def _total(moving: Moving, move: Move) -> list[dict[str, str]]:
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
