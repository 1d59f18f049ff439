"""`/v1/inbox/purchases` and `/v1/inbox/sales`: received documents, and pushing one over the API.

The API reads and deduplicates documents as a channel does, all of them as one sender; here the caller waits for the
ledger.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Any, Final, assert_never
from uuid import UUID

import orjson
from aiohttp import web

from contracts.etag import entity_tag
from contracts.primitives.ids import derive_id
from contracts.resources import inbox_message
from contracts.resources.inbox_message import InboxMessage, InboxState
from contracts.resources.output import ResourcePage
from contracts.resources.schemas import Reference, ShortText
from contracts.wire.commands import RECEIVE_INBOX_MESSAGE
from documents.document import InboxKind
from ingress.acceptance.outcomes import Outcome
from ingress.acceptance.store import Accepted, DuplicateMessage, KeyTaken, Replayed
from ingress.channels.inboxes import Sender, acceptance_of
from ingress.channels.upload import read_pushed
from ingress.errors import KeyReused
from ingress.http.context import Api
from ingress.http.idempotency import REPLAYED
from ingress.http.route import Page, Request, Response, Route
from ingress.views import file_download, queries, read_your_writes, responses

BOXES: Final[tuple[InboxKind, ...]] = ("purchases", "sales")

PUSH_SECONDS_MAX: Final = 150.0  # a large file over a slow line, and then the ledger's result

_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}(?:;[ -~]{0,80})?", re.ASCII)


class InboxQuery(Page):
    """Which messages: in one state, under one reference, of one sender (a supplier or client) by its name."""

    state: InboxState | None = None
    document_ref: Reference | None = None
    sender: ShortText | None = None


async def push(api: Api, call: Request) -> Response:
    """Accept a document into the inbox: 201 with the message, 200 with the existing one for a repeated document.

    Raises:
        InvalidInput: it has errors, all of them listed; UnsupportedMediaType, BodyTooLarge, KeyReused, Unavailable.
    """
    return await push_into(api, call, _box(call))


async def push_into(api: Api, call: Request, box: InboxKind) -> Response:
    """Do what `push` does, into the inbox `box`."""
    pushed = await read_pushed(api, call, box)
    # The API is one sender, so that a document is recognised with any credential.
    sender = Sender(call.account_id, lineage_id=derive_id(call.account_id, f"inbox.{box}"), channel=None, key_scope="")
    waits = not call.prefers_async
    one = acceptance_of(call, sender, pushed, box, reply_to=api.answers.channel if waits else None)
    with api.answers.expect(call.account_id, call.id, RECEIVE_INBOX_MESSAGE) as waiter:
        match verdict := await api.commits.accept(one):
            case Accepted():
                outcome = await api.answers.wait(waiter) if waits else None
                if outcome is None:
                    return _pending(call, call.id)
                return _created(box, call.id, outcome)
            case DuplicateMessage(message_id=message_id):
                return await _known(api, call, message_id)
            case Replayed(answer=answer):
                reply = await _first_answer(api, call, box, **orjson.loads(answer or b"{}"))
                return replace(reply, headers={**reply.headers, **REPLAYED})
            case KeyTaken():
                raise KeyReused
            case _:
                assert_never(verdict)


async def preview(api: Api, call: Request, box: InboxKind) -> dict[str, Any]:
    """Read the request as `push_into` does, and show the message that it would make; nothing is accepted."""
    pushed = await read_pushed(api, call, box)
    return {"box": box, "warnings": pushed.warnings, **pushed.data}


async def _first_answer(
    api: Api, call: Request, box: InboxKind, *, message_id: str, duplicate: bool, **_: Any
) -> Response:
    """Respond to a repeated request as to the first: with the message as the request made it, not as it is now."""
    identifier = UUID(message_id)
    if duplicate:
        return await _known(api, call, identifier)
    with api.answers.expect(call.account_id, identifier, RECEIVE_INBOX_MESSAGE) as waiter:
        outcome = None if call.prefers_async else await api.answers.wait(waiter, look_now=True)
    return _pending(call, identifier) if outcome is None else _created(box, identifier, outcome)


async def _known(api: Api, call: Request, message_id: UUID) -> Response:
    """Respond with a message that was accepted before, though the ledger may not have it yet."""
    with api.answers.expect(call.account_id, message_id, RECEIVE_INBOX_MESSAGE) as waiter:
        row = await queries.find(api.pool, queries.INBOX_MESSAGES, account_id=call.account_id, identifier=message_id)
        if row is not None:
            return _shown(200, inbox_message.from_row(row, api.urls))
        outcome = None if call.prefers_async else await api.answers.wait(waiter, look_now=True)
    return _pending(call, message_id) if outcome is None else _shown(200, orjson.loads(outcome.body))


def _created(box: InboxKind, message_id: UUID, outcome: Outcome) -> Response:
    return _shown(201, orjson.loads(outcome.body), {"Location": f"/v1/inbox/{box}/{message_id}"})


def _shown(status: int, message: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(status, message, {"ETag": entity_tag(message), **(headers or {})})


def _pending(call: Request, message_id: UUID) -> Response:
    headers = {"Location": f"/v1/operations/{message_id}"}
    if call.prefers_async:
        headers["Preference-Applied"] = "respond-async"
    return Response(202, {"id": str(message_id), "state": "pending", "location": headers["Location"]}, headers)


def _shower(api: Api) -> responses.Show:
    return partial(inbox_message.from_row, urls=api.urls)


async def list_messages(api: Api, call: Request) -> Response:
    """List an inbox's messages, newest first."""
    requested = call.query_as(InboxQuery).model_dump(exclude={"limit", "cursor"})
    await read_your_writes.wait_until_visible(api, call)
    return await responses.many(api, call, queries.INBOX_MESSAGES, _shower(api), box=_box(call), **requested)


