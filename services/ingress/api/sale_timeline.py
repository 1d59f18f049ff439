"""`/v1/sales/{id}/timeline`: all that happened to one sales document, and what was written and said about it."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final
from uuid import UUID

from contracts.primitives.money import from_minor
from contracts.resources.output import ResourcePage
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.response_models.reports import SaleTimelineEntry
from ingress.views import paging, queries, report_queries, responses
from ingress.views.batches import Row

END_OF_TIME: Final = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


async def list_timeline(api: Api, call: Request) -> Response:
    """List what happened to a document, newest first.

    Raises:
        NotFound: this account has no such document.
    """
    place = paging.read_cursor(call, dt.datetime, UUID)
    await responses.row_of(api, call, queries.SALES)
    rows = await report_queries.sale_timeline(
        api.pool, account_id=call.account_id, sale_id=call.id_of(),
        before=(END_OF_TIME, queries.HIGHEST_ID) if place is None else (place[0], place[1]),
        limit=call.query_as(Page).limit + 1,
    )  # fmt: skip
    return Response(body=paging.page(call, rows, show=_entry, key=lambda row: (row["at"], row["id"])))


def _entry(row: Row) -> dict[str, Any]:
    detail = dict(row["detail"])
    if "amount_minor" in detail:
        detail["amount"] = from_minor(detail.pop("amount_minor"), detail["currency"])
    return {"at": row["at"].isoformat(), "id": str(row["id"]), "kind": row["kind"], "detail": detail}


ROUTES = (
    Route(
        "GET", "/v1/sales/{id}/timeline", "listSaleTimeline", list_timeline, "read",
        "List what happened to a sales document, and what was written and said about it",
        query=Page, response_model=ResourcePage[SaleTimelineEntry], tag="sales",
    ),
)  # fmt: skip
