"""The executor's parts list: built in order, closed in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from action_executor.actions import StepContext
from action_executor.connections.commands import ConnectionCommandHandler
from action_executor.connections.key_rotation import ensure_encrypted_with_newest_key
from action_executor.connections.repository import ConnectionRepository
from action_executor.consumer import command_handler, job_handler
from action_executor.deliveries.deliverer import Deliverer
from action_executor.deliveries.hook_cache import HookCache
from action_executor.deliveries.sender import Sender
from action_executor.http_client import open_http_client
from action_executor.runs.engine import Engine
from action_executor.settings import ExecutorSettings
from action_executor.startup_recovery import expire_all_leases
from chassis.bus import open_bus
from chassis.egress import EgressPolicy
from chassis.encryption import Encryptor
from chassis.handle import ServiceHandle
from contracts.primitives.ids import new_id
from contracts.wire.topology import EXECUTOR_COMMANDS, EXECUTOR_JOBS, ROLES, SCHEMAS, Queue
from messaging.port import Bus, ConsumerOptions
from messaging.postgres import LocalNotifier
from outbox.dead_letters import dead_letter_sink
from outbox.pipeline import HandleBatch, MessagePipeline
from outbox.relay import Relay
from storage.partitions import maintain_forever
from storage.pool import INDEX_SCAN_SETTINGS, Pool, open_pool
from storage.writable import why_not_writable

NAME: Final = "action_executor"
SCHEMA: Final = SCHEMAS[NAME]
CLOSE_SECONDS: Final = 5.0


@asynccontextmanager
async def open_service(
    settings: ExecutorSettings, *, wakeups: LocalNotifier | None = None
) -> AsyncIterator[ServiceHandle]:
    """Start the executor; stop it within about `settings.drain_seconds` when the block ends.

    Raises:
        SettingsError: the sealing keys are missing, wrong, or not those of this database.
    """
    running = ServiceHandle(NAME)
    policy, encryptor = (
        EgressPolicy.parse(settings.egress_allow),
        Encryptor.parse(settings.secret_keys.get_secret_value()),
    )
    worker_id = new_id()
    async with AsyncExitStack() as parts:
        pool = await _open_pool(settings, parts)
        await ensure_encrypted_with_newest_key(pool, encryptor, schema=SCHEMA)
        if settings.is_sole_worker:
            await expire_all_leases(pool)
        bus = await open_bus(settings, pool, name=NAME, wakeups=wakeups)
        parts.push_async_callback(bus.close)
        relay = Relay(pool, bus, schema=SCHEMA)
        relay.start()
        parts.push_async_callback(relay.stop, settings.drain_seconds)
        _maintain(pool, running, parts)
        http_client = await parts.enter_async_context(
            open_http_client(
                policy,
                connect_seconds=settings.hook_connect_seconds,
                timeout_seconds=settings.hook_timeout_seconds,
            )
        )
        book = HookCache(pool, encryptor, keep_seconds=settings.hook_cache_seconds)
        sender = Sender(http_client, book, schedule=settings.hook_schedule_seconds)
        deliverer = Deliverer(pool, relay, sender, settings, worker_id=worker_id)
        deliverer.start()
        parts.push_async_callback(deliverer.stop, settings.drain_seconds)
        replies = f"executor.replies.{worker_id}"
        engine = Engine(
            pool, relay, StepContext(http_client, pool, ConnectionRepository(pool, encryptor), replies), settings
        )
        await bus.listen(replies, engine.answered)
        engine.start()
        parts.push_async_callback(engine.stop, settings.drain_seconds)
        pipeline = MessagePipeline(pool, bus, relay, SCHEMA)
        await _consume(pipeline, parts, settings, EXECUTOR_JOBS, job_handler(deliverer, engine))
        await _consume(
            pipeline,
            parts,
            settings,
            EXECUTOR_COMMANDS,
            command_handler(deliverer, ConnectionCommandHandler(encryptor, policy), engine),
        )
        _add_checks(running, pool, bus, deliverer, engine)
        yield running


async def _open_pool(settings: ExecutorSettings, parts: AsyncExitStack) -> Pool:
    dsn = settings.postgres_dsn.get_secret_value()
    pool = await open_pool(
        dsn, role=ROLES[NAME], name=NAME, size_max=settings.executor_pool_max, server_settings=INDEX_SCAN_SETTINGS
    )

    async def close() -> None:
        try:
            await asyncio.wait_for(pool.close(), CLOSE_SECONDS)
        except TimeoutError:
            pool.terminate()

    parts.push_async_callback(close)
    return pool


def _maintain(pool: Pool, running: ServiceHandle, parts: AsyncExitStack) -> None:
    """Keep partitions ahead of the clock; where that ends in a bug, the service cannot go on."""
    task = asyncio.create_task(maintain_forever(pool, schema=SCHEMA), name=f"partitions-{SCHEMA}")
    task.add_done_callback(lambda done: None if done.cancelled() else running.failed.set())
    parts.callback(task.cancel)


async def _consume(
    pipeline: MessagePipeline, parts: AsyncExitStack, settings: ExecutorSettings, queue: Queue, handle: HandleBatch
) -> None:
    consumer = await pipeline.bus.consume(
        queue.name,
        pipeline.handler(handle),
        dead_letter=dead_letter_sink(pipeline.pool, schema=SCHEMA),
        options=ConsumerOptions(batch_max=settings.executor_batch_max, prefetch=3 * settings.executor_batch_max),
    )
    parts.push_async_callback(consumer.stop, settings.drain_seconds)


def _add_checks(running: ServiceHandle, pool: Pool, bus: Bus, deliverer: Deliverer, engine: Engine) -> None:
    async def postgres() -> str | None:
        return await why_not_writable(pool, schema=SCHEMA)

    def messages() -> str | None:
        return "; ".join(bus.health().problems) or None

    running.checks.update(postgres=postgres, bus=messages, deliveries=deliverer.problem, runs=engine.problem)
