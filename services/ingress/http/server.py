"""Serve the routes: for each request who, what, within bounds; then its handler; then one answer, noted."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import Histogram

from chassis import health
from chassis.service import Running
from chassis.settings import SettingsError
from contracts.ids import new_id
from ingress.errors import Forbidden
from ingress.http.api import Api
from ingress.http.body import aside, read_bytes, read_model, read_query
from ingress.http.budget import Budget
from ingress.http.problems import reply_of, wants_xml
from ingress.http.protocol import Protocol
from ingress.http.replies import response_of
from ingress.http.route import Call, Reply, Route
from ingress.settings import IngressSettings

log = structlog.get_logger(__name__)

HEAD_BYTES_MAX: Final = 16_384
KEEPALIVE_SECONDS: Final = 75.0
BACKLOG: Final = 1024
WRITING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})

SECONDS = Histogram(
    "ledgerwire_http_seconds",
    "From the head of a request to its answer",
    ["method", "path", "status"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.2, 0.5, 1, 3, 11),
)

_UNROUTED: Final = "(none)"
_BODY_LEFT: Final = frozenset({408, 413})  # the rest of it may be long in coming


def make_app(api: Api, routes: Sequence[Route], services: Sequence[Running]) -> web.Application:
    """The application: all routes, and the health of `services` beside them."""
    # Bodies are read by ourselves, with a limit for each route.
    app = web.Application(middlewares=[_answer_unrouted], client_max_size=0)
    budget = Budget()
    resources: dict[str, web.Resource] = {}
    for route in routes:
        if route.path not in resources:
            resources[route.path] = app.router.add_resource(route.path)
        handler = _handler(api, route, budget)
        resources[route.path].add_route(route.method, handler)
        if route.method == "GET":
            resources[route.path].add_route("HEAD", handler)
    for path, resource in resources.items():
        if f"{path.rpartition('/')[0]}/{{id}}" in resources and not path.endswith("}"):
            # A fixed word is no id: its other verbs must not reach the routes of one thing.
            resource.add_route("*", _refuse_method)
    health.add_routes(app, services)
    return app


async def _refuse_method(request: web.Request) -> web.StreamResponse:
    resource = request.match_info.route.resource
    raise web.HTTPMethodNotAllowed(request.method, {route.method for route in resource or ()} - {"*"})


@asynccontextmanager
async def serve(app: web.Application, api: Api) -> AsyncIterator[str]:
    """Listen as long as the block runs; gives the URL. At the end what is in hand is answered, within the drain.

    Raises:
        SettingsError: nobody can listen there.
    """
    settings = api.settings
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=settings.drain_seconds)
    await runner.setup()
    manager, loop = runner.server, asyncio.get_running_loop()
    assert manager is not None  # noqa: S101  setup made it
    try:
        listening = await loop.create_server(
            lambda: Protocol(
                manager,
                loop=loop,
                access_log=None,  # type: ignore[arg-type]  # aiohttp takes None for none, its types do not say so
                keepalive_timeout=KEEPALIVE_SECONDS,
                max_line_size=HEAD_BYTES_MAX,
                max_field_size=HEAD_BYTES_MAX,
            ),
            settings.host,
            settings.port,
            backlog=BACKLOG,
        )
    except OSError as error:
        await runner.cleanup()
        raise _cannot_listen(error, settings) from None
    host, port = listening.sockets[0].getsockname()[:2]
    try:
        yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    finally:
        listening.close()
        api.answers.release()
        await runner.cleanup()


def _cannot_listen(error: OSError, settings: IngressSettings) -> SettingsError:
    if error.errno == errno.EADDRINUSE:
        return SettingsError(
            f"port {settings.port} of {settings.host} is taken by another program: stop it, or choose another port"
            " with LEDGERWIRE_PORT (0 takes a free one)"
        )
    said = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    return SettingsError(
        f"cannot listen on port {settings.port} of {settings.host}: {said}; LEDGERWIRE_HOST and LEDGERWIRE_PORT say"
        " where to listen"
    )


def _handler(api: Api, route: Route, budget: Budget) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        began = time.perf_counter()
        call = Call(new_id(), route, request)
        try:
            with budget.hold(request, bytes_max=route.body_bytes_max):
                reply = await _answer(api, call)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, the caller gets a problem
            reply = reply_of(error, request_id=call.id, xml=wants_xml(request))
        response = response_of(reply, call.id)
        _close_after(request, response)
        _note(api, call, response.status, time.perf_counter() - began)
        return response

    return handle


def _close_after(request: web.Request, response: web.StreamResponse) -> None:
    """Say that the connection ends where no further request could be found on it, lest its client sends one there."""
    broken = request.content.exception() is not None
    if broken or response.status in _BODY_LEFT:
        response.force_close()
    if broken:
        request.content.feed_eof()  # nobody shall try to read the rest


async def _answer(api: Api, call: Call) -> Reply | web.StreamResponse:
    route, request = call.route, call.request
    if route.scope is not None:
        call.caller = await api.doorkeeper.caller_of(request)
        call.account = call.caller.account_id
        if route.scope not in call.caller.scopes:
            raise Forbidden(f"this needs the scope {route.scope!r}")
        api.rates.admit(call.account)
    # A channel's senders may hang what they like behind its URL; the API's callers are told what is not known.
    if route.query is not None or (request.query_string and route.scope is not None):
        call.query = read_query(route, request.query)
    if route.method in WRITING and route.takes == "json":
        call.raw = await read_bytes(request, bytes_max=route.body_bytes_max)
        content_type = request.headers.get("Content-Type", "")
        call.body = await aside(call.raw, lambda: read_model(route, call.raw, content_type))
    async with asyncio.timeout(route.seconds_max):
        return await route.handler(api, call)


def _note(api: Api, call: Call, status: int, seconds: float) -> None:
    """Log and count a request by its route's path: the real one and its query may hold secrets."""
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
