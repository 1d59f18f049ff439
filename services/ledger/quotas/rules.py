"""Quotas of a plan, and the period in which a reached limit is reported once: pure.

Archived clients and products do not count, and count again once they are restored.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

Quota = Literal["clients", "products"]


@dataclass(frozen=True, slots=True)
class Usage:
    """How many there are and may be (None: any number). `told_for` begins the last period in which it was reported."""

    used: int = 0
    limit: int | None = None
    told_for: date | None = None

    @property
    def left(self) -> int | None:
        """How many more there may be; None: any number. A limit that was lowered leaves 0."""
        return None if self.limit is None else max(self.limit - self.used, 0)

    def by(self, count: int) -> Usage:
        """With so many more, or fewer."""
        return replace(self, used=self.used + count)

    def notified(self, today: date) -> Usage:
        """The usage after a report; unchanged if it was reported in this period."""
        begins = period(today)[0]
        return self if self.told_for is not None and self.told_for >= begins else replace(self, told_for=begins)


def period(day: date) -> tuple[date, date]:
    """The first and the last day of the calendar month that a day lies in."""
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def reached(quota: Quota, usage: Usage, *, refused: str, today: date) -> dict[str, Any]:
    """What `quota.reached` carries: the limit, how much is used, and the command that was refused."""
    begins, ends = period(today)
    return {
        "quota": quota,
        "limit": usage.limit,
        "used": usage.used,
        "refused": refused,
        "period_start": begins.isoformat(),
        "period_end": ends.isoformat(),
    }