async def get_message(api: Api, call: Request) -> Response:
    """Get one message."""
    await read_your_writes.wait_until_visible(api, call)
    return await responses.one(api, call, queries.INBOX_MESSAGES, _shower(api), box=_box(call))


async def get_file(api: Api, call: Request) -> web.StreamResponse:
    """Download the message's file."""
    await read_your_writes.wait_until_visible(api, call)
    return await file_download.stream(
        api, call, (await responses.row_of(api, call, queries.INBOX_FILE, box=_box(call)))["file"]
    )


async def get_attachment(api: Api, call: Request) -> web.StreamResponse:
    """Download a file of the message's document; they are counted from 1.

    Raises:
        NotFound: the message has fewer.
    """
    await read_your_writes.wait_until_visible(api, call)
    kept = (await responses.row_of(api, call, queries.INBOX_FILE, box=_box(call)))["attachments"]
    return await file_download.stream(api, call, file_download.numbered(kept, call.params["number"]))


async def get_raw(api: Api, call: Request) -> Response | web.StreamResponse:
    """Download the received bytes: those of the document, or of a file without one."""
    await read_your_writes.wait_until_visible(api, call)
    row = await responses.row_of(api, call, queries.INBOX_RAW, box=_box(call))
    if not row["raw"]:
        return await file_download.stream(api, call, row["raw_file"] or row["file"])
    content_type = row["content_type"]
    if not _MEDIA_TYPE.fullmatch(content_type):
        content_type = "application/octet-stream"
    ending = "json" if "json" in content_type else "xml" if "xml" in content_type else "bin"
    disposition = {"Content-Disposition": f'attachment; filename="{row["id"]}.{ending}"'}
    return Response(body=bytes(row["raw"]), headers=file_download.GUARDED | disposition, content_type=content_type)


def _box(call: Request) -> InboxKind:
    return "purchases" if call.route.path.startswith("/v1/inbox/purchases") else "sales"


def _routes(box: InboxKind) -> tuple[Route, ...]:
    path, tag, noun = f"/v1/inbox/{box}", "inbox", "Purchase" if box == "purchases" else "Sale"
    return (
        Route(
            "POST", path, f"push{noun}Document", push, "write", f"Push a document into the {box} inbox",
            request_type="form", response_model=InboxMessage, status=201, seconds_max=PUSH_SECONDS_MAX, tag=tag,
        ),
        Route(
            "GET", path, f"list{noun}Messages", list_messages, "read", f"List the {box} inbox",
            query=InboxQuery, response_model=ResourcePage[InboxMessage], tag=tag,
        ),
        Route(
            "GET", f"{path}/{{id}}", f"get{noun}Message", get_message, "read", f"Get a message of the {box} inbox",
            response_model=InboxMessage, tag=tag,
        ),
        Route(
            "GET", f"{path}/{{id}}/raw", f"get{noun}MessageRaw", get_raw, "read",
            "Get the received bytes of a message", response_types=file_download.RESPONSE_TYPES,
            seconds_max=file_download.SECONDS_MAX, tag=tag,
        ),
        Route(
            "GET", f"{path}/{{id}}/file", f"get{noun}MessageFile", get_file, "read",
            "Get a message's file", response_types=file_download.RESPONSE_TYPES,
            seconds_max=file_download.SECONDS_MAX, tag=tag,
        ),
        Route(
            "GET", f"{path}/{{id}}/attachments/{{number}}", f"get{noun}MessageAttachment", get_attachment, "read",
            "Get a file that is inside the document of a message", response_types=file_download.RESPONSE_TYPES,
            seconds_max=file_download.SECONDS_MAX, tag=tag,
        ),
    )  # fmt: skip


ROUTES = tuple(route for box in BOXES for route in _routes(box))
