"""Respond with a problem also to bytes that are no request: not HTTP, or a head that is too long."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMethod, LineTooLong

from contracts.primitives.ids import new_id
from ingress.errors import ApiError, Malformed
from ingress.http.problems import reply_of
from ingress.http.responses import response_of

FIRST_REQUEST_SECONDS: Final = 30.0
WRITE_SECONDS: Final = 10.0
WRITE_BYTES_MIN: Final = 32 * 1024  # in that time: a slow modem reads more

log = structlog.get_logger(__name__)


class Protocol(web.RequestHandler):
    """aiohttp's handler of one connection."""

    __slots__ = ("_patience", "_unsent", "_watch")

    _patience: asyncio.TimerHandle | None
    _watch: asyncio.TimerHandle | None  # timer of a response that its reader does not read
    _unsent: int  # its unread bytes at the last check

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Limit the time until the first request; between requests aiohttp has its own limit."""
        super().connection_made(transport)
        self._watch, self._unsent = None, 0
        self._patience = self._loop.call_later(FIRST_REQUEST_SECONDS, self._close_if_silent)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Cancel the timers."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None  # the timer knows this object, and this object the timer
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Watch a client that reads a response more slowly than it is written."""
        super().pause_writing()
        self._look_again()

    def resume_writing(self) -> None:
        """The client has read the buffered bytes."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        super().resume_writing()

    async def taken(self) -> None:
        """Wait until the client has read all but what a connection buffers anyway.

        Raises:
            ConnectionError: it is gone.
        """
        await asyncio.sleep(0)  # uvloop writes, and so pauses, at the end of an iteration
        if self.transport is not None and self._paused:
            await self._drain_helper()

    def _look_again(self) -> None:
        if self.transport is not None:
            self._unsent = self.transport.get_write_buffer_size()
            self._watch = self._loop.call_later(WRITE_SECONDS, self._abort_if_stalled)

    def _abort_if_stalled(self) -> None:
        """Abort a connection whose client reads almost nothing: its response holds memory."""
        self._watch = None
        if self.transport is not None:
            taken = self._unsent - self.transport.get_write_buffer_size()
            if taken < WRITE_BYTES_MIN:
                log.info("reader_stalled", unsent_bytes=self._unsent)
                self.transport.abort()
            else:
                self._look_again()

    def _close_if_silent(self) -> None:
        if self._request_count == 0 and self.transport is not None:
            self.transport.close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  aiohttp's signature; it repeats the sender's bytes
    ) -> web.StreamResponse:
        """Answer and close the connection."""
        request_id = new_id()
        if status >= 500:  # noqa: PLR2004  ours to mend
            log.error("connection_failed", request_id=str(request_id), exc_info=exc)
        elif not isinstance(exc, BadHttpMethod):  # TLS handshakes and scanners are not worth a log line
            log.info("request_unreadable", request_id=str(request_id), error=type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("the response has begun")
        response = response_of(reply_of(_error(status, exc), request_id=request_id, xml=False), request_id)
        response.force_close()
        return response


def _error(status: int, exc: BaseException | None) -> ApiError:
    if status >= 500:  # noqa: PLR2004
        return ApiError()
    return Malformed("a line of its head is too long" if isinstance(exc, LineTooLong) else "it is not readable HTTP")
