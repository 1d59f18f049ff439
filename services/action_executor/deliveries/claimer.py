"""Claim due deliveries from Postgres for this process's queues: retries, the overflow, and released ones.

Not a hot loop: it sleeps until the next queue is due, until it is woken, or until the sweep's time.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from action_executor.deliveries import queue_store
from action_executor.deliveries.queue import ClaimBudget
from action_executor.deliveries.records import ClaimedDelivery, ClaimRequest, Key, QueueRow
from action_executor.deliveries.scheduler import FAIRNESS_SECONDS, DeliveryScheduler
from scheduling.poller import Poller
from storage.pool import Pool

QUEUES_MAX: Final = 100  # in one pass
GATHER_SECONDS: Final = 0.01  # what wakes together is claimed together


class Claimer:
    """The claiming loop. `enqueue` gets the leased deliveries, `outdate` the hooks' present versions before."""

    def __init__(
        self,
        pool: Pool,
        scheduler: DeliveryScheduler,
        enqueue: Callable[[Sequence[ClaimedDelivery]], None],
        *,
        outdate: Callable[[Key, int], None],
        lease_seconds: float,
        sweep_seconds: float,
    ) -> None:
        self._pool, self._scheduler, self._enqueue = pool, scheduler, enqueue
        self._outdate = outdate
        self._lease_seconds = lease_seconds
        self.poller: Final = Poller(
            "claim-deliveries", self._claim_due, sweep_seconds=sweep_seconds, gather_seconds=GATHER_SECONDS
        )

    async def _claim_due(self) -> float | None:
        full = await self.claim_once() >= QUEUES_MAX
        return 0.0 if full else await queue_store.next_due_seconds(self._pool)

    async def claim_once(self) -> int:
        """Claim for every queue that is due or wants more, up to its budget; return how many queues were checked."""
        wanted, self._scheduler.wants_more = self._scheduler.wants_more, set()
        async with self._pool.acquire() as conn, conn.transaction():
            rows = await queue_store.lock_queues(conn, also=wanted, queues_max=QUEUES_MAX)
            budgets = self._budgets(rows)
            now = time.monotonic()
            items = await queue_store.claim(
                conn,
                _requests(rows, budgets),
                lease_seconds=self._lease_seconds,
                now=now,
            )
            waits = _waits(rows, budgets, items)
            more = await queue_store.set_due(conn, waits) if rows else {}
        for key in wanted.difference(more):
            self._scheduler.note_backlog(key, more=False)
        for key, is_more in more.items():
            self._scheduler.note_backlog(key, more=is_more)
        if items:
            self._enqueue(items)
        return len(rows)

    def _budgets(self, rows: Sequence[QueueRow]) -> dict[Key, ClaimBudget]:
        now = time.monotonic()
        budgets = {}
        for row in rows:
            self._scheduler.restore_breaker_state(
                row.key, failures=row.failures, open_seconds_left=row.open_seconds_left, now=now, version=row.version
            )
            self._scheduler.set_limits(row.key, row.limits)
            self._outdate(row.key, row.hook_version)
            budgets[row.key] = self._scheduler.budget(row.key, now)
        return budgets


def _requests(rows: Sequence[QueueRow], budgets: dict[Key, ClaimBudget]) -> list[ClaimRequest]:
    found = [ClaimRequest(row.key, budgets[row.key].fresh, budgets[row.key].retries, row.ordered) for row in rows]
    return [request for request in found if request.fresh or request.retries]


def _waits(
    rows: Sequence[QueueRow], budgets: dict[Key, ClaimBudget], items: Sequence[ClaimedDelivery]
) -> list[tuple[QueueRow, float]]:
    """When each queue is due for the next check; a queue that wants more is checked earlier."""
    claimed = Counter((item.key, item.is_retry) for item in items)
    waits = []
    for row in rows:
        budget = budgets[row.key]
        used_up = claimed[row.key, False] >= budget.fresh or claimed[row.key, True] >= budget.retries
        waits.append((row, max(budget.wait_seconds, FAIRNESS_SECONDS if used_up else 0.0)))
    return waits
