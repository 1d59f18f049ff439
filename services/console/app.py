"""The parts of the console, opened in order and closed in reverse: below `/console`, or a program of its own."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Final

import aiohttp
import aiohttp_jinja2
import jinja2
import structlog
from aiohttp import web

from chassis.encryption import Encryptor
from chassis.handle import ServiceHandle
from chassis.memory import return_free_memory
from console import middleware, templating
from console.api_client import CONNECTIONS_MAX, TIMEOUT, ApiClient, Problem
from console.routes import ROUTES
from console.settings import PREFIX_PATH, ConsoleSettings
from console.visit import PARTS, Parts

log = structlog.get_logger(__name__)

FOREVER: Final = "public, max-age=31536000, immutable"  # the URL has the content's hash
PACKED_BYTES_MIN: Final = 1_000  # below, packing gains nothing
_PACKED_TYPES: Final = ("text/", "image/svg")


@asynccontextmanager
async def open_app(settings: ConsoleSettings) -> AsyncIterator[web.Application]:
    """The pages as an application, without their prefix.

    Raises:
        SettingsError: the keys are missing or wrong.
    """
    keys = settings.secret_keys.get_secret_value() if settings.secret_keys else ""
    encryptor = Encryptor.parse(keys)
    connector = aiohttp.TCPConnector(limit=CONNECTIONS_MAX)
    # A cookie that the API sets is none of ours: sessions are sent by their token.
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(connector=connector, timeout=TIMEOUT, cookie_jar=jar) as http:
        app = web.Application(middlewares=[middleware.answer])
        app[PARTS] = Parts(settings, encryptor, http, hashlib.sha256(b"csrf " + keys.encode()).digest())
        app.on_shutdown.append(_end_live_parts)
        loader = jinja2.FileSystemLoader(templating.STATIC.with_name("templates"))
        environment = aiohttp_jinja2.setup(app, loader=loader, autoescape=True, auto_reload=False)
        templating.configure(environment)
        app.router.add_get("/static/{name:[\\w./-]+}", serve_file)
        for route in ROUTES:
            app.router.add_route(route.method, route.path, middleware.handler_of(route))
        yield app


@asynccontextmanager
async def open_service(settings: ConsoleSettings) -> AsyncIterator[ServiceHandle]:
    """Serve the console on a port of its own; `/` leads to it.

    Raises:
        SettingsError: the keys are missing or wrong; OSError: the port is taken.
    """

    async def lead(_: web.Request) -> web.StreamResponse:
        return web.Response(status=303, headers={"Location": PREFIX_PATH})

    async with open_app(settings) as pages:
        _compile_templates(pages)
        root = web.Application()
        root.add_subapp(PREFIX_PATH, pages)
        root.router.add_get("/", lead)
        runner = web.AppRunner(root, access_log=None, shutdown_timeout=settings.drain_seconds)
        await runner.setup()
        try:
            await web.TCPSite(runner, settings.host, settings.console_port).start()
            handle = ServiceHandle("console", url=settings.console_base)
            handle.checks["api"] = lambda: problem_of_api(pages[PARTS])
            log.info("console_listens", url=settings.console_base, api=settings.api_base)
            yield handle
        finally:
            await runner.cleanup()


def _compile_templates(app: web.Application) -> None:
    """Compile all templates before the first request, so that no visitor waits and what compiling leaves is freed."""
    environment = aiohttp_jinja2.get_env(app)
    for name in environment.list_templates():
        environment.get_template(name)
    return_free_memory()


async def _end_live_parts(app: web.Application) -> None:
    app[PARTS].closing.set()


async def problem_of_api(parts: Parts) -> str | None:
    """What keeps the API from answering, as a sentence."""
    try:
        await ApiClient(parts.http, parts.settings.api_base).get("/v1/setup")
    except Problem as problem:
        return f"the API at {parts.settings.api_base} does not answer: {problem.detail or problem.status}"
    return None


@cache
def _file(name: str) -> tuple[bytes, bytes, str] | None:
    """A static file as it is and packed, and its type; None: there is none of this name."""
    place = (templating.STATIC / name).resolve()
    if not place.is_relative_to(templating.STATIC.resolve()) or not place.is_file():
        return None
    content = place.read_bytes()
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_packed = kind.startswith(_PACKED_TYPES) and len(content) >= PACKED_BYTES_MIN
    return content, gzip.compress(content, mtime=0) if is_packed else b"", kind


async def serve_file(request: web.Request) -> web.StreamResponse:
    """A file of the pages, packed once for all browsers that take it so."""
    found = _file(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound
    content, packed, kind = found
    headers = {"Cache-Control": FOREVER, "Content-Type": kind, "Vary": "Accept-Encoding"}
    if packed and "gzip" in request.headers.get("Accept-Encoding", ""):
        return web.Response(body=packed, headers=headers | {"Content-Encoding": "gzip"})
    return web.Response(body=content, headers=headers)
