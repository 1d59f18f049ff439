"""What a batch reads, holds and changes of how much of its plan an account uses."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from contracts.command_errors import CommandError
from ledger.errors import QuotaExceeded
from ledger.quotas.rules import Quota, Usage, reached
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, Notice

UsageKey = tuple[UUID, Quota]
"""Account and what is counted."""


@dataclass(slots=True)
class UsagePlan:
    """Which counters are to be read."""

    counters: set[UsageKey] = field(default_factory=set)


@dataclass(slots=True)
class UsageChanges:
    """What one command counts up or down; `reached` are limits that refused a part of it."""

    counts: Counter[Quota] = field(default_factory=Counter)
    reached: set[Quota] = field(default_factory=set)


@dataclass(slots=True)
class LoadedUsage:
    """Counters after the commands handled so far; `before` has the previous values of changed ones."""

    usage: dict[UsageKey, Usage] = field(default_factory=dict)
    before: dict[UsageKey, Usage] = field(default_factory=dict)

    def use(self, key: UsageKey, usage: Usage) -> None:
        """Set a counter."""
        self.before.setdefault(key, self.usage[key])
        self.usage[key] = usage


def take(ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Apply a command's counts to the loaded state."""
    mine, loaded = changes[UsageChanges], state[LoadedUsage]
    for quota, count in mine.counts.items():
        loaded.use((ctx.account.id, quota), loaded.usage[ctx.account.id, quota].by(count))
    for quota in sorted(mine.reached):
        _reach(ctx, quota, state)


def refused(ctx: CommandContext[Any], refusal: CommandError, state: LoadedState) -> None:
    """Report the limit that refused a command."""
    if isinstance(refusal, QuotaExceeded):
        _reach(ctx, refusal.quota, state)


def _reach(ctx: CommandContext[Any], quota: Quota, state: LoadedState) -> None:
    """Report a limit that was reached, once in each period."""
    loaded, key, today = state[LoadedUsage], (ctx.account.id, quota), ctx.account.day(ctx.now)
    usage = loaded.usage[key]
    notified = usage.notified(today)
    if notified is not usage:
        loaded.use(key, notified)
        data = reached(quota, notified, refused=ctx.envelope.name, today=today)
        state.notices.append(Notice("quota.reached", ctx.envelope.id, data))
