"""Declare the queues on the broker: the same arguments for RabbitMQ 3.10 and 4.x."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

import structlog
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import ChannelPreconditionFailed

from contracts.wire.topology import Queue
from messaging.rabbitmq.connection import OpenConnection, close_channel

log = structlog.get_logger(__name__)

RPC_SECONDS: Final = 10.0
REDECLARE_PAUSE_SECONDS: Final = (
    1.0  # a queue declared while it is being deleted reports consumers that no longer exist
)
DEAD_DELIVERY_LIMIT: Final = 1_000_000  # listing a message delivers it; RabbitMQ 4 drops it after 20 by default
NOTIFICATIONS_EXPIRE_MS: Final = 10 * 60 * 1000
NOTIFICATIONS_MAX: Final = 10_000

DEAD_ARGUMENTS: Final[dict[str, Any]] = {"x-queue-type": "quorum", "x-delivery-limit": DEAD_DELIVERY_LIMIT}
NOTIFICATION_ARGUMENTS: Final[dict[str, Any]] = {
    "x-queue-type": "classic",
    "x-expires": NOTIFICATIONS_EXPIRE_MS,
    "x-max-length": NOTIFICATIONS_MAX,
    "x-overflow": "drop-head",
}


def queue_arguments(queue: Queue) -> dict[str, Any]:
    """Arguments of a queue that confirms after fsync, refuses when full, and dead-letters without loss."""
    return {
        "x-queue-type": "quorum",
        "x-overflow": "reject-publish",  # also required for at-least-once dead-lettering
        "x-max-length": queue.length_max,
        "x-delivery-limit": queue.delivery_limit,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": queue.dead,
        "x-dead-letter-strategy": "at-least-once",
    }


@asynccontextmanager
async def short_lived_channel(live: OpenConnection) -> AsyncIterator[AbstractChannel]:
    """A channel for a few calls, bounded in time; the broker may close it for one of them."""
    async with asyncio.timeout(RPC_SECONDS):
        channel = await live.open_channel()
        try:
            yield channel
        finally:
            await close_channel(channel)


async def declare(live: OpenConnection, queue: Queue) -> None:
    """Declare a queue and its dead-letter queue.

    Raises:
        aio_pika.exceptions.AMQPError, TimeoutError: the broker refuses or does not answer.
    """
    await _declare_one(live, queue.dead, DEAD_ARGUMENTS)
    await _declare_one(live, queue.name, queue_arguments(queue))


async def _declare_one(live: OpenConnection, name: str, arguments: dict[str, Any]) -> None:
    try:
        async with short_lived_channel(live) as channel:
            await channel.declare_queue(name, durable=True, arguments=arguments)
    except ChannelPreconditionFailed as error:
        # An older version or an operator made it with other bounds: it works, and stays as it is.
        log.warning("queue_arguments_differ", queue=name, why=str(error))
        async with short_lived_channel(live) as channel:
            await measure_depth(channel, name)


class QueueDepth(NamedTuple):
    """How many messages are ready in a queue and how many consumers it has."""

    ready: int
    consumers: int


async def measure_depth(channel: AbstractChannel, name: str) -> QueueDepth:
    """Ask the broker for the depth of a queue.

    Raises:
        aio_pika.exceptions.ChannelNotFoundEntity: there is no such queue; the channel is closed by it.
        aio_pika.exceptions.AMQPError, TimeoutError: the broker does not answer.
    """
    queue = await channel.declare_queue(name, passive=True, timeout=RPC_SECONDS)
    return QueueDepth(queue.declaration_result.message_count or 0, queue.declaration_result.consumer_count or 0)
