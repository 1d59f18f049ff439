"""Roll every service over from an earlier revision to this one under load, one replica at a time, and check."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

import asyncpg

from tests.faults.check import Verdict, check, missing_deliveries
from tests.faults.hostile import hostile_receiver
from tests.faults.load import Senders
from tests.faults.record import Book
from tests.faults.run import make_tenants
from tests.support.eventually import eventually
from tests.support.http_load import Answer, LoadConnection, receive
from tests.support.installation import (
    NO_RATE_LIMITS,
    SERVICES,
    Installation,
    ServiceProcess,
    migrate_all,
    service_environment,
)
from tests.support.machine import free_port
from tests.support.servers import private_postgres, private_rabbitmq
from tests.upgrade.balancer import balancer
from tests.upgrade.base import check_out

REPLICAS: Final = 2
WORKERS: Final = 8
ORDER: Final = ("action_executor", "trigger_dispatcher", "ledger", "ingress")  # receivers before senders
RETRY_SECONDS: Final = 1.0
SETTLE_SECONDS_MAX: Final = 120.0
READY_SECONDS_MAX: Final = 240.0  # eight processes start at once, also on a busy machine

Progress = Callable[[str], None]


@dataclass(slots=True)
class OneRetrySenders(Senders):
    """Senders as callers are: a request that fails is sent once more, under its key; a second failure is noticed."""

    noticed: list[str] = field(default_factory=list)
    retried: int = 0

    async def _send(self, connection: LoadConnection, key: str, kind: str, request: bytes) -> None:
        for last in (False, True):
            answer = await self._try(connection, request)
            if answer is not None and answer.status in {200, 201, 202}:
                self.book.note(key, kind, "accepted")
                return
            self.book.note(key, kind, "unsure")
            if last:
                self.noticed.append(f"{kind} {key}: {_spelled(answer)}")
                return
            self.retried += 1
            await asyncio.sleep(RETRY_SECONDS)


def _spelled(answer: Answer | None) -> str:
    return "no answer" if answer is None else f"{answer.status} {answer.body[:200]!r}"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What to do: from which revision, over which bus, how many requests a second, how long before and after."""

    revision: str
    bus: Literal["rabbitmq", "postgres"]
    pace: float
    around_seconds: float


@dataclass(frozen=True, slots=True)
class Result:
    """What was found: the checker's verdict, the failures that a caller with one retry noticed, and the retries."""

    verdict: Verdict
    noticed: list[str]
    retried: int
    migrations: list[str]


async def upgrade(wanted: Upgrade, *, folder: Path, progress: Progress) -> Result:
    """Run it all.

    Raises:
        NoBase: the revision's databases cannot be upgraded; AssertionError: a service did not start.
    """
    old_code = check_out(wanted.revision, folder / "old")
    book = Book()
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(private_postgres())
        amqp = None
        if wanted.bus == "rabbitmq":
            amqp = (await stack.enter_async_context(private_rabbitmq())).url
        ports = [free_port() for _ in range(REPLICAS)]
        front = await stack.enter_async_context(balancer(ports))
        new = service_environment(
            dsn=postgres.dsn, amqp_url=amqp, LEDGERWIRE_PUBLIC_URL=f"http://127.0.0.1:{front}",
            LEDGERWIRE_FILES=str(folder / "files"), **NO_RATE_LIMITS,
        )  # fmt: skip
        progress(f"old revision {wanted.revision[:10]}: migrate, start {REPLICAS} of each service")
        await migrate_all(new | old_code)
        running = await stack.enter_async_context(_started(new, old_code, ports, front, folder))
        server, endpoint = await receive(book.listen)
        stack.callback(server.close)
        _, hostile = await stack.enter_async_context(hostile_receiver(random.Random(1)))  # noqa: S311
        tenants = await make_tenants(running.url, running.create_account, endpoint, hostile)
        senders = OneRetrySenders(front, tenants, book, random.Random(1), WORKERS / wanted.pace)  # noqa: S311
        load = asyncio.create_task(senders.run(WORKERS))
        try:
            await asyncio.sleep(wanted.around_seconds)
            await _roll_over(running, new, progress=progress)
            await asyncio.sleep(wanted.around_seconds)
        finally:
            senders.stopping.set()
            await load
        verdict = await _settled(postgres.dsn, book)
        conn = await asyncpg.connect(postgres.dsn)
        ran = [row["name"] for row in await conn.fetch("SELECT service || '/' || name AS name FROM storage.migration")]
        await conn.close()
    return Result(verdict, senders.noticed, senders.retried, ran)


@asynccontextmanager
async def _started(
    new: Mapping[str, str], old_code: Mapping[str, str], ports: list[int], front: int, folder: Path
) -> AsyncIterator[Installation]:
    services = {}
    for name in SERVICES:
        for number in range(1, REPLICAS + 1):
            health_port = free_port()
            own = {**new, **old_code, "LEDGERWIRE_HEALTH_PORT": str(health_port)}
            if name == "ingress":
                own |= {"LEDGERWIRE_HOST": "127.0.0.1", "LEDGERWIRE_PORT": str(ports[number - 1])}
            called = f"{name}.{number}"
            services[called] = ServiceProcess(called, own, health_port, folder / f"{called}.log")
    running = Installation(f"http://127.0.0.1:{front}", services, {**new, **old_code}, folder)
    try:
        for service in services.values():
            await service.start()
        for service in services.values():
            await service.ready(READY_SECONDS_MAX)
        yield running
    finally:
        live = [service for service in running.services.values() if service.running]
        await asyncio.gather(*(service.stop() for service in live), return_exceptions=True)


async def _roll_over(running: Installation, new: Mapping[str, str], *, progress: Progress) -> None:
    """Migrate beside the old services, then replace their processes one at a time."""
    progress("  migrate to this revision")
    await migrate_all(new)
    for name in ORDER:
        for service in running.replicas_of(name):
            progress(f"  {service.name}")
            assert await service.stop() == 0, service.tail()
            ours = {key: value for key, value in service.environment.items() if key != "PYTHONPATH"}
            running.services[service.name] = fresh = replace(service, environment=ours, process=None)
            await fresh.start()
            await fresh.ready(READY_SECONDS_MAX)


async def _settled(dsn: str, book: Book) -> Verdict:
    conn = await asyncpg.connect(dsn)
    try:

        async def delivered() -> bool:
            return not await missing_deliveries(conn, book)

        await eventually(delivered, deadline_seconds=SETTLE_SECONDS_MAX, pause_seconds=0.5)
        return await check(conn, book, dsn=dsn)
    finally:
        await conn.close()
