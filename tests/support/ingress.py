"""Ingress in this process on real Postgres, with its own HTTP client and a ledger that answers as the test sets."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import aiohttp
import orjson

import ingress
import ledger
import messaging
from contracts.wire.envelope import Envelope
from contracts.wire.topology import LEDGER_COMMANDS, QUEUES, ROLES
from ingress.access.accounts import create_account
from ingress.app import open_service
from ingress.settings import IngressSettings
from messaging.postgres import LocalNotifier
from messaging.postgres import open_bus as open_postgres_bus
from outbox.dead_letters import dead_letter_sink
from outbox.pipeline import BatchEffects, MessagePipeline
from outbox.relay import Relay
from storage.migrations import migrate
from storage.pool import Connection, Pool, open_pool

XML: Final = {"Content-Type": "application/xml"}

Decide = Callable[[Envelope], tuple[int, Any] | None]
"""What the ledger says to a command: status and body, or None for silence."""


def an_invoice(
    *, ref: str = "A-1", supplier: str = "One Man Shop", net: str = "100", comment: str = "", currency: str = "EUR"
) -> bytes:
    """A `<Sale>` as a supplier's software posts it."""
    return (
        "<Sale><Header><Document><DocumentDate>2026-02-01</DocumentDate>"
        f"<DocumentRef>{ref}</DocumentRef><SupplierData><SupplierName>{supplier}</SupplierName></SupplierData></Document>"
        f"<SaleType>sales_invoice</SaleType><Currency>{currency}</Currency><Comment>{comment}</Comment></Header>"
        "<LineItems><LineItem><Item><ItemName>Work</ItemName></Item><Qty>1</Qty>"
        f"<Price>{net}</Price><LineTotal>{net}</LineTotal></LineItem></LineItems>"
        f"<Totals><GrossAmount>{net}</GrossAmount><NetAmount>{net}</NetAmount></Totals></Sale>"
    ).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, read whole."""

    status: int
    headers: Any
    raw: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.raw)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.raw.decode()

    @property
    def paths(self) -> list[str]:
        """The paths of a problem's faults."""
        return [fault["path"] for fault in self.json["errors"]]


@dataclass(slots=True)
class FakeLedger:
    """A consumer of the ledger's queue on the real bus and pipeline: it keeps what came and answers by `decide`."""

    decide: Decide = lambda _: (201, {"id": "11111111-1111-7111-8111-111111111111", "name": "made"})
    taken: list[Envelope] = field(default_factory=list)

    async def handle(self, _: Connection, commands: Sequence[Envelope], effects: BatchEffects) -> None:
        """Keep and answer."""
        for command in commands:
            self.taken.append(command)
            if (said := self.decide(command)) is not None:
                effects.answer(command, *said)

    def named(self, name: str) -> list[Envelope]:
        """What came of one command."""
        return [command for command in self.taken if command.name == name]


@dataclass(slots=True)
class Ingress:
    """A running ingress and how to speak to it."""

    url: str
    dsn: str
    pool: Pool
    client: aiohttp.ClientSession
    ledger: FakeLedger
    settings: IngressSettings
    owner: Pool  # what none of the services may do
    stop: Callable[[], Awaitable[None]]

    async def account(self, name: str = "Books Ltd") -> Account:
        """A new account and its credentials."""
        return Account(self, await create_account(self.pool, name))

    async def send(self, method: str, path: str, **options: Any) -> Answer:
        """Send a request as it stands; redirects are answers, not followed."""
        url = path if path.startswith("http") else self.url + path
        async with self.client.request(method, url, allow_redirects=False, **options) as reply:
            return Answer(reply.status, reply.headers, await reply.read())


@dataclass(slots=True)
class Account:
    """An account that calls with its access token."""

    ingress: Ingress
    made: dict[str, Any]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.made["account_id"])

    async def send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any) -> Answer:
        """Send a request with the access token."""
        bearer = {"Authorization": f"Bearer {self.made['access_token']}"}
        return await self.ingress.send(method, path, headers=bearer | (headers or {}), **options)

    async def get(self, path: str, **options: Any) -> Answer:
        """GET."""
        return await self.send("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> Answer:
        """POST JSON, or nothing."""
        return await self.send("POST", path, **options, **({} if json is None else {"json": json}))

    async def delete(self, path: str) -> Answer:
        """DELETE."""
        return await self.send("DELETE", path)

    async def channel(self, kind: str = "direct") -> dict[str, Any]:
        """A new channel."""
        made = await self.post("/v1/channels", {"kind": kind})
        assert made.status == 201, made.text
        return dict(made.json)

    async def push(self, channel: dict[str, Any], body: bytes, **headers: str) -> Answer:
        """POST a document to a channel, as XML unless a header says otherwise."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.ingress.send("POST", channel["url"], data=body, headers=XML | named)


async def prepare(dsn: str) -> None:
    """Migrate an empty database for ingress and for the ledger, whose views it reads."""
    for service, package in (("bus", messaging), ("ingress", ingress), ("ledger", ledger)):
        await migrate(dsn, service=service, folder=Path(str(package.__file__)).with_name("migrations"))


@asynccontextmanager
async def running_ingress(dsn: str, *, ledger: FakeLedger | None = None, **given: Any) -> AsyncIterator[Ingress]:
    """Start ingress on a free port over a database that is prepared, with a fake ledger behind it."""
    pool = await open_pool(dsn, role=ROLES["ingress"], name="test", size_max=4)
    keys = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    wakeups = LocalNotifier()
    fake = ledger or FakeLedger()
    async with AsyncExitStack() as stack:
        usual = {
            "postgres_dsn": dsn, "port": 0, "secret_keys": keys, "drain_seconds": 5, "access_log": False,
            "files": stack.enter_context(TemporaryDirectory(prefix="ledgerwire-files-")),
        }  # fmt: skip
        settings = IngressSettings.read(**(usual | given))
        stack.push_async_callback(_close, pool)
        owner = await open_pool(dsn, role="none", name="test-owner", size_max=2)
        stack.push_async_callback(_close, owner)
        await stack.enter_async_context(_ledger(dsn, fake, wakeups))
        service = await stack.enter_async_context(AsyncExitStack())
        running = await service.enter_async_context(open_service(settings, wakeups=wakeups))
        client = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30), connector=aiohttp.TCPConnector(limit=200))
        )
        assert running.url is not None
        yield Ingress(running.url, dsn, pool, client, fake, settings, owner, service.aclose)


async def _close(pool: Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), 5)
    except TimeoutError:
        pool.terminate()


@asynccontextmanager
async def _ledger(dsn: str, fake: FakeLedger, wakeups: LocalNotifier) -> AsyncIterator[None]:
    pool = await open_pool(dsn, role=ROLES["ledger"], name="test-ledger", size_max=4)
    bus = await open_postgres_bus(pool, queues=QUEUES, name="ledger", wakeups=wakeups)
    relay = Relay(pool, bus, schema="ledger")
    pipeline = MessagePipeline(pool, bus, relay, "ledger")
    handler, sink = pipeline.handler(fake.handle), dead_letter_sink(pool, schema="ledger")
    queues = LEDGER_COMMANDS.with_subqueues()
    consumers = [await bus.consume(queue.name, handler, dead_letter=sink) for queue in queues]
    try:
        yield
    finally:
        for consumer in consumers:
            await consumer.stop(5)
        await bus.close()
        await _close(pool)
