"""The demo's receiver: checks each delivery's Standard Webhooks signature, and serves a chat webhook."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import orjson
from aiohttp import web

TOLERANCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Delivered:
    """One verified delivery: the event's id, its trigger, its body, and its time (Unix seconds)."""

    event_id: str
    trigger: str
    body: dict[str, Any]
    at: float


@dataclass(slots=True)
class Receiver:
    """Serves `/hook` and `/chat` on a free port of `bind`; `host` is the name the sender uses."""

    bind: str
    host: str
    secret: str | None = None
    delivered: list[Delivered] = field(default_factory=list)
    chat: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None
    _port: int = 0

    @property
    def hook_url(self) -> str:
        """Where hooks go."""
        return f"http://{self.host}:{self._port}/hook"

    @property
    def chat_url(self) -> str:
        """Where chat messages go."""
        return f"http://{self.host}:{self._port}/chat"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/hook", self._hook)
        app.router.add_post("/chat", self._chat)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.bind, 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _hook(self, request: web.Request) -> web.Response:
        body = await request.read()
        fault = self._fault(request, body)
        if fault is not None:
            self.refused.append(fault)
            return web.Response(status=400, text=fault)
        event = orjson.loads(body)
        self.delivered.append(Delivered(request.headers["webhook-id"], event["type"], event, time.time()))
        self.changed.set()
        return web.Response(status=204)

    async def _chat(self, request: web.Request) -> web.Response:
        body = orjson.loads(await request.read())
        self.chat.append(str(body.get("text")))
        self.changed.set()
        return web.Response(text="ok")

    def _fault(self, request: web.Request, body: bytes) -> str | None:
        if self.secret is None:
            return "no secret known yet"
        identifier, stamp = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > TOLERANCE_SECONDS:
            return f"webhook-timestamp {stamp!r} is not now"
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        digest = hmac.new(key, f"{identifier}.{stamp}.".encode() + body, hashlib.sha256).digest()
        expected = "v1," + base64.b64encode(digest).decode()
        given = request.headers.get("webhook-signature", "").split()
        if not any(hmac.compare_digest(expected, one) for one in given):
            return "webhook-signature does not fit"
        return None
