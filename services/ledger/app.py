"""The ledger's parts list: built in order, closed in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final

from chassis.bus import open_bus
from chassis.handle import ServiceHandle
from contracts.wire.topology import LEDGER_COMMANDS, ROLES, SCHEMAS
from ledger.consumer import handle
from ledger.numeric_overflow import refuse_numeric_overflow
from ledger.sales.overdue_scheduler import OverdueScheduler
from ledger.settings import LedgerSettings
from messaging.port import Bus, ConsumerOptions
from messaging.postgres import LocalNotifier
from outbox.dead_letters import dead_letter_sink
from outbox.pipeline import HandleBatch, MessagePipeline
from outbox.relay import Relay
from storage.partitions import maintain_forever
from storage.pool import Pool, open_pool
from storage.writable import why_not_writable

SCHEMA: Final = SCHEMAS["ledger"]
CLOSE_SECONDS: Final = 5.0


@asynccontextmanager
async def open_service(
    settings: LedgerSettings, *, wakeups: LocalNotifier | None = None
) -> AsyncIterator[ServiceHandle]:
    """Open the ledger; when the block ends, the batches in hand are finished within `drain_seconds`."""
    async with AsyncExitStack() as parts:
        running = ServiceHandle("ledger")
        pool = await _open_pool(settings, parts)
        bus = await open_bus(settings, pool, name="ledger", wakeups=wakeups)
        parts.push_async_callback(bus.close)
        relay = Relay(pool, bus, schema=SCHEMA)
        relay.start()
        parts.push_async_callback(relay.stop, settings.drain_seconds)
        _maintain(pool, running, parts)
        pipeline = MessagePipeline(pool, bus, relay, SCHEMA)
        take = partial(handle, urls=settings.urls)
        clock = _start_clock(pool, pipeline, take, running, parts)
        consumer = await bus.consume(
            LEDGER_COMMANDS.name,
            refuse_numeric_overflow(pipeline, partial(take, expect=clock.expect)),
            dead_letter=dead_letter_sink(pool, schema=SCHEMA),
            options=ConsumerOptions(batch_max=settings.ledger_batch_max, prefetch=3 * settings.ledger_batch_max),
        )
        parts.push_async_callback(consumer.stop, settings.drain_seconds)
        _add_checks(running, pool, bus)
        yield running


async def _open_pool(settings: LedgerSettings, parts: AsyncExitStack) -> Pool:
    dsn = settings.postgres_dsn.get_secret_value()
    pool = await open_pool(dsn, role=ROLES["ledger"], name="ledger", size_max=settings.ledger_pool_max)

    async def close() -> None:
        try:
            await asyncio.wait_for(pool.close(), CLOSE_SECONDS)
        except TimeoutError:
            pool.terminate()

    parts.push_async_callback(close)
    return pool


def _maintain(pool: Pool, running: ServiceHandle, parts: AsyncExitStack) -> None:
    """Keep partitions ahead of the clock; where that ends in a bug, the service cannot go on."""
    task = asyncio.create_task(maintain_forever(pool, schema=SCHEMA), name="partitions-ledger")
    task.add_done_callback(lambda done: None if done.cancelled() else running.failed.set())
    parts.callback(task.cancel)


def _start_clock(
    pool: Pool, pipeline: MessagePipeline, take: HandleBatch, running: ServiceHandle, parts: AsyncExitStack
) -> OverdueScheduler:
    """Let the clock run beside the consumer; what it was at when stopped is due again after its lease."""
    clock = OverdueScheduler(pool, pipeline, take)
    task = asyncio.create_task(clock.run(), name="clock-ledger")
    task.add_done_callback(lambda done: None if done.cancelled() else running.failed.set())
    parts.push_async_callback(_end, task)
    return clock


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _add_checks(running: ServiceHandle, pool: Pool, bus: Bus) -> None:
    async def postgres() -> str | None:
        return await why_not_writable(pool, schema=SCHEMA)

    def messages() -> str | None:
        return "; ".join(bus.health().problems) or None

    running.checks.update(postgres=postgres, bus=messages)
