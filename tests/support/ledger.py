"""The ledger's books on a real Postgres for component tests: ask commands, read answers, events and rows."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg

from chassis.command import prepare_database
from contracts.primitives.ids import new_id
from contracts.urls import PublicUrls
from contracts.wire import commands
from contracts.wire.envelope import Envelope
from ledger import consumer
from ledger.__main__ import PROGRAM
from messaging.port import Outgoing
from outbox.pipeline import BatchEffects, MessagePipeline
from outbox.relay import Relay
from storage.pool import Pool, open_pool

# What ingress publishes of an account, as far as the ledger asks for it.
_ACCOUNTS = """
CREATE SCHEMA ingress_api;
CREATE TABLE ingress_api.account (
    account_id uuid PRIMARY KEY, name text, time_zone text, locale text, currency text,
    clients_max bigint, products_max bigint, number_format text, default_pay_term jsonb,
    profile jsonb NOT NULL DEFAULT '{}',
    collections jsonb NOT NULL DEFAULT '{}'
);
GRANT USAGE ON SCHEMA ingress_api TO ledgerwire_ledger;
GRANT SELECT ON ingress_api.account TO ledgerwire_ledger;
"""


URLS = PublicUrls("https://books.example")
handle = partial(consumer.handle, urls=URLS)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command's caller gets."""

    status: int
    body: dict[str, Any]

    @property
    def id(self) -> str:
        """The id of what was made."""
        assert self.status < 300, self
        return str(self.body["id"])


class QuietBus:
    """A bus that takes nothing: what is committed stays in the outbox, where tests read it."""

    async def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Say that nothing arrived."""
        return [False for _ in messages]

    async def notify(self, channel: str, bodies: Sequence[bytes]) -> None:
        """Publish nothing."""


@dataclass(slots=True)
class LedgerHarness:
    """The ledger's pipeline over one database. `owner` sees everything, `pool` is the ledger's own role."""

    dsn: str
    pool: Pool
    owner: asyncpg.Connection[asyncpg.Record]
    pipeline: MessagePipeline
    account_id: UUID = field(default_factory=new_id)

    async def with_new_account(self) -> LedgerHarness:
        """The same for an account of its own."""
        harness = replace(self, account_id=new_id())
        await harness.add_account(harness.account_id)
        return harness

    async def add_account(
        self,
        account_id: UUID | None = None,
        *,
        currency: str = "EUR",
        time_zone: str = "UTC",
        clients_max: int | None = None,
        products_max: int | None = None,
    ) -> UUID:
        """Let ingress publish an account; one that exists is changed to these values."""
        account_id = account_id or new_id()
        await self.owner.execute(
            "INSERT INTO ingress_api.account (account_id, name, time_zone, locale, currency, clients_max, products_max)"
            " VALUES ($1, 'Baltic Trading', $2, 'en', $3, $4, $5)"
            " ON CONFLICT (account_id) DO UPDATE"
            " SET time_zone = $2, currency = $3, clients_max = $4, products_max = $5",
            account_id, time_zone, currency, clients_max, products_max,
        )  # fmt: skip
        return account_id

    def command(self, name: str, data: dict[str, Any], *, account_id: UUID | None = None, **given: Any) -> Envelope:
        """A command as ingress sends it."""
        command_id = given.pop("id", None) or new_id()
        given.setdefault("correlation_id", command_id)
        return Envelope(id=command_id, name=name, account_id=account_id or self.account_id, data=data, **given)

    async def handle(self, *envelopes: Envelope) -> BatchEffects:
        """Handle a batch in one transaction; answers what it brought about."""
        return await self.pipeline.commit(envelopes, handle)

    async def ask(self, name: str, data: dict[str, Any], *, account_id: UUID | None = None, **given: Any) -> Answer:
        """Handle one command; answer its outcome."""
        command = self.command(name, data, account_id=account_id, **given)
        await self.handle(command)
        return await self.outcome(command.id)

    async def outcome(self, command_id: UUID) -> Answer:
        """The outcome of a command, as the caller's waiter reads it."""
        row = await self.pool.fetchrow("SELECT status, body FROM ledger_api.outcome WHERE command_id = $1", command_id)
        assert row is not None, "there is no outcome"
        return Answer(row["status"], row["body"])

    async def client(self, *, account_id: UUID | None = None, **fields: Any) -> str:
        """Make a client; answer its id."""
        data = {"name": "Ozola Design SIA"} | fields
        return (await self.ask(commands.CREATE_CLIENT, data, account_id=account_id)).id

    async def product(self, *, account_id: UUID | None = None, **fields: Any) -> str:
        """Make a product; answer its id."""
        data = {"code": "CONSULT", "name": "Consulting"} | fields
        return (await self.ask(commands.CREATE_PRODUCT, data, account_id=account_id)).id

    async def used(self, quota: str, account_id: UUID | None = None) -> int:
        """What the counter says; it must equal a recount."""
        account_id = account_id or self.account_id
        counted: int | None = await self.owner.fetchval(
            "SELECT used FROM ledger.usage_counter WHERE account_id = $1 AND quota = $2", account_id, quota
        )
        recounted = await self.owner.fetchval(
            f"SELECT count(*) FROM ledger.{quota[:-1]} WHERE account_id = $1 AND archived_at IS NULL",  # noqa: S608
            account_id,
        )
        assert (counted or 0) == recounted
        return counted or 0

    async def sale(self, client_id: str, *, account_id: UUID | None = None, **fields: Any) -> Answer:
        """Make a sale."""
        return await self.ask(commands.CREATE_SALE, an_invoice(client_id, **fields), account_id=account_id)

    async def pay(self, client_id: str, amount: str, *settles: tuple[str, str], **fields: Any) -> Answer:
        """Record a payment that settles sales, each given as (id, amount)."""
        return await self.ask(commands.RECORD_PAYMENT, a_payment(client_id, amount, *settles, **fields))

    async def events(self) -> list[Envelope]:
        """Every event fired so far, in order."""
        rows = await self.owner.fetch(
            "SELECT body FROM ledger.outbox WHERE queue = 'dispatcher.events' ORDER BY created_at, id"
        )
        return [Envelope.decode(row["body"]) for row in rows]

    async def triggers(self) -> list[str]:
        """The trigger keys fired so far, in order."""
        return [event.name for event in await self.events()]

    async def row(self, view: str, thing_id: str | UUID) -> asyncpg.Record:
        """A row of a published view."""
        row = await self.pool.fetchrow(
            f"SELECT * FROM ledger_api.{view} WHERE account_id = $1 AND id = $2",  # noqa: S608  a test's own words
            self.account_id,
            UUID(str(thing_id)),
        )
        assert row is not None, f"no such {view}"
        return row

    async def balances(self) -> dict[str, int]:
        """The sums of the journal by ledger account, in minor units; they must add up to nothing."""
        rows = await self.owner.fetch(
            "SELECT ledger_account, sum(amount_minor)::bigint AS minor FROM ledger.posting"
            " WHERE account_id = $1 GROUP BY 1",
            self.account_id,
        )
        return {row["ledger_account"]: row["minor"] for row in rows}

    async def contents(self) -> dict[str, int]:
        """How many rows each table of the ledger has: what a refused command must not change."""
        tables = (
            "client", "client_balance", "product", "supplier",
            "sale", "payment", "settlement", "entry", "posting", "document_event", "outbox",
            "inbox_message", "message",
        )  # fmt: skip
        counts = {
            table: await self.owner.fetchval(f"SELECT count(*) FROM ledger.{table}")  # noqa: S608
            for table in tables
        }
        counts["used"] = await self.owner.fetchval("SELECT coalesce(sum(used), 0) FROM ledger.usage_counter")
        counts["numbers"] = await self.owner.fetchval("SELECT coalesce(sum(counter), 0) FROM ledger.number_counter")
        return counts


