"""Move messages from the broker's dead-letter queue to the dead letters of the service that consumes the queue."""

from __future__ import annotations

from typing import Final

from contracts.wire.topology import Queue
from messaging.port import DELIVERED_TOO_OFTEN, DeadLetterSink, Incoming
from messaging.rabbitmq.connection import OpenConnection
from messaging.rabbitmq.topology import RPC_SECONDS, short_lived_channel

BATCH_MAX: Final = 100  # of one look at the queue; the next look goes on


async def move_dead(live: OpenConnection, queue: Queue, dead_letter: DeadLetterSink) -> int:
    """Keep each dead message by `dead_letter`, then acknowledge it; return how many, at most `BATCH_MAX`.

    After a crash between the two a message is kept twice, and its replay is recognised as a redelivery.

    Raises:
        aio_pika.exceptions.AMQPError, TimeoutError: the broker does not answer; what `dead_letter` raises.
    """
    moved = 0
    async with short_lived_channel(live) as channel:
        dead = await channel.get_queue(queue.dead, ensure=False)
        while moved < BATCH_MAX and (message := await dead.get(fail=False, timeout=RPC_SECONDS)) is not None:
            await dead_letter(Incoming(queue.name, message.body, queue.delivery_limit + 1), DELIVERED_TOO_OFTEN)
            await message.ack()
            moved += 1
    return moved
