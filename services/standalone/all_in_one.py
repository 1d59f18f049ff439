"""Open the four services and the console in one process: services joined only by the bus, the console by the API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from typing import Any

import action_executor.__main__ as executor
import ingress.__main__ as ingress
import ledger.__main__ as ledger
import trigger_dispatcher.__main__ as dispatcher
from chassis import health
from chassis.command import Program, prepare_database
from chassis.handle import ServiceHandle
from chassis.settings import local_url
from console.app import open_app, problem_of_api
from console.settings import ConsoleSettings
from console.visit import PARTS
from ingress.http.server import bind
from messaging.postgres import LocalNotifier

# In the order of start: consumers before publishers, ingress last.
PROGRAMS: tuple[Program[Any], ...] = (executor.PROGRAM, dispatcher.PROGRAM, ledger.PROGRAM, ingress.PROGRAM)


async def prepare_all(dsn: str, *, report: Callable[[str], None] = lambda _: None) -> None:
    """Run the migrations of all four as the database's owner; `tell` is called for each one that ran."""
    for program in reversed(PROGRAMS):
        for name in await prepare_database(dsn, program):
            report(f"{program.name}: {name}")


@dataclass(frozen=True, slots=True)
class Together:
    """The running services, the API's URL, and the URL of `/healthz`, `/readyz` and `/metrics` for all."""

    services: list[ServiceHandle]
    url: str
    health_url: str
    console_url: str


@asynccontextmanager
async def open_all(dsn: str, **given: Any) -> AsyncIterator[Together]:
    """Start the four services and the console over one database; `given` settings override the environment.

    The API's address is bound first, because every service makes URLs of it. The health port is a free one unless
    `LEDGERWIRE_HEALTH_PORT` sets it, so that several installations can run on one machine. Without an AMQP address the
    bus is in the same Postgres, and `LocalNotifier` wakes the consumer of one service after a publish of another
    without polling.
    """
    wakeups = LocalNotifier()
    async with AsyncExitStack() as stack:
        requested = ingress.PROGRAM.settings.read(postgres_dsn=dsn, **given)
        listening = stack.enter_context(closing(bind(requested.host, requested.port)))
        given |= {"port": listening.getsockname()[1]}
        own_url = local_url(*listening.getsockname()[:2])
        settings = ConsoleSettings.read(**({"public_url": requested.public_url or own_url} | given), api_url=own_url)
        pages = await stack.enter_async_context(open_app(settings))
        services: list[ServiceHandle] = []
        for program in PROGRAMS:
            more = {"listening": listening, "console": pages} if program is ingress.PROGRAM else {}
            opened = program.open_service(program.settings.read(postgres_dsn=dsn, **given), wakeups=wakeups, **more)
            services.append(await stack.enter_async_context(opened))
        services.append(ServiceHandle("console", checks={"api": lambda: problem_of_api(pages[PARTS])}))
        health_url = await stack.enter_async_context(
            health.serve(services, host=requested.health_host, port=requested.health_port)
        )
        url = next(service.url for service in services if service.url)
        yield Together(services, url, health_url, settings.console_base)
