"""Count what a command creates or removes against the plan, within its changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from ledger.errors import QuotaExceeded
from ledger.quotas.rules import Quota
from ledger.quotas.state import LoadedUsage, UsageChanges
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState

_IS_COUNTED: Final = ContextVar("is_counted", default=True)


@contextmanager
def nothing_counted() -> Iterator[None]:
    """Let nothing be too many inside the block: for what is computed and never kept."""
    token = _IS_COUNTED.set(False)
    try:
        yield
    finally:
        _IS_COUNTED.reset(token)


def count(ctx: CommandContext[Any], state: LoadedState, changes: ChangeSet, quota: Quota) -> None:
    """Count one more.

    Raises:
        QuotaExceeded: there are as many as there may be.
    """
    if not _IS_COUNTED.get():
        return
    usage = state[LoadedUsage].usage[ctx.account.id, quota].by(changes[UsageChanges].counts.get(quota, 0))
    if usage.left == 0:
        raise QuotaExceeded(f"The plan has room for {usage.limit} {quota}, and {usage.used} are there.", quota=quota)
    changes[UsageChanges].counts[quota] = changes[UsageChanges].counts.get(quota, 0) + 1


def uncount(changes: ChangeSet, quota: Quota) -> None:
    """Count one less."""
    changes[UsageChanges].counts[quota] = changes[UsageChanges].counts.get(quota, 0) - 1
