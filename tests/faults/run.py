"""One fault run: services as processes behind cutting proxies, senders at work, a plan struck, a verdict."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import asyncpg

from tests.faults.book import Book
from tests.faults.check import Verdict, check, missing_deliveries
from tests.faults.load import Senders, Tenant
from tests.faults.plan import Fault, make_plan
from tests.faults.proxy import CuttingProxy, cutting_proxy
from tests.support.eventually import eventually
from tests.support.http_load import receive
from tests.support.installation import Installation, ServiceProcess, installation
from tests.support.servers import Postgres, Rabbitmq, private_postgres, private_rabbitmq

TENANTS = 12
WORKERS = 12
CUTS = 4
STRIKE_SECONDS_MAX = 20.0
SETTLE_SECONDS_MAX = 180.0

Tell = Callable[[str], None]

# Attempts that a killed executor held come back after its lease: short, so that a run settles soon.
ENVIRONMENT = {"LEDGERWIRE_HOOK_TIMEOUT_SECONDS": "5", "LEDGERWIRE_HOOK_LEASE_SECONDS": "16"}


class VoidRun(Exception):
    """A planned fault did not strike: the run proves nothing."""


@dataclass(slots=True)
class Scene:
    """The parts that faults act on."""

    postgres: Postgres
    broker: Rabbitmq
    running: Installation
    http: CuttingProxy
    amqp: CuttingProxy
    database: CuttingProxy
    tell: Tell
    struck: list[str] = field(default_factory=list)
    restarts: dict[str, int] = field(default_factory=dict)

    async def strike(self, fault: Fault) -> None:
        """Do one fault and make sure that it struck.

        Raises:
            VoidRun: it did not.
        """
        self.tell(f"  {fault.at_seconds:6.1f} s  {fault.kind}")
        verb, _, what = fault.kind.partition(" ")
        actions: dict[str, Callable[[], Awaitable[bool]]] = {
            "kill broker": self._kill_broker,
            "stop and start broker": self._restart_broker,
            "cut database sessions": self._cut_sessions,
            "cut http replies": lambda: self._cut(self.http),
            "cut broker replies": lambda: self._cut(self.amqp),
            "cut database replies": lambda: self._cut(self.database),
        }
        action = actions.get(fault.kind) or (lambda: self._kill(self.running.services[what]))
        if not await action():
            raise VoidRun(f"{verb} {what} at {fault.at_seconds:.1f} s did not strike")
        self.struck.append(fault.kind)

    async def _kill(self, service: ServiceProcess) -> bool:
        was_running = service.running
        await service.kill()
        return was_running and service.process is not None and service.process.returncode == -9

    async def _kill_broker(self) -> bool:
        await self.broker.kill()
        await self.broker.start()
        return True

    async def _restart_broker(self) -> bool:
        await self.broker.stop_gracefully()
        await self.broker.start()
        return True

    async def _cut_sessions(self) -> bool:
        conn = await asyncpg.connect(self.postgres.dsn)
        try:
            cut = await conn.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE application_name LIKE 'ledgerwire-%'"
            )
        finally:
            await conn.close()
        return bool(cut)

    async def _cut(self, proxy: CuttingProxy) -> bool:
        before = proxy.cut
        proxy.arm(CUTS)
        await eventually(lambda: proxy.cut >= before + CUTS, deadline_seconds=STRIKE_SECONDS_MAX)
        return True

    async def supervise(self) -> None:
        """Start again what has ended, as an operator's supervisor would; until cancelled."""
        while True:
            for service in self.running.services.values():
                if not service.running:
                    self.restarts[service.name] = self.restarts.get(service.name, 0) + 1
                    await service.start()
            await asyncio.sleep(0.2)


def address_of(url: str) -> tuple[str, int]:
    """The host and port that an address names."""
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 0


def through(dsn: str, port: int) -> str:
    """The same address, reached through a proxy on loopback."""
    parts = urlsplit(dsn)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}", query=""))


