"""`/v1/messages`: what was sent to clients, what could not be, and the provider's words."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from contracts.resources.messages import MessageState
from contracts.resources.schemas import Model
from contracts.serializers import ledger
from ingress import response_models as models
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import queries, responses


class MessageFilter(Model):
    """Which messages; `sale_id` those that carry or concern a sales document."""

    client_id: UUID | None = None
    sale_id: UUID | None = None
    direction: Literal["sent", "received"] | None = None
    channel: Literal["email", "sms"] | None = None
    state: MessageState | None = None


class MessageQuery(MessageFilter, Page):
    """Which messages, page by page."""


async def list_messages(api: Api, call: Request) -> Response:
    """List messages, newest first."""
    requested = call.query_as(MessageQuery).model_dump(exclude={"limit", "cursor"})
    return await responses.many(api, call, queries.MESSAGES, ledger.message, **requested)


async def get_message(api: Api, call: Request) -> Response:
    """Look at one message."""
    return await responses.one(api, call, queries.MESSAGES, ledger.message)


ROUTES = (
    Route(
        "GET", "/v1/messages", "listMessages", list_messages, "read", "List messages to and from clients",
        query=MessageQuery, answers=models.ResourcePage[models.Message], tag="messages",
    ),
    Route(
        "GET", "/v1/messages/{id}", "getMessage", get_message, "read",
        "Get a message", answers=models.Message, tag="messages",
    ),
)  # fmt: skip
