"""`/v1/calls`: the queue of calls that are due, and what came of calls with clients."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from contracts.primitives.problem import FieldError
from contracts.resources import call as calls
from contracts.resources import case
from contracts.resources.call import Call, CallIn, CallOutcome, CallPage
from contracts.resources.schemas import Model
from contracts.wire import commands
from ingress.api.resource_handlers import creating, getting
from ingress.errors import InvalidInput
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import case_queries, paging, queries, responses


class CallFilter(Model):
    """Which calls that were recorded."""

    client_id: UUID | None = None
    outcome: CallOutcome | None = None


class CallQuery(CallFilter, Page):
    """Which calls, page by page; with `due` cases whose call step is due, the largest amounts or longest due first."""

    due: bool = False
    sort: Literal["amount", "age"] = "amount"


async def list_calls(api: Api, call: Request) -> Response:
    """List calls, newest first, or the queue of those that are due."""
    query = call.query_as(CallQuery)
    if query.due:
        return await _list_due(api, call, query)
    requested = query.model_dump(exclude={"limit", "cursor", "due", "sort"})
    return await responses.many(api, call, queries.CALLS, calls.from_row, **requested)


async def _list_due(api: Api, call: Request, query: CallQuery) -> Response:
    if query.outcome is not None:
        raise InvalidInput(faults=[FieldError("outcome", "is of recorded calls: leave it out with due")])
    filters = {"state": "pending", "next_channel": "call", "client_id": query.client_id}
    after = paging.read_cursor(call, *case_queries.CURSORS[query.sort])
    rows = await case_queries.cases(
        api.pool, account_id=call.account_id, sort=query.sort, after=after, limit=query.limit + 1, filters=filters
    )
    phones = await case_queries.phones(api.pool, account_id=call.account_id, ids=[row["client_id"] for row in rows])
    column = "open_minor" if query.sort == "amount" else "due_order"
    return Response(
        body=paging.page(
            call,
            rows,
            show=lambda row: case.from_row(row) | {"phone": phones.get(row["client_id"])},
            key=lambda row: (row[column], row["id"]),
        )
    )


ROUTES = (
    Route(
        "POST", "/v1/calls", "recordCall", creating(commands.RECORD_CALL),
        "write", "Record the outcome of a call with a client",
        body=CallIn, response_model=Call, status=201, tag="collections",
    ),
    Route(
        "GET", "/v1/calls", "listCalls", list_calls, "read", "List calls, or those that are due",
        query=CallQuery, response_model=CallPage, tag="collections",
    ),
    Route(
        "GET", "/v1/calls/{id}", "getCall", getting(queries.CALLS, calls.from_row),
        "read", "Get a call", response_model=Call, tag="collections",
    ),
)  # fmt: skip
