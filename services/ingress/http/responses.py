"""Convert a `Response` into an HTTP response: its bytes, and the common headers."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import orjson
from aiohttp import web

from contracts.version import VERSION
from ingress.http.route import Response

_ALWAYS: Final = {
    "Server": f"Ledgerwire/{VERSION}",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
REQUEST_ID: Final = "X-Request-Id"


def response_of(reply: Response | web.StreamResponse, request_id: UUID) -> web.StreamResponse:
    """The HTTP response; a stream of the handler's own gets the headers if it has not begun."""
    if isinstance(reply, Response):
        body = reply.body if isinstance(reply.body, bytes) else orjson.dumps(reply.body)
        headers = {**headers_of(request_id), "Content-Type": reply.content_type, **reply.headers}
        return web.Response(body=body, status=reply.status, headers=headers)
    if not reply.prepared:
        reply.headers.update(headers_of(request_id))
    return reply


def headers_of(request_id: UUID) -> dict[str, str]:
    """The headers of every response."""
    return {**_ALWAYS, REQUEST_ID: str(request_id)}
