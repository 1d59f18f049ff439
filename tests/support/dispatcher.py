"""The dispatcher on a real Postgres for component tests: ask commands, handle events, read jobs and rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from chassis.command import prepare_database
from chassis.egress import EgressPolicy
from chassis.encryption import Encryptor, decrypt_fields, new_key
from contracts.primitives.ids import new_id
from contracts.wire import commands
from contracts.wire.envelope import Envelope
from contracts.wire.events import event
from contracts.wire.topology import EXECUTOR_JOBS
from messaging.port import Outgoing
from outbox.pipeline import BatchEffects, MessagePipeline
from outbox.relay import Relay
from storage.migrations import migrate
from storage.pool import Pool, open_pool
from trigger_dispatcher.__main__ import PROGRAM
from trigger_dispatcher.command_context import CommandContext
from trigger_dispatcher.consumer import command_handler
from trigger_dispatcher.events.handlers import event_handler
from trigger_dispatcher.events.subscription_cache import SubscriptionCache

SERVICES = Path(__file__).parents[2] / "services"
TARGET = "https://receiver.example/hook"


class QuietBus:
    """A bus that takes nothing: what is committed stays in the outbox, where tests read it."""

    async def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Say that nothing arrived."""
        return [False for _ in messages]

    async def notify(self, channel: str, bodies: Sequence[bytes]) -> None:
        """Publish nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command's caller gets, its secret opened as ingress does."""

    status: int
    body: dict[str, Any]

    @property
    def id(self) -> str:
        """The id of what was made or found."""
        assert self.status < 300, self
        return str(self.body["id"])

    @property
    def faults(self) -> dict[str, str]:
        """What was wrong, by path."""
        return {fault["path"]: fault["message"] for fault in self.body["errors"]}


@dataclass(slots=True)
class Replica:
    """One process of the dispatcher: its own memory of who listens."""

    index: SubscriptionCache = field(default_factory=SubscriptionCache)


@dataclass(slots=True)
class DispatcherHarness:
    """The dispatcher's pipeline over one database. `owner` sees everything, `pool` is the dispatcher's own role."""

    dsn: str
    pool: Pool
    owner: asyncpg.Connection[asyncpg.Record]
    pipeline: MessagePipeline
    ctx: CommandContext
    replica: Replica = field(default_factory=Replica)
    account_id: UUID = field(default_factory=new_id)

    def command(self, name: str, data: dict[str, Any], *, account_id: UUID | None = None, **given: Any) -> Envelope:
        """A command as ingress sends it."""
        command_id = given.pop("id", None) or new_id()
        given.setdefault("correlation_id", command_id)
        return Envelope(id=command_id, name=name, account_id=account_id or self.account_id, data=data, **given)

    async def handle(self, *envelopes: Envelope) -> BatchEffects:
        """Carry out commands in one transaction."""
        return await self.pipeline.commit(envelopes, command_handler(self.ctx))

    async def ask(self, name: str, data: dict[str, Any], *, account_id: UUID | None = None, **given: Any) -> Answer:
        """Carry out one command; answer its outcome."""
        command = self.command(name, data, account_id=account_id, **given)
        await self.handle(command)
        return await self.outcome(command.id)

    async def outcome(self, command_id: UUID) -> Answer:
        """The outcome of a command, as the caller's waiter reads it."""
        row = await self.pool.fetchrow(
            "SELECT status, body FROM dispatch_api.outcome WHERE command_id = $1", command_id
        )
        assert row is not None, "there is no outcome"
        return Answer(row["status"], decrypt_fields(row["body"], self.ctx.encryptor))

    async def subscribe(self, *triggers: str, account_id: UUID | None = None, **fields: Any) -> Answer:
        """Make a hook."""
        data = {"target_url": TARGET, "triggers": list(triggers)} | fields
        return await self.ask(commands.CREATE_HOOK, data, account_id=account_id)

    async def automate(self, trigger: str, *, filters: dict[str, Any] | None = None, **fields: Any) -> Answer:
        """Make an automation of one step."""
        data = {
            "name": "Tell the chat",
            "enabled": True,
            "trigger": {"key": trigger, "filters": filters or {}},
            "steps": [{"action": "post_chat_message", "input": {"url": "https://chat.example/in", "text": "hello"}}],
        }
        return await self.ask(commands.CREATE_AUTOMATION, data | fields)

    def happened(self, trigger: str, *, account_id: UUID | None = None, **given: Any) -> Envelope:
        """An event as the ledger publishes it; `given` may hold subject_id, client_id, object, request, after, at."""
        request = given.get("request") or self.command("some_command", {}, account_id=account_id)
        deliverable = event(
            request,
            trigger,
            subject_id=given.get("subject_id") or new_id(),
            client_id=given.get("client_id"),
            data=given.get("object", {"id": "1"}),
            after=given.get("after"),
        )
        return deliverable.model_copy(update={"at": given["at"]}) if "at" in given else deliverable

    async def handle_events(self, *events: Envelope, replica: Replica | None = None) -> list[Envelope]:
        """Handle events in one transaction; answer the jobs that it made."""
        effects = await self.pipeline.commit(events, event_handler((replica or self.replica).index))
        return jobs_of(effects)

    async def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        """Rows as the database's owner sees them."""
        return [dict(row) for row in await self.owner.fetch(query, *arguments)]


def jobs_of(effects: BatchEffects) -> list[Envelope]:
    """The executor's jobs among what a batch brought about."""
    return [Envelope.decode(message.body) for message in effects.messages if message.queue == EXECUTOR_JOBS.name]


def subscribers(jobs: Sequence[Envelope]) -> list[str]:
    """Whom the jobs are for, sorted."""
    return sorted(str(job.data.get("hook_id") or job.data["automation_id"]) for job in jobs)


def body_of(job: Envelope) -> dict[str, Any]:
    """The public body that a job carries."""
    return dict(orjson.loads(job.data["body"]))


def ago(**given: float) -> datetime:
    """A moment in the past, as `timedelta` takes it."""
    return datetime.now(tz=UTC) - timedelta(**given)


def id_made(moment: datetime) -> UUID:
    """An id as it would have been made at a moment."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | (new_id().int & ((1 << 80) - 1)))


async def prepare(dsn: str) -> None:
    """Migrate an empty database for the dispatcher and those whose views it reads: ingress, the executor."""
    await migrate(dsn, service="ingress", folder=SERVICES / "ingress" / "migrations")
    await prepare_database(dsn, PROGRAM)
    await migrate(dsn, service="action_executor", folder=SERVICES / "action_executor" / "migrations")


@asynccontextmanager
async def open_dispatcher(dsn: str, *, egress_allow: str = "") -> AsyncIterator[DispatcherHarness]:
    """Open the dispatcher's message pipeline over a database that is prepared or empty."""
    owner = await asyncpg.connect(dsn)
    if await owner.fetchval("SELECT to_regclass('dispatch.hook') IS NULL"):
        await prepare(dsn)
    pool = await open_pool(dsn, role="ledgerwire_dispatch", name="dispatcher-test", size_max=6)
    bus: Any = QuietBus()
    pipeline = MessagePipeline(pool, bus, Relay(pool, bus, schema="dispatch"), "dispatch")
    ctx = CommandContext(Encryptor.parse(new_key()), EgressPolicy.parse(egress_allow))
    try:
        yield DispatcherHarness(dsn, pool, owner, pipeline, ctx)
    finally:
        await owner.close()
        await pool.close()
