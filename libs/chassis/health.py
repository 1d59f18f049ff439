"""`/healthz` (alive), `/readyz` (can do its work, and its queue moves) and `/metrics` on a service's own port."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client.aiohttp import make_aiohttp_handler

from chassis.handle import ServiceHandle
from chassis.settings import SettingsError, local_url

CHECK_SECONDS_MAX = 3.0


async def problems_of(running: ServiceHandle) -> dict[str, str]:
    """Run every check, each within a bound; return the sentences of those that fail."""
    problems = {}
    for name, check in running.checks.items():
        try:
            async with asyncio.timeout(CHECK_SECONDS_MAX):
                answer = check()
                problem = await answer if inspect.isawaitable(answer) else answer
        except Exception as error:  # noqa: BLE001  whatever a check dies of is its answer
            problem = f"{type(error).__name__}: {error}"
        if problem is not None:
            problems[name] = problem
    return problems


def _add_routes(app: web.Application, services: Sequence[ServiceHandle]) -> None:
    async def alive(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive", "services": [running.name for running in services]})

    async def ready(_: web.Request) -> web.Response:
        problems = {running.name: found for running in services if (found := await problems_of(running))}
        status = 503 if problems else 200
        return web.json_response({"status": "not ready" if problems else "ready", "problems": problems}, status=status)

    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", make_aiohttp_handler())


@asynccontextmanager
async def serve(services: Sequence[ServiceHandle], *, host: str, port: int) -> AsyncIterator[str]:
    """Serve the three paths, for one service or for several in one process, as long as the block runs; gives the URL.

    Raises:
        SettingsError: nothing can listen there.
    """
    app = web.Application()
    _add_routes(app, services)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            problem = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
            raise SettingsError(
                f"LEDGERWIRE_HEALTH_PORT: cannot listen on port {port} of {host}: {problem}; choose another port"
            ) from None
        yield local_url(*runner.addresses[0][:2])
    finally:
        await runner.cleanup()
