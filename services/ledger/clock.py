"""Let time pass in the books: fire `sale.overdue` when an invoice's due day is over where its account is.

Each invoice has its moment as a row in Postgres (`clock_at`). The clock sleeps until the earliest, claims what is due
under a lease and hands it to the same handler as every other command; that tells of an invoice once, however many
clocks look. What became due while nobody was there is due at the next start.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from prometheus_client import Counter

from contracts.envelope import Envelope
from contracts.ids import new_id
from ledger import store
from ledger.books import Key
from ledger.documents import claims, overdue
from outbox.hop import Handle, Hop
from storage.pool import Pool
from storage.weather import is_weather

log = structlog.get_logger(__name__)

CLAIMED = Counter("ledgerwire_ledger_clock_claimed_total", "Invoices that the clock has looked at")

BATCH_MAX: Final = 200
LEASE: Final = timedelta(seconds=60)
SWEEP_SECONDS: Final = 60.0  # at the latest: other processes issue invoices too
ZONES_SECONDS: Final = 600.0
ZONES_MAX: Final = 500
TROUBLE_PAUSE: Final = timedelta(seconds=5)
FOREVER: Final = datetime.max.replace(tzinfo=UTC)
AWAKE: Final = datetime.min.replace(tzinfo=UTC)


def _now() -> datetime:
    return datetime.now(tz=UTC)


class Clock:
    """One process's clock; `now` tells the time."""

    def __init__(self, pool: Pool, hop: Hop, handle: Handle, *, now: Callable[[], datetime] = _now) -> None:
        self._pool, self._hop, self._handle, self._now = pool, hop, handle, now
        self._wake = asyncio.Event()
        self._until, self._expected = AWAKE, FOREVER
        self._zones_at = 0.0

    def expect(self, moment: datetime) -> None:
        """Wake up for this moment, if it is before the one that is slept for."""
        self._expected = min(self._expected, moment)
        if moment < self._until:
            self._wake.set()

    async def run(self) -> None:
        """Strike whenever something is due, until cancelled."""
        while True:
            self._wake.clear()
            self._until, self._expected = AWAKE, FOREVER
            try:
                await self._follow_zones()
                if await self.strike() == BATCH_MAX:
                    continue
                until = await claims.next_at(self._pool) or FOREVER
            except Exception as error:  # noqa: BLE001  what is due stays due
                log.warning("clock_failed", error=repr(error), weather=is_weather(error))
                until = self._now() + TROUBLE_PAUSE
            await self._sleep(until)

    async def strike(self) -> int:
        """Look at a batch of what is due now; give how many there were."""
        now = self._now()
        due = await claims.claim(self._pool, now=now, lease=LEASE, most=BATCH_MAX)
        if due:
            await self._post(due, now)
            CLAIMED.inc(len(due))
        return len(due)

    async def _post(self, due: Sequence[Key], now: datetime) -> None:
        effects = await self._hop.commit([_command(key, now) for key in due], self._handle)
        self._hop.relay.push(effects.messages)
        for call in effects.after_commit:
            call()

    async def _sleep(self, until: datetime) -> None:
        """Sleep until then, or until what was expected meanwhile; at most until the next sweep."""
        self._until = min(until, self._expected)
        most = SWEEP_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311  jitter, no secret
        seconds = min((self._until - self._now()).total_seconds(), most)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0.0)):
                await self._wake.wait()

    async def _follow_zones(self) -> None:
        """Now and then let accounts that have moved have their own midnight, also when nothing is asked of them."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._zones_at:
            return
        self._zones_at = loop.time() + ZONES_SECONDS
        async with self._pool.acquire() as conn, conn.transaction():
            moved = await claims.moved_zones(conn, most=ZONES_MAX)
            if moved:
                await store.lock_books(conn, account_ids=moved)


def _command(key: Key, now: datetime) -> Envelope:
    command_id, (account_id, sale_id) = new_id(), key
    return Envelope(
        id=command_id,
        name=overdue.COMMAND,
        account_id=account_id,
        at=now,
        correlation_id=command_id,
        data={"id": str(sale_id)},
    )
