"""ISO 8601 durations as delays between civil days: months and days by the calendar, the rest by the clock."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_ISO: Final = re.compile(
    r"P(?:(\d{1,2})Y)?(?:(\d{1,3})M)?(?:(\d{1,3})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,7})S)?)?",
    re.ASCII,
)
DAYS_MAX: Final = 3660  # ten years: an invoice that is older is written off or with a court
MONTHS_MAX: Final = 120  # ten years as well
_MONTHS_OF_A_YEAR: Final = 12  # as ISO 8601 counts
_DAYS_OF_A_WEEK: Final = 7  # as ISO 8601 counts


@dataclass(frozen=True, slots=True)
class Duration:
    """How long to wait: `months` and `days` are civil, `seconds` are elapsed time below them."""

    months: int = 0
    days: int = 0
    seconds: int = 0


def read_duration(text: str) -> Duration:
    """Read `P3D`, `P1M`, `PT1S`, `P1DT12H` and their like.

    Raises:
        ValueError: it is no ISO 8601 duration, has no part, or is longer than ten years.
    """
    match = _ISO.fullmatch(text)
    if match is None or text.endswith(("P", "T")):
        raise ValueError("must be an ISO 8601 duration such as P3D, P1M or PT12H")
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    read = Duration(
        _MONTHS_OF_A_YEAR * years + months, _DAYS_OF_A_WEEK * weeks + days, 3600 * hours + 60 * minutes + seconds
    )
    if read.months > MONTHS_MAX or read.days > DAYS_MAX or read.seconds > DAYS_MAX * 86400:
        raise ValueError("must not be longer than ten years")
    return read


def shifted(day: date, *, months: int = 0, days: int = 0) -> date:
    """The day so many months and days later, or earlier below 0; a month that has no such day ends at its last."""
    month = day.year * _MONTHS_OF_A_YEAR + day.month - 1 + months
    year, month = month // _MONTHS_OF_A_YEAR, month % _MONTHS_OF_A_YEAR + 1
    return date(year, month, min(day.day, monthrange(year, month)[1])) + timedelta(days=days)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The moment (UTC) at which a civil day begins in a zone; where clocks skip midnight, the first there is."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def later(moment: datetime, wait: Duration, zone: ZoneInfo) -> datetime:
    """A moment (UTC) after a duration: at the same time of day for its months and days, then its seconds."""
    local = moment.astimezone(zone)
    day = shifted(local.date(), months=wait.months, days=wait.days)
    same_time = datetime.combine(day, local.time(), tzinfo=zone).astimezone(UTC)
    return same_time + timedelta(seconds=wait.seconds)
