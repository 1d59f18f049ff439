"""One fault run: services as processes behind cutting proxies, senders at work, a plan struck, a verdict."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import asyncpg

from tests.faults.check import Verdict, check, missing_deliveries
from tests.faults.hostile import hostile_receiver
from tests.faults.load import Senders, Tenant
from tests.faults.plan import Fault, make_plan
from tests.faults.proxy import cutting_proxy
from tests.faults.record import Book
from tests.faults.scene import Scene, Tell, VoidRun
from tests.support.eventually import eventually
from tests.support.http_load import receive
from tests.support.installation import NO_RATE_LIMITS, Installation, installation
from tests.support.servers import private_postgres, private_rabbitmq

TENANTS = 12
WORKERS = 12
CUTS = 4
SETTLE_SECONDS_MAX = 180.0

# Attempts that a killed executor held come back after its lease: short, so that a run settles soon.
ENVIRONMENT = {"LEDGERWIRE_HOOK_TIMEOUT_SECONDS": "5", "LEDGERWIRE_HOOK_LEASE_SECONDS": "16"}


def address_of(url: str) -> tuple[str, int]:
    """The host and port that an address names."""
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 0


def through(dsn: str, port: int) -> str:
    """The same address, reached through a proxy on loopback."""
    parts = urlsplit(dsn)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}", query=""))


async def make_tenants(running: Installation, ear: int, hostile: int) -> list[Tenant]:
    """Accounts with a Direct channel, a hook on what the run sends, and an ordered one on one client's documents.

    A further hook of each leads to the hostile receiver at port `hostile`.
    """
    tenants = []
    async with aiohttp.ClientSession(base_url=running.url) as session:
        for number in range(TENANTS):
            token = (await running.create_account(f"Fault {number}"))["access_token"]

            async def make(path: str, body: dict[str, Any], token: str = token) -> dict[str, Any]:
                async with session.post(path, json=body, headers={"Authorization": f"Bearer {token}"}) as reply:
                    assert reply.status == 201, await reply.text()
                    return dict(await reply.json())

            channel = await make("/v1/channels", {"kind": "direct"})
            client = await make("/v1/clients", {"name": "In Order"})
            await make("/v1/hooks", {
                "target_url": f"http://127.0.0.1:{hostile}/{number}", "triggers": ["client.created", "sale.posted"],
            })  # fmt: skip
            hook = await make("/v1/hooks", {
                "target_url": f"http://127.0.0.1:{ear}/{number}/0",
                "triggers": ["inbox.received", "client.created", "sale.posted"],
            })  # fmt: skip
            await make("/v1/hooks", {
                "target_url": f"http://127.0.0.1:{ear}/ordered/{number}",
                "triggers": ["sale.posted"],
                "filters": {"client_id": [client["id"]]},
                "ordered": "client",
            })  # fmt: skip
            path = urlsplit(channel["url"]).path
            tenants.append(Tenant(token, path, client["id"], hook["id"], hook["target_url"]))
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


@dataclass(frozen=True, slots=True)
class Wishes:
    """What kind of run: how long, how often each kind strikes, requests a second, processes of each service, cuts."""

    seed: int
    seconds: float
    rounds: int
    pace: float
    replicas: int = 1
    cuts: int = CUTS
    bus: Literal["rabbitmq", "postgres"] = "rabbitmq"


async def fault_run(wishes: Wishes, *, folder: Path, tell: Tell) -> Result:
    """Run it all.

    Raises:
        VoidRun: a planned fault did not strike.
        AssertionError: it did not settle; the message says what was still missing.
    """
    began, seed, seconds = time.monotonic(), wishes.seed, wishes.seconds
    plan = make_plan(seed, seconds=seconds, rounds=wishes.rounds, broker=wishes.bus == "rabbitmq")
    book = Book()
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(private_postgres())
        broker = amqp = None
        if wishes.bus == "rabbitmq":
            broker = await stack.enter_async_context(private_rabbitmq())
            amqp = await stack.enter_async_context(cutting_proxy("amqp", address_of(broker.url)))
        database = await stack.enter_async_context(cutting_proxy("database", address_of(postgres.dsn)))
        running = await stack.enter_async_context(
            installation(
                dsn=through(postgres.dsn, database.port),
                amqp_url=through(broker.url, amqp.port) if broker and amqp else None,
                folder=folder,
                replicas=wishes.replicas,
                **ENVIRONMENT,
                **NO_RATE_LIMITS,
            )
        )
        http = await stack.enter_async_context(cutting_proxy("http", address_of(running.url)))
        server, ear = await receive(book.listen)
        stack.callback(server.close)
        chance = random.Random(seed)  # noqa: S311  a run to repeat, no secret
        hostile, port = await stack.enter_async_context(hostile_receiver(random.Random(seed)))  # noqa: S311
        tenants = await make_tenants(running, ear, port)
        scene = Scene(
            postgres, broker, running, http, amqp, database, tell, random.Random(seed), wishes.cuts,  # noqa: S311
            tenants, book, hostile,
        )  # fmt: skip
        supervisor = asyncio.create_task(scene.supervise())
        stack.callback(supervisor.cancel)
        senders = Senders(http.port, tenants, book, chance, pause_seconds=WORKERS / wishes.pace)
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
    await scene.thawed()
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
