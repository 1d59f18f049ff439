"""Decide the commands on disputes: an invoice is disputed, and that is resolved."""

from __future__ import annotations

from dataclasses import replace

from contracts.command_errors import Conflict, InvalidInput, NotFound, StateForbids
from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
from contracts.resources.dispute import EndDispute, OpenDispute
from ledger.collections.disputes.models import Dispute
from ledger.collections.disputes.state import DisputeChanges, DisputePlan, LoadedDisputes
from ledger.collections.notes import handlers as notes
from ledger.sales.state import LoadedSales, SalePlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, DomainEvent, LoadedState, ReadPlan


def _plan(ctx: CommandContext[OpenDispute], plan: ReadPlan) -> None:
    plan[SalePlan].states.add(ctx.key(ctx.input.sale_id))
    plan[DisputePlan].of_sales.add(ctx.key(ctx.input.sale_id))


def open_dispute(ctx: CommandContext[OpenDispute], state: LoadedState) -> ChangeSet:
    """Mark an issued invoice as disputed, with a note that gives the reason."""
    key = ctx.key(ctx.input.sale_id)
    sale = state[LoadedSales].states.get(key)
    if sale is None:
        raise NotFound(faults=[FieldError("sale_id", "unknown sale")])
    if sale.role != "receivable":
        raise InvalidInput(faults=[FieldError("sale_id", "is no invoice")])
    if sale.status != "issued":
        raise StateForbids(f"The invoice is {sale.status.replace('_', ' ')}: only an issued one can be disputed.")
    there = state[LoadedDisputes].open.get(key)
    if there is not None:
        fault = FieldError("sale_id", f"has the open dispute {there.id}: resolve that first")
        raise Conflict(code="already_disputed", faults=[fault])
    dispute = Dispute(
        account_id=ctx.account.id,
        id=new_id(),
        client_id=sale.client_id,
        sale_id=sale.sale_id,
        reason=ctx.input.reason,
        state="open",
        resolution=None,
        created_at=ctx.now,
        resolved_at=None,
    )
    changes = ChangeSet(("dispute", dispute.id), http_status=201)
    changes[DisputeChanges].disputes[dispute.id] = dispute
    changes.domain_events.append(DomainEvent("dispute.opened", "dispute", dispute.id, dispute.client_id))
    body = ctx.input.reason if ctx.input.note is None else f"{ctx.input.reason}\n\n{ctx.input.note}"
    notes.add(changes, notes.note_on(ctx, client_id=sale.client_id, sale_id=sale.sale_id, kind="dispute", body=body))
    return changes


OPEN_DISPUTE = CommandHandler(OpenDispute, _plan, open_dispute)


def _plan_one(ctx: CommandContext[EndDispute], plan: ReadPlan) -> None:
    plan[DisputePlan].ids.add(ctx.key(ctx.input.id))


def _resolve(ctx: CommandContext[EndDispute], state: LoadedState) -> ChangeSet:
    before = state[LoadedDisputes].disputes.get(ctx.key(ctx.input.id))
    if before is None:
        raise NotFound("There is no dispute with this id.")
    if before.state == "resolved":
        raise StateForbids("This dispute is resolved already.", code="already_resolved")
    after = replace(before, state="resolved", resolution=ctx.input.resolution, resolved_at=ctx.now)
    changes = ChangeSet(("dispute", after.id))
    changes[DisputeChanges].disputes[after.id] = after
    changes.domain_events.append(DomainEvent("dispute.resolved", "dispute", after.id, after.client_id))
    if ctx.input.note is not None:
        note = notes.note_on(ctx, client_id=after.client_id, sale_id=after.sale_id, kind="dispute", body=ctx.input.note)
        notes.add(changes, note)
    return changes


RESOLVE_DISPUTE = CommandHandler(EndDispute, _plan_one, _resolve)
