"""Usage: how much of the plan is used, and a sample of an event about its limit."""

from __future__ import annotations

import datetime as dt
from typing import Final

from contracts.resources.output import JSONObject, ResponseModel


class Period(ResponseModel):
    """First and last day."""

    start: dt.date
    end: dt.date


class QuotaUsage(ResponseModel):
    """How many there are, and how many there may be."""

    used: int
    limit: int | None


class Usage(ResponseModel):
    """How much of the plan is used; archived clients and products do not count. The storage is in bytes of files."""

    period: Period
    clients: QuotaUsage
    products: QuotaUsage
    storage: QuotaUsage


QUOTA_SAMPLE: Final[JSONObject] = {
    "quota": "clients",
    "limit": 500,
    "used": 500,
    "refused": "create_client",
    "period_start": "2026-03-01",
    "period_end": "2026-03-31",
}
