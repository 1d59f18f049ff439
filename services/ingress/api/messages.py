"""`/v1/messages`: what was sent to clients and came from them, what could not be sent, and the provider's words."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from aiohttp import web

from contracts.primitives.problem import FieldError
from contracts.resources import messages
from contracts.resources.messages import (
    AssignIn,
    Channel,
    CollectorTemplate,
    Direction,
    Message,
    MessageIn,
    MessageState,
)
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Model
from contracts.wire import commands
from ingress.api import message_texts
from ingress.api.resource_handlers import changing
from ingress.errors import InvalidInput, NotFound
from ingress.http.context import Api
from ingress.http.route import Page, Request, Response, Route
from ingress.views import file_download, message_source, queries, responses


class MessageFilter(Model):
    """Which messages; `sale_id` those that carry or concern a sales document, `unmatched` those of no client."""

    client_id: UUID | None = None
    sale_id: UUID | None = None
    direction: Direction | None = None
    channel: Channel | None = None
    state: MessageState | None = None
    unmatched: bool | None = None
    needs_response: bool | None = None


class MessageQuery(MessageFilter, Page):
    """Which messages, page by page."""


async def create_message(api: Api, call: Request) -> Response:
    """Send a message to a client, or keep one that another system reports."""
    given = call.body_as(MessageIn)
    if given.origin == "external":
        return await api.submit(call, commands.REPORT_MESSAGE, given.reported().model_dump(mode="json"))
    if given.template is not None:
        given = given.model_copy(update=await _texts(api, call, given))
    return await api.submit(call, commands.REQUEST_MESSAGE, given.to_send().model_dump(mode="json"))


async def _texts(api: Api, call: Request, given: MessageIn) -> dict[str, str]:
    """The subject and body of a message that has a template.

    Raises:
        NotFound: there is no such client, or no such collector; InvalidInput: the template cannot be rendered.
    """
    client = await message_texts.client_of(api, call, given.client_id, None)
    template = given.model_dump(mode="json")["template"]
    step = 0
    if isinstance(given.template, CollectorTemplate):
        step = given.template.step
        template = await _template_of_step(api, call, given.template)
    _, texts = await message_texts.rendered(
        api, call, template, client, sale_ids=given.sale_ids or None, step=step + 1, with_sample=False, path="template"
    )
    return texts if given.channel == "email" else {"body": texts["body"]}


async def _template_of_step(api: Api, call: Request, named: CollectorTemplate) -> dict[str, Any]:
    row = await queries.find(api.pool, queries.COLLECTORS, account_id=call.account_id, identifier=named.collector_id)
    if row is None:
        raise NotFound("there is no such collector: template.collector_id")
    if named.step >= len(row["steps"]) or row["steps"][named.step]["template"] is None:
        raise InvalidInput(faults=[FieldError("template.step", "the collector has no such step with a template")])
    template: dict[str, Any] = row["steps"][named.step]["template"]
    return template


def _shown(api: Api) -> responses.Show:
    return partial(messages.from_row, path=api.urls.messages)


async def list_messages(api: Api, call: Request) -> Response:
    """List messages, newest first."""
    requested = call.query_as(MessageQuery).model_dump(exclude={"limit", "cursor"})
    return await responses.many(api, call, queries.MESSAGES, _shown(api), **requested)


async def get_message(api: Api, call: Request) -> Response:
    """Look at one message."""
    return await responses.one(api, call, queries.MESSAGES, _shown(api))


async def get_source(api: Api, call: Request) -> Response | web.StreamResponse:
    """Give a message as it went or came, to be saved: a mail as MIME.

    Raises:
        NotFound: it was not kept.
    """
    row = await responses.row_of(api, call, queries.MESSAGES)
    if row["source"] is not None:
        return await file_download.stream(api, call, row["source"])
    source = await message_source.find(api.pool, account_id=call.account_id, message_id=row["id"])
    if source is None:
        raise NotFound("the message has no source: it was not sent by mail, or not yet, or is not kept any more")
    disposition = {"Content-Disposition": f'attachment; filename="{row["id"]}.eml"'}
    return Response(body=source, headers=file_download.GUARDED | disposition, content_type="message/rfc822")


async def get_attachment(api: Api, call: Request) -> web.StreamResponse:
    """Give a file of a received message, to be saved; they are counted from 1."""
    kept: list[dict[str, Any]] = (await responses.row_of(api, call, queries.MESSAGES))["attachments"]
    return await file_download.stream(api, call, file_download.numbered(kept, call.params["number"]))


ROUTES = (
    Route(
        "POST", "/v1/messages", "createMessage", create_message, "write",
        "Send a message to a client, or report one", body=MessageIn, response_model=Message, status=201,
        tag="messages",
    ),
    Route(
        "GET", "/v1/messages", "listMessages", list_messages, "read", "List messages to and from clients",
        query=MessageQuery, response_model=ResourcePage[Message], tag="messages",
    ),
    Route(
        "GET", "/v1/messages/{id}", "getMessage", get_message, "read",
        "Get a message", response_model=Message, tag="messages",
    ),
    Route(
        "GET", "/v1/messages/{id}/source", "getMessageSource", get_source, "read",
        "Get a message as it went or came", response_types=file_download.RESPONSE_TYPES,
        seconds_max=file_download.SECONDS_MAX, tag="messages",
    ),
    Route(
        "GET", "/v1/messages/{id}/attachments/{number}", "getMessageAttachment", get_attachment, "read",
        "Get a file of a received message", response_types=file_download.RESPONSE_TYPES,
        seconds_max=file_download.SECONDS_MAX, tag="messages",
    ),
    Route(
        "POST", "/v1/messages/{id}/assign", "assignMessage", changing(commands.ASSIGN_MESSAGE), "write",
        "An unmatched message is this client's", body=AssignIn, response_model=Message, tag="messages",
    ),
    Route(
        "POST", "/v1/messages/{id}/resolve", "resolveMessage", changing(commands.RESOLVE_MESSAGE), "write",
        "A message needs no response any more", response_model=Message, tag="messages",
    ),
)  # fmt: skip
