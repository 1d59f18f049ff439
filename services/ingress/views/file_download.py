"""Give a kept file to whoever may see the message or bill that it belongs to: streamed, and never run as ours."""

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

# Somebody else's bytes: kept from being taken for a page of ours.
GUARDED: Final = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}

RESPONSE_TYPES: Final = ("application/octet-stream", "*/*")
"""A file's own type, whatever it is; generators of clients know bytes by the first."""


async def stream(api: Api, call: Request, file: Mapping[str, Any] | None) -> web.StreamResponse:
    """Answer with a file that a message or bill names; with its headers alone when they were asked for alone.

    Raises:
        NotFound: it names none. Unavailable: the file is not where it was kept; nothing has been sent then.
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
        raise Unavailable("the file is not where it was kept") from None
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
        # What has begun cannot become a problem: an answer that is cut off tells that it is not whole.
        if request.transport is not None:
            request.transport.abort()
        raise


def disposition(name: str) -> str:
    """To be saved under its name (RFC 6266), which has no quotes or control characters since it was taken in."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    further = "" if name.isascii() else f"; filename*=UTF-8''{quote(name)}"
    return f'attachment; filename="{plain}"{further}'
