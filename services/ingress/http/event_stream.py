"""Server-sent events (WHATWG HTML, 9.2): the response, its messages, and when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

from aiohttp import web

from ingress.errors import Unauthorized
from ingress.http.responses import response_of
from ingress.http.route import Request, Response

if TYPE_CHECKING:
    from ingress.http.context import Api

EVENT_STREAM: Final = "text/event-stream"
LAST_EVENT_ID: Final = "Last-Event-ID"
HEARTBEAT_SECONDS: Final = 15.0  # below the idle timeouts of common proxies; the caller's credential is checked again
WRITE_SECONDS_MAX: Final = 30.0  # for a client that reads nothing
STREAM_SECONDS_MAX: Final = 3_600.0  # then the client reconnects, perhaps to another process
RETRY_MS: Final = 2_000  # after which browsers reconnect


def message(identifier: str, name: str, data: bytes) -> bytes:
    """One message; `data` is JSON without line breaks."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (identifier.encode(), name.encode(), data)


async def send_stream(api: Api, call: Request, messages: AsyncIterator[bytes]) -> Response | web.StreamResponse:
    """Send messages as they arrive; empty ones are sent as a comment when nothing was sent for a while.

    It ends with the iterator, after `STREAM_SECONDS_MAX`, when the client reads nothing, or once the credential is
    refused.
    """
    if call.request.method == "HEAD":
        return Response(body=b"", content_type=EVENT_STREAM)
    loop = asyncio.get_running_loop()
    began = sent = loop.time()
    first = await anext(messages, None)  # errors come before anything is sent
    response = web.StreamResponse(headers={"Content-Type": EVENT_STREAM, "X-Accel-Buffering": "no"})
    response_of(response, call.id)
    await response.prepare(call.request)
    try:
        await _write(response, b"retry: %d\n\n" % RETRY_MS + (first or b""))
        async for content in messages:
            if content:
                await _write(response, content)
                sent = loop.time()
            elif loop.time() - sent > HEARTBEAT_SECONDS:
                await api.authenticator.caller_of(call.request)
                await _write(response, b":\n\n")
                sent = loop.time()
            if loop.time() - began > STREAM_SECONDS_MAX:
                break
    except (ConnectionError, TimeoutError, Unauthorized):
        if call.request.transport is not None:
            call.request.transport.abort()
    return response


async def _write(response: web.StreamResponse, content: bytes) -> None:
    async with asyncio.timeout(WRITE_SECONDS_MAX):
        await response.write(content)
