"""Count what a command makes or takes away against the plan, among its changes."""

from __future__ import annotations

from typing import Any

from ledger.books import Asked, Books, Changes
from ledger.errors import QuotaExceeded
from ledger.quotas.rules import Quota


def count(asked: Asked[Any], books: Books, changes: Changes, quota: Quota) -> None:
    """Count one more.

    Raises:
        QuotaExceeded: there are as many as there may be.
    """
    usage = books.catalogue.usage[asked.account.id, quota].by(changes.catalogue.usage.get(quota, 0))
    if usage.left == 0:
        raise QuotaExceeded(f"The plan has room for {usage.limit} {quota}, and {usage.used} are there.", quota=quota)
    changes.catalogue.usage[quota] = changes.catalogue.usage.get(quota, 0) + 1


def uncount(changes: Changes, quota: Quota) -> None:
    """Count one less."""
    changes.catalogue.usage[quota] = changes.catalogue.usage.get(quota, 0) - 1
