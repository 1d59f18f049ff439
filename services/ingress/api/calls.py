"""`/v1/calls`: what came of calls with clients."""

from __future__ import annotations

from uuid import UUID

from contracts.resources import call as calls
from contracts.resources.call import Call, CallIn, CallOutcome
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Model
from contracts.wire import commands
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import queries, responses


class CallFilter(Model):
    """Which calls."""

    client_id: UUID | None = None
    outcome: CallOutcome | None = None


class CallQuery(CallFilter, Page):
    """Which calls, page by page."""


async def record_call(api: Api, call: Request) -> Response:
    """Record the outcome of a call."""
    return await api.submit(call, commands.RECORD_CALL, call.body_as(CallIn).model_dump(mode="json"))


async def list_calls(api: Api, call: Request) -> Response:
    """List calls, newest first."""
    requested = call.query_as(CallQuery).model_dump(exclude={"limit", "cursor"})
    return await responses.many(api, call, queries.CALLS, calls.from_row, **requested)


async def get_call(api: Api, call: Request) -> Response:
    """Look at one call."""
    return await responses.one(api, call, queries.CALLS, calls.from_row)


ROUTES = (
    Route(
        "POST", "/v1/calls", "recordCall", record_call, "write", "Record the outcome of a call with a client",
        body=CallIn, answers=Call, status=201, tag="collections",
    ),
    Route(
        "GET", "/v1/calls", "listCalls", list_calls, "read", "List calls",
        query=CallQuery, answers=ResourcePage[Call], tag="collections",
    ),
    Route(
        "GET", "/v1/calls/{id}", "getCall", get_call, "read", "Get a call", answers=Call, tag="collections",
    ),
)  # fmt: skip
