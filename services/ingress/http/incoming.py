"""Read a body as it arrives: inflated in bounded steps, at a minimum rate, within a deadline."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from ingress.errors import BodyTooLarge, Malformed, TooSlow, UnsupportedMediaType

GRACE_SECONDS: Final = 10.0
RATE_BYTES_MIN: Final = 1024
"""Bytes a second, counted once the grace is over: a slow mobile uplink has ten times as much."""

STEP_BYTES: Final = 64 * 1024
"""Inflated bytes that are passed on at a time: 1 MB of gzip can hold 1 GB."""

ENCODINGS: Final = ("gzip", "deflate")

_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_DEFLATE_METHOD: Final = 8  # the low half of the first byte of zlib's format; some senders omit that format


async def chunks(request: web.Request, *, bytes_max: int, seconds_max: float) -> AsyncIterator[bytes]:
    """Yield the body in pieces, decoded as its Content-Encoding says, at most `bytes_max` bytes of it.

    Raises:
        BodyTooLarge: there is more, announced or not; TooSlow: it does not arrive in time; Malformed: it is truncated
        or not of its encoding; UnsupportedMediaType: an unsupported encoding.
    """
    if (request.content_length or 0) > bytes_max:
        raise _too_large(bytes_max)
    inflater = _inflater(request.headers.getall("Content-Encoding", []))
    size = 0
    async for chunk in _arriving(request, seconds_max):
        for piece in (chunk,) if inflater is None else inflater.feed(chunk):
            size += len(piece)
            if size > bytes_max:
                raise _too_large(bytes_max)
            yield piece
    if inflater is not None and size:
        inflater.end()


async def _arriving(request: web.Request, seconds_max: float) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    began, received = loop.time(), 0
    try:
        while request.body_exists:
            patience = min(GRACE_SECONDS + received / RATE_BYTES_MIN, seconds_max)
            async with asyncio.timeout_at(began + patience):
                chunk = await request.content.readany()
            if not chunk:
                return
            received += len(chunk)
            yield chunk
    except TimeoutError:
        raise TooSlow(
            f"the body did not arrive within {seconds_max:g} s, or came with less than {RATE_BYTES_MIN} bytes a second"
        ) from None
    except (HttpProcessingError, web.RequestPayloadError) as error:
        raise Malformed(f"the body cannot be read: {error}") from None


def _too_large(bytes_max: int) -> BodyTooLarge:
    return BodyTooLarge(f"at most {bytes_max} bytes are accepted here")


def _inflater(encodings: list[str]) -> _Inflater | None:
    named = [name for line in encodings for name in line.replace(" ", "").lower().split(",") if name]
    match [name.removeprefix("x-") for name in named if name != "identity"]:
        case []:
            return None
        case ["gzip" | "deflate" as encoding]:
            return _Inflater(encoding)
        case _:
            message = f"the content encoding {', '.join(named)[:100]!r} is not read here: send {' or '.join(ENCODINGS)}"
            raise UnsupportedMediaType(f"{message}, once, or none", headers={"Accept-Encoding": ", ".join(ENCODINGS)})


class _Inflater:
    """Inflates its input, never more than `STEP_BYTES` at a time."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._stream: zlib._Decompress | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` adds.

        Raises:
            Malformed: it is not of this encoding.
        """
        while data:
            if self._stream is None:
                self._stream = zlib.decompressobj(self._window(data))
            try:
                piece = self._stream.decompress(data, STEP_BYTES)
            except zlib.error:
                raise Malformed(f"the body is not {self._encoding}, as its Content-Encoding says") from None
            if piece:
                yield piece
            data = self._stream.unconsumed_tail
            if self._stream.eof and (data := self._stream.unused_data):
                if self._encoding != "gzip":
                    raise Malformed(f"the body goes on behind the end of its {self._encoding}")
                self._stream = None  # gzip may consist of several members

    def end(self) -> None:
        """Check that it is complete.

        Raises:
            Malformed: it is truncated.
        """
        if self._stream is not None and not self._stream.eof:
            raise Malformed(f"the body is truncated inside its {self._encoding}")

    def _window(self, data: bytes) -> int:
        if self._encoding == "gzip":
            return _GZIP_WINDOW
        return zlib.MAX_WBITS if data[0] & 0x0F == _DEFLATE_METHOD else -zlib.MAX_WBITS
