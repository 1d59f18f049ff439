"""A pipeline on a real Postgres for component tests: a schema of its own, and a bus that does what a test sets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg

import messaging
from contracts.primitives.ids import new_id
from contracts.wire.envelope import Envelope
from messaging.port import Incoming, Outcome, Outgoing
from outbox.pipeline import HandleBatch, MessagePipeline
from outbox.relay import Relay
from outbox.subqueues import SubqueueChooser
from storage.migrations import migrate
from storage.pool import Pool, open_pool

SCHEMA: Final = "pipeline"
QUEUE: Final = "pipeline.things"


@dataclass(slots=True)
class ScriptedBus:
    """Keeps what is published; `takes` decides which messages it confirms, `gate` holds publishes back."""

    takes: Callable[[Outgoing], bool] = lambda _: True
    published: list[Outgoing] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    notifications: list[tuple[str, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate.set()

    async def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Keep what is taken."""
        await self.gate.wait()
        taken = [self.takes(message) for message in messages]
        self.published += [message for message, there in zip(messages, taken, strict=True) if there]
        return taken

    async def notify(self, channel: str, bodies: Sequence[bytes]) -> None:
        """Keep the hints."""
        self.notifications += [(channel, body) for body in bodies]


@dataclass(slots=True)
class PipelineHarness:
    """One schema with what a pipeline needs, and as many relays over it as a test opens."""

    dsn: str
    pool: Pool
    owner: asyncpg.Connection[asyncpg.Record]

    def relay(self, bus: ScriptedBus, *, subqueues: SubqueueChooser | None = None) -> Relay:
        """Another process's relay."""
        bent: Any = bus
        return Relay(self.pool, bent, schema=SCHEMA, subqueues=subqueues)

    def pipeline(self, bus: ScriptedBus | None = None) -> MessagePipeline:
        """Another process's pipeline; its relay is not started."""
        bent: Any = bus or ScriptedBus()
        return MessagePipeline(self.pool, bent, Relay(self.pool, bent, schema=SCHEMA), SCHEMA)

    async def take(
        self, handle: HandleBatch, *messages: Envelope | bytes, bus: ScriptedBus | None = None
    ) -> list[Outcome]:
        """Hand a batch to a pipeline."""
        bodies = [one if isinstance(one, bytes) else one.encode() for one in messages]
        return list(await self.pipeline(bus).handler(handle)([Incoming(QUEUE, body) for body in bodies]))

    async def count(self, table: str) -> int:
        """How many rows a table of the pipeline has."""
        counted: int = await self.owner.fetchval(f"SELECT count(*) FROM {SCHEMA}.{table}")  # noqa: S608  a test's own
        return counted

    async def leave_behind(self, *messages: Outgoing, seconds_ago: float = 10) -> None:
        """Put rows in the outbox as a process did that then died."""
        await self.owner.executemany(
            f"INSERT INTO {SCHEMA}.outbox (id, queue, body, created_at)"  # noqa: S608  constant
            " VALUES ($1, $2, $3, clock_timestamp() - make_interval(secs => $4))",
            [(one.id, one.queue, one.body, seconds_ago) for one in messages],
        )


def a_thing(name: str = "thing", **data: Any) -> Envelope:
    """A message for the pipeline."""
    identifier = new_id()
    return Envelope(id=identifier, name=name, account_id=new_id(), correlation_id=identifier, data=data)


def some_outgoing(number: int, *, queue: str = QUEUE, body: bytes = b"x") -> list[Outgoing]:
    """Messages to publish."""
    return [Outgoing(new_id(), queue, body) for _ in range(number)]


async def prepare(dsn: str) -> None:
    """Make the schema in an empty database."""
    await migrate(dsn, service="bus", folder=Path(messaging.__file__).with_name("migrations"))
    owner = await asyncpg.connect(dsn)
    await owner.execute("SELECT storage.create_messaging_tables('pipeline', 'ledgerwire_ledger')")
    await owner.execute("SELECT storage.create_kept_messages_table('pipeline', 'ledgerwire_ledger')")
    await owner.close()


@asynccontextmanager
async def open_pipeline(dsn: str) -> AsyncIterator[PipelineHarness]:
    """Open what tests of a pipeline need over a prepared database."""
    owner = await asyncpg.connect(dsn)
    pool = await open_pool(dsn, role="ledgerwire_ledger", name="pipeline-test", size_max=8)
    try:
        yield PipelineHarness(dsn, pool, owner)
    finally:
        await owner.close()
        pool.terminate()
