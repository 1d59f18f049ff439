"""The dispatcher's parts list: built in order, closed in reverse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from chassis.egress import EgressPolicy
from chassis.encryption import Encryptor
from chassis.handle import ServiceHandle
from chassis.parts import open_parts
from contracts.wire.topology import DISPATCHER_COMMANDS, DISPATCHER_EVENTS
from messaging.postgres import LocalNotifier
from trigger_dispatcher.automations.scheduler import Scheduler
from trigger_dispatcher.command_context import CommandContext
from trigger_dispatcher.consumer import command_handler
from trigger_dispatcher.events import store
from trigger_dispatcher.events.handlers import event_handler
from trigger_dispatcher.events.predecessor_timeout import PredecessorTimeout
from trigger_dispatcher.events.subscription_cache import SubscriptionCache
from trigger_dispatcher.hooks.key_rotation import ensure_encrypted_with_newest_key
from trigger_dispatcher.settings import DispatcherSettings

COMMANDS_BATCH_MAX: Final = 20


@asynccontextmanager
async def open_service(
    settings: DispatcherSettings, *, wakeups: LocalNotifier | None = None
) -> AsyncIterator[ServiceHandle]:
    """Open the dispatcher; when the block ends, running batches are finished within `drain_seconds`.

    Raises:
        SettingsError: the encryption keys are missing, wrong, or not those of this database.
    """
    ctx = CommandContext(
        Encryptor.parse(settings.secret_keys.get_secret_value()), EgressPolicy.parse(settings.egress_allow)
    )
    index = SubscriptionCache(accounts_max=settings.dispatcher_accounts_max)
    async with open_parts("trigger_dispatcher", settings) as parts:
        pool = await parts.open_database(size_max=settings.dispatcher_pool_max)
        await ensure_encrypted_with_newest_key(pool, ctx.encryptor, schema=parts.schema)
        async with pool.acquire() as conn:
            await store.keep_days(conn, event_days=settings.event_keep_days)
        pipeline = await parts.open_messaging(wakeups=wakeups)
        ordering = PredecessorTimeout(pool, parts.relay, index, schema=parts.schema)
        await parts.run(ordering.poller, check="ordering")
        scheduler = Scheduler(pool, parts.relay, schema=parts.schema)
        await parts.run(scheduler.poller, check="schedules")
        await parts.consume(
            DISPATCHER_EVENTS, pipeline.handler(event_handler(index)), batch_max=settings.dispatcher_batch_max
        )
        await parts.consume(
            DISPATCHER_COMMANDS,
            pipeline.handler(command_handler(ctx, wake_scheduler=scheduler.poller.wake)),
            batch_max=COMMANDS_BATCH_MAX,
        )
        yield parts.handle
