"""The period of a report: the last 90 days, or from one day to another; at most a year."""

from __future__ import annotations

import datetime as dt
from typing import Final

from pydantic import Field

from contracts.primitives.problem import FieldError
from contracts.resources.schemas import Model
from ingress.errors import InvalidInput
from ingress.http.context import Api
from ingress.http.route import Request
from ingress.views import report_queries

PERIOD_DAYS_MAX: Final = 366  # a year: each step of it is looked up by itself
PERIOD_DAYS: Final = 90  # a quarter, where no period is asked for


class PeriodQuery(Model):
    """Which period, both days included: the last 90 days when left out."""

    since: dt.date | None = Field(default=None, alias="from")
    to: dt.date | None = None


async def period_of(api: Api, call: Request, query: PeriodQuery) -> tuple[dt.date, dt.date]:
    """The first and the last day.

    Raises:
        InvalidInput: the last is before the first, or more than a year after it.
    """
    to = query.to or await report_queries.today(api.pool, account_id=call.account_id)
    since = query.since or max(to, dt.date.min + dt.timedelta(days=PERIOD_DAYS)) - dt.timedelta(days=PERIOD_DAYS - 1)
    if to < since:
        raise InvalidInput(faults=[FieldError("to", "is before from")])
    if (to - since).days >= PERIOD_DAYS_MAX:
        raise InvalidInput(faults=[FieldError("to", f"is more than {PERIOD_DAYS_MAX} days after from: ask in parts")])
    return since, to
