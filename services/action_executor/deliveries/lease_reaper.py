"""Send heartbeats, and reclaim the leases of dead workers.

Every few seconds: heartbeat, expired leases, ended hooks, metrics of pending deliveries. Less often: queues whose due
time differs from their deliveries'.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import Counter, Gauge

from action_executor.deliveries import queue_store, store
from action_executor.deliveries.records import QueueUpdate
from action_executor.deliveries.rules import rejection_reason
from action_executor.deliveries.scheduler import DeliveryScheduler
from scheduling.poller import Poller
from storage.pool import Connection, Pool

log = structlog.get_logger(__name__)

FREED = Counter("ledgerwire_delivery_leases_expired_total", "Deliveries that a worker held and did not finish")
OVERDUE = Gauge("ledgerwire_delivery_overdue_seconds", "How long the oldest due hook has been waiting for a worker")
IN_FLIGHT = Gauge("ledgerwire_delivery_in_flight", "Deliveries leased to this process")

LOST_WORKERS_MAX: Final = 20
"""Workers that may die in a row with one delivery before it fails finally."""

FREE_MAX: Final = 500
CANCELS_MAX: Final = 10  # transactions for one hook in one sweep: the next sweep continues
ALIVE_FACTOR: Final = 3.0  # a worker not heard of for so many sweeps counts as dead
REPAIR_EVERY_SECONDS: Final = 600.0
RESET_SUCCESS_SECONDS: Final = 60.0

_HEARTBEAT = """
WITH here AS (
    INSERT INTO execution.worker (id, seen_at) VALUES ($1, now()) ON CONFLICT (id) DO UPDATE SET seen_at = now()
)
SELECT count(*) FROM execution.worker WHERE id <> $1 AND seen_at > now() - make_interval(secs => $2)
"""

_FREE = """
WITH expired AS MATERIALIZED (
    SELECT account_id, id, lost_workers + 1 >= $1 AS hopeless FROM execution.delivery
     WHERE state = 'in_flight' AND leased_until < now() ORDER BY leased_until LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE execution.delivery d
   SET state = CASE WHEN e.hopeless THEN 'failed' ELSE 'pending' END,
       due_at = CASE WHEN NOT e.hopeless THEN now() END,
       finished_at = CASE WHEN e.hopeless THEN now() END,
       error = CASE WHEN e.hopeless THEN 'its worker was lost ' || $1 || ' times in a row' ELSE d.error END,
       lost_workers = d.lost_workers + 1, leased_until = NULL, lease_epoch = d.lease_epoch + 1
  FROM expired e WHERE d.account_id = e.account_id AND d.id = e.id
RETURNING d.account_id, d.hook_id, d.ordered
"""

_REPAIR = """
INSERT INTO execution.delivery_queue AS l (account_id, hook_id, ordered, due_at)
SELECT account_id, hook_id, bool_or(ordered), min(due_at) FROM execution.delivery
 WHERE state = 'pending' GROUP BY account_id, hook_id ORDER BY account_id, hook_id
    ON CONFLICT (account_id, hook_id) DO UPDATE SET due_at = EXCLUDED.due_at
 WHERE l.due_at IS NULL
"""


_ENDED = """
SELECT l.account_id, l.hook_id, h.state, h.reason FROM execution.delivery_queue l
  LEFT JOIN dispatch_api.hook h ON h.account_id = l.account_id AND h.id = l.hook_id
 WHERE l.due_at > now() AND h.state IS DISTINCT FROM 'active' LIMIT $1
"""


class LeaseReaper:
    """The loop of heartbeats and reclaimed leases."""

    def __init__(
        self,
        pool: Pool,
        scheduler: DeliveryScheduler,
        *,
        worker_id: UUID,
        every_seconds: float,
        on_freed: Callable[[], None],
    ) -> None:
        self._pool, self._scheduler, self._worker_id = pool, scheduler, worker_id
        self._every_seconds, self._on_freed = every_seconds, on_freed
        self._repair_at = self._reset_at = 0.0
        self.poller: Final = Poller("sweep-deliveries", self._sweep_once, sweep_seconds=every_seconds)

    async def _sweep_once(self) -> None:
        await self.sweep()

    async def sweep(self) -> int:
        """Sweep once; return how many leases were freed."""
        others = await self._pool.fetchval(_HEARTBEAT, self._worker_id, self._every_seconds * ALIVE_FACTOR)
        self._scheduler.workers = 1 + others
        freed = await self._free()
        await self._cancel_ended()
        if await queue_store.renew_queues(self._pool, queues_max=FREE_MAX):
            self._on_freed()
        if time.monotonic() >= self._repair_at:
            await self._pool.execute(_REPAIR)
            self._repair_at = time.monotonic() + REPAIR_EVERY_SECONDS
        if time.monotonic() >= self._reset_at:
            # Another process may have recorded failures: the next success here is recorded again.
            self._scheduler.reset_success_flags()
            self._reset_at = time.monotonic() + RESET_SUCCESS_SECONDS
        due = await queue_store.next_due_seconds(self._pool)
        OVERDUE.set(max(-due, 0.0) if due is not None else 0.0)
        IN_FLIGHT.set(self._scheduler.held)
        return freed

    async def _free(self) -> int:
        async with self._pool.acquire() as conn, conn.transaction():
            freed = await free_expired(conn)
        if freed:
            FREED.inc(freed)
            log.warning("leases_expired", deliveries=freed)
            self._on_freed()
        return freed

    async def _cancel_ended(self) -> None:
        """Cancel pending deliveries of disabled or deleted hooks; due ones are cancelled when they run."""
        for row in await self._pool.fetch(_ENDED, FREE_MAX):
            key, reason = (row["account_id"], row["hook_id"]), rejection_reason(row["state"], row["reason"])
            for _ in range(CANCELS_MAX):
                async with self._pool.acquire() as conn, conn.transaction():
                    more = await store.cancel_pending(conn, key, reason=reason)
                if not more:
                    break

    async def unregister(self) -> None:
        """Delete the row of this process, so that the others take over its share at once."""
        await self._pool.execute("DELETE FROM execution.worker WHERE id = $1", self._worker_id)


async def free_expired(conn: Connection) -> int:
    """Make deliveries with an expired lease due again; one that lost too many workers fails finally."""
    rows = await conn.fetch(_FREE, LOST_WORKERS_MAX, FREE_MAX)
    keys = {(row["account_id"], row["hook_id"]): row["ordered"] for row in rows}
    await queue_store.update_queues(conn, [QueueUpdate(key, ordered, 0.0) for key, ordered in keys.items()])
    return len(rows)
