"""A TCP proxy that can fall silent, refuse, or say something itself: the network between a client and its server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit


class QuietProxy:
    """Passes bytes both ways until it is cut."""

    def __init__(self, host: str, port: int) -> None:
        self._upstream = (host, port)
        self._speaking = asyncio.Event()
        self._speaking.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._clients: set[asyncio.StreamWriter] = set()
        self.connections = 0

    def silence(self) -> None:
        """Hold back what the server says, without closing anything."""
        self._speaking.clear()

    def speak(self) -> None:
        """Let the server be received again."""
        self._speaking.set()

    def say(self, data: bytes) -> None:
        """Say something to every client in the server's place, between two of its frames."""
        for client in self._clients:
            client.write(data)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a client."""
        self.connections += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(*self._upstream)
        self._clients.add(writer)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass(reader, up_writer, received=True))
                group.create_task(self._pass(up_reader, writer, received=False))
        except* (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._clients.discard(writer)
            for end in (writer, up_writer):
                end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, received: bool) -> None:
        while data := await reader.read(65536):
            if not received:
                await self._speaking.wait()
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError

    async def close(self) -> None:
        """Cut all."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def quiet_proxy(url: str) -> AsyncIterator[tuple[QuietProxy, str]]:
    """A proxy in front of the server of `url`, and the same address through it."""
    parts = urlsplit(url)
    proxy = QuietProxy(parts.hostname or "127.0.0.1", parts.port or 5672)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    who = parts.netloc.rpartition("@")[0]
    try:
        yield proxy, urlunsplit(parts._replace(netloc=f"{who}@127.0.0.1:{port}"))
    finally:
        server.close()
        await proxy.close()
