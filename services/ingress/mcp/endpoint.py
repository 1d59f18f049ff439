"""`POST /mcp`: streamable HTTP, between this server and the SDK's ASGI application. One request, one JSON answer.

Requests are stateless, so that any ingress process answers any of them; there is no stream to open (GET is 405).
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ingress.errors import Unavailable
from ingress.http.body import read_bytes
from ingress.http.context import Api
from ingress.http.idempotency import key_text
from ingress.http.route import BODY_BYTES_MAX, MCP_PATH, Request, Response, Route
from ingress.mcp.api_client import ApiClient
from ingress.mcp.tool_specs import make_tools

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

REQUESTS_MAX: Final = 64  # at once, of all assistants together: each may wait 10 s for a decision
START_SECONDS_MAX: Final = 50.0  # to load the SDK, once: 1 s on an idle machine
_NOT_PASSED: Final = frozenset(
    {b"host", b"authorization", b"content-encoding", b"content-length", b"transfer-encoding"}
)
_KEY_PAIR: Final = ("APIKey", "APIToken")


class McpEndpoint:
    """The endpoint; it loads the SDK and its tools with the first request."""

    def __init__(self, api_url: str, routes: Sequence[Route]) -> None:
        self._api, self._routes = ApiClient(api_url), routes
        self._starting: asyncio.Task[StreamableHTTPSessionManager] | None = None
        self._running: asyncio.Task[None] | None = None
        self._stopped = asyncio.Event()
        self._in_progress = 0

    @property
    def route(self) -> Route:
        """Its route: a credential that may read may connect, and sees the tools of its scopes."""
        return Route("POST", MCP_PATH, "callMcp", self._answer, "read", "Model Context Protocol", request_type="bytes")

    async def stop(self) -> None:
        """End the SDK's tasks and close the connections."""
        self._stopped.set()
        if self._starting is not None:  # which makes the other
            await asyncio.wait([self._starting])
        if self._running is not None:
            await asyncio.wait([self._running])
        await self._api.close()

    async def _answer(self, api: Api, call: Request) -> Response:
        """Answer one request of the protocol."""
        if self._in_progress >= REQUESTS_MAX:
            raise Unavailable("too many assistants call at once: try again in some seconds")
        self._in_progress += 1
        try:
            body = await read_bytes(call)
            manager = await self._manager(api.urls.base)
            return await _exchanged(manager, _scope_of(call, api.urls.base), body)
        finally:
            self._in_progress -= 1

    async def _manager(self, public_url: str) -> StreamableHTTPSessionManager:
        if self._starting is None or (self._starting.done() and self._starting.exception() is not None):
            self._starting = asyncio.create_task(self._start(public_url), name="mcp-start")
        async with asyncio.timeout(START_SECONDS_MAX):
            return await asyncio.shield(self._starting)

    async def _start(self, public_url: str) -> StreamableHTTPSessionManager:
        # In a thread: loading the SDK would hold up every other request for a second.
        loaded: Any = await asyncio.to_thread(importlib.import_module, "ingress.mcp.server")
        tools = await asyncio.to_thread(make_tools, self._routes)
        manager: StreamableHTTPSessionManager = loaded.make_manager(
            tools, self._api, public_url=public_url, body_bytes_max=BODY_BYTES_MAX
        )
        ready = asyncio.Event()
        self._running = asyncio.create_task(self._run(manager, ready), name="mcp")
        await ready.wait()
        return manager

    async def _run(self, manager: StreamableHTTPSessionManager, ready: asyncio.Event) -> None:
        """Hold the manager open: its task group must be left by the task that entered it."""
        async with manager.run():
            ready.set()
            await self._stopped.wait()


def _scope_of(call: Request, public_url: str) -> dict[str, Any]:
    """The request as ASGI has it. `Host` is the public one: proxies change it, and no rule here depends on it."""
    from ingress.mcp.server import STATE, McpCaller  # noqa: PLC0415  loaded by now

    request = call.request
    credentials = {name: request.headers[name] for name in ("Authorization", *_KEY_PAIR) if name in request.headers}
    credentials |= {name: request.query[name] for name in _KEY_PAIR if name in request.query}
    headers = [(name.lower(), value) for name, value in request.raw_headers if name.lower() not in _NOT_PASSED]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": MCP_PATH,
        "raw_path": MCP_PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", urlsplit(public_url).netloc.encode()), *headers],
        "client": None,
        "server": None,
        STATE: McpCaller(credentials, call.caller.scopes if call.caller else frozenset(), key_text(call)),
    }


async def _exchanged(manager: StreamableHTTPSessionManager, scope: dict[str, Any], body: bytes) -> Response:
    """Run the ASGI application with one body, and return what it sends."""
    received = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if received:
            return received.pop()
        await asyncio.Event().wait()  # the client stays until it has the answer
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    await manager.handle_request(scope, receive, send)
    start = next(message for message in sent if message["type"] == "http.response.start")
    headers = {name.decode("latin-1").title(): value.decode("latin-1") for name, value in start["headers"]}
    headers.pop("Content-Length", None)
    content_type = headers.pop("Content-Type", "application/json")
    return Response(start["status"], b"".join(m.get("body", b"") for m in sent), headers, content_type)
