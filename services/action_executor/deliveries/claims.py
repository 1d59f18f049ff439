"""Claim what is due from Postgres for this process's lanes: retries, what did not fit at once, what others left behind.

Not a hot loop: it sleeps until the next lane is due, until it is woken, or until the sweep's time.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from action_executor.deliveries import lane_store
from action_executor.deliveries.lane import Budget
from action_executor.deliveries.lanes import OTHERS_TURN_SECONDS, Lanes
from action_executor.deliveries.records import Held, Key, LaneRow, Take
from storage.pool import Pool
from storage.weather import is_weather

log = structlog.get_logger(__name__)

LANES_MAX: Final = 100  # in one pass
PAUSE_SECONDS_MIN: Final = 0.01
WEATHER_PAUSE_SECONDS: Final = 1.0


class Claims:
    """The loop that claims. `offer` takes over what was leased."""

    def __init__(
        self,
        pool: Pool,
        lanes: Lanes,
        offer: Callable[[Sequence[Held]], None],
        *,
        lease_seconds: float,
        sweep_seconds: float,
    ) -> None:
        self._pool, self._lanes, self._offer = pool, lanes, offer
        self._lease_seconds, self._sweep_seconds = lease_seconds, sweep_seconds
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look now: something became due, or a lane can take more."""
        self._wake.set()

    async def run(self) -> None:
        """Claim until cancelled."""
        while True:
            self._wake.clear()
            try:
                full = await self.claim_once() >= LANES_MAX
                pause = 0.0 if full else await self._pause_seconds()
            except Exception as error:
                log.warning(
                    "claim_failed", error=repr(error), weather=is_weather(error), exc_info=not is_weather(error)
                )
                await asyncio.sleep(WEATHER_PAUSE_SECONDS)
                continue
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                pass
            await asyncio.sleep(PAUSE_SECONDS_MIN)  # what wakes together is claimed together

    async def _pause_seconds(self) -> float:
        due = await lane_store.next_due_seconds(self._pool)
        return min(self._sweep_seconds, max(due, 0.0) if due is not None else self._sweep_seconds)

    async def claim_once(self) -> int:
        """Claim for every lane that is due or hungry, as much as it takes; answer how many lanes were looked at."""
        wanted, self._lanes.hungry = self._lanes.hungry, set()
        async with self._pool.acquire() as conn, conn.transaction():
            rows = await lane_store.lock_lanes(conn, also=wanted, lanes_max=LANES_MAX)
            budgets = self._budgets(rows)
            now = time.monotonic()
            items = await lane_store.claim(
                conn,
                _takes(rows, budgets),
                lease_seconds=self._lease_seconds,
                now=now,
            )
            waits = _waits(rows, budgets, items)
            more = await lane_store.set_due(conn, waits) if rows else {}
        for key in wanted.difference(more):
            self._lanes.note_backlog(key, more=False)
        for key, is_more in more.items():
            self._lanes.note_backlog(key, more=is_more)
        if items:
            self._offer(items)
        return len(rows)

    def _budgets(self, rows: Sequence[LaneRow]) -> dict[Key, Budget]:
        now = time.monotonic()
        budgets = {}
        for row in rows:
            self._lanes.adopt(
                row.key, failures=row.failures, open_seconds_left=row.open_seconds_left, now=now, version=row.version
            )
            budgets[row.key] = self._lanes.budget(row.key, now)
        return budgets


def _takes(rows: Sequence[LaneRow], budgets: dict[Key, Budget]) -> list[Take]:
    found = [Take(row.key, budgets[row.key].fresh, budgets[row.key].late, row.ordered) for row in rows]
    return [take for take in found if take.fresh or take.late]


def _waits(rows: Sequence[LaneRow], budgets: dict[Key, Budget], items: Sequence[Held]) -> list[tuple[LaneRow, float]]:
    """When each lane may be looked at again by its due time alone; hunger brings this process back earlier."""
    took = Counter((item.key, item.late) for item in items)
    waits = []
    for row in rows:
        budget = budgets[row.key]
        used_up = took[row.key, False] >= budget.fresh or took[row.key, True] >= budget.late
        waits.append((row, max(budget.wait_seconds, OTHERS_TURN_SECONDS if used_up else 0.0)))
    return waits
