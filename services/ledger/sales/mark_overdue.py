"""Decide `mark_overdue`, the scheduler's command: an invoice became overdue; the event fires once."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from contracts.command_errors import Conflict
from contracts.resources.transitions import ByIdInput
from ledger.sales import due, lookup
from ledger.sales.state import SaleChanges, SalePlan
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, ReadPlan

COMMAND: Final = "mark_overdue"
"""data: id of an invoice. No caller waits; refused when the invoice is not overdue, or no longer."""


def _plan(ctx: CommandContext[ByIdInput], plan: ReadPlan) -> None:
    plan[SalePlan].states.add(ctx.key(ctx.input.id))


def _mark(ctx: CommandContext[ByIdInput], state: LoadedState) -> ChangeSet:
    """`ctx.today` is the account's date when the command was sent."""
    before = lookup.state_of(ctx, state, ctx.input.id)
    if (
        before.overdue_notified_at is not None
        or not before.is_receivable
        or not due.is_overdue(before.date_due, ctx.today)
    ):
        raise Conflict("It is not overdue, or its event was fired.", code="not_overdue")
    after = replace(before, overdue_notified_at=ctx.envelope.at)
    changes = ChangeSet(("sale", before.sale_id))
    changes[SaleChanges].set_document_state(after)
    changes.emit("sale.overdue", before.status, after)
    return changes


MARK_OVERDUE = CommandHandler(ByIdInput, _plan, _mark)