async def make_tenants(running: Installation, ear: int) -> list[Tenant]:
    """Accounts with a Direct channel and a hook on what the run sends."""
    tenants = []
    async with aiohttp.ClientSession(base_url=running.url) as session:
        for number in range(TENANTS):
            token = (await running.create_account(f"Fault {number}"))["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            async with session.post("/v1/channels", json={"kind": "direct"}, headers=headers) as reply:
                channel = await reply.json()
            hook = {
                "target_url": f"http://127.0.0.1:{ear}/{number}",
                "triggers": ["inbox.received", "client.created", "sale.posted"],
            }
            async with session.post("/v1/hooks", json=hook, headers=headers) as reply:
                assert reply.status == 201, await reply.text()
            tenants.append(Tenant(token, f"/ext/direct/inbox/{channel['id']}"))
    return tenants


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found."""

    seed: int
    plan: list[Fault]
    restarts: dict[str, int]
    seconds: float
    verdict: Verdict

    def as_dict(self) -> dict[str, Any]:
        """For the report."""
        return {
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "plan": [[round(fault.at_seconds, 2), fault.kind] for fault in self.plan],
            "restarts": self.restarts,
            **self.verdict.as_dict(),
        }


async def fault_run(*, seed: int, seconds: float, rounds: int, pace: float, folder: Path, tell: Tell) -> Result:
    """Run it all. `pace` is how many requests a second are tried; the plan's kinds all strike `rounds` times.

    Raises:
        VoidRun: a planned fault did not strike.
        AssertionError: it did not settle; the message says what was still missing.
    """
    began = time.monotonic()
    plan = make_plan(seed, seconds=seconds, rounds=rounds)
    book = Book()
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(private_postgres())
        broker = await stack.enter_async_context(private_rabbitmq())
        amqp = await stack.enter_async_context(cutting_proxy("amqp", address_of(broker.url)))
        database = await stack.enter_async_context(cutting_proxy("database", address_of(postgres.dsn)))
        running = await stack.enter_async_context(
            installation(
                dsn=through(postgres.dsn, database.port),
                amqp_url=through(broker.url, amqp.port),
                folder=folder,
                **ENVIRONMENT,
            )
        )
        http = await stack.enter_async_context(cutting_proxy("http", address_of(running.url)))
        server, ear = await receive(book.listen)
        stack.callback(server.close)
        tenants = await make_tenants(running, ear)
        scene = Scene(postgres, broker, running, http, amqp, database, tell)
        supervisor = asyncio.create_task(scene.supervise())
        stack.callback(supervisor.cancel)
        chance = random.Random(seed)  # noqa: S311  a run to repeat, no secret
        senders = Senders(http.port, tenants, book, chance, pause_seconds=WORKERS / pace)
        tell(f"seed {seed}: {len(plan)} faults over {seconds:.0f} s")
        await _strike_all(scene, plan, senders, seconds)
        tell("  load ended; waiting for everything to settle")
        verdict = await _settle(scene, book)
        supervisor.cancel()
    if len(scene.struck) != len(plan):
        raise VoidRun(f"{len(scene.struck)} of {len(plan)} faults struck")
    return Result(seed, plan, scene.restarts, time.monotonic() - began, verdict)


async def _strike_all(scene: Scene, plan: list[Fault], senders: Senders, seconds: float) -> None:
    load = asyncio.create_task(senders.run(WORKERS))
    began = time.monotonic()
    try:
        for fault in plan:
            await asyncio.sleep(max(0.0, began + fault.at_seconds - time.monotonic()))
            await scene.strike(fault)
        await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))
    finally:
        senders.stopping.set()
        await load


async def _settle(scene: Scene, book: Book) -> Verdict:
    for service in scene.running.services.values():
        await eventually(partial(getattr, service, "running"), deadline_seconds=10)
        await service.ready()
    conn = await asyncpg.connect(scene.postgres.dsn)
    try:
        missing: set[str] = set()

        async def settled() -> bool:
            nonlocal missing
            missing = await missing_deliveries(conn, book)
            return not missing

        try:
            await eventually(settled, deadline_seconds=SETTLE_SECONDS_MAX, pause_seconds=0.5)
        except AssertionError:
            scene.tell(f"  not settled: {len(missing)} still missing, e.g. {sorted(missing)[:5]}")
        return await check(conn, book, dsn=scene.postgres.dsn)
    finally:
        await conn.close()
