"""Times and days in requests: ISO 8601, a time with its zone, within a range that every service can compute with."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from contracts.values import read_date, read_time

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
AHEAD_MAX: Final = timedelta(days=1)  # a caller's clock may be ahead of ours, or in another zone
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)", re.ASCII)


def _as_written(given: object) -> object:
    written = isinstance(given, datetime) or (isinstance(given, str) and _ISO.fullmatch(given) is not None)
    if not written:
        raise ValueError("must be a time with its zone as text, such as 2026-03-02T09:30:00Z")
    return given


def _in_the_past(moment: datetime) -> datetime:
    if not EARLIEST <= moment <= datetime.now(tz=UTC) + AHEAD_MAX:
        raise ValueError("must be between 1970-01-01T00:00:00Z and now")
    return moment


PastMoment = Annotated[AwareDatetime, BeforeValidator(_as_written), AfterValidator(_in_the_past)]
"""A time since which something is asked for."""


def _day_or_moment(given: object) -> date | datetime:
    has_time = isinstance(given, datetime) or (isinstance(given, str) and "T" in given)
    return read_time(given) if has_time else read_date(given)


DayOrMoment = Annotated[date | datetime, BeforeValidator(_day_or_moment)]
"""A day, which begins at midnight in the account's time zone, or a time with its zone."""
