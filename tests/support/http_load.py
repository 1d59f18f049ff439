"""A lean HTTP/1.1 client and receiver: so that the load takes as little as it can of the cores it measures on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status and body."""

    status: int
    body: bytes


def post_bytes(path: str, body: bytes, content_type: str, headers: dict[str, str] | None = None) -> bytes:
    """A whole POST request on a kept-alive connection."""
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n{more}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get_bytes(path: str, headers: dict[str, str] | None = None) -> bytes:
    """A whole GET request on a kept-alive connection."""
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n".encode()


def _body_length(head: bytes) -> int:
    lower = head.lower()
    at = lower.find(_LENGTH)
    return int(lower[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0


class LoadConnection:
    """One kept-alive connection; one request at a time."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, request: bytes, timeout_seconds: float = 30.0) -> Answer:
        """Send a request and read its answer.

        Raises:
            OSError, asyncio.IncompleteReadError: the connection broke; whether the request was taken is unknown.
        """
        async with asyncio.timeout(timeout_seconds):
            if self._writer is None or self._reader is None or self._writer.is_closing():
                self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
            try:
                self._writer.write(request)
                head = await self._reader.readuntil(b"\r\n\r\n")
                length = _body_length(head)
                body = await self._reader.readexactly(length) if length else b""
            except BaseException:
                self.close()
                raise
            return Answer(int(head[9:12]), body)

    def close(self) -> None:
        """Drop the connection."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


TakeOver = Callable[[Any], None]
"""Answers by itself, given the connection's transport; what comes on that connection afterwards is not read."""

Received = Callable[[bytes, bytes], int | TakeOver]
"""Hears a request's head and body; gives the status of an empty answer, or what answers instead."""


class _Receiving(asyncio.Protocol):
    def __init__(self, received: Received) -> None:
        self._received, self._waiting, self._taken_over = received, b"", False
        self._transport: Any = None  # uvloop's is no subclass of asyncio's

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._taken_over:
            return
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            head, length = self._waiting[:end], _body_length(self._waiting[:end])
            if len(self._waiting) < end + 4 + length:
                return
            body = self._waiting[end + 4 : end + 4 + length]
            self._waiting = self._waiting[end + 4 + length :]
            answer = self._received(head, body)
            if not isinstance(answer, int):
                self._taken_over = True
                answer(self._transport)
                return
            self._transport.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % answer)


async def receive(received: Received, port: int = 0) -> tuple[asyncio.Server, int]:
    """Serve a receiver on loopback. Gives the server and its port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Receiving(received), "127.0.0.1", port)
    return server, int(server.sockets[0].getsockname()[1])
