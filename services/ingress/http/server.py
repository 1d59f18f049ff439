"""Serve the routes: authenticate and validate each request, run its handler, send and log one response."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, cast

import structlog
from aiohttp import web
from prometheus_client import Histogram

from chassis.settings import SettingsError
from contracts.primitives.ids import new_id
from contracts.wire.trace import request_span
from ingress.access import audit
from ingress.errors import Forbidden, Malformed
from ingress.http import conditions
from ingress.http.aiohttp_protocol import Protocol
from ingress.http.body import aside, read_bytes, read_model, read_query
from ingress.http.body_memory import ANSWER_ACCOUNT_BYTES_MAX, ANSWER_BYTES_MAX, BodyMemoryLimiter
from ingress.http.client_address import forwarded, parse_networks
from ingress.http.context import Api
from ingress.http.idempotency import key_text
from ingress.http.problems import reply_of, wants_xml
from ingress.http.responses import response_of
from ingress.http.route import MCP_PATH, Request, Response, Route

log = structlog.get_logger(__name__)

HEAD_BYTES_MAX: Final = 16_384
KEEPALIVE_SECONDS: Final = 75.0
BACKLOG: Final = 1024
COUNTED_BYTES_MIN: Final = 64 * 1024  # what a connection buffers anyway
CHALLENGE: Final = "WWW-Authenticate"
CONSOLE_PATH: Final = "/console"
WRITING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})

SECONDS = Histogram(
    "ledgerwire_http_seconds",
    "From the head of a request to its response",
    ["method", "path", "status"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.2, 0.5, 1, 3, 11),
)

# RFC 3986: a registered name or IPv4, or an IPv6 address in brackets; then a port.
_HOST: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?")
_UNROUTED: Final = "(none)"
_BODY_LEFT: Final = frozenset({408, 413})  # the rest of the body may arrive slowly


def make_app(
    api: Api, routes: Sequence[Route], *, console: web.Application | None = None, console_url: str | None = None
) -> web.Application:
    """The application: all routes; the console's pages below `/console` if they are served here; `/` leads there."""
    # Bodies are read by `incoming`, with a limit for each route.
    app = web.Application(middlewares=[_answer_unrouted], client_max_size=0)
    budget = BodyMemoryLimiter()
    answers = BodyMemoryLimiter(
        ANSWER_BYTES_MAX,
        account_bytes_max=ANSWER_ACCOUNT_BYTES_MAX,
        what="large responses of this account are unread",
    )
    resources: dict[str, web.Resource] = {}
    for route in routes:
        if route.path not in resources:
            resources[route.path] = app.router.add_resource(route.path)
        handler = _handler(api, route, _reader_of(route, routes), budget, answers)
        resources[route.path].add_route(route.method, handler)
        if route.method == "GET":
            resources[route.path].add_route("HEAD", handler)
    for path, resource in resources.items():
        if f"{path.rpartition('/')[0]}/{{id}}" in resources and not path.endswith("}"):
            # A fixed word is no id: its other verbs must not reach the routes of a single resource.
            resource.add_route("*", _refuse_method)
    if console is not None:
        app.add_subapp(CONSOLE_PATH, console)
    if console_url is not None:
        app.router.add_get("/", _lead_to(console_url))
    return app


def _lead_to(url: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def lead(_: web.Request) -> web.StreamResponse:
        return web.Response(status=303, headers={"Location": url, "Cache-Control": "no-store"})

    return lead


async def _refuse_method(request: web.Request) -> web.StreamResponse:
    resource = request.match_info.route.resource
    raise web.HTTPMethodNotAllowed(request.method, {route.method for route in resource or ()} - {"*"})


def bind(host: str, port: int) -> socket.socket:
    """Bind the address, so that its port is known before anything listens there; 0 takes a free one.

    Raises:
        SettingsError: the address cannot be used.
    """
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # For a name with several addresses (localhost) the IPv4 one, which every client tries.
        family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _cannot_listen(error, host, port) from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise _cannot_listen(error, host, port) from None
    return listening


@asynccontextmanager
async def serve(app: web.Application, api: Api, listening: socket.socket) -> AsyncIterator[None]:
    """Serve as long as the block runs. At the end requests in progress are finished, within the drain."""
    settings = api.settings
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=settings.drain_seconds)
    await runner.setup()
    manager, loop = runner.server, asyncio.get_running_loop()
    assert manager is not None  # noqa: S101  setup made it
    answering = await loop.create_server(
        lambda: Protocol(
            manager,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # aiohttp takes None for none, its types do not say so
            keepalive_timeout=KEEPALIVE_SECONDS,
            max_line_size=HEAD_BYTES_MAX,
            max_field_size=HEAD_BYTES_MAX,
            auto_decompress=False,  # it inflates unread bodies too; `incoming` inflates within bounds
        ),
        sock=listening,
        backlog=BACKLOG,
    )
    try:
        yield
    finally:
        answering.close()
        api.answers.release()
        api.feed.close()
        await runner.cleanup()


def _cannot_listen(error: OSError, host: str, port: int) -> SettingsError:
    if error.errno == errno.EADDRINUSE:
        return SettingsError(
            f"port {port} of {host} is used by another program: stop it, or choose another port"
            " with LEDGERWIRE_PORT (0 takes a free one)"
        )
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    return SettingsError(
        f"cannot listen on port {port} of {host}: {reason}; LEDGERWIRE_HOST and LEDGERWIRE_PORT say where to listen"
    )


