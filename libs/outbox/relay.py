"""Publish what was committed: at once from memory, and by a sweep what a crash or a dead broker left behind.

A row leaves the outbox only after the bus confirmed it. Publishing twice is allowed (receivers mark what they saw),
losing is not.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from uuid import UUID

import structlog
from prometheus_client import Counter, Gauge

from messaging.port import Bus, Outgoing
from storage.pool import Pool
from storage.weather import is_weather

log = structlog.get_logger(__name__)

PUBLISHED = Counter("ledgerwire_outbox_published_total", "Messages confirmed by the bus", ["schema", "by"])
WAITING = Gauge("ledgerwire_outbox_waiting", "Messages committed and still in memory before their publish", ["schema"])

BATCH_MAX = 300
MEMORY_MAX = 20_000  # beyond it rows wait in Postgres for the sweep
SWEEP_PAUSE_SECONDS = 1.0
SWEEP_AGE_SECONDS = 3.0  # younger rows are in somebody's memory, on their way
HELD_WHILE_SWEEPING_MAX = 2_000  # a busy relay publishes its own; sweeping beside it would only double the work


class Relay:
    """Moves one schema's outbox to the bus. One per process; any number of processes."""

    def __init__(self, pool: Pool, bus: Bus, *, schema: str) -> None:
        self._pool, self._bus, self._schema = pool, bus, schema
        self._waiting: deque[Outgoing] = deque()
        self._held: set[UUID] = set()  # waiting or being published by this process: not for the sweep
        self._confirmed: list[UUID] = []
        self._wake, self._wake_mark = asyncio.Event(), asyncio.Event()
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    def push(self, messages: Sequence[Outgoing]) -> None:
        """Take over messages just committed; never blocks. Past the memory bound the sweep finds them."""
        if messages and len(self._waiting) + len(messages) <= MEMORY_MAX:
            self._waiting.extend(messages)
            self._held.update(message.id for message in messages)
            self._wake.set()

    def start(self) -> None:
        """Begin to publish and to sweep."""
        self._tasks = [
            asyncio.create_task(self._publish_pushed(), name=f"relay-{self._schema}"),
            asyncio.create_task(self._mark_confirmed(), name=f"mark-{self._schema}"),
            asyncio.create_task(self._sweep_forever(), name=f"sweep-{self._schema}"),
        ]

    async def stop(self, deadline_seconds: float) -> None:
        """Publish what is in memory within the deadline; what is left over is in Postgres for the next start."""
        self._stopping = True
        self._wake.set()
        if not self._tasks:
            return
        publish, mark, sweep = self._tasks
        sweep.cancel()
        await asyncio.wait([publish], timeout=deadline_seconds)
        publish.cancel()
        self._wake_mark.set()
        await asyncio.wait([mark], timeout=deadline_seconds)
        mark.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _publish_pushed(self) -> None:
        while True:
            if not self._waiting:
                if self._stopping:
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            batch = [self._waiting.popleft() for _ in range(min(BATCH_MAX, len(self._waiting)))]
            WAITING.labels(self._schema).set(len(self._waiting))
            try:
                done = await self._publish(batch, by="push")
                self._confirmed.extend(done)
                self._wake_mark.set()
            except Exception as error:  # noqa: BLE001  the rows are committed: the sweep publishes them
                log.warning("relay_failed", schema=self._schema, error=repr(error), weather=is_weather(error))
                done = []
            # What was not confirmed is the sweep's from now on; what was is held until its row is gone.
            self._held.difference_update({message.id for message in batch}.difference(done))

    async def _publish(self, batch: Sequence[Outgoing], *, by: str) -> list[UUID]:
        confirmed = await self._bus.publish(batch)
        done = [message.id for message, there in zip(batch, confirmed, strict=True) if there]
        PUBLISHED.labels(self._schema, by).inc(len(done))
        return done

    async def _mark_confirmed(self) -> None:
        """Delete confirmed rows beside the publishing, so that no publish waits for this commit."""
        while not (self._stopping and self._tasks[0].done() and not self._confirmed):
            if not self._confirmed:
                self._wake_mark.clear()
                await self._wake_mark.wait()
                continue
            done, self._confirmed = self._confirmed, []
            try:
                await self._forget(done)
            except Exception as error:  # noqa: BLE001  the sweep publishes them again, which is allowed
                log.warning("mark_failed", schema=self._schema, error=repr(error), weather=is_weather(error))
            self._held.difference_update(done)

    async def _forget(self, done: Sequence[UUID]) -> None:
        # Without its own fsync: a delete lost in a crash means one more publish, which receivers recognise.
        await self._pool.execute(
            "WITH relaxed AS (SELECT set_config('synchronous_commit', 'off', true))"  # noqa: S608  constant schema
            f" DELETE FROM {self._schema}.outbox USING relaxed WHERE id = ANY($1)",
            done,
        )

    async def _sweep_forever(self) -> None:
        while True:
            moved = 0
            try:
                moved = await self.sweep()
            except Exception as error:  # noqa: BLE001  the next sweep tries again
                log.warning("sweep_failed", schema=self._schema, error=repr(error), weather=is_weather(error))
            if moved < BATCH_MAX:
                await asyncio.sleep(SWEEP_PAUSE_SECONDS * random.uniform(0.8, 1.2))  # noqa: S311  jitter, no secret

    async def sweep(self, age_seconds: float = SWEEP_AGE_SECONDS) -> int:
        """Publish one batch of rows older than `age_seconds` that nobody here holds; answer how many went out."""
        if len(self._held) > HELD_WHILE_SWEEPING_MAX:
            return 0
        rows = await self._pool.fetch(
            f"SELECT id, queue, body FROM {self._schema}.outbox"  # noqa: S608  constant schema
            " WHERE created_at < now() - make_interval(secs => $1) AND id <> ALL($2) ORDER BY created_at LIMIT $3",
            age_seconds,
            list(self._held),
            BATCH_MAX,
        )
        if not rows:
            return 0
        batch = [Outgoing(row["id"], row["queue"], row["body"]) for row in rows]
        done = await self._publish(batch, by="sweep")
        if done:
            await self._forget(done)
        return len(done)
