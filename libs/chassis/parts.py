"""The parts that every service has: opened in order, watched by `/readyz`, closed in reverse, each within a bound.

A service's `app.py` is its composition root: it opens these, adds its own, and yields `parts.handle`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Final, Protocol

from chassis.bus import open_bus
from chassis.handle import ServiceHandle
from chassis.settings import ServiceSettings
from contracts.wire.topology import MAIN_QUEUES, ROLES, SCHEMAS, Queue, Service, Subqueue
from messaging.port import BatchHandler, Bus, ConsumerOptions
from messaging.postgres import LocalNotifier
from outbox.dead_letters import dead_letter_sink
from outbox.fence import FenceReporter
from outbox.pipeline import MessagePipeline
from outbox.relay import Relay
from outbox.subqueues import SubqueueChooser
from scheduling.poller import Poller
from storage import partitions
from storage.pool import Pool, open_pool
from storage.writable import why_not_writable

CLOSE_SECONDS: Final = 5.0  # for sessions that are still open after everything that uses them has stopped
PREFETCHED_BATCHES: Final = 3  # one being handled, one ready behind it, one on its way
LARGE_PREFETCH: Final = 4  # of up to 16 MiB each
BULK_WAIT_SECONDS: Final = 0.05  # a large batch costs a third of many small ones, which leaves the cores to others


class Part(Protocol):
    """A background part of a service: a poller, a worker, a deliverer."""

    def start(self) -> None:
        """Start working."""

    async def stop(self, deadline_seconds: float) -> None:
        """Stop; work in progress gets this many seconds."""

    def problem(self) -> str | None:
        """What is wrong, as a sentence; None when all is well."""


class ServiceParts:
    """One service's parts; `open_parts` creates them and closes them."""

    pool: Pool
    bus: Bus
    relay: Relay
    pipeline: MessagePipeline
    fence: FenceReporter

    def __init__(self, name: Service, settings: ServiceSettings, stack: AsyncExitStack) -> None:
        self.name, self.settings, self.stack = name, settings, stack
        self.schema: Final = SCHEMAS[name]
        self.handle: Final = ServiceHandle(name)

    async def open_database(self, *, size_max: int, server_settings: Mapping[str, str] | None = None) -> Pool:
        """Open the pool of the service's own role, and create its partitions in advance."""
        dsn = self.settings.database
        self.pool = pool = await open_pool(
            dsn, role=ROLES[self.name], name=self.name, size_max=size_max, server_settings=server_settings
        )
        self.stack.push_async_callback(_close, pool)
        self.handle.checks["postgres"] = lambda: why_not_writable(pool, schema=self.schema)
        await self.run(partitions_poller(pool, schema=self.schema), check="partitions")
        return pool

    async def open_messaging(self, *, wakeups: LocalNotifier | None) -> MessagePipeline:
        """Open the bus and the relay from the outbox to it."""
        self.bus = bus = await open_bus(self.settings, self.pool, name=self.name, wakeups=wakeups)
        self.stack.push_async_callback(bus.close)
        subqueues = SubqueueChooser(queue.name for queue in MAIN_QUEUES)
        self.relay = Relay(self.pool, bus, schema=self.schema, subqueues=subqueues)
        self.relay.start()
        self.stack.push_async_callback(self.relay.stop, self.settings.drain_seconds)
        self.fence = FenceReporter(self.pool)
        await self.run(self.fence.poller, check="backup fence")
        self.handle.checks["bus"] = lambda: "; ".join(bus.health().problems) or None
        self.pipeline = MessagePipeline(self.pool, bus, self.relay, self.schema)
        return self.pipeline

    async def run(self, part: Part, *, check: str, drain_seconds: float = 0.0) -> None:
        """Start a part, show its problem under `check`, and stop it at the end."""
        part.start()
        self.stack.push_async_callback(part.stop, drain_seconds)
        self.handle.checks[check] = part.problem

    async def consume(self, queue: Queue, handler: BatchHandler, *, batch_max: int) -> None:
        """Consume a queue and its subqueues until the end; running batches are finished within `drain_seconds`."""
        for one in queue.with_subqueues():
            consumer = await self.bus.consume(
                one.name,
                handler,
                dead_letter=dead_letter_sink(self.pool, schema=self.schema),
                options=consumer_options(one.subqueue, batch_max=batch_max),
            )
            self.stack.push_async_callback(consumer.stop, self.settings.drain_seconds)
            self.fence.watch(one.name, consumer)


def consumer_options(subqueue: Subqueue | None, *, batch_max: int) -> ConsumerOptions:
    """The bounds of a consumer of a subqueue; None is the main queue.

    Together they bound the bytes in memory: a message of the main queue and of the bulk subqueue is at most
    `outbox.subqueues.LARGE_BYTES` long.
    """
    if subqueue == "large":
        return ConsumerOptions(batch_max=LARGE_PREFETCH, prefetch=LARGE_PREFETCH)
    own = ConsumerOptions(batch_max=batch_max, prefetch=PREFETCHED_BATCHES * batch_max)
    return replace(own, batch_wait_seconds=BULK_WAIT_SECONDS, gathers=True) if subqueue == "bulk" else own


@asynccontextmanager
async def open_parts(name: Service, settings: ServiceSettings) -> AsyncIterator[ServiceParts]:
    """Hold the parts of the service of this name; the end of the block closes them in reverse."""
    async with AsyncExitStack() as stack:
        yield ServiceParts(name, settings, stack)


def partitions_poller(pool: Pool, *, schema: str) -> Poller:
    """Creates the coming partitions of a schema's tables: at the start, and once a day."""

    async def look() -> float | None:
        return None if await partitions.maintain(pool, schema=schema) else partitions.AGAIN_SECONDS

    return Poller(
        f"partitions-{schema}",
        look,
        sweep_seconds=partitions.EVERY_SECONDS,
        failure_seconds=partitions.AGAIN_SECONDS,
    )


async def _close(pool: Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), CLOSE_SECONDS)
    except TimeoutError:
        pool.terminate()
