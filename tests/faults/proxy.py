"""A TCP proxy on loopback that lets a request through and cuts its reply, so that nobody knows the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

CHUNK_BYTES = 65_536


@dataclass(slots=True)
class CuttingProxy:
    """Forwards connections to `upstream`; while armed, a connection's next reply is swallowed and the pair closed."""

    name: str
    upstream: tuple[str, int]
    port: int = 0
    armed: int = 0  # how many replies are still to be cut
    cut: int = 0  # how many were
    _pairs: set[asyncio.Task[None]] = field(default_factory=set)

    def arm(self, replies: int) -> None:
        """Cut the next `replies` replies, whichever connections they come on."""
        self.armed = replies

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side closes or its reply is cut."""
        try:
            up_reader, up_writer = await asyncio.open_connection(*self.upstream)
        except OSError:
            writer.close()
            return
        asked = asyncio.Event()  # a request went up since the last reply came down

        async def upward() -> None:
            while data := await reader.read(CHUNK_BYTES):
                up_writer.write(data)
                await up_writer.drain()
                asked.set()

        async def downward() -> None:
            while data := await up_reader.read(CHUNK_BYTES):
                if self.armed > 0 and asked.is_set():
                    self.armed -= 1
                    self.cut += 1
                    return
                asked.clear()
                writer.write(data)
                await writer.drain()

        halves = [asyncio.create_task(upward()), asyncio.create_task(downward())]
        try:
            await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for half in halves:
                half.cancel()
            await asyncio.gather(*halves, return_exceptions=True)
            for side in (writer, up_writer):
                with suppress(OSError):
                    side.transport.abort()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection; keep its task."""
        task = asyncio.create_task(self.handle(reader, writer))
        self._pairs.add(task)
        task.add_done_callback(self._pairs.discard)

    async def close(self) -> None:
        """Drop every connection."""
        for task in list(self._pairs):
            task.cancel()
        await asyncio.gather(*self._pairs, return_exceptions=True)


@asynccontextmanager
async def cutting_proxy(name: str, upstream: tuple[str, int]) -> AsyncIterator[CuttingProxy]:
    """A proxy on a free port of loopback."""
    proxy = CuttingProxy(name, upstream)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.port = int(server.sockets[0].getsockname()[1])
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
