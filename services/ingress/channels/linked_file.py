"""A pushed JSON message whose file is named by its URL: `{"document": {...}, "file": "https://..."}`.

Ingress fetches nothing: such a message is an action that the executor carries out.
"""

from __future__ import annotations

from typing import Any

from ingress.http.body import aside, is_json, parse_json, read_bytes
from ingress.http.route import BODY_BYTES_MAX, Request


async def find_linked(call: Request, *, bytes_max: int) -> dict[str, Any] | None:
    """The message, if its file is a URL; the body is read, and stands in `call.raw` for any other form.

    Raises:
        BodyTooLarge, TooSlow, Malformed, InvalidInput, TooManyRequests, Unavailable: as the body's readers.
    """
    content_type = call.headers.get("Content-Type", "")
    if not is_json(content_type):
        return None
    call.raw = await read_bytes(call, bytes_max=bytes_max)
    if len(call.raw) > BODY_BYTES_MAX or not call.raw:
        return None  # what is larger than a JSON body has its file inside
    message = await aside(call.raw, lambda: parse_json(call.raw, content_type))
    return message if isinstance(message, dict) and isinstance(message.get("file"), str) else None