def an_invoice(client_id: str | None = None, **fields: Any) -> dict[str, Any]:
    """An invoice of 138.66 at 19 %, issued at once: 165.01."""
    usual = {
        "sale_type": "sales_invoice",
        "currency": "EUR",
        "lines": [{"description": "Consulting", "quantity": "1", "unit_price": "138.66", "tax_rate": "19"}],
        "issue": True,
    }
    return usual | ({"client_id": client_id} if client_id else {}) | fields


def a_line(quantity: str, unit_price: str, tax_rate: str | None = None, **fields: Any) -> dict[str, Any]:
    """A line of free text."""
    line = {"description": "Something", "quantity": quantity, "unit_price": unit_price}
    return line | ({"tax_rate": tax_rate} if tax_rate else {}) | fields


def a_payment(client_id: str, amount: str, *settles: tuple[str, str], **fields: Any) -> dict[str, Any]:
    """A payment by bank."""
    allocations = [{"sale_id": sale_id, "amount": part} for sale_id, part in settles]
    usual: dict[str, Any] = {
        "client_id": client_id,
        "amount": amount,
        "currency": "EUR",
        "method": "bank",
        "allocations": allocations,
    }
    return usual | fields


def a_message(raw: bytes = b"<Sale/>", **fields: Any) -> dict[str, Any]:
    """A supplier's invoice as ingress hands it over."""
    usual: dict[str, Any] = {
        "message_id": str(new_id()),
        "box": "purchases",
        "channel": {"id": "public-id-of-the-channel", "kind": "direct", "name": "Suppliers"},
        "content_type": "application/xml",
        "raw": base64.b64encode(raw).decode(),
        "received_at": "2026-03-02T09:30:00.123456+00:00",
        "document": {
            "document_date": "2026-03-01",
            "document_ref": "A-17",
            "supplier": {"name": "Paper and Pens OÜ"},
            "sale_type": "sales_invoice",
            "currency": "EUR",
            "lines": [{"description": "Paper A4", "quantity": "10", "unit_price": "4.20"}],
        },
        "warnings": [],
        "duplicate_of": None,
    }
    return usual | fields


async def prepare(dsn: str) -> None:
    """Migrate an empty database for the ledger, and publish accounts in it as ingress does."""
    await prepare_database(dsn, PROGRAM)
    owner = await asyncpg.connect(dsn)
    await owner.execute(_ACCOUNTS)
    await owner.close()


@asynccontextmanager
async def open_harness(dsn: str, *, sessions: int = 4) -> AsyncIterator[LedgerHarness]:
    """Give the ledger in a database that is prepared or empty, with one account."""
    owner = await asyncpg.connect(dsn)
    if await owner.fetchval("SELECT to_regclass('ingress_api.account') IS NULL"):
        await prepare(dsn)
    pool = await open_pool(dsn, role="ledgerwire_ledger", name="tests", size_max=sessions)
    try:
        bus: Any = QuietBus()
        harness = LedgerHarness(
            dsn, pool, owner, MessagePipeline(pool, bus, Relay(pool, bus, schema="ledger"), "ledger")
        )
        yield await harness.with_new_account()
    finally:
        await pool.close()
        await owner.close()
