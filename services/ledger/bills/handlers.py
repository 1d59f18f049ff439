"""Void a supplier's bill: the exact mirror of what recording it booked. It stays, and its message stays accepted."""

from __future__ import annotations

from contracts.command_errors import NotFound, StateForbids
from contracts.resources.transitions import DatedTransitionInput
from ledger.bills.state import BillChanges, BillPlan, LoadedBills
from ledger.journal.booking import reversed_ids
from ledger.journal.state import JournalChanges, JournalPlan, LoadedJournal
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, ReadPlan


def _need(ctx: CommandContext[DatedTransitionInput], plan: ReadPlan) -> None:
    plan[BillPlan].statuses.add(ctx.key(ctx.input.id))
    plan[JournalPlan].reversible.add(ctx.key(ctx.input.id))


def _void(ctx: CommandContext[DatedTransitionInput], state: LoadedState) -> ChangeSet:
    """Undo a bill.

    Raises:
        NotFound: this account has none with this id; StateForbids: it is void already.
    """
    bill_id = ctx.input.id
    status = state[LoadedBills].statuses.get(ctx.key(bill_id))
    if status is None:
        raise NotFound("There is no bill with this id.")
    if status == "void":
        raise StateForbids("This bill is void already.", code="already_void")
    changes = ChangeSet(("bill", bill_id))
    changes[BillChanges].voided[bill_id] = ctx.input.reason
    for booking in state[LoadedJournal].booked.get(ctx.key(bill_id), ()):
        changes[JournalChanges].bookings.append(reversed_ids(booking, today=ctx.today, on=ctx.input.date))
    return changes


VOID_BILL = CommandHandler(DatedTransitionInput, _need, _void)
