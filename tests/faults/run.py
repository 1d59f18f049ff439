"""One fault run: services as processes behind cutting proxies, senders at work, planned faults, a verdict."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import aiohttp
import asyncpg

from tests.bench.tenants import CreateAccount, accounts_of
from tests.faults import on_processes, on_servers, on_wires
from tests.faults.check import Verdict, check, missing_deliveries
from tests.faults.debtor_mails import DebtorMails
from tests.faults.endpoint import Endpoint
from tests.faults.hostile import hostile_receiver
from tests.faults.load import Senders, Tenant
from tests.faults.plan import Fault, make_plan
from tests.faults.proxy import Cuts, address_of, cutting_proxy, through
from tests.faults.record import LAST_STEP, Book
from tests.faults.recovery import recoveries
from tests.faults.scene import Act, Progress, Scene, VoidRun, Wires
from tests.support import clocks
from tests.support.eventually import eventually
from tests.support.http_load import receive
from tests.support.installation import NO_RATE_LIMITS, installation_of, names_of
from tests.support.servers import Postgres, Rabbitmq, private_postgres, private_rabbitmq
from tests.support.smtp_server import smtp_server

TENANTS = 12
WORKERS = 12
CUTS = 4
SETTLE_SECONDS_MAX = 180.0

DISK_MEGABYTES = 1200

# What a killed executor held comes back after its lease: as short as may be, so that a run settles soon. Many tries in
# short order: several faults may strike one delivery.
ENVIRONMENT = {
    "LEDGERWIRE_HOOK_TIMEOUT_SECONDS": "5",
    "LEDGERWIRE_HOOK_LEASE_SECONDS": "16",
    "LEDGERWIRE_RUN_LEASE_SECONDS": "25",
    "LEDGERWIRE_HOOK_SCHEDULE_SECONDS": "0,3,5,5,5,10,10,10,20,20",
    "LEDGERWIRE_STEP_SCHEDULE_SECONDS": "0,3,5,5,5,10,10,10,20,20",
}

# Due as soon as a document is issued, whose payment term is shorter.
REMINDER = {
    "channel": "email", "anchor": "before_due", "delay": "P60D",
    "template": {"subject": "{{ invoice.number }}", "body": "Dear {{ client.name }}, {{ amount }} is open."},
}  # fmt: skip

ACTS: Mapping[str, Act] = on_processes.ACTS | on_servers.ACTS | on_wires.ACTS


async def make_tenants(
    url: str, create: CreateAccount, endpoint: int, hostile: int, *, with_steps: bool = False
) -> list[Tenant]:
    """Accounts with a Direct channel, a hook on what the run sends, and an ordered one on one client's documents.

    A further hook of each leads to the hostile receiver at port `hostile`. `with_steps` adds an automation of three
    steps for each client (a call, a note, a call), and a collector that reminds of each document by mail at once.
    """
    async with aiohttp.ClientSession(base_url=url) as session:
        return [
            await _make_tenant(session, create, number, endpoint, hostile, with_steps=with_steps)
            for number in range(TENANTS)
        ]


async def _make_tenant(
    session: aiohttp.ClientSession, create: CreateAccount, number: int, endpoint: int, hostile: int, *, with_steps: bool
) -> Tenant:
    token = (await create(f"Fault {number}"))["access_token"]
    base = f"http://127.0.0.1:{endpoint}"

    async def make(path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with session.post(path, json=body, headers={"Authorization": f"Bearer {token}"}) as reply:
            assert reply.status == 201, await reply.text()
            return dict(await reply.json())

    channel = await make("/v1/channels", {"kind": "direct"})
    client = await make("/v1/clients", {"name": "In Order"})
    await make("/v1/hooks", {
        "target_url": f"http://127.0.0.1:{hostile}/{number}", "triggers": ["client.created", "sale.posted"],
    })  # fmt: skip
    hook = await make("/v1/hooks", {
        "target_url": f"{base}/{number}/0", "triggers": ["inbox.received", "client.created", "sale.posted"],
    })  # fmt: skip
    await make("/v1/hooks", {
        "target_url": f"{base}/ordered/{number}",
        "triggers": ["sale.posted"],
        "filters": {"client_id": [client["id"]]},
        "ordered": "client",
    })  # fmt: skip
    if with_steps:
        await make("/v1/hooks", {"target_url": f"{base}/{number}/mails", "triggers": ["message.created"]})
        await make("/v1/collectors", {"name": "At once", "default": True, "steps": [REMINDER]})
        await make("/v1/automations", {
            "name": "Three steps", "enabled": True, "trigger": {"key": "client.created"},
            "steps": three_steps(f"{base}/step/{number}"),
        })  # fmt: skip
    return Tenant(token, urlsplit(channel["url"]).path, client["id"], hook["id"], hook["target_url"])


def three_steps(target: str) -> list[dict[str, Any]]:
    """A call, a note of the client in the ledger, a call."""

    def call(number: int) -> dict[str, Any]:
        body = {"external_id": "{{ trigger.data.external_id }}"}
        return {"action": "http_request", "input": {"url": f"{target}/{number}", "body": body}}

    note = {"client_id": "{{ trigger.data.id }}", "body": "Noted {{ trigger.data.external_id }}"}
    return [call(1), {"action": "add_note", "input": note}, call(LAST_STEP)]


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found."""

    seed: int
    plan: list[Fault]
    restarts: dict[str, int]
    seconds: float
    verdict: Verdict
    left_out: list[str]
    working_again: dict[str, list[float]]  # seconds from a kill, by service

    def as_dict(self) -> dict[str, Any]:
        """For the report."""
        return {
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "plan": [[round(fault.at_seconds, 2), fault.kind] for fault in self.plan],
            "restarts": self.restarts,
            "left_out": self.left_out,
            "working_again_seconds": self.working_again,
            **self.verdict.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class Wishes:
    """What kind of run: how long, each fault how often, requests a second, processes of each service, cuts."""

    seed: int
    seconds: float
    rounds: int
    pace: float
    replicas: int = 1
    cuts: int = CUTS
    bus: Literal["rabbitmq", "postgres"] = "rabbitmq"
    only: frozenset[str] | None = None  # verbs and kinds of the plan; None: all


@dataclass(frozen=True, slots=True)
class Servers:
    """What the services run on, and the library that turns their clocks; None: there is none."""

    postgres: Postgres
    broker: Rabbitmq | None
    library: Path | None


async def fault_run(wishes: Wishes, *, folder: Path, progress: Progress, **environment: str) -> Result:
    """Run it all; `environment` is added to that of the services.

    Raises:
        VoidRun: a planned fault had no effect.
        AssertionError: it did not settle; the message says what was still missing.
    """
    began = time.monotonic()
    book = Book(has_steps=True, has_debtors=True)
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(private_postgres(disk_megabytes=DISK_MEGABYTES))
        broker = await stack.enter_async_context(private_rabbitmq()) if wishes.bus == "rabbitmq" else None
        library = await clocks.find_or_install()
        without = [word for word, missing in (
            ("broker", broker is None), ("disk of the database", postgres.disk is None), ("clock", library is None),
        ) if missing]  # fmt: skip
        plan = make_plan(wishes.seed, seconds=wishes.seconds, rounds=wishes.rounds, without=without, only=wishes.only)
        servers = Servers(postgres, broker, library)
        scene = await _set_scene(stack, wishes, book, servers, folder, progress, environment)
        supervisor = asyncio.create_task(scene.supervise())
        stack.callback(supervisor.cancel)
        chance = random.Random(wishes.seed)  # noqa: S311  a run to repeat, no secret
        senders = Senders(scene.http.port, scene.tenants, book, chance, pause_seconds=WORKERS / wishes.pace)
        progress(
            f"seed {wishes.seed}: {len(plan)} faults over {wishes.seconds:.0f} s, left out: {without or 'nothing'}"
        )
        await _inject_all(scene, plan, senders, wishes.seconds)
        progress("  load ended; waiting for everything to settle")
        verdict = await _settle(scene, book)
        supervisor.cancel()
    if len(scene.injected) != len(plan):
        raise VoidRun(f"{len(scene.injected)} of {len(plan)} faults struck")
    seconds = time.monotonic() - began
    return Result(wishes.seed, plan, scene.restarts, seconds, verdict, without, recoveries(book, scene.kills))


async def _set_scene(
    stack: AsyncExitStack,
    wishes: Wishes,
    book: Book,
    servers: Servers,
    folder: Path,
    progress: Progress,
    environment: Mapping[str, str],
) -> Scene:
    """Start the services, each behind proxies of its own and by a clock of its own, and make the accounts."""
    postgres, broker, library = servers.postgres, servers.broker, servers.library
    replies = {"http": Cuts(), "broker": Cuts(), "database": Cuts()}
    wires: dict[str, Wires] = {}
    for name in names_of(wishes.replicas):
        database = await stack.enter_async_context(cutting_proxy(address_of(postgres.dsn), replies["database"]))
        amqp = None
        if broker is not None:
            amqp = await stack.enter_async_context(cutting_proxy(address_of(broker.url), replies["broker"]))
        wires[name] = Wires(database, amqp, folder / f"{name}.clock" if library else None)

    def own(name: str) -> dict[str, str]:
        database, amqp, clock = wires[name].database, wires[name].broker, wires[name].clock
        given = {"LEDGERWIRE_POSTGRES_DSN": through(postgres.dsn, database.port)}
        given |= {"LEDGERWIRE_AMQP_URL": through(broker.url, amqp.port)} if broker and amqp else {}
        return given | (clocks.environment_of(library, clock) if library and clock else {})

    debtor_mails, mail_server = DebtorMails(book), stack.enter_context(smtp_server())
    mail_server.when_taken = debtor_mails.take
    sender = f"{mail_server.url}&from=books@baltic.example"
    running = await stack.enter_async_context(
        installation_of(
            own,
            postgres.dsn,
            broker.url if broker else None,
            folder,
            wishes.replicas,
            {**ENVIRONMENT, **NO_RATE_LIMITS, "LEDGERWIRE_SMTP_URL": sender, **environment},
        )
    )
    http = await stack.enter_async_context(cutting_proxy(address_of(running.url), replies["http"]))
    endpoint = Endpoint(book)
    server, endpoint_port = await receive(endpoint)
    stack.callback(server.close)
    hostile, port = await stack.enter_async_context(hostile_receiver(random.Random(wishes.seed)))  # noqa: S311
    async with accounts_of(postgres.dsn) as create:
        tenants = await make_tenants(running.url, create, endpoint_port, port, with_steps=True)
    return Scene(
        postgres, broker, running, http, wires, replies, progress, random.Random(wishes.seed), wishes.cuts,  # noqa: S311
        tenants, book, endpoint, endpoint_port, hostile, debtor_mails,
    )  # fmt: skip


async def _inject_all(scene: Scene, plan: list[Fault], senders: Senders, seconds: float) -> None:
    load = asyncio.create_task(senders.run(WORKERS))
    began = time.monotonic()
    try:
        for fault in plan:
            await asyncio.sleep(max(0.0, began + fault.at_seconds - time.monotonic()))
            await scene.inject(fault, ACTS[fault.verb])
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
            scene.progress(f"  not settled: {len(missing)} still missing, e.g. {sorted(missing)[:5]}")
        return await check(conn, book, dsn=scene.postgres.dsn)
    finally:
        await conn.close()
