"""Wait until new queues are durable on the broker before publishing to them: part of a connection's set-up.

For about a second after it has declared a quorum queue, a broker has not noted on disk which log is the queue's (Ra's
directory; seen with RabbitMQ 3.10). Killed within that time it comes back with a queue that has no leader: it takes
nothing, gives nothing, and what it had confirmed is gone. So no message is published to a queue before it is marked as
durable, some time after it was declared; the mark is an exchange of its name. A queue without leader and mark has
therefore never held a message: it is declared again. One with a mark may hold some: an operator decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog
from aio_pika.exceptions import ChannelNotFoundEntity

from contracts.wire.topology import Queue
from messaging.rabbitmq.connection import Link, OpenConnection
from messaging.rabbitmq.topology import declare, short_lived_channel
from messaging.rabbitmq.underlay import ChannelLockedResource

log = structlog.get_logger(__name__)

DURABILITY_SECONDS: Final = 2.0  # twice what the broker needs
ANSWER_SECONDS: Final = 3.0  # a queue with a leader answers in milliseconds
DELETE_SECONDS: Final = 20.0  # the broker first looks for a leader for 5 s
LOCK_NAME: Final = "ledgerwire.settling"  # an exclusive queue: its owner does the work, the others wait
LOCK_PAUSE_SECONDS: Final = 0.2


def mark_of(queue: Queue) -> str:
    """Return the exchange that marks a queue and its dead-letter queue as durable."""
    return f"settled.{queue.name}"


async def ensure_durable(live: OpenConnection, queues: Sequence[Queue], *, link: Link, settle_seconds: float) -> None:
    """Return once all these declared queues are durable; `link` opens connections for this alone.

    Raises:
        OSError, aio_pika.exceptions.AMQPError, TimeoutError: the broker went away or does not answer.
    """
    while unsettled := [queue for queue in queues if not await is_durable(live, queue)]:
        async with link.separate_connection() as own:
            if await _acquire_lock(own):
                await _ensure_queue_durable(own, unsettled, link=link, settle_seconds=settle_seconds)
        await asyncio.sleep(LOCK_PAUSE_SECONDS)


async def _acquire_lock(live: OpenConnection) -> bool:
    try:
        async with short_lived_channel(live) as channel:
            await channel.declare_queue(LOCK_NAME, exclusive=True)
    except ChannelLockedResource:
        return False
    return True


async def _ensure_queue_durable(
    live: OpenConnection, queues: Sequence[Queue], *, link: Link, settle_seconds: float
) -> None:
    unsettled = [queue for queue in queues if not await is_durable(live, queue)]
    await asyncio.gather(*(_redeclare(live, queue, link) for queue in unsettled))
    await asyncio.sleep(settle_seconds)
    for queue in unsettled:
        async with short_lived_channel(live) as channel:
            await channel.declare_exchange(mark_of(queue), "fanout", durable=True, internal=True)


async def _redeclare(live: OpenConnection, queue: Queue, link: Link) -> None:
    """Redeclare queues that have no leader."""
    for name in (queue.dead, queue.name):
        if not await _has_leader(name, link):
            log.warning("queue_declared_anew", queue=name, why="it has no leader and never held anything of ours")
            async with asyncio.timeout(DELETE_SECONDS):
                await (await live.open_channel()).queue_delete(name, timeout=DELETE_SECONDS)
    await declare(live, queue)


async def _has_leader(name: str, link: Link) -> bool:
    # On a separate connection: without a leader the broker closes it a minute later.
    async with link.separate_connection() as probe:
        queue = await (await probe.open_channel()).get_queue(name, ensure=False)
        try:
            # A message that this delivers returns to the queue when the connection closes.
            await queue.get(fail=False, timeout=ANSWER_SECONDS)
        except TimeoutError:
            return False
    return True


async def is_durable(live: OpenConnection, queue: Queue) -> bool:
    """Whether a queue is declared and marked as durable."""
    try:
        async with short_lived_channel(live) as channel:
            await channel.get_exchange(mark_of(queue))
    except ChannelNotFoundEntity:
        return False
    return True
