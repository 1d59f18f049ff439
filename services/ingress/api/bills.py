"""`/v1/bills`: suppliers' bills, recorded when a message of the purchase inbox is accepted."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from aiohttp import web

from contracts.resources import bill
from contracts.resources.bill import Bill
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Reference
from contracts.resources.transitions import DatedReasonIn
from contracts.wire import commands
from ingress.api.resource_handlers import changing
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import file_download, queries, responses


class BillQuery(Page):
    """Which bills: of one supplier, under one reference, or made of one message."""

    supplier_id: UUID | None = None
    document_ref: Reference | None = None
    message_id: UUID | None = None


async def list_bills(api: Api, call: Request) -> Response:
    """List bills, newest first."""
    requested = call.query_as(BillQuery).model_dump(exclude={"limit", "cursor"})
    return await responses.many(api, call, queries.BILLS, partial(bill.from_row, urls=api.urls), **requested)


async def get_bill(api: Api, call: Request) -> Response:
    """Get one bill."""
    return await responses.one(api, call, queries.BILLS, partial(bill.from_row, urls=api.urls))


async def get_file(api: Api, call: Request) -> web.StreamResponse:
    """Download the bill's file."""
    return await file_download.stream(api, call, (await responses.row_of(api, call, queries.BILLS))["file"])


async def get_attachment(api: Api, call: Request) -> web.StreamResponse:
    """Download a file of the bill's document; they are counted from 1."""
    kept = (await responses.row_of(api, call, queries.BILLS))["attachments"]
    return await file_download.stream(api, call, file_download.numbered(kept, call.params["number"]))


ROUTES = (
    Route(
        "GET", "/v1/bills", "listBills", list_bills, "read", "List suppliers' bills",
        query=BillQuery, response_model=ResourcePage[Bill], tag="bills",
    ),
    Route(
        "GET", "/v1/bills/{id}", "getBill", get_bill, "read",
        "Get a supplier's bill", response_model=Bill, tag="bills",
    ),
    Route(
        "GET", "/v1/bills/{id}/file", "getBillFile", get_file, "read", "Get a bill's file",
        response_types=file_download.RESPONSE_TYPES, seconds_max=file_download.SECONDS_MAX, tag="bills",
    ),
    Route(
        "GET", "/v1/bills/{id}/attachments/{number}", "getBillAttachment", get_attachment, "read",
        "Get a file that was inside the document of a bill", response_types=file_download.RESPONSE_TYPES,
        seconds_max=file_download.SECONDS_MAX, tag="bills",
    ),
    Route(
        "POST", "/v1/bills/{id}/void", "voidBill", changing(commands.VOID_BILL), "write",
        "Void a bill: what it booked is undone", body=DatedReasonIn, response_model=Bill, tag="bills",
    ),
)  # fmt: skip
