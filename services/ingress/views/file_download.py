"""Stream a stored file to callers who may read its message or bill, with headers that keep it from being executed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import structlog
from aiohttp import web

from ingress.errors import NotFound, Unavailable
from ingress.http.context import Api
from ingress.http.responses import headers_of
from ingress.http.route import Request

log = structlog.get_logger(__name__)

SECONDS_MAX: Final = 300.0  # 20 MiB over a slow line

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)

# The bytes are a sender's: browsers must not treat them as our page.
GUARDED: Final = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}

RESPONSE_TYPES: Final = ("application/octet-stream", "*/*")
"""A file's own type; client generators recognise bytes by the first."""


async def stream(api: Api, call: Request, file: Mapping[str, Any] | None) -> web.StreamResponse:
    """Respond with a file of a message or bill; to HEAD with its headers only.

    Raises:
        NotFound: it names none. Unavailable: the file is missing in the store; nothing has been sent then.
    """
    if file is None:
        raise NotFound("it has no file")
    response = web.StreamResponse(headers=headers_of(call.id) | GUARDED)
    response.headers["Content-Type"] = file["content_type"]
    response.headers["Content-Disposition"] = disposition(file["name"])
    response.content_length = file["size"]
    try:
        async with api.uploads.files.read(call.account_id, file["sha256"]) as pieces:
            await _send(call.request, response, pieces)
    except FileNotFoundError:
        log.exception("file_missing", account_id=str(call.account_id), sha256=file["sha256"])
        raise Unavailable("the file is missing in the store") from None
    return response


def numbered(kept: Sequence[Mapping[str, Any]], number: str) -> Mapping[str, Any] | None:
    """One of several files, counted from 1 as a path has it; None where there is none."""
    index = int(number) - 1 if _NUMBER.fullmatch(number) else -1
    return kept[index] if 0 <= index < len(kept) else None


async def _send(request: web.Request, response: web.StreamResponse, pieces: AsyncIterator[bytes]) -> None:
    await response.prepare(request)
    try:
        if request.method != "HEAD":
            async for piece in pieces:
                await response.write(piece)
        await response.write_eof()
    except BaseException:
        # A response that has begun cannot become a problem: the client sees that it is truncated.
        if request.transport is not None:
            request.transport.abort()
        raise


def disposition(name: str) -> str:
    """To be saved under its name (RFC 6266), which has no quotes or control characters since it was taken in."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    further = "" if name.isascii() else f"; filename*=UTF-8''{quote(name)}"
    return f'attachment; filename="{plain}"{further}'
