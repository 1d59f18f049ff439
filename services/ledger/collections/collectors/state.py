"""What a batch reads, holds and changes of collectors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ledger.collections.collectors.models import Collector
from ledger.unit_of_work.state import ChangeSet, CommandContext, Key, LoadedState


@dataclass(slots=True)
class CollectorPlan:
    """Of which accounts all collectors are to be read, and of which collectors whether they are in use."""

    accounts: set[UUID] = field(default_factory=set)
    used: set[Key] = field(default_factory=set)


@dataclass(slots=True)
class CollectorChanges:
    """What one command changes: collectors are new or written anew; of `applied`, the cases under way follow."""

    collectors: dict[UUID, Collector] = field(default_factory=dict)
    applied: set[UUID] = field(default_factory=set)


@dataclass(slots=True)
class LoadedCollectors:
    """Collectors as they stand after the commands taken so far, those that were removed as well."""

    of_accounts: dict[UUID, dict[UUID, Collector]] = field(default_factory=dict)
    used: set[Key] = field(default_factory=set)


def take(ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Make a command's changes count."""
    if mine := changes[CollectorChanges].collectors:
        # Another dict: a branch on which commands are tried shares the one that is here.
        state[LoadedCollectors].of_accounts[ctx.account.id] = {
            **state[LoadedCollectors].of_accounts.get(ctx.account.id, {}),
            **mine,
        }