def _reader_of(route: Route, routes: Sequence[Route]) -> Route | None:
    """The route that returns the object which this one changes: `/v1/sales/{id}` for `/v1/sales/{id}/issue`."""
    path = "".join(route.path.partition("{id}")[:2])
    return next((one for one in routes if one.method == "GET" and one.path == path), None)


def _handler(
    api: Api, route: Route, reader: Route | None, budget: BodyMemoryLimiter, answers: BodyMemoryLimiter
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    trusted = parse_networks(api.settings.trusted_proxies)

    async def handle(request: web.Request) -> web.StreamResponse:
        with answers.hold() as answering:
            began = time.perf_counter()
            with budget.hold() as held:
                call = Request(new_id(), route, forwarded(request, trusted), held, answering, reader=reader)
                response = await _respond(api, call)
            if request.method != "HEAD":
                await audit.end(api.pool, call, response.status)
            _close_after(request, response)
            _note(api, call, response.status, time.perf_counter() - began)
            if answering.size:
                with suppress(ConnectionError):  # aiohttp handles a closed connection
                    await response.prepare(request)
                    await response.write_eof()
                    await cast("Protocol", request.protocol).taken()
        return response

    return handle


async def _respond(api: Api, call: Request) -> web.StreamResponse:
    """Return a response that is not sent yet, or a problem; never raises."""
    try:
        with request_span(f"{call.route.method} {call.route.path}", call.request.headers.get("traceparent")):
            answer = await _answer(api, call)
        response = response_of(answer, call.id)
        size = len(response.body) if isinstance(response, web.Response) and isinstance(response.body, bytes) else 0
        reserved = 0 if call.answering is None else call.answering.size
        if size > COUNTED_BYTES_MIN and size > reserved:
            call.count_answer(size - reserved)
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001  whatever it is, the caller gets a problem
        refused = response_of(reply_of(error, request_id=call.id, xml=wants_xml(call.request)), call.id)
        if CHALLENGE in refused.headers:  # where a program discovers how to ask for consent (RFC 9728, 5.1)
            metadata = api.urls.at("/.well-known/oauth-protected-resource")
            if call.route.path == MCP_PATH:  # with the scopes that assistants need
                metadata += MCP_PATH
            refused.headers[CHALLENGE] += f', resource_metadata="{metadata}"'
        return refused
    return response


def _close_after(request: web.Request, response: web.StreamResponse) -> None:
    """Announce the connection's end when no further request can be read on it."""
    broken = request.content.exception() is not None
    if broken or response.status in _BODY_LEFT:
        response.force_close()
    if broken:
        request.content.feed_eof()  # the rest of the body is not read


async def _answer(api: Api, call: Request) -> Response | web.StreamResponse:
    route, request = call.route, call.request
    _check_host(request)
    api.limits.address.admit(request.remote)
    if route.scope is not None:
        call.caller = await api.authenticator.caller_of(request)
        call.account = call.caller.account_id
        if route.scope not in call.caller.scopes:
            raise Forbidden(f"missing scope: {route.scope!r}")
        api.limits.caller.admit(call.caller.id)
        api.limits.account.admit(call.account)
    elif route.session:
        call.session = await api.authenticator.session_of(request)
        call.account = call.session.account_id
        api.limits.caller.admit(call.session.user_id)
    # Senders may add any query to a channel's URL; the API refuses unknown parameters.
    if route.query is not None or (request.query_string and not route.is_open):
        call.query = read_query(route, request.query)
    if route.method == "POST":
        key_text(call)  # also for reads: a malformed key is an error everywhere
    if route.method in WRITING and route.request_type == "json":
        call.raw = await read_bytes(call)
        content_type = request.headers.get("Content-Type", "")
        call.body = await aside(call.raw, lambda: read_model(route, call.raw, content_type))
    if request.method != "HEAD":
        await audit.begin(api.pool, call)
    async with asyncio.timeout(route.seconds_max):
        if not route.may_be_pending:
            await conditions.check(api, call)
        return conditions.tagged(call, await route.handler(api, call))


def _check_host(request: web.Request) -> None:
    """Refuse a `Host` as RFC 9112 (3.2) requires; its value is not used.

    Raises:
        Malformed: `Host` is repeated, or is no host.
    """
    hosts = request.headers.getall("Host", [])
    if len(hosts) > 1 or not all(_HOST.fullmatch(host) for host in hosts):
        raise Malformed("the header Host must occur once, as a host name or address with an optional port")


def _note(api: Api, call: Request, status: int, seconds: float) -> None:
    """Log and count a request by its route's path: the actual path and query may hold secrets."""
    route = call.route
    SECONDS.labels(route.method, route.path, status).observe(seconds)
    if api.settings.access_log:
        log.info(
            "request_answered",
            method=call.request.method,
            path=route.path,
            status=status,
            ms=round(seconds * 1000, 1),
            request_id=str(call.id),
            account_id=str(call.account) if call.account else None,
        )


@web.middleware
async def _answer_unrouted(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        request_id = new_id()
        SECONDS.labels(request.method if request.method in WRITING else "GET", _UNROUTED, error.status).observe(0)
        return response_of(reply_of(error, request_id=request_id, xml=wants_xml(request)), request_id)
