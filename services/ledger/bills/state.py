"""What a batch reads, holds and changes of suppliers' bills."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ledger.bills.bill import Bill, Status
from ledger.unit_of_work.state import ChangeSet, CommandContext, Key, LoadedState

BillKey = tuple[UUID, UUID, str]
"""Account, supplier, document reference."""


@dataclass(slots=True)
class BillPlan:
    """The read plan: states of bills, and bills by reference, each of an account."""

    statuses: set[Key] = field(default_factory=set)
    references: set[tuple[UUID, str]] = field(default_factory=set)


@dataclass(slots=True)
class BillChanges:
    """What one command changes: bills that are recorded, and those that become void, with the reason."""

    recorded: list[Bill] = field(default_factory=list)
    voided: dict[UUID, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class LoadedBills:
    """Bills after the commands handled so far; `by_reference` has those that are not void."""

    statuses: dict[Key, Status] = field(default_factory=dict)
    by_reference: dict[BillKey, UUID] = field(default_factory=dict)


def take(ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Apply a command's changes to the loaded state."""
    mine, bills = changes[BillChanges], state[LoadedBills]
    for bill in mine.recorded:
        bills.by_reference[ctx.account.id, bill.supplier_id, bill.document_ref] = bill.id
        bills.statuses[ctx.key(bill.id)] = bill.status
    for bill_id in mine.voided:
        bills.statuses[ctx.key(bill_id)] = "void"
        bills.by_reference = {key: known for key, known in bills.by_reference.items() if known != bill_id}
