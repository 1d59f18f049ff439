"""Dates in queries: `YYYY-MM-DD` in text and nothing else, between bounds that every computation can bear."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

# Postgres and asyncpg take the ends of Python's calendar for infinity, with which nothing can be computed.
EARLIEST: Final = dt.date(1900, 1, 1)
LATEST: Final = dt.date(2999, 12, 31)
_FORM: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _date(value: Any) -> Any:
    if not isinstance(value, str) or not _FORM.fullmatch(value):
        raise ValueError("must be a date, as 2026-03-02")
    try:
        day = dt.date.fromisoformat(value)
    except ValueError:
        raise ValueError("is not a day of the calendar: must be a date, as 2026-03-02") from None
    if not EARLIEST <= day <= LATEST:
        raise ValueError(f"must be a date from {EARLIEST} to {LATEST}")
    return day


QueryDate = Annotated[dt.date, BeforeValidator(_date)]
"""The type of every date that a query may hold."""
