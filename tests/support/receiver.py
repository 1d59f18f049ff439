"""A receiver of deliveries on loopback whose answers are scripted: what is at the other end of a hook in tests."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web


@dataclass(frozen=True, slots=True)
class Reply:
    """One scripted answer. With `hang` nothing is answered before the receiver closes; `cut` drops the connection."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    hang: bool = False
    cut: bool = False
    after: asyncio.Event | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """One request that came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        """The body read as JSON."""
        return orjson.loads(self.body)

    @property
    def id(self) -> str:
        """The event's id."""
        return self.headers["webhook-id"]


@dataclass(slots=True)
class Receiver:
    """What came in, and what will be answered: the script for a path, then 204 for ever."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    scripts: dict[str, deque[Reply]] = field(default_factory=dict)
    always: dict[str, Reply] = field(default_factory=dict)
    connections: set[int] = field(default_factory=set)
    under_way: int = 0
    most_at_once: int = 0
    _closing: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        """Where this receiver listens."""
        return f"http://{host}:{self.port}{path}"

    def script(self, *replies: Reply | int, path: str = "/hook") -> None:
        """Answer the next requests for a path with these, in order."""
        made = [Reply(reply) if isinstance(reply, int) else reply for reply in replies]
        self.scripts.setdefault(path, deque()).extend(made)

    def on(self, path: str) -> list[Received]:
        """What came in for a path."""
        return [request for request in self.received if request.path == path]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Note a request and answer it by the script."""
        body = await request.read()
        self.received.append(Received(request.method, request.path, dict(request.headers), body, time.monotonic()))
        assert request.transport is not None
        self.connections.add(id(request.transport))
        script = self.scripts.get(request.path)
        reply = script.popleft() if script else self.always.get(request.path, Reply())
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            if reply.after is not None:
                await reply.after.wait()
            if reply.hang:
                await self._closing.wait()
            if reply.cut:
                request.transport.abort()
        finally:
            self.under_way -= 1
        return web.Response(status=reply.status, headers=dict(reply.headers), body=reply.body)

    def close(self) -> None:
        """Let go what hangs."""
        self._closing.set()


@asynccontextmanager
async def open_receiver() -> AsyncIterator[Receiver]:
    """Listen on a free port of loopback."""
    receiver = Receiver()
    app = web.Application(client_max_size=32 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        receiver.close()
        await runner.cleanup()
