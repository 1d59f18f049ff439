"""ISO 8601 durations: months and days by the calendar, the rest by the clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

_ISO: Final = re.compile(
    r"P(?:(\d{1,2})Y)?(?:(\d{1,3})M)?(?:(\d{1,3})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,7})S)?)?",
    re.ASCII,
)
_ELAPSED: Final = re.compile(
    r"P(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,8})M)?(?:(?P<seconds>\d{1,9}(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)
DURATION_JSON: Final = {"format": "iso-8601-duration", "pattern": rf"^(?=.*[YMWDHS]$){_ISO.pattern}$"}
"""What the JSON schema of a duration says, but for the ten years."""
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


def read_elapsed(text: str) -> timedelta:
    """Read a duration of weeks, days, hours, minutes and seconds, all elapsed time: `P3D`, `PT2H30M`.

    Raises:
        ValueError: it is none, or has years or months, whose length varies.
    """
    match = _ELAPSED.fullmatch(text)
    if match is None or text in {"P", "PT"} or text.endswith("T"):
        raise ValueError(f"{text[:40]} is no duration such as PT2H or P3D (weeks, days, hours, minutes, seconds)")
    return timedelta(**{name: float(number) for name, number in match.groupdict().items() if number is not None})
