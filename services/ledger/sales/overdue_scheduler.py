"""Fire `sale.overdue` when an invoice's due day has ended in the account's time zone.

Each invoice has a due time in Postgres (`overdue_check_at`). The scheduler sleeps until the earliest, claims due
invoices under a lease and passes them to the handler of all commands, which fires the event once, however many
processes run. Invoices that became due while no process ran are due at the next start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from prometheus_client import Counter

from contracts.primitives.ids import new_id
from contracts.wire.envelope import Envelope
from ledger.sales import mark_overdue, overdue_store
from ledger.unit_of_work import store
from ledger.unit_of_work.state import Key
from outbox.pipeline import HandleBatch, MessagePipeline
from scheduling.poller import Poller
from storage.pool import Pool

CLAIMED = Counter("ledgerwire_overdue_claimed_total", "Invoices that the overdue scheduler has checked")

BATCH_MAX: Final = 200
LEASE: Final = timedelta(seconds=60)
SWEEP_SECONDS: Final = 60.0  # at the latest: other processes issue invoices too
ZONES_SECONDS: Final = 600.0
ZONES_MAX: Final = 500


def _now() -> datetime:
    return datetime.now(tz=UTC)


class OverdueScheduler:
    """One process's scheduler; `now` returns the time."""

    def __init__(
        self, pool: Pool, pipeline: MessagePipeline, handle: HandleBatch, *, now: Callable[[], datetime] = _now
    ) -> None:
        self._pool, self._pipeline, self._handle, self._now = pool, pipeline, handle, now
        self._zones_at = 0.0
        self.poller: Final = Poller("overdue-invoices", self._look, sweep_seconds=SWEEP_SECONDS)

    def expect(self, moment: datetime) -> None:
        """Wake up for this moment, if it is before the one that is slept for."""
        self.poller.wake_in((moment - self._now()).total_seconds())

    async def _look(self) -> float | None:
        await self._follow_zones()
        if await self.fire_due() == BATCH_MAX:
            return 0.0
        due_at = await overdue_store.next_at(self._pool)
        return None if due_at is None else (due_at - self._now()).total_seconds()

    async def fire_due(self) -> int:
        """Handle a batch of due invoices; return how many there were."""
        now = self._now()
        due = await overdue_store.claim(self._pool, now=now, lease=LEASE, most=BATCH_MAX)
        if due:
            await self._post(due, now)
            CLAIMED.inc(len(due))
        return len(due)

    async def _post(self, due: Sequence[Key], now: datetime) -> None:
        effects = await self._pipeline.commit([_command(key, now) for key in due], self._handle)
        self._pipeline.relay.push(effects.messages)
        for call in effects.after_commit:
            call()

    async def _follow_zones(self) -> None:
        """Periodically apply changed time zones of accounts, also of inactive ones."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._zones_at:
            return
        self._zones_at = loop.time() + ZONES_SECONDS
        async with self._pool.acquire() as conn, conn.transaction():
            moved = await overdue_store.moved_zones(conn, most=ZONES_MAX)
            if moved:
                await store.lock_books(conn, account_ids=moved)


def _command(key: Key, now: datetime) -> Envelope:
    command_id, (account_id, sale_id) = new_id(), key
    return Envelope(
        id=command_id,
        name=mark_overdue.COMMAND,
        account_id=account_id,
        at=now,
        correlation_id=command_id,
        data={"id": str(sale_id)},
    )
