"""The statements of the bus in Postgres; the functions they call are in the migration.

A claim and an acknowledgement do not wait for their own fsync: one lost in a server crash means a redelivery, which the
receiver recognises. A publish does wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from contracts.wire.topology import Queue
from messaging.port import Outgoing

if TYPE_CHECKING:
    import asyncpg

    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]

_DECLARE: Final = """
    INSERT INTO bus.queue (name, delivery_limit, length_max) SELECT * FROM unnest($1::text[], $2::int[], $3::int[])
    ON CONFLICT (name) DO UPDATE SET delivery_limit = excluded.delivery_limit, length_max = excluded.length_max
    WHERE (queue.delivery_limit, queue.length_max) <> (excluded.delivery_limit, excluded.length_max)
"""
_QUEUES: Final = "SELECT name, length_max FROM bus.queue"
_PUBLISH: Final = """
    INSERT INTO bus.message (queue, stable_id, body) SELECT * FROM unnest($1::text[], $2::uuid[], $3::bytea[])
"""
_CLAIM: Final = """
    WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    SELECT c.id, c.body, c.deliveries FROM relaxed, bus.claim($1, $2, $3) c
"""
_ACK: Final = """
    WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    SELECT bus.settle($1, $2, $3) FROM relaxed
"""
_POSTPONE: Final = """
    WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    SELECT p FROM relaxed, bus.postpone($1, $2, $3, $4) p
"""
_RELEASE: Final = "SELECT bus.give_back($1, $2, $3, $4)"
_FREE: Final = "UPDATE bus.message SET available_at = now() WHERE queue = $1 AND available_at > now()"
_ROWS_ESTIMATED: Final = "SELECT reltuples FROM pg_class WHERE oid = 'bus.message'::regclass"
_LENGTH: Final = "SELECT count(*) FROM (SELECT FROM bus.message WHERE queue = $1 LIMIT $2) AS counted"


@dataclass(frozen=True, slots=True)
class Fence:
    """Identifies one delivery of one message; a later delivery has another number."""

    id: int
    deliveries: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message under this consumer's lease."""

    fence: Fence
    body: bytes


async def declare(pool: Pool, queues: Sequence[Queue]) -> None:
    """Declare queues."""
    ordered = sorted(queues, key=lambda queue: queue.name)  # one order for all, so that two services never deadlock
    await pool.execute(
        _DECLARE,
        [queue.name for queue in ordered],
        [queue.delivery_limit for queue in ordered],
        [queue.length_max for queue in ordered],
    )


async def read_queues(pool: Pool) -> dict[str, int]:
    """The declared queues and how long each may grow."""
    return {row["name"]: row["length_max"] for row in await pool.fetch(_QUEUES)}


async def publish(pool: Pool, messages: Sequence[Outgoing], *, timeout_seconds: float) -> None:
    """Insert messages; they are durable when this returns."""
    await pool.execute(
        _PUBLISH,
        [message.queue for message in messages],
        [message.id for message in messages],
        [message.body for message in messages],
        timeout=timeout_seconds,
    )


async def claim(pool: Pool, queue: str, *, at_most: int, lease: timedelta) -> list[Claimed]:
    """Take the oldest available messages under a lease."""
    rows = await pool.fetch(_CLAIM, queue, at_most, lease)
    claimed = [Claimed(Fence(row["id"], row["deliveries"]), row["body"]) for row in rows]
    claimed.sort(key=lambda message: message.fence.id)
    return claimed


async def ack(pool: Pool, queue: str, fences: Sequence[Fence]) -> int:
    """Delete acknowledged messages; return how many of them were still leased here."""
    settled: int = await pool.fetchval(_ACK, queue, *_columns(fences))
    return settled


async def postpone(pool: Pool, queue: str, fences: Sequence[Fence], pause: timedelta) -> set[int]:
    """Renew leases, or end them with no pause; return the ids of those still leased here."""
    return {row["p"] for row in await pool.fetch(_POSTPONE, queue, *_columns(fences), pause)}


async def release(pool: Pool, queue: str, fences: Sequence[Fence], pause: timedelta) -> None:
    """Put messages behind all others, for after a pause."""
    await pool.execute(_RELEASE, queue, *_columns(fences), pause)


async def free_leases(pool: Pool, queue: str) -> None:
    """End all leases and pauses of a queue."""
    await pool.execute(_FREE, queue)


async def is_full(pool: Pool, queue: str, length_max: int) -> bool:
    """Whether a queue has reached its bound; counts only when the whole table is large enough for it."""
    estimated: float = await pool.fetchval(_ROWS_ESTIMATED)
    if 0 <= estimated < length_max / 2:  # negative: never analysed
        return False
    length: int = await pool.fetchval(_LENGTH, queue, length_max)
    return length >= length_max


def _columns(fences: Sequence[Fence]) -> tuple[list[int], list[int]]:
    # In one order for all statements, so that two of them never deadlock.
    ordered = sorted(fences, key=lambda fence: fence.id)
    return [fence.id for fence in ordered], [fence.deliveries for fence in ordered]
