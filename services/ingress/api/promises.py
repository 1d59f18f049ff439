"""`/v1/promises`: promises to pay, and whether they were kept."""

from __future__ import annotations

from uuid import UUID

from contracts.resources import promise
from contracts.resources.output import ResourcePage
from contracts.resources.promise import Promise, PromiseIn, PromiseState
from contracts.resources.schemas import Model
from contracts.wire import commands
from ingress.api.resource_handlers import changing, creating, getting, listing
from ingress.http.route import Page, Route
from ingress.views import queries


class PromiseFilter(Model):
    """Which promises; `sale_id` those that name an invoice."""

    client_id: UUID | None = None
    sale_id: UUID | None = None
    state: PromiseState | None = None


class PromiseQuery(PromiseFilter, Page):
    """Which promises, page by page."""


ROUTES = (
    Route(
        "POST", "/v1/promises", "recordPromise", creating(commands.RECORD_PROMISE),
        "write", "Record that a client promised to pay",
        body=PromiseIn, response_model=Promise, status=201, tag="collections",
    ),
    Route(
        "GET", "/v1/promises", "listPromises", listing(queries.PROMISES, promise.from_row), "read", "List promises",
        query=PromiseQuery, response_model=ResourcePage[Promise], tag="collections",
    ),
    Route(
        "GET", "/v1/promises/{id}", "getPromise", getting(queries.PROMISES, promise.from_row), "read", "Get a promise",
        response_model=Promise, tag="collections",
    ),
    Route(
        "POST", "/v1/promises/{id}/cancel", "cancelPromise", changing(commands.CANCEL_PROMISE), "write",
        "Cancel an open promise: its client is reminded again", response_model=Promise, tag="collections",
    ),
)  # fmt: skip
