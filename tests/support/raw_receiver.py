"""A receiver on loopback that answers with raw bytes, whatever they are: HTTP as hostile or broken servers write it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class RawReceiver:
    """What came in, by path, and the bytes of the answer to each path; with `keep_open` nothing is closed after it."""

    port: int = 0
    answers: dict[str, bytes | list[bytes]] = field(default_factory=dict)
    received: list[str] = field(default_factory=list)
    keep_open: bool = False

    def url(self, path: str = "/hook") -> str:
        """Where this receiver listens."""
        return f"http://127.0.0.1:{self.port}{path}"

    def count(self, path: str = "/hook") -> int:
        """How many requests came for a path."""
        return self.received.count(path)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests until the other side leaves; a list of bytes is sent packet by packet."""
        try:
            while (path := await self._read(reader)) is not None:
                self.received.append(path)
                answer = self.answers.get(path, b"HTTP/1.1 204 No Content\r\n\r\n")
                for packet in [answer] if isinstance(answer, bytes) else answer:
                    writer.write(packet)
                    await writer.drain()
                if not self.keep_open:
                    return
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> str | None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        length = _LENGTH.search(head)
        await reader.readexactly(int(length[1]) if length else 0)
        return head.split(b" ", 2)[1].decode()


@asynccontextmanager
async def open_raw_receiver(*, keep_open: bool = False) -> AsyncIterator[RawReceiver]:
    """Listen on a free port of loopback."""
    receiver = RawReceiver(keep_open=keep_open)
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", 0)
    receiver.port = int(server.sockets[0].getsockname()[1])
    try:
        yield receiver
    finally:
        server.close()
