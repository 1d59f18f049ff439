"""A receiver of hooks and chat messages: many endpoints on one port, each keeping requests and answering as set."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson
from aiohttp import web
from standardwebhooks import Webhook

from tests.support.eventually import eventually


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request that came: its headers, its very bytes, and when."""

    headers: dict[str, str]
    raw: bytes
    at: float

    @property
    def body(self) -> dict[str, Any]:
        """The bytes as JSON."""
        return dict(orjson.loads(self.raw))

    @property
    def event_id(self) -> str:
        """The event's id, as Standard Webhooks carries it."""
        return self.headers["webhook-id"]

    @property
    def trigger(self) -> str:
        """What happened."""
        return str(self.body["type"])

    def is_signed_with(self, secret: str) -> bool:
        """Whether the signature and the time of the attempt are as Standard Webhooks asks."""
        try:
            Webhook(secret).verify(self.raw, self.headers)
        except Exception:  # noqa: BLE001  the library raises several kinds
            return False
        return True


@dataclass(slots=True)
class Endpoint:
    """One URL. `answers` are the statuses of the next requests, then `usual`."""

    url: str
    usual: int = 204
    answers: deque[int] = field(default_factory=deque)
    received: list[ReceivedRequest] = field(default_factory=list)

    @property
    def triggers(self) -> list[str]:
        """The triggers received, in the order they came."""
        return [one.trigger for one in self.received]

    async def receives(self, times: int, *, deadline_seconds: float = 30) -> list[ReceivedRequest]:
        """Wait for this many requests; return all of them."""
        await eventually(
            lambda: len(self.received) >= times, deadline_seconds=deadline_seconds, describe=lambda: self.received
        )
        return self.received


class Listener:
    """The server; `endpoint` opens a new URL."""

    def __init__(self) -> None:
        self.port = 0
        self._endpoints: dict[str, Endpoint] = {}
        self._names = count(1)

    def endpoint(self, *, usual: int = 204) -> Endpoint:
        """A new URL to be called."""
        name = f"endpoint-{next(self._names)}"
        self._endpoints[name] = Endpoint(f"http://127.0.0.1:{self.port}/{name}", usual)
        return self._endpoints[name]

    async def answer(self, request: web.Request) -> web.Response:
        """Keep what came and answer."""
        endpoint = self._endpoints[request.match_info["name"]]
        headers = {name.lower(): value for name, value in request.headers.items()}
        endpoint.received.append(ReceivedRequest(headers, await request.read(), time.time()))
        return web.Response(status=endpoint.answers.popleft() if endpoint.answers else endpoint.usual)


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    """Listen on a free port for a block."""
    listener = Listener()
    app = web.Application(client_max_size=4 * 1024 * 1024)
    app.router.add_route("*", "/{name}", listener.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener.port = runner.addresses[0][1]
    try:
        yield listener
    finally:
        await runner.cleanup()
