"""Delays between civil days: months and days by the calendar, the rest by the clock."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from contracts.primitives.durations import Duration

_MONTHS_OF_A_YEAR: Final = 12  # as ISO 8601 counts


def shifted(day: date, *, months: int = 0, days: int = 0) -> date:
    """The day so many months and days later, or earlier below 0; a month that has no such day ends at its last."""
    if not months:
        return day + timedelta(days)
    month = day.year * _MONTHS_OF_A_YEAR + day.month - 1 + months
    year, month = month // _MONTHS_OF_A_YEAR, month % _MONTHS_OF_A_YEAR + 1
    return date(year, month, min(day.day, monthrange(year, month)[1])) + timedelta(days=days)


@lru_cache(maxsize=4_096)  # clients of one account ask for the same days, in a batch hundreds of times
def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The moment (UTC) at which a civil day begins in a zone; where clocks skip midnight, the first there is."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def later(moment: datetime, wait: Duration, zone: ZoneInfo) -> datetime:
    """A moment (UTC) after a duration: at the same time of day for its months and days, then its seconds."""
    local = moment.astimezone(zone)
    day = shifted(local.date(), months=wait.months, days=wait.days)
    same_time = datetime.combine(day, local.time(), tzinfo=zone).astimezone(UTC)
    return same_time + timedelta(seconds=wait.seconds)
