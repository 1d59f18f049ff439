"""The executor as a running service over a real Postgres: hooks put where the dispatcher would, jobs published."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg

from action_executor.__main__ import PROGRAM
from action_executor.app import open_service
from action_executor.settings import ExecutorSettings
from chassis.command import prepare_database
from chassis.encryption import Encryptor, new_key
from chassis.handle import ServiceHandle
from contracts.primitives.ids import derive_id, new_id
from contracts.wire.envelope import Envelope
from contracts.wire.events import public_body
from contracts.wire.topology import EXECUTOR_COMMANDS, EXECUTOR_JOBS, QUEUES
from messaging.port import Bus, Outgoing
from messaging.postgres import LocalNotifier, open_bus
from storage.migrations import migrate
from storage.pool import INDEX_SCAN_SETTINGS, Pool, open_pool
from storage.pool import register_codecs as prepare_connection
from tests.support.eventually import eventually

SERVICES: Final = Path(__file__).parents[2] / "services"
PUBLISHERS: Final = ("ingress", "ledger", "trigger_dispatcher")
"""Whose views the executor reads; none of them runs here."""

QUICK: Final = "0,0.05,0.05,0.05"
"""A schedule of four tries that needs no waiting."""


@dataclass(frozen=True, slots=True)
class MadeHook:
    """A hook that is there, and the secret its receiver was shown."""

    account_id: UUID
    id: UUID
    secret: str


@dataclass(slots=True)
class ExecutorHarness:
    """One database with everything migrated; executors come and go over it."""

    dsn: str
    owner: asyncpg.Connection[asyncpg.Record]
    pool: Pool
    bus: Bus
    wakeups: LocalNotifier
    key: str
    account_id: UUID = field(default_factory=new_id)

    @property
    def encryptor(self) -> Encryptor:
        """What encrypts secrets here."""
        return Encryptor.parse(self.key)

    def settings(self, **given: Any) -> ExecutorSettings:
        """Settings in which nothing waits long."""
        quick: dict[str, Any] = {
            "postgres_dsn": self.dsn,
            "secret_keys": self.key,
            "egress_allow": "127.0.0.0/8",
            "hook_schedule_seconds": QUICK,
            "step_schedule_seconds": QUICK,
            "hook_rate_per_second": 1000,
            "hook_cache_seconds": 0,
            "sweep_seconds": 0.2,
            "drain_seconds": 5,
        }
        return ExecutorSettings(**(quick | given))

    @asynccontextmanager
    async def running(self, **given: Any) -> AsyncIterator[ServiceHandle]:
        """An executor at work."""
        async with open_service(self.settings(**given), wakeups=self.wakeups) as running:
            yield running

    async def make_hook(self, url: str, **given: Any) -> MadeHook:
        """Put a hook where the dispatcher keeps them."""
        secret = f"whsec_{b64encode(secrets.token_bytes(24)).decode()}"
        hook = MadeHook(given.get("account_id", self.account_id), new_id(), secret)
        await self.owner.execute(
            "INSERT INTO dispatch.hook (account_id, id, target_url, triggers, filters, state, fingerprint, secret,"
            " effective_from, ordered, rate_per_second, concurrency)"
            " VALUES ($1, $2, $3, ARRAY['sale.posted'], '{}', $4, $5, $6, now(), $7, $8, $9)",
            hook.account_id, hook.id, url, given.get("state", "active"), secrets.token_bytes(16),
            self.encryptor.encrypt(secret), given.get("ordered"), given.get("rate_per_second"),
            given.get("concurrency"),
        )  # fmt: skip
        return hook

    async def rotate(self, hook: MadeHook, *, keep: str = "24 hours") -> str:
        """Give a hook a new secret as the dispatcher does; the old one counts for as long as `keep`."""
        secret = f"whsec_{b64encode(secrets.token_bytes(24)).decode()}"
        await self.owner.execute(
            "UPDATE dispatch.hook SET previous_secret = secret, previous_until = now() + $2::text::interval,"
            " secret = $3, version = version + 1 WHERE id = $1",
            hook.id, keep, self.encryptor.encrypt(secret),
        )  # fmt: skip
        return secret

    async def retarget(self, hook: MadeHook, url: str) -> None:
        """Give a hook another target as the dispatcher does."""
        await self.owner.execute(
            "UPDATE dispatch.hook SET target_url = $2, version = version + 1 WHERE id = $1", hook.id, url
        )

    async def count_in_flight(self) -> int:
        """How many deliveries are leased now."""
        query = "SELECT count(*) FROM execution.delivery WHERE state = 'in_flight'"
        found: int = await self.owner.fetchval(query)
        return found

    def job(self, hook: MadeHook, *, event_id: UUID | None = None, **given: Any) -> Envelope:
        """The job that delivers an event to a hook."""
        event_id = event_id or new_id()
        data = given.get("data", {"number": "A-1", "total": "1234.50"})
        body = public_body(event_id=event_id, trigger="sale.posted", timestamp="2026-03-02T09:30:00+00:00", data=data)
        client_id = given.get("client_id")
        return Envelope(
            id=given.get("id", derive_id(event_id, str(hook.id))),
            name="deliver",
            account_id=hook.account_id,
            correlation_id=given.get("correlation_id", event_id),
            causation_id=event_id,
            data={
                "hook_id": str(hook.id),
                "event_id": str(event_id),
                "trigger": "sale.posted",
                "body": body.decode(),
                "client_id": str(client_id) if client_id else None,
                "ordered": given.get("ordered"),
                "after": str(given["after"]) if given.get("after") else None,
                "hook_version": given.get("hook_version", 0),
            },
        )

    async def make_automation(self, *steps: dict[str, Any]) -> UUID:
        """Put an automation where the dispatcher keeps them."""
        automation_id = new_id()
        await self.owner.execute(
            "INSERT INTO dispatch.automation (account_id, id, name, enabled, version, effective_from)"
            " VALUES ($1, $2, 'Some automation', true, 1, now())",
            self.account_id, automation_id,
        )  # fmt: skip
        definition = {"trigger": {"key": "sale.posted", "filters": {}}, "steps": list(steps)}
        await self.owner.execute(
            "INSERT INTO dispatch.automation_version (account_id, automation_id, version, definition)"
            " VALUES ($1, $2, 1, $3)",
            self.account_id, automation_id, definition,
        )  # fmt: skip
        return automation_id

    def run_job(self, automation_id: UUID, *, data: dict[str, Any] | None = None, depth: int = 0) -> Envelope:
        """The job that runs an automation on an event."""
        event_id = new_id()
        body = public_body(
            event_id=event_id,
            trigger="sale.posted",
            timestamp="2026-03-02T09:30:00+00:00",
            data=data or {"number": "A-1", "total": "1234.50", "currency": "EUR"},
        )
        return Envelope(
            id=derive_id(event_id, str(automation_id)),
            name="run",
            account_id=self.account_id,
            correlation_id=event_id,
            causation_id=event_id,
            depth=depth,
            data={
                "automation_id": str(automation_id),
                "version": 1,
                "event_id": str(event_id),
                "trigger": "sale.posted",
                "body": body.decode(),
            },
        )

    async def publish(self, *jobs: Envelope) -> None:
        """Put jobs on the executor's queue."""
        await self._send(EXECUTOR_JOBS.name, jobs)

    async def command(self, name: str, data: dict[str, Any], *, account_id: UUID | None = None) -> dict[str, Any]:
        """Send a command and wait for its outcome: `status` and `body`."""
        return await self.outcome_of(await self.send(name, data, account_id=account_id))

    async def send(self, name: str, data: dict[str, Any], *, account_id: UUID | None = None) -> UUID:
        """Put a command on the executor's queue; return its id."""
        command_id = new_id()
        command = Envelope(
            id=command_id,
            name=name,
            account_id=account_id or self.account_id,
            correlation_id=command_id,
            data=data,
        )
        await self._send(EXECUTOR_COMMANDS.name, [command])
        return command_id

    async def outcome_of(self, command_id: UUID) -> dict[str, Any]:
        """Wait for the outcome of a command: `status` and `body`."""

        async def outcome() -> dict[str, Any]:
            row = await self.owner.fetchrow(
                "SELECT status, body FROM execution_api.outcome WHERE command_id = $1", command_id
            )
            return dict(row) if row else {}

        return await eventually(outcome)

    async def _send(self, queue: str, envelopes: Sequence[Envelope]) -> None:
        sent = await self.bus.publish([Outgoing(new_id(), queue, envelope.encode()) for envelope in envelopes])
        assert all(sent)

    async def delivery(self, delivery_id: UUID) -> dict[str, Any]:
        """A delivery's row with all its columns, its lease among them."""
        row = await self.owner.fetchrow("SELECT * FROM execution.delivery WHERE id = $1", delivery_id)
        return dict(row) if row else {"state": "absent"}

    async def becomes(self, delivery_id: UUID, state: str, *, deadline_seconds: float = 30) -> dict[str, Any]:
        """Wait until a delivery is in a state; answer its row."""

        async def there() -> dict[str, Any]:
            row = await self.delivery(delivery_id)
            return row if row["state"] == state else {}

        return await eventually(there, deadline_seconds=deadline_seconds)

    async def awaits_retry(self, delivery_id: UUID) -> dict[str, Any]:
        """Wait until an attempt of a delivery has failed and the next one is due later; answer its row."""

        async def there() -> dict[str, Any]:
            row = await self.delivery(delivery_id)
            return row if row["state"] == "pending" and row["error"] else {}

        return await eventually(there)

    async def attempts(self, delivery_id: UUID) -> list[dict[str, Any]]:
        """The attempts of a delivery in order."""
        query = "SELECT * FROM execution.attempt WHERE delivery_id = $1 ORDER BY number"
        return [dict(row) for row in await self.owner.fetch(query, delivery_id)]

    async def run_becomes(self, run_id: UUID, *states: str, deadline_seconds: float = 30) -> dict[str, Any]:
        """Wait until a run is in one of the states; answer its row."""

        async def there() -> dict[str, Any]:
            row = await self.owner.fetchrow("SELECT * FROM execution.run WHERE id = $1", run_id)
            assert row is None or row["finished_at"] is None or row["state"] in states, (row["state"], row["error"])
            return dict(row) if row and row["state"] in states else {}

        return await eventually(there, deadline_seconds=deadline_seconds)

    async def steps(self, run_id: UUID) -> list[dict[str, Any]]:
        """The steps of a run in order."""
        query = "SELECT * FROM execution.step WHERE run_id = $1 ORDER BY number"
        return [dict(row) for row in await self.owner.fetch(query, run_id)]

    async def outbox(self, queue: str) -> list[Envelope]:
        """What was published to a queue that is not consumed here, or is about to be."""
        rows = await self.owner.fetch("SELECT body FROM bus.message WHERE queue = $1 ORDER BY id", queue)
        waiting = "SELECT body FROM execution.outbox WHERE queue = $1 ORDER BY created_at, id"
        rows += await self.owner.fetch(waiting, queue)
        unique = {envelope.id: envelope for envelope in (Envelope.decode(row["body"]) for row in rows)}
        return list(unique.values())

    async def answer_as_ledger(self, command: Envelope, status: int, body: dict[str, Any]) -> None:
        """Write a command's outcome as the ledger does, and wake who waits."""
        await self.owner.execute(
            "INSERT INTO ledger.outcome (account_id, command_id, status, body) VALUES ($1, $2, $3, $4)",
            command.account_id, command.id, status, body,
        )  # fmt: skip
        await self.tell_of_answer(command)

    async def tell_of_answer(self, command: Envelope) -> None:
        """Wake who waits for a command's outcome."""
        if command.reply_to:
            await self.bus.notify(command.reply_to, [command.id.bytes])


async def prepare(dsn: str) -> None:
    """Migrate an empty database for the executor and the services whose views it reads."""
    for service in PUBLISHERS:
        await migrate(dsn, service=service, folder=SERVICES / service / "migrations")
    await prepare_database(dsn, PROGRAM)


@asynccontextmanager
async def open_harness(dsn: str) -> AsyncIterator[ExecutorHarness]:
    """Open what tests need over a database that is prepared or empty; no executor runs yet."""
    async with AsyncExitStack() as stack:
        owner = await asyncpg.connect(dsn)
        stack.push_async_callback(owner.close)
        if await owner.fetchval("SELECT to_regclass('execution.delivery') IS NULL"):
            await prepare(dsn)
        await prepare_connection(owner)
        pool = await open_pool(
            dsn, role="ledgerwire_execution", name="harness", size_max=2, server_settings=INDEX_SCAN_SETTINGS
        )
        stack.push_async_callback(pool.close)
        wakeups = LocalNotifier()
        bus = await open_bus(pool, queues=QUEUES, name="harness", wakeups=wakeups)
        stack.push_async_callback(bus.close)
        yield ExecutorHarness(dsn, owner, pool, bus, wakeups, new_key())
