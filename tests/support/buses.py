"""Both buses behind one face for the contract suite: open, look, and do harm."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from uuid import UUID

import aio_pika
import asyncpg
from aio_pika.abc import AbstractConnection

import messaging
from contracts.primitives.ids import new_id
from contracts.wire.topology import Queue
from messaging.port import BatchHandler, Bus, Done, Incoming, Outcome, Outgoing
from messaging.postgres import LocalNotifier, PostgresBus, open_bus
from messaging.rabbitmq import RabbitBus, connect
from scheduling.ending import end_tasks
from storage.migrations import migrate
from storage.pool import Pool, open_pool

LEASE_SECONDS = 1.5


def a_queue(*, delivery_limit: int = 1000, length_max: int = 5_000_000) -> Queue:
    """A queue of its own for one test."""
    return Queue(f"test.{secrets.token_hex(4)}", "ledger", "command", ("ingress",), delivery_limit, length_max)


def a_message(queue: Queue, body: bytes | str = b"hello", *, identifier: UUID | None = None) -> Outgoing:
    """A message for a queue."""
    return Outgoing(identifier or new_id(), queue.name, body.encode() if isinstance(body, str) else body)


def some_messages(queue: Queue, number: int, prefix: str = "m") -> list[Outgoing]:
    """Messages with bodies `m-0`, `m-1` ..."""
    return [a_message(queue, f"{prefix}-{index}") for index in range(number)]


@dataclass(slots=True)
class DeadLettered:
    """A `park` that keeps what it is given."""

    messages: list[tuple[bytes, str]] = field(default_factory=list)

    async def __call__(self, message: Incoming, reason: str) -> None:
        """Keep."""
        self.messages.append((message.body, reason))


class Taken:
    """A handler that takes everything and remembers it."""

    def __init__(self) -> None:
        self.batches: list[list[Incoming]] = []

    async def __call__(self, messages: Sequence[Incoming]) -> Sequence[Outcome]:
        """Take."""
        self.batches.append(list(messages))
        return [Done()] * len(messages)

    @property
    def messages(self) -> list[Incoming]:
        """What was taken, in order."""
        return [message for batch in self.batches for message in batch]

    @property
    def bodies(self) -> list[str]:
        """The bodies of what was taken, in order, as text."""
        return [message.body.decode() for message in self.messages]


class Harness(Protocol):
    """One kind of bus, on a fresh corner of a real server."""

    async def open(self, queues: Sequence[Queue], name: str = "tests") -> Bus:
        """Open a bus as another process would; closed with the harness."""
        ...

    async def crash(self, bus: Bus) -> None:
        """Let the process of this bus die: nothing it holds is given back in order."""
        ...

    async def cut_connections(self) -> None:
        """Cut every connection of every bus from the server's side or under way."""
        ...


class RabbitHarness:
    """Buses on a virtual host."""

    def __init__(self, url: str, settle_seconds: float) -> None:
        self.url, self.settle_seconds = url, settle_seconds
        self._buses: list[RabbitBus] = []

    async def open(self, queues: Sequence[Queue], name: str = "tests") -> RabbitBus:
        """Open a bus whose watchdog is quick."""
        bus = await connect(
            self.url,
            queues=queues,
            name=name,
            publish_timeout_seconds=3,
            watch_seconds=0.5,
            settle_seconds=self.settle_seconds,
        )
        self._buses.append(bus)
        return bus

    async def crash(self, bus: Bus) -> None:
        """Stop all its tasks, then cut its sockets."""
        assert isinstance(bus, RabbitBus)
        self._buses.remove(bus)
        tasks = [consumer._task for consumer in bus._consumers] + [listener._task for listener in bus._subscribers]
        tasks += [worker for consumer in bus._consumers for worker in consumer._buffer._workers]
        tasks += [bus._publish_link._task, bus._consume_link._task]
        lives = [live for link in (bus._publish_link, bus._consume_link) if (live := link._live) is not None]
        for live in lives:
            live.cut()
        await end_tasks([task for task in tasks if task is not None])

    async def cut_connections(self) -> None:
        """Reset the sockets."""
        for bus in self._buses:
            for link in (bus._publish_link, bus._consume_link):
                if link._live is not None:
                    link._live.cut()

    async def close(self) -> None:
        """Close what is open."""
        await asyncio.gather(*(bus.close() for bus in self._buses))


class PostgresHarness:
    """Buses in a database; each has its own pool, as services in separate processes have."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._buses: dict[PostgresBus, Pool] = {}

    async def open(self, queues: Sequence[Queue], name: str = "tests") -> PostgresBus:
        """Open a bus whose leases are short."""
        pool = await open_pool(self.dsn, role="ledgerwire_ledger", name=name)
        bus = await open_bus(pool, queues=queues, name=name, wakeups=LocalNotifier(), lease_seconds=LEASE_SECONDS)
        self._buses[bus] = pool
        return bus

    async def crash(self, bus: Bus) -> None:
        """Stop all its tasks, then cut its connections."""
        assert isinstance(bus, PostgresBus)
        pool = self._buses.pop(bus)
        tasks = [task for consumer in bus._consumers for task in consumer._tasks]
        tasks += [worker for consumer in bus._consumers for worker in consumer._buffer._workers]
        await end_tasks(tasks)
        pool.terminate()

    async def cut_connections(self) -> None:
        """Terminate the sessions."""
        conn = await asyncpg.connect(self.dsn)
        await conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await conn.close()

    async def close(self) -> None:
        """Close what is open."""
        for bus, pool in self._buses.items():
            await bus.close()
            pool.terminate()


@asynccontextmanager
async def postgres_harness(dsn: str) -> AsyncIterator[PostgresHarness]:
    """Migrate an empty database and give the buses in it."""
    await migrate(dsn, service="bus", folder=Path(messaging.__file__).with_name("migrations"))
    harness = PostgresHarness(dsn)
    try:
        yield harness
    finally:
        await harness.close()


@asynccontextmanager
async def rabbit_harness(url: str, *, settle_seconds: float = 0.0) -> AsyncIterator[RabbitHarness]:
    """Give the buses of a virtual host; a broker that will be killed soon needs its time to settle new queues."""
    harness = RabbitHarness(url, settle_seconds)
    try:
        yield harness
    finally:
        await harness.close()


@asynccontextmanager
async def amqp(url: str) -> AsyncIterator[AbstractConnection]:
    """A plain connection of an operator."""
    async with await aio_pika.connect(url) as connection:
        yield connection


def each(decide: Callable[[Incoming], Outcome]) -> BatchHandler:
    """A handler that decides message by message."""

    async def handler(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        return [decide(message) for message in messages]

    return handler
