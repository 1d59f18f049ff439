"""`/v1/promises`: promises to pay, and whether they were kept."""

from __future__ import annotations

from uuid import UUID

from contracts.resources import promise
from contracts.resources.output import ResourcePage
from contracts.resources.promise import Promise, PromiseIn, PromiseState
from contracts.resources.schemas import Model
from contracts.wire import commands
from ingress.api.transition_routes import moving
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import queries, responses


class PromiseFilter(Model):
    """Which promises; `sale_id` those that name an invoice."""

    client_id: UUID | None = None
    sale_id: UUID | None = None
    state: PromiseState | None = None


class PromiseQuery(PromiseFilter, Page):
    """Which promises, page by page."""


async def record_promise(api: Api, call: Request) -> Response:
    """Record that a client promised to pay."""
    return await api.submit(call, commands.RECORD_PROMISE, call.body_as(PromiseIn).model_dump(mode="json"))


async def list_promises(api: Api, call: Request) -> Response:
    """List promises, newest first."""
    requested = call.query_as(PromiseQuery).model_dump(exclude={"limit", "cursor"})
    return await responses.many(api, call, queries.PROMISES, promise.from_row, **requested)


async def get_promise(api: Api, call: Request) -> Response:
    """Get one promise."""
    return await responses.one(api, call, queries.PROMISES, promise.from_row)


ROUTES = (
    Route(
        "POST", "/v1/promises", "recordPromise", record_promise, "write", "Record that a client promised to pay",
        body=PromiseIn, response_model=Promise, status=201, tag="collections",
    ),
    Route(
        "GET", "/v1/promises", "listPromises", list_promises, "read", "List promises",
        query=PromiseQuery, response_model=ResourcePage[Promise], tag="collections",
    ),
    Route(
        "GET", "/v1/promises/{id}", "getPromise", get_promise, "read", "Get a promise",
        response_model=Promise, tag="collections",
    ),
    Route(
        "POST", "/v1/promises/{id}/cancel", "cancelPromise", moving(commands.CANCEL_PROMISE), "write",
        "Cancel an open promise: its client is reminded again", response_model=Promise, tag="collections",
    ),
)  # fmt: skip
