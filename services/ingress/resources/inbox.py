"""`/v1/inbox/purchases` and `/v1/inbox/sales`: documents that others pushed, and pushing one over the API.

What comes over the API is read and recognised as on a channel, all of it as one sender; here its sender waits for the
books to have it.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final, assert_never
from uuid import UUID

import orjson
from aiohttp import web

from contracts import present
from contracts.commands import RECEIVE_INBOX_MESSAGE
from contracts.ids import derive_id
from contracts.objects import Reference, ShortText
from ingress.errors import KeyReused
from ingress.http.api import Api
from ingress.http.idempotency import REPLAYED
from ingress.http.inboxes import Sender, acceptance_of
from ingress.http.pushing import read_pushed
from ingress.http.route import Call, Page, Reply, Route
from ingress.inbox.document import Box
from ingress.resources import answering, arrivals, filing, reads, shapes
from ingress.store.acceptance import Accepted, DuplicateMessage, KeyTaken, Replayed

BOXES: Final[tuple[Box, ...]] = ("purchases", "sales")

PUSH_SECONDS_MAX: Final = 150.0  # a large file over a slow line, and then the books' answer

_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}(?:;[ -~]{0,80})?", re.ASCII)


class InboxQuery(Page):
    """Which messages: in one state, under one reference, of one sender (a supplier or client) by its name."""

    state: shapes.InboxState | None = None
    document_ref: Reference | None = None
    sender: ShortText | None = None


async def push(api: Api, call: Call) -> Reply:
    """Take a document into the inbox: 201 with the message, 200 with the one that was there when it came again.

    Raises:
        InvalidInput: it has faults, all of them told; UnsupportedMediaType, BodyTooLarge, KeyReused, Unavailable.
    """
    box = _box(call)
    pushed = await read_pushed(api, call, box)
    # Everything that comes over the API is one sender's, so that a document is recognised whoever sends it again.
    sender = Sender(call.account_id, stem=derive_id(call.account_id, f"inbox.{box}"), channel=None, key_scope="")
    waits = not call.prefers_async
    one = acceptance_of(call, sender, pushed, box, reply_to=api.answers.channel if waits else None)
    with api.answers.expect(call.account_id, call.id, RECEIVE_INBOX_MESSAGE) as waiter:
        match verdict := await api.commits.accept(one):
            case Accepted():
                outcome = await api.answers.wait(waiter) if waits else None
                if outcome is None:
                    return _pending(call, call.id)
                return Reply(201, outcome.body.encode(), {"Location": f"/v1/inbox/{box}/{call.id}"})
            case DuplicateMessage(message_id=message_id):
                return await _known(api, call, message_id)
            case Replayed(answer=answer):
                told = orjson.loads(answer or b"{}")
                reply = await _known(api, call, UUID(told["message_id"]))
                created = reply.status == 200 and not told["duplicate"]  # noqa: PLR2004  as the first answer was
                return Reply(201 if created else reply.status, reply.body, {**reply.headers, **REPLAYED})
            case KeyTaken():
                raise KeyReused
            case _:
                assert_never(verdict)


async def _known(api: Api, call: Call, message_id: UUID) -> Reply:
    """Answer with a message that was accepted before, though the books may not have it yet."""
    with api.answers.expect(call.account_id, message_id, RECEIVE_INBOX_MESSAGE) as waiter:
        row = await reads.find(api.pool, reads.INBOX_MESSAGES, account_id=call.account_id, identifier=message_id)
        if row is not None:
            return Reply(200, present.inbox_message(row, api.urls))
        outcome = None if call.prefers_async else await api.answers.wait(waiter, look_now=True)
    return _pending(call, message_id) if outcome is None else Reply(200, outcome.body.encode())


def _pending(call: Call, message_id: UUID) -> Reply:
    headers = {"Location": f"/v1/operations/{message_id}"}
    if call.prefers_async:
        headers["Preference-Applied"] = "respond-async"
    return Reply(202, {"id": str(message_id), "state": "pending", "location": headers["Location"]}, headers)


def _shower(api: Api) -> answering.Show:
    return partial(present.inbox_message, urls=api.urls)


async def list_messages(api: Api, call: Call) -> Reply:
    """List an inbox's messages, newest first."""
    asked = call.query_as(InboxQuery).model_dump(exclude={"limit", "cursor"})
    await arrivals.settle(api, call)
    return await answering.many(api, call, reads.INBOX_MESSAGES, _shower(api), box=_box(call), **asked)


async def get_message(api: Api, call: Call) -> Reply:
    """Look at one message."""
    await arrivals.settle(api, call)
    return await answering.one(api, call, reads.INBOX_MESSAGES, _shower(api), box=_box(call))


async def get_file(api: Api, call: Call) -> web.StreamResponse:
    """Give the file that came with the message, to be saved."""
    await arrivals.settle(api, call)
    return await filing.stream(api, call, (await answering.row_of(api, call, reads.INBOX_FILE, box=_box(call)))["file"])


async def get_raw(api: Api, call: Call) -> Reply | web.StreamResponse:
    """Give the very bytes that came, to be saved: those of the document, or of a file that came alone."""
    await arrivals.settle(api, call)
    row = await answering.row_of(api, call, reads.INBOX_RAW, box=_box(call))
    if not row["raw"]:
        return await filing.stream(api, call, row["raw_file"] or row["file"])
    content_type = row["content_type"]
    if not _MEDIA_TYPE.fullmatch(content_type):
        content_type = "application/octet-stream"
    ending = "json" if "json" in content_type else "xml" if "xml" in content_type else "bin"
    disposition = {"Content-Disposition": f'attachment; filename="{row["id"]}.{ending}"'}
    return Reply(body=bytes(row["raw"]), headers=filing.GUARDED | disposition, content_type=content_type)


def _box(call: Call) -> Box:
    return "purchases" if call.route.path.startswith("/v1/inbox/purchases") else "sales"


def _routes(box: Box) -> tuple[Route, ...]:
    path, tag, noun = f"/v1/inbox/{box}", "inbox", "Purchase" if box == "purchases" else "Sale"
    return (
        Route(
            "POST", path, f"push{noun}Document", push, "write", f"Push a document into the {box} inbox",
            takes="form", answers=shapes.InboxMessage, status=201, seconds_max=PUSH_SECONDS_MAX, tag=tag,
        ),
        Route(
            "GET", path, f"list{noun}Messages", list_messages, "read", f"List the {box} inbox",
            query=InboxQuery, answers=shapes.Listed[shapes.InboxMessage], tag=tag,
        ),
        Route(
            "GET", f"{path}/{{id}}", f"get{noun}Message", get_message, "read", f"Get a message of the {box} inbox",
            answers=shapes.InboxMessage, tag=tag,
        ),
        Route(
            "GET", f"{path}/{{id}}/raw", f"get{noun}MessageRaw", get_raw, "read",
            "Get the bytes of a message as they came", gives="*/*", seconds_max=filing.SECONDS_MAX, tag=tag,
        ),
        Route(
            "GET", f"{path}/{{id}}/file", f"get{noun}MessageFile", get_file, "read",
            "Get the file that came with a message", gives="*/*", seconds_max=filing.SECONDS_MAX, tag=tag,
        ),
    )  # fmt: skip


ROUTES = tuple(route for box in BOXES for route in _routes(box))
