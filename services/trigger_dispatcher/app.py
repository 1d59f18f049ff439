"""The dispatcher's parts list: built in order, closed in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from chassis.bus import open_bus
from chassis.egress import EgressPolicy
from chassis.encryption import Encryptor
from chassis.handle import ServiceHandle
from contracts.wire.topology import DISPATCHER_COMMANDS, DISPATCHER_EVENTS, ROLES, SCHEMAS, Queue
from messaging.port import Bus, ConsumerOptions
from messaging.postgres import LocalNotifier
from outbox.dead_letters import dead_letter_sink
from outbox.pipeline import HandleBatch, MessagePipeline
from outbox.relay import Relay
from storage.partitions import maintain_forever
from storage.pool import Pool, open_pool
from storage.writable import why_not_writable
from trigger_dispatcher.command_context import CommandContext
from trigger_dispatcher.consumer import command_handler
from trigger_dispatcher.events import store
from trigger_dispatcher.events.handlers import event_handler
from trigger_dispatcher.events.predecessor_timeout import PredecessorTimeout
from trigger_dispatcher.events.subscription_cache import SubscriptionCache
from trigger_dispatcher.hooks.key_rotation import ensure_encrypted_with_newest_key
from trigger_dispatcher.settings import DispatcherSettings

SCHEMA: Final = SCHEMAS["trigger_dispatcher"]
CLOSE_SECONDS: Final = 5.0
COMMANDS_BATCH_MAX: Final = 20


@asynccontextmanager
async def open_service(
    settings: DispatcherSettings, *, wakeups: LocalNotifier | None = None
) -> AsyncIterator[ServiceHandle]:
    """Open the dispatcher; when the block ends, the batches in hand are finished within `drain_seconds`.

    Raises:
        SettingsError: the sealing keys are missing, wrong, or not those of this database.
    """
    ctx = CommandContext(
        Encryptor.parse(settings.secret_keys.get_secret_value()), EgressPolicy.parse(settings.egress_allow)
    )
    index = SubscriptionCache(accounts_max=settings.dispatcher_accounts_max)
    async with AsyncExitStack() as parts:
        running = ServiceHandle("trigger_dispatcher")
        pool = await _open_pool(settings, parts)
        await ensure_encrypted_with_newest_key(pool, ctx.encryptor, schema=SCHEMA)
        async with pool.acquire() as conn:
            await store.keep_days(conn, event_days=settings.event_keep_days)
        bus = await open_bus(settings, pool, name="trigger_dispatcher", wakeups=wakeups)
        parts.push_async_callback(bus.close)
        relay = Relay(pool, bus, schema=SCHEMA)
        relay.start()
        parts.push_async_callback(relay.stop, settings.drain_seconds)
        _maintain(pool, running, parts)
        overdue = asyncio.create_task(
            PredecessorTimeout(pool, relay, index, schema=SCHEMA).run(), name="overdue-events"
        )
        parts.push_async_callback(_end, overdue)
        events = ConsumerOptions(batch_max=settings.dispatcher_batch_max, prefetch=3 * settings.dispatcher_batch_max)
        commands = ConsumerOptions(batch_max=COMMANDS_BATCH_MAX, prefetch=3 * COMMANDS_BATCH_MAX)
        await _consume(MessagePipeline(pool, bus, relay, SCHEMA), parts, settings.drain_seconds, {
            DISPATCHER_EVENTS: (event_handler(index), events),
            DISPATCHER_COMMANDS: (command_handler(ctx), commands),
        })  # fmt: skip
        _add_checks(running, pool, bus)
        yield running


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _open_pool(settings: DispatcherSettings, parts: AsyncExitStack) -> Pool:
    dsn = settings.postgres_dsn.get_secret_value()
    role = ROLES["trigger_dispatcher"]
    pool = await open_pool(dsn, role=role, name="trigger_dispatcher", size_max=settings.dispatcher_pool_max)

    async def close() -> None:
        try:
            await asyncio.wait_for(pool.close(), CLOSE_SECONDS)
        except TimeoutError:
            pool.terminate()

    parts.push_async_callback(close)
    return pool


def _maintain(pool: Pool, running: ServiceHandle, parts: AsyncExitStack) -> None:
    """Keep partitions ahead of the clock; where that ends in a bug, the service cannot go on."""
    task = asyncio.create_task(maintain_forever(pool, schema=SCHEMA), name="partitions-dispatch")
    task.add_done_callback(lambda done: None if done.cancelled() else running.failed.set())
    parts.callback(task.cancel)


async def _consume(
    pipeline: MessagePipeline,
    parts: AsyncExitStack,
    drain_seconds: float,
    queues: dict[Queue, tuple[HandleBatch, ConsumerOptions]],
) -> None:
    for queue, (handle, options) in queues.items():
        consumer = await pipeline.bus.consume(
            queue.name,
            pipeline.handler(handle),
            dead_letter=dead_letter_sink(pipeline.pool, schema=SCHEMA),
            options=options,
        )
        parts.push_async_callback(consumer.stop, drain_seconds)


def _add_checks(running: ServiceHandle, pool: Pool, bus: Bus) -> None:
    async def postgres() -> str | None:
        return await why_not_writable(pool, schema=SCHEMA)

    def messages() -> str | None:
        return "; ".join(bus.health().problems) or None

    running.checks.update(postgres=postgres, bus=messages)
