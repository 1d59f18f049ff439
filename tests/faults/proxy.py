"""A TCP proxy on loopback that cuts replies, parts both sides for a while, or leaves connections half-open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

CHUNK_BYTES = 65_536


def address_of(url: str) -> tuple[str, int]:
    """The host and port that an address names."""
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 0


def through(dsn: str, port: int) -> str:
    """The same address, reached through a proxy on loopback."""
    parts = urlsplit(dsn)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}", query=""))


@dataclass(slots=True)
class Cuts:
    """How many replies are still to be cut, and how many were, on all proxies that share it."""

    armed: int = 0
    cut: int = 0


@dataclass(slots=True, eq=False)
class Pair:
    """One connection through a proxy. What comes on a deaf one is swallowed, and neither side learns of the other."""

    deaf: bool = False
    task: asyncio.Task[None] | None = None

    def is_deaf(self) -> bool:
        """Whether it is by now."""
        return self.deaf


@dataclass(slots=True)
class CuttingProxy:
    """Forwards connections to `upstream`; while `cuts` is armed, a connection's next reply is swallowed and it ends."""

    upstream: tuple[str, int]
    cuts: Cuts = field(default_factory=Cuts)
    port: int = 0
    swallowed: int = 0  # bytes, and connections of a time apart
    _parted: bool = False
    _pairs: set[Pair] = field(default_factory=set)

    def half_open(self) -> None:
        """Let every present connection go on as one whose other side is gone without a word; new ones work."""
        for pair in self._pairs:
            pair.deaf = True

    def part(self) -> None:
        """Let nothing through any more, on present and new connections."""
        self._parted = True
        self.half_open()

    def heal(self) -> None:
        """Let new connections through; those of the time apart end."""
        self._parted = False
        for pair in self._pairs:
            if pair.deaf and pair.task is not None:
                pair.task.cancel()

    async def handle(self, pair: Pair, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side closes or its reply is cut; a deaf one until both have."""
        if pair.deaf:
            await self._swallow(reader, writer)
            return
        try:
            up_reader, up_writer = await asyncio.open_connection(*self.upstream)
        except OSError:
            writer.close()
            return
        asked = asyncio.Event()  # a request went up since the last reply came down
        halves = [
            asyncio.create_task(self._up(pair, asked, reader, up_writer)),
            asyncio.create_task(self._down(pair, asked, up_reader, writer)),
        ]
        try:
            await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
            if pair.is_deaf():
                await asyncio.wait(halves)
        finally:
            for half in halves:
                half.cancel()
            await asyncio.gather(*halves, return_exceptions=True)
            for side in (writer, up_writer):
                with suppress(OSError):
                    side.transport.abort()

    async def _up(
        self, pair: Pair, asked: asyncio.Event, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(CHUNK_BYTES):
            if pair.deaf:
                self.swallowed += len(data)
                continue
            writer.write(data)
            await writer.drain()
            asked.set()

    async def _down(
        self, pair: Pair, asked: asyncio.Event, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(CHUNK_BYTES):
            if pair.deaf:
                self.swallowed += len(data)
                continue
            if self.cuts.armed > 0 and asked.is_set():
                self.cuts.armed -= 1
                self.cuts.cut += 1
                return
            asked.clear()
            writer.write(data)
            await writer.drain()

    async def _swallow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.swallowed += 1
        try:
            with suppress(OSError):
                while data := await reader.read(CHUNK_BYTES):
                    self.swallowed += len(data)
        finally:
            writer.transport.abort()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection."""
        pair = Pair(deaf=self._parted, task=asyncio.current_task())
        self._pairs.add(pair)
        try:
            await self.handle(pair, reader, writer)
        finally:
            self._pairs.discard(pair)

    async def close(self) -> None:
        """Drop every connection."""
        tasks = [pair.task for pair in self._pairs if pair.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def cutting_proxy(upstream: tuple[str, int], cuts: Cuts | None = None) -> AsyncIterator[CuttingProxy]:
    """A proxy on a free port of loopback."""
    proxy = CuttingProxy(upstream, cuts or Cuts())
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(proxy.accept(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    proxy.port = int(server.sockets[0].getsockname()[1])
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
