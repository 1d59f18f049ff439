"""Publish committed messages: at once from memory, and by a sweep those that a crash or a broker outage left behind.

A row leaves the outbox only after the bus confirmed it. Publishing twice is allowed (receivers deduplicate), losing is
not.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import structlog
from prometheus_client import Counter, Gauge

from messaging.port import Bus, Outgoing
from outbox.subqueues import SubqueueChooser
from scheduling.ending import end_tasks
from scheduling.poller import Poller
from storage.pool import Connection, Pool
from storage.transient import is_transient

log = structlog.get_logger(__name__)

PUBLISHED = Counter("ledgerwire_outbox_published_total", "Messages confirmed by the bus", ["schema", "by"])
WAITING = Gauge("ledgerwire_outbox_waiting", "Messages committed and still in memory before their publish", ["schema"])

OLDEST = Gauge(
    "ledgerwire_outbox_oldest_seconds",
    "The age of the oldest committed message that no process is publishing",
    ["schema"],
)

BATCH_MAX = 300
MEMORY_MAX = 20_000  # messages; beyond it, or these bytes, rows wait in Postgres for the sweep
BYTES_MAX = 64 * 1024 * 1024
MARK_SECONDS_MIN = 1.0  # to delete confirmed rows, also at the end
MARK_PAUSE_SECONDS = 0.1  # so that one delete serves several publishes; the sweep leaves held rows alone meanwhile
SWEEP_PAUSE_SECONDS = 1.0
SWEEP_BYTES_MAX = 16 * 1024 * 1024
SWEEP_AGE_SECONDS = 3.0  # younger rows are in a relay's memory, about to be published
BUFFERED_WHILE_SWEEPING_MAX = 2_000  # a busy relay publishes its own; sweeping beside it would only double the work
SWEEPS_SKIPPED_MAX = 20  # but rows of other processes must not wait until it is idle

# Starts after `(created_at, id)`, where the last sweep stopped; the first comparison uses the index. Fewer big
# messages.
_LEFT_BEHIND = """
    SELECT id, queue, body, created_at FROM (
        SELECT id, queue, body, created_at, sum(length(body)) OVER (ORDER BY created_at, id) - length(body) AS before
          FROM (SELECT id, queue, body, created_at FROM {schema}.outbox
                 WHERE created_at < now() - make_interval(secs => $1) AND id <> ALL($2)
                   AND created_at >= $3 AND (created_at, id) > ($3, $4)
                 ORDER BY created_at, id LIMIT $5) AS oldest) AS summed
     WHERE before < $6 ORDER BY created_at, id
"""
_OLDEST_LEFT_BEHIND = """
    SELECT extract(epoch FROM clock_timestamp() - created_at)::float8 FROM {schema}.outbox
     WHERE created_at < now() - make_interval(secs => $1) AND id <> ALL($2) ORDER BY created_at LIMIT 1
"""
# Kept while a backup's fence stands (see `fence`).
_FORGET = """
    WITH relaxed AS (SELECT set_config('synchronous_commit', 'off', true)),
         gone AS (DELETE FROM {schema}.outbox USING relaxed WHERE outbox.id = ANY($1) RETURNING id, queue, body)
    INSERT INTO {schema}.outbox_kept (id, queue, body)
    SELECT id, queue, body FROM gone
     WHERE EXISTS (SELECT FROM storage.backup_fence WHERE expires_at > clock_timestamp())
    ON CONFLICT DO NOTHING
