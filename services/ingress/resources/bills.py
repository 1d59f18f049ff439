"""`/v1/bills`: what suppliers ask for, recorded when a message of the purchase inbox is accepted."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from aiohttp import web

from contracts import present_inboxes
from contracts.objects import Reference
from ingress.http.api import Api
from ingress.http.route import Call, Page, Reply, Route
from ingress.resources import answering, filing, reads, shapes


class BillQuery(Page):
    """Which bills: of one supplier, under one reference, or made of one message."""

    supplier_id: UUID | None = None
    document_ref: Reference | None = None
    message_id: UUID | None = None


async def list_bills(api: Api, call: Call) -> Reply:
    """List bills, newest first."""
    asked = call.query_as(BillQuery).model_dump(exclude={"limit", "cursor"})
    return await answering.many(api, call, reads.BILLS, partial(present_inboxes.bill, urls=api.urls), **asked)


async def get_bill(api: Api, call: Call) -> Reply:
    """Look at one bill."""
    return await answering.one(api, call, reads.BILLS, partial(present_inboxes.bill, urls=api.urls))


async def get_file(api: Api, call: Call) -> web.StreamResponse:
    """Give the file that the bill came with, to be saved."""
    return await filing.stream(api, call, (await answering.row_of(api, call, reads.BILLS))["file"])


ROUTES = (
    Route(
        "GET", "/v1/bills", "listBills", list_bills, "read", "List suppliers' bills",
        query=BillQuery, answers=shapes.Listed[shapes.Bill], tag="bills",
    ),
    Route(
        "GET", "/v1/bills/{id}", "getBill", get_bill, "read",
        "Get a supplier's bill", answers=shapes.Bill, tag="bills",
    ),
    Route(
        "GET", "/v1/bills/{id}/file", "getBillFile", get_file, "read", "Get the file that a bill came with",
        gives="*/*", seconds_max=filing.SECONDS_MAX, tag="bills",
    ),
)  # fmt: skip
