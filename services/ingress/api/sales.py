"""`/v1/sales`: sales documents, drafted and issued by the ledger and read from its views."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import partial
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import Field, ValidationInfo, field_validator

from contracts.resources import sale
from contracts.resources.document_kinds import SaleType
from contracts.resources.output import ResourcePage
from contracts.resources.sale import Sale, SaleCalculation, SaleCalculationIn, SaleIn, SaleStatus
from contracts.resources.schemas import Model, Reference, ShortText
from contracts.resources.settlement import Settlement
from contracts.wire.commands import CREATE_SALE, DRY_RUN
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import paging, queries, responses

OK: Final = 200
NOBODY: Final = {"name": "-"}
"""The client of a calculation that names none; the dry run keeps nothing of it."""


class SaleFilter(Model):
    """Filters of documents; all must match."""

    sale_type: SaleType | None = None
    status: SaleStatus | None = None
    client_id: UUID | None = None
    invoice_id: UUID | None = None
    settlement: Settlement | None = None
    overdue: bool | None = None
    external_id: Reference | None = None
    number: Reference | None = None
    from_: dt.date | None = Field(default=None, alias="from", description="documents dated on or after this day")
    to: dt.date | None = Field(default=None, description="documents dated on or before this day")
    query: ShortText | None = Field(
        default=None,
        description="a part of the number, the external_id, or the client's name or e-mail address; of documents "
        "older than the newest thousand the whole number or external_id, or a part of the client",
    )

    @field_validator("to")
    @classmethod
    def _ends_after_it_begins(cls, to: dt.date | None, info: ValidationInfo) -> dt.date | None:
        begins = info.data.get("from_")
        if to is not None and begins is not None and to < begins:
            raise ValueError("is before from")
        return to


class SaleQuery(SaleFilter, Page):
    """Which documents, page by page."""


async def create_sale(api: Api, call: Request) -> Response:
    """Draft a document and, with `issue`, issue it."""
    return await api.submit(call, CREATE_SALE, call.body_as(SaleIn).model_dump(mode="json"))


async def calculate_sale(api: Api, call: Request) -> Response:
    """Compute a document's lines, taxes and totals as it would be drafted; nothing is stored."""
    # What is computed is no second document of its external_id.
    data = call.body_as(SaleCalculationIn).model_dump(mode="json") | {"issue": False, "external_id": None}
    if data["client_id"] is None and data["client"] is None:
        data["client"] = NOBODY
    reply = await api.submit(call, DRY_RUN, {"command": CREATE_SALE, "data": data, "uncounted": True})
    if reply.status != OK:  # refused, or not decided yet
        return reply
    would = (orjson.loads(reply.body) if isinstance(reply.body, bytes) else reply.body)["would"]
    return replace(reply, body={name: would[name] for name in SaleCalculation.model_fields})


def _shower(api: Api) -> responses.Show:
    return partial(sale.from_row, urls=api.urls)


async def list_sales(api: Api, call: Request) -> Response:
    """List documents, newest first."""
    requested = call.query_as(SaleQuery).model_dump(exclude={"limit", "cursor"})
    if requested["overdue"]:
        return await _overdue(api, call, requested)
    # The stored mark of overdue invoices has an index, the date has none.
    late = None if requested["overdue"] is None else False
    return await responses.many(api, call, queries.SALES, _shower(api), **requested, late=late)


async def _overdue(api: Api, call: Request, requested: dict[str, Any]) -> Response:
    """List overdue documents: marked ones, and those that became overdue since the ledger's scheduler last ran."""
    unmarked = await queries.overdue_unmarked(api.pool, account_id=call.account_id)
    if not unmarked:
        return await responses.many(api, call, queries.SALES, _shower(api), **requested, late=True)
    key: dict[str, Any] = {
        "account_id": call.account_id,
        "before": paging.read_id_cursor(call),
        "limit": call.query_as(SaleQuery).limit + 1,
    }
    ids = await queries.newest_ids(api.pool, queries.SALES, **key, **requested, late=True)
    ids += await queries.newest_ids(api.pool, queries.SALES, **key, **requested, id=unmarked)
    return await responses.many(api, call, queries.SALES, _shower(api), id=ids)


async def get_sale(api: Api, call: Request) -> Response:
    """Get one document."""
    return await responses.one(api, call, queries.SALES, _shower(api))


ROUTES = (
    Route(
        "POST", "/v1/sales/calculate", "calculateSale", calculate_sale, "write",
        "Compute a document's totals without storing it",
        body=SaleCalculationIn, response_model=SaleCalculation, tag="sales",
    ),
    Route(
        "POST", "/v1/sales", "createSale", create_sale, "write",
        "Create a sales document; with `issue` it is issued at once",
        body=SaleIn, response_model=Sale, status=201, tag="sales",
    ),
    Route(
        "GET", "/v1/sales", "listSales", list_sales, "read", "List sales documents",
        query=SaleQuery, response_model=ResourcePage[Sale], tag="sales",
    ),
    Route(
        "GET", "/v1/sales/{id}", "getSale", get_sale, "read",
        "Get a sales document", response_model=Sale, tag="sales",
    ),
)  # fmt: skip
