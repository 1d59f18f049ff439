"""`/v1/sales`: sales documents, drafted and issued by the ledger and read from its books."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from contracts import present
from contracts.commands import CREATE_SALE
from contracts.objects import Model, Reference, SaleIn, SaleType
from ingress.http import paging
from ingress.http.api import Api
from ingress.http.route import Call, Page, Reply, Route
from ingress.resources import answering, reads, shapes


class SaleFilter(Model):
    """Which documents: each that is given narrows the list."""

    sale_type: SaleType | None = None
    status: shapes.SaleStatus | None = None
    client_id: UUID | None = None
    invoice_id: UUID | None = None
    settlement: shapes.Settlement | None = None
    overdue: bool | None = None
    external_id: Reference | None = None
    number: Reference | None = None


class SaleQuery(SaleFilter, Page):
    """Which documents, page by page."""


async def create_sale(api: Api, call: Call) -> Reply:
    """Draft a document and, with `issue`, issue it."""
    return await api.submit(call, CREATE_SALE, call.body_as(SaleIn).model_dump(mode="json"))


def _shower(api: Api) -> answering.Show:
    return partial(present.sale, urls=api.urls)


async def list_sales(api: Api, call: Call) -> Reply:
    """List documents, newest first."""
    asked = call.query_as(SaleQuery).model_dump(exclude={"limit", "cursor"})
    if asked["overdue"]:
        return await _overdue(api, call, asked)
    # What is marked as late is overdue: the mark has an index, what the date says has none.
    late = None if asked["overdue"] is None else False
    return await answering.many(api, call, reads.SALES, _shower(api), **asked, late=late)


async def _overdue(api: Api, call: Call, asked: dict[str, Any]) -> Reply:
    """List what is overdue: what is marked as late, and what became so since the ledger's clock last looked."""
    query, account_id = call.query_as(SaleQuery), call.account_id
    before = paging.read_id_cursor(call)

    async def newest(**also: Any) -> list[reads.Row]:
        return await reads.newest(
            api.pool, reads.SALES, account_id=account_id, before=before, limit=query.limit + 1, **asked, **also
        )

    rows = await newest(late=True)
    if untold := await reads.overdue_untold(api.pool, account_id=account_id):
        rows += await newest(ids=untold)
        merged = {row["id"]: row for row in rows}
        rows = [merged[key] for key in sorted(merged, reverse=True)]
    return Reply(body=paging.page(call, rows, show=_shower(api), key=lambda row: (row["id"],)))


async def get_sale(api: Api, call: Call) -> Reply:
    """Look at one document."""
    return await answering.one(api, call, reads.SALES, _shower(api))


ROUTES = (
    Route(
        "POST", "/v1/sales", "createSale", create_sale, "write",
        "Create a sales document; with `issue` it is issued at once",
        body=SaleIn, answers=shapes.Sale, status=201, tag="sales",
    ),
    Route(
        "GET", "/v1/sales", "listSales", list_sales, "read", "List sales documents",
        query=SaleQuery, answers=shapes.Listed[shapes.Sale], tag="sales",
    ),
    Route(
        "GET", "/v1/sales/{id}", "getSale", get_sale, "read",
        "Get a sales document", answers=shapes.Sale, tag="sales",
    ),
)  # fmt: skip
