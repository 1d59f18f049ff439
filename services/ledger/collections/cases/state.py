"""What a batch reads, holds and changes of collection cases and moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from ledger.collections.cases.models import Case, CollectingAccount, Debtor, StepSpec
from ledger.collections.cases.write import Entry, OutgoingMessage, StepDone
from ledger.unit_of_work.state import ChangeSet, CommandContext, Key, LoadedState


@dataclass(slots=True)
class CasePlan:
    """Which cases are to be read, and which clients with everything that their cases are decided on."""

    cases: set[Key] = field(default_factory=set)
    clients: set[Key] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Assigned:
    """An invoice that is moved to a collector: a row of `ledger.collected_invoice`."""

    account_id: UUID
    sale_id: UUID
    collector_id: UUID
    moved_at: datetime
    starts_manually: bool


@dataclass(frozen=True, slots=True)
class Move:
    """A row of `ledger.invoice_move`."""

    account_id: UUID
    id: UUID
    client_id: UUID
    cause: str
    shown: dict[str, Any]
    at: datetime


@dataclass(slots=True)
class CaseChanges:
    """What one command changes; of `held` clients nothing goes out that was asked for already.

    Of accounts `following` their settings all is decided on anew.
    """

    cases: dict[UUID, Case] = field(default_factory=dict)
    steps: list[StepDone] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    assigned: dict[UUID, Assigned] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    messages: list[OutgoingMessage] = field(default_factory=list)
    held: set[UUID] = field(default_factory=set)
    following: set[UUID] = field(default_factory=set)


@dataclass(slots=True)
class LoadedCases:
    """Cases and clients as they stand after the commands taken so far."""

    cases: dict[Key, Case] = field(default_factory=dict)
    debtors: dict[Key, Debtor] = field(default_factory=dict)
    accounts: dict[UUID, CollectingAccount] = field(default_factory=dict)
    steps: dict[tuple[UUID, int], Sequence[StepSpec]] = field(default_factory=dict)

    def debtor(self, key: Key) -> Debtor:
        """A client with its cases as they are now."""
        found = self.debtors[key]
        mine: Mapping[UUID, Case] = {one.id: self.cases.get((key[0], one.id), one) for one in found.cases.values()}
        own = {case.id: case for (_, _), case in self.cases.items() if case.client_id == key[1]}
        return replace(found, cases={**mine, **own})


def take(ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Make a command's changes count."""
    for case in changes[CaseChanges].cases.values():
        state[LoadedCases].cases[ctx.key(case.id)] = case
