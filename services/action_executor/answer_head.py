"""Read the head of an HTTP response before its body, so that a broken body cannot hide the status.

aiohttp parses each packet as a whole: if a packet has a valid head and a broken body, the head is lost. Here the parser
gets the head line by line, and the status line is kept for responses with a broken head.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler

if TYPE_CHECKING:
    from aiohttp.connector import Connection

STATUS_LINE_BYTES_MAX: Final = 8 * 1024  # aiohttp's bound of one line
INTERIM_STATUS_MAX: Final = 199
_STATUS_LINE: Final = re.compile(rb"HTTP/\d\.\d ([1-9]\d\d)(?:[ \r\n]|$)")
_BLANK: Final = frozenset({b"\n", b"\r\n"})


class StatusAlone(Exception):
    """Only the status line was received, not the rest of the head."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"answered {status}, with a head that is not readable")


class HeadFirst(ResponseHandler):
    """A connection's parser that gets the head line by line, then the body as it arrives."""

    status: int | None = None  # of the response being read
    _in_head = False
    _line = b""
    _first = b""

    def set_response_params(self, **params: Any) -> None:
        """Expect the response to the next request."""
        self.status, self._in_head, self._line, self._first = None, True, b"", b""
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        """Parse bytes of the response."""
        while data and self._in_head:
            line, newline, data = data.partition(b"\n")
            self._note(line + newline)
            super().data_received(line + newline)
        if data:
            super().data_received(data)

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """End the response and its body, whose reader would otherwise wait for the attempt's timeout."""
        super().set_exception(exc, *cause)
        if self._payload is not None and not self._payload.is_eof():
            self._payload.set_exception(aiohttp.ClientPayloadError("the rest is not readable"), *cause)

    def _note(self, part: bytes) -> None:
        self._line += part
        if len(self._line) > STATUS_LINE_BYTES_MAX:
            self._in_head = False  # the parser refuses such a line
        elif self._line.endswith(b"\n"):
            self._note_line(self._line)
            self._line = b""

    def _note_line(self, line: bytes) -> None:
        if not self._first:
            self._first = line
            match = _STATUS_LINE.match(line)
            status = int(match[1]) if match else 0
            self.status = status if status > INTERIM_STATUS_MAX else None
        elif line in _BLANK:
            self._in_head, self._first = self.status is None, b""  # an interim response is followed by another


class StatusFirstResponse(aiohttp.ClientResponse):
    """A response whose status is available also when its head is broken."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Read the head.

        Raises:
            StatusAlone: only the status line is readable.
            aiohttp.ClientError, OSError: there is no status.
        """
        try:
            return await super().start(connection)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            status = getattr(connection.protocol, "status", None)
            if status is None:
                raise
            raise StatusAlone(status) from error


class StatusFirstConnector(aiohttp.TCPConnector):
    """A connector whose connections read the head first."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = cast("partial[ResponseHandler]", partial(HeadFirst, loop=self._loop))
