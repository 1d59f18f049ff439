"""Conditional requests (RFC 9110, 13): `ETag` on objects, `If-None-Match` on reads, `If-Match` on changes.

Another service compares the tags of its own objects, in the transaction that changes them. Objects of ingress are
compared here, before the handler runs.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from contracts.etag import ANY, entity_tag, matches
from ingress.errors import NotFound, PreconditionFailed
from ingress.http.route import Request, Response

if TYPE_CHECKING:
    from aiohttp import web
TAGS_MAX: Final = 20  # a client knows one state, seldom two; the rest is left out of the message
_OURS: Final = re.compile(r'(?<!W/)"[0-9a-f]{32}"')  # a weak tag never matches strongly
_OK: Final = 200
_NOT_MODIFIED: Final = 304


def wanted_tags(call: Request) -> list[str] | None:
    """The tags of `If-Match` that could be ours; None without the header, or where no single object is changed."""
    if call.route.method == "GET" or "{id}" not in call.route.path:
        return None
    return _tags_of(call)


def _tags_of(call: Request) -> list[str] | None:
    values = call.headers.getall("If-Match", [])
    if not values:
        return None
    header = ",".join(values)
    return [ANY] if header.strip() == ANY else _OURS.findall(header)[:TAGS_MAX]


def require_match(call: Request, representation: Any) -> None:
    """Compare `If-Match` with an object that the handler itself has read and locked.

    Raises:
        PreconditionFailed: it is in another state.
    """
    tags = _tags_of(call)
    if tags is not None and not matches(tags, representation):
        raise PreconditionFailed


async def check(api: Any, call: Request) -> None:
    """Compare `If-Match` with the object as `GET` returns it now; an absent object is left to the handler.

    Raises:
        PreconditionFailed: it is in another state.
    """
    tags, reader = wanted_tags(call), call.reader
    if tags is None or reader is None:
        return
    with suppress(NotFound):
        reading = Request(call.id, reader, call.request, call.held, caller=call.caller, account=call.account)
        now = await reader.handler(api, reading)
        if isinstance(now, Response) and not matches(tags, now.body):
            raise PreconditionFailed


def tagged(call: Request, reply: Response | web.StreamResponse) -> Response | web.StreamResponse:
    """Add the tag to a `GET`'s response, or respond 304 when the caller has it already."""
    if not isinstance(reply, Response) or call.route.method != "GET" or reply.status != _OK:
        return reply
    if not isinstance(reply.body, dict) or "next_cursor" in reply.body:
        return reply
    # A handler that shows more than the object, such as figures, makes the tag itself.
    tag = reply.headers.get("ETag") or entity_tag(reply.body)
    headers = {**reply.headers, "ETag": tag}
    known = ",".join(call.headers.getall("If-None-Match", []))
    if known.strip() == ANY or tag in known:
        return Response(_NOT_MODIFIED, b"", headers)
    return Response(reply.status, reply.body, headers, reply.content_type)
