"""The limit that the same machine and the same libraries set: raw confirmed publishes and raw batched inserts."""

from __future__ import annotations

import asyncio
import time

import aio_pika
import asyncpg

from tests.bench.measure import Rate

BODY = b"x" * 3_000  # about what one accepted invoice is as a command
IN_FLIGHT = 200
ROWS = 64


async def raw_publishes(amqp_url: str, *, seconds: float) -> Rate:
    """Confirmed, persistent publishes to a quorum queue, `IN_FLIGHT` at a time."""
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel(publisher_confirms=True)
        queue = await channel.declare_queue("bench.raw", durable=True, arguments={"x-queue-type": "quorum"})
        ends, done = time.monotonic() + seconds, 0

        async def work() -> None:
            nonlocal done
            while time.monotonic() < ends:
                message = aio_pika.Message(BODY, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
                await channel.default_exchange.publish(message, routing_key=queue.name, mandatory=True)
                done += 1

        began = time.monotonic()
        await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
        rate = Rate(done, time.monotonic() - began)
        await queue.delete(if_unused=False, if_empty=False)
        return rate


async def raw_inserts(dsn: str, *, seconds: float) -> Rate:
    """Rows of an outbox's shape, `ROWS` to a commit, on two connections."""
    async with asyncpg.create_pool(dsn, min_size=2, max_size=2) as pool:
        await pool.execute("CREATE TABLE bench_raw (id bigserial PRIMARY KEY, body bytea)")
        ends, done = time.monotonic() + seconds, 0

        async def work() -> None:
            nonlocal done
            while time.monotonic() < ends:
                await pool.execute("INSERT INTO bench_raw (body) SELECT * FROM unnest($1::bytea[])", [BODY] * ROWS)
                done += ROWS

        began = time.monotonic()
        await asyncio.gather(work(), work())
        rate = Rate(done, time.monotonic() - began)
        await pool.execute("DROP TABLE bench_raw")
        return rate
