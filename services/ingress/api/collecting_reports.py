"""`/v1/reports/debtor-days`, `collections`, `cases`, `activity`: what stays unpaid, what collecting brings."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from contracts.primitives.money import from_minor
from contracts.resources import activity
from contracts.resources.activity import Activity, ActivityKind
from contracts.resources.collecting_report import CasesReport, CollectionsReport, DebtorDays
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Model
from ingress.api.periods import PeriodQuery, period_of
from ingress.api.resource_handlers import listing
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import case_queries, queries, report_queries
from ingress.views.batches import Row

MONTHS_MAX: Final = 120  # ten years of a curve
_TENTH: Final = Decimal("0.1")


class DebtorDaysQuery(Model):
    """How many months back from the one of `as_of`, which is today where the account is."""

    as_of: dt.date | None = None
    months: int = Field(default=12, ge=1, le=MONTHS_MAX)


async def debtor_days(api: Api, call: Request) -> Response:
    """Tell how many days of sales were unpaid at the end of each month."""
    query = call.query_as(DebtorDaysQuery)
    as_of = query.as_of or await report_queries.today(api.pool, account_id=call.account_id)
    months = [_months_before(as_of, back) for back in reversed(range(query.months))]
    rows = await report_queries.receivables_by_month(
        api.pool, account_id=call.account_id, first_month=months[0], as_of=as_of
    )
    return Response(body={"as_of": as_of.isoformat(), "items": list(_debtor_days(rows, months, as_of))[::-1]})


def _months_before(day: dt.date, back: int) -> dt.date:
    """The first day of the month so many months before that of a day; never before the calendar begins."""
    month = max(day.year * 12 + day.month - 1 - back, dt.date.min.year * 12 + 1)
    return dt.date(month // 12, month % 12 + 1, 1)


def _debtor_days(rows: Iterable[Row], months: Iterable[dt.date], as_of: dt.date) -> Iterator[dict[str, Any]]:
    changed: defaultdict[str, dict[dt.date, Row]] = defaultdict(dict)
    for row in rows:
        changed[row["currency"]][row["month"]] = row
    first = next(iter(months := list(dict.fromkeys(months))))
    receivable = {
        currency: sum(int(row["receivable_minor"]) for month, row in of_it.items() if month < first)
        for currency, of_it in changed.items()
    }
    for month in months:
        for currency in sorted(changed):
            found = changed[currency].get(month)
            receivable[currency] += 0 if found is None else int(found["receivable_minor"])
            invoiced = 0 if found is None else int(found["invoiced_minor"])
            days = min(monthrange(month.year, month.month)[1], (as_of - month).days + 1)
            yield {
                "month": month.isoformat()[:7],
                "currency": currency,
                "receivable": from_minor(receivable[currency], currency),
                "invoiced": from_minor(invoiced, currency),
                "days": days,
                "debtor_days": _share(receivable[currency] * days, invoiced),
            }


def _share(part: int, whole: int) -> str | None:
    """A quotient with one decimal; None where there is nothing to divide by."""
    return None if whole <= 0 else str((Decimal(part) / whole).quantize(_TENTH, ROUND_HALF_UP))


async def collections(api: Api, call: Request) -> Response:
    """Tell what each step of each collector brought."""
    since, to = await period_of(api, call, call.query_as(PeriodQuery))
    rows = await report_queries.collected(api.pool, account_id=call.account_id, since=since, to=to)
    items = [_step(row) for row in rows]
    return Response(body={"from": since.isoformat(), "to": to.isoformat(), "items": items})


def _step(row: Row) -> dict[str, Any]:
    currency = row["currency"]
    amounts = {name: int(row[f"{name}_minor"]) for name in ("reminded", "promised", "collected")}
    return {
        "collector": {"id": str(row["collector_id"]), "name": row["collector_name"]},
        **{name: row[name] for name in ("step", "channel", "currency", "reminded", "promised")},
        **{f"{name}_amount": from_minor(minor, currency) for name, minor in amounts.items()},
        "collected_share": _share(amounts["collected"] * 100, amounts["reminded"]),
    }


async def cases(api: Api, call: Request) -> Response:
    """Tell how many cases are in each state, and what is open of them."""
    rows = await case_queries.by_state(api.pool, account_id=call.account_id)
    return Response(body={"items": [_in_state(row) for row in rows]})


def _in_state(row: Row) -> dict[str, Any]:
    currency = row["currency"]
    amounts = {
        f"{name}_amount": None if currency is None else from_minor(int(row[f"{name}_minor"]), currency)
        for name in ("open", "overdue")
    }
    return {name: row[name] for name in ("state", "currency", "cases")} | amounts


class ActivityFilter(Model):
    """Of which client, and of which kind: all where left out."""

    client_id: UUID | None = None
    kind: ActivityKind | None = None


class ActivityQuery(ActivityFilter, Page):
    """Which activities, page by page."""


ROUTES = (
    Route(
        "GET", "/v1/reports/cases", "getCasesReport", cases, "read",
        "Get how many collection cases are in each state, with amounts", response_model=CasesReport, tag="reports",
    ),
    Route(
        "GET", "/v1/reports/activity", "listActivity", listing(queries.ACTIVITY, activity.from_row), "read",
        "List what happened between the account and its clients, or one of them", query=ActivityQuery,
        response_model=ResourcePage[Activity], tag="reports",
    ),
    Route(
        "GET", "/v1/reports/debtor-days", "getDebtorDays", debtor_days, "read",
        "Get the days of sales that are unpaid, by month", query=DebtorDaysQuery, response_model=DebtorDays,
        tag="reports",
    ),
    Route(
        "GET", "/v1/reports/collections", "getCollectionsReport", collections, "read",
        "Get what was reminded, promised and collected, by collector and step",
        query=PeriodQuery, response_model=CollectionsReport, tag="reports",
    ),
)  # fmt: skip
