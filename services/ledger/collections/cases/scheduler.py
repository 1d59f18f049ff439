"""Let collections go on: decide on the clients that are due, and queue what is to be sent to them.

Each client has a due time in Postgres. A batch of due ones is leased, decided on, and what messages say is rendered,
while nothing is locked. Then, under the locks of their accounts, those that something has made due since are read and
decided on again, and all of it is written in one transaction, with the jobs that hand messages over; what is not as it
was rendered is left to be rendered anew. Whatever changes what a client's cases depend on counts its revision up under
the same locks. Any number of ledgers share the clients; a step is taken once, because its row is there once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from prometheus_client import Counter

from contracts.urls import PublicUrls
from ledger.collections.cases import rounds, settings_watch, store, write
from ledger.collections.cases.rounds import LetterKey, Round, Written
from ledger.collections.collectors import store as collectors
from ledger.unit_of_work.state import Key
from ledger.unit_of_work.store import lock_books, read_accounts
from outbox.record import record
from outbox.relay import Relay
from scheduling.poller import Poller
from storage.pool import Pool
from templates.renderer import Letter, Rendered, Renderer

DECIDED = Counter("ledgerwire_cases_decided_total", "Clients whose collection cases were decided on")
TAKEN = Counter("ledgerwire_collection_steps_total", "Steps of collection cases that were taken", ["channel"])

BATCH_MAX: Final = 400  # clients of one transaction: tens of milliseconds under the accounts' locks
AT_ONCE_MAX: Final = 2  # while one batch is rendered or written, the other is read and decided on
ROUNDS_MAX: Final = 4  # of so many batches, before the poller is asked whether to stop
LEASE: Final = timedelta(seconds=60)
SWEEP_SECONDS: Final = 60.0  # at the latest: other processes change clients too
GATHER_SECONDS: Final = 0.05  # changes of one moment are decided on together
SCHEMA: Final = "ledger"


def _now() -> datetime:
    return datetime.now(tz=UTC)


class CaseScheduler:
    """One process's share of collections; `now` gives the time."""

    def __init__(
        self, pool: Pool, relay: Relay, urls: PublicUrls, *, renderer: Renderer, now: Callable[[], datetime] = _now
    ) -> None:
        self._pool, self._relay, self._urls = pool, relay, urls
        self._renderer, self._now = renderer, now
        self._cache = store.StepCache()
        self._settings = settings_watch.SettingsWatch(pool)
        self.poller: Final = Poller(
            "collection-cases", self._look, sweep_seconds=SWEEP_SECONDS, gather_seconds=GATHER_SECONDS
        )

    def expect(self, moment: datetime) -> None:
        """Wake up for this moment, if it is before the one that is slept for."""
        self.poller.wake_in((moment - self._now()).total_seconds())

    async def _look(self) -> float | None:
        await self._settings.follow(self._now())
        many = await self.decide_due()
        for _ in range(ROUNDS_MAX if many == BATCH_MAX else 0):
            async with asyncio.TaskGroup() as group:
                batches = [group.create_task(self.decide_due()) for _ in range(AT_ONCE_MAX)]
            many = max(batch.result() for batch in batches)
            if many < BATCH_MAX:
                break
        if many == BATCH_MAX:
            return 0.0
        async with self._pool.acquire() as conn:
            due_at = await write.next_at(conn)
        return None if due_at is None else (due_at - self._now()).total_seconds()

    async def decide_due(self) -> int:
        """Decide on a batch of clients that are due now; answer how many there were."""
        now = self._now()
        async with self._pool.acquire() as conn, conn.transaction():
            revisions = await write.claim(conn, now=now, until=now + LEASE, clients_max=BATCH_MAX)
        if not revisions:
            return 0
        before = await self._decided(revisions, now)
        texts = await rounds.render(self._renderer, before.letters)
        await self._write(revisions, before, texts, now)
        DECIDED.inc(len(revisions))
        return len(revisions)

    async def _decided(self, revisions: Mapping[Key, int], now: datetime) -> Round:
        """Decide on clients as they are at one moment; they may change from then on.

        An account gets its first collectors under its lock: its clients are left to the round that writes.
        """
        async with self._pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            opened = await collectors.opened(conn, account_ids={key[0] for key in revisions})
            accounts = await read_accounts(conn, account_ids=opened)
            keys = [key for key in revisions if key[0] in accounts]
            return await rounds.decide(conn, keys=keys, accounts=accounts, cache=self._cache, now=now)

    async def _write(
        self, revisions: Mapping[Key, int], before: Round, texts: Mapping[LetterKey, Rendered], now: datetime
    ) -> None:
        """Decide on clients again where they changed, and write all of whom everything is rendered."""
        keys = revisions.keys()
        async with self._pool.acquire() as conn, conn.transaction():
            locked = await lock_books(conn, account_ids={key[0] for key in keys})
            unchanged = await write.unchanged(conn, revisions=revisions)
            made = await rounds.decide(
                conn, keys=keys, accounts=locked, cache=self._cache, now=now, before=before, unchanged=unchanged
            )
            ready = {key for key in made.decided if _is_rendered(made.letters[key], before.letters.get(key, {}), texts)}
            written = rounds.written_of(made, ready, texts, self._urls, now=now)
            # What changed meanwhile is decided on again at once.
            written.due |= dict.fromkeys(made.decided.keys() - ready, now)
            written.due |= dict.fromkeys(keys - made.decided.keys(), None)
            await written.save(conn)
            await record(conn, schema=SCHEMA, messages=written.outgoing)
        self._relay.push(written.outgoing)
        _count(written)


def _is_rendered(
    letters: Mapping[LetterKey, Letter],
    rendered: Mapping[LetterKey, Letter],
    texts: Mapping[LetterKey, Rendered],
) -> bool:
    return all(key in texts and rendered.get(key) == letter for key, letter in letters.items())


def _count(written: Written) -> None:
    for step in written.steps:
        if step.state == "taken":
            TAKEN.labels(step.channel).inc()
