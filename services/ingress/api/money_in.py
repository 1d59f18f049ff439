"""`/v1/reports/money-in`: the confirmed payments of a period, summed by day or week."""

from __future__ import annotations

from typing import Literal

from contracts.primitives.money import from_minor
from ingress.api.periods import PeriodQuery, period_of
from ingress.http.context import Api
from ingress.http.route import Request, Response, Route
from ingress.response_models.reports import MoneyIn
from ingress.views import report_queries


class MoneyInQuery(PeriodQuery):
    """Which period, and whether its days are summed by day or by week (from Monday)."""

    by: Literal["day", "week"] = "day"


async def money_in(api: Api, call: Request) -> Response:
    """Sum the confirmed payments by day or week and currency."""
    query = call.query_as(MoneyInQuery)
    since, to = await period_of(api, call, query)
    rows = await report_queries.money_in(api.pool, account_id=call.account_id, since=since, to=to, unit=query.by)
    items = [
        {
            "date": row["date"].isoformat(),
            "currency": row["currency"],
            "received": from_minor(int(row["received_minor"]), row["currency"]),
            "payments": row["payments"],
        }
        for row in rows
    ]
    return Response(body={"from": since.isoformat(), "to": to.isoformat(), "by": query.by, "items": items})


ROUTES = (
    Route(
        "GET", "/v1/reports/money-in", "getMoneyIn", money_in, "read",
        "Get what confirmed payments come to, by day or week", query=MoneyInQuery, response_model=MoneyIn,
        tag="reports",
    ),
)  # fmt: skip
