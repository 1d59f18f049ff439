"""Live parts of pages: tell the browser by server-sent events that what a page shows has changed; it reads it then."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
from aiohttp import web

from console.api_client import Pending, Problem
from console.visit import Visit

STREAM_SECONDS_MAX: Final = 3_600.0  # then the browser connects again
WATCH_SECONDS: Final = 1.0  # between two looks at the API: the delay of a change
WATCHES_MAX: Final = 200  # of one process, each a request to the API a second; a page without one is reloaded by hand
HEARTBEAT_LOOKS: Final = 15  # below the idle timeouts of common proxies
_NO_MORE: Final = 204  # the status upon which a browser does not connect again
_CHANGED: Final = b"data: changed\n\n"
_ENDED: Final = b"event: end\ndata: ended\n\n"
_HEADERS: Final = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def digest(value: Any) -> str:
    """What a page showed, shortened, so that a watch reports only what differs from it."""
    return hashlib.sha256(orjson.dumps(value)).hexdigest()[:16]


async def relay(visit: Visit, path: str) -> web.StreamResponse:
    """Report each message of a stream of the API."""
    headers = {"Accept": "text/event-stream"}
    answer = web.StreamResponse(headers=_HEADERS)
    try:
        async with asyncio.timeout(STREAM_SECONDS_MAX), visit.api.open("GET", path, headers=headers) as reply:
            await answer.prepare(visit.request)
            async for part in reply.content.iter_any():
                await answer.write(_CHANGED if b"data:" in part else b":\n\n")
    except (TimeoutError, ConnectionError, Problem):
        return answer if answer.prepared else web.Response(status=_NO_MORE)
    return answer


async def watch(
    visit: Visit, path: str, *, query: Mapping[str, Any] | None = None,
    has_ended: Callable[[Any], bool] = lambda _: False,
) -> web.StreamResponse:  # fmt: skip
    """Report each change of an answer of the API, until what it shows has ended; `seen` in the URL is what is known."""
    parts, request = visit.parts, visit.request
    if parts.watches >= WATCHES_MAX:
        return web.Response(status=_NO_MORE)
    parts.watches += 1
    answer = web.StreamResponse(headers=_HEADERS)
    try:
        await answer.prepare(request)
        await _look(visit, answer, path, query, has_ended)
    except (TimeoutError, ConnectionError):
        return answer
    finally:
        parts.watches -= 1
    return answer


async def _look(
    visit: Visit, answer: web.StreamResponse, path: str, query: Mapping[str, Any] | None,
    has_ended: Callable[[Any], bool],
) -> None:  # fmt: skip
    known, looks = visit.request.query.get("seen", ""), 0
    async with asyncio.timeout(STREAM_SECONDS_MAX):
        while not visit.parts.closing.is_set() and visit.request.transport is not None:
            looks += 1
            try:
                found = await visit.api.get(path, query)
            except Pending:
                found = None
            except Problem:
                await answer.write(_ENDED)
                return
            if (new := digest(found)) != known:
                known = new
                await answer.write(_CHANGED)
            elif looks % HEARTBEAT_LOOKS == 0:
                await answer.write(b":\n\n")
            if has_ended(found):
                await answer.write(_ENDED)
                return
            await _pause(visit.parts.closing)


async def _pause(closing: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(WATCH_SECONDS):
            await closing.wait()
    except TimeoutError:
        return