"""
_SWEEP_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"

SweepPosition = tuple[datetime, UUID]
_BEGINNING: SweepPosition = (datetime.fromtimestamp(0, tz=UTC), UUID(int=0))


class Relay:
    """Moves one schema's outbox to the bus. One per process; any number of processes."""

    def __init__(self, pool: Pool, bus: Bus, *, schema: str, subqueues: SubqueueChooser | None = None) -> None:
        self._pool, self._bus, self._schema = pool, bus, schema
        self._subqueues = subqueues or SubqueueChooser(())
        self._waiting: deque[Outgoing] = deque()
        self._waiting_bytes = 0
        self._held: set[UUID] = set()  # waiting or being published by this process: excluded from the sweep
        self._confirmed: list[UUID] = []
        self._wake, self._wake_mark = asyncio.Event(), asyncio.Event()
        self._swept_to, self._sweeps_skipped = _BEGINNING, 0
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._sweeper = Poller(f"sweep-{schema}", self._sweep_on, sweep_seconds=SWEEP_PAUSE_SECONDS)

    def push(self, messages: Sequence[Outgoing]) -> None:
        """Add messages that were just committed; never blocks. Beyond the memory bound the sweep finds them."""
        size = sum(len(message.body) for message in messages)
        fits = len(self._waiting) + len(messages) <= MEMORY_MAX and self._waiting_bytes + size <= BYTES_MAX
        if messages and fits:
            self._waiting.extend(messages)
            self._waiting_bytes += size
            self._held.update(message.id for message in messages)
            self._wake.set()

    def start(self) -> None:
        """Start publishing and sweeping."""
        self._tasks = [
            asyncio.create_task(self._publish_pushed(), name=f"relay-{self._schema}"),
            asyncio.create_task(self._mark_confirmed(), name=f"mark-{self._schema}"),
        ]
        self._sweeper.start()

    async def stop(self, deadline_seconds: float) -> None:
        """Publish what is in memory within the deadline; the rest stays in Postgres for the next start."""
        self._stopping = True
        self._wake.set()
        if not self._tasks:
            return
        publish, mark = self._tasks
        ends = asyncio.get_running_loop().time() + deadline_seconds
        await self._sweeper.stop()
        await asyncio.wait([publish], timeout=deadline_seconds)
        await end_tasks([publish])  # `mark` ends once it has
        self._wake_mark.set()
        await asyncio.wait([mark], timeout=max(ends - asyncio.get_running_loop().time(), MARK_SECONDS_MIN))
        await end_tasks([mark])

    async def _publish_pushed(self) -> None:
        while True:
            if not self._waiting:
                if self._stopping:
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            batch = [self._waiting.popleft() for _ in range(min(BATCH_MAX, len(self._waiting)))]
            self._waiting_bytes -= sum(len(message.body) for message in batch)
            WAITING.labels(self._schema).set(len(self._waiting))
            try:
                done = await self._publish(batch, by="push")
                self._confirmed.extend(done)
                self._wake_mark.set()
            except Exception as error:  # noqa: BLE001  the rows are committed: the sweep publishes them
                log.warning("relay_failed", schema=self._schema, error=repr(error), transient=is_transient(error))
                done = []
            # The sweep takes over unconfirmed ones; confirmed ones stay excluded until their row is deleted.
            self._held.difference_update({message.id for message in batch}.difference(done))
            if self._stopping and not done:
                return  # the bus accepts nothing: the next start publishes the rest

    async def _publish(self, batch: Sequence[Outgoing], *, by: str) -> list[UUID]:
        addressed = [self._subqueues.choose(message) for message in batch]
        confirmed = await self._bus.publish(addressed) if batch else []
        done = [message.id for message, taken in zip(batch, confirmed, strict=True) if taken]
        there = set(done)
        # A subqueue that is not declared yet: its consumer runs older code.
        left = [own for own, sent in zip(batch, addressed, strict=True) if own is not sent and own.id not in there]
        if left:
            confirmed = await self._bus.publish(left)
            done += [message.id for message, there in zip(left, confirmed, strict=True) if there]
        PUBLISHED.labels(self._schema, by).inc(len(done))
        return done

    async def _mark_confirmed(self) -> None:
        """Delete confirmed rows beside the publishing, so that no publish waits for this commit."""
        while not (self._stopping and self._tasks[0].done() and not self._confirmed):
            if not self._confirmed:
                self._wake_mark.clear()
                await self._wake_mark.wait()
                continue
            await asyncio.wait(self._tasks[:1], timeout=MARK_PAUSE_SECONDS)  # at the end there is no pause
            done, self._confirmed = self._confirmed, []
            try:
                await self._forget(self._pool, done)
            except Exception as error:  # noqa: BLE001  the sweep publishes them again, which is allowed
                log.warning("mark_failed", schema=self._schema, error=repr(error), transient=is_transient(error))
            self._held.difference_update(done)

    async def _forget(self, conn: Connection | Pool, done: Sequence[UUID]) -> None:
        # Without its own fsync: a delete lost in a crash means one more publish, which receivers recognise.
        await conn.execute(
            _FORGET.format(schema=self._schema),
            done,
        )

    async def _sweep_on(self) -> float | None:
        return 0.0 if await self.sweep() else None

    async def sweep(self, age_seconds: float = SWEEP_AGE_SECONDS) -> int:
        """Publish one batch of rows older than `age_seconds` that this process does not hold; return how many.

        One process sweeps at a time, to avoid duplicates. Rows that the bus does not accept are skipped until the sweep
        starts at the oldest again, so that they do not block others.
        """
        if len(self._held) > BUFFERED_WHILE_SWEEPING_MAX and self._sweeps_skipped < SWEEPS_SKIPPED_MAX:
            self._sweeps_skipped += 1
            return 0
        self._sweeps_skipped = 0
        held = list(self._held)
        oldest = await self._pool.fetchval(_OLDEST_LEFT_BEHIND.format(schema=self._schema), age_seconds, held)
        OLDEST.labels(self._schema).set(oldest or 0.0)
        if oldest is None:
            return 0
        async with self._pool.acquire() as conn, conn.transaction():
            if not await conn.fetchval(_SWEEP_LOCK, f"sweep {self._schema}"):
                return 0
            rows = await conn.fetch(
                _LEFT_BEHIND.format(schema=self._schema),
                age_seconds,
                held,
                *self._swept_to,
                BATCH_MAX,
                SWEEP_BYTES_MAX,
            )
            done = await self._publish([Outgoing(row["id"], row["queue"], row["body"]) for row in rows], by="sweep")
            if done:
                await self._forget(conn, done)
        if not rows:
            self._swept_to = _BEGINNING
        elif len(done) < len(rows) or self._swept_to != _BEGINNING:
            self._swept_to = rows[-1]["created_at"], rows[-1]["id"]
        return len(done)
