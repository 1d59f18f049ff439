"""Look at promises when their day is over or money came in: what is not paid by then is broken.

Each promise has a time in Postgres (`check_at`), which is claimed under a lease; `check_promise` is decided as every
other command is, so that a promise is broken once, however many schedulers there are.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from contracts.primitives.ids import new_id
from contracts.wire.envelope import Envelope
from ledger.collections.promises import store
from ledger.collections.promises.handlers import CHECK_COMMAND
from ledger.unit_of_work.state import Key
from outbox.pipeline import HandleBatch, MessagePipeline
from scheduling.poller import Poller
from storage.pool import Pool

BATCH_MAX: Final = 200  # commands of one transaction
LEASE: Final = timedelta(seconds=60)  # a batch takes less than one
SWEEP_SECONDS: Final = 60.0  # at the latest: other processes record promises too


def _now() -> datetime:
    return datetime.now(tz=UTC)


class PromiseScheduler:
    """One process's scheduler of promises; `now` gives the time."""

    def __init__(
        self, pool: Pool, pipeline: MessagePipeline, handle: HandleBatch, *, now: Callable[[], datetime] = _now
    ) -> None:
        self._pool, self._pipeline, self._handle, self._now = pool, pipeline, handle, now
        self.poller: Final = Poller("promises", self._look, sweep_seconds=SWEEP_SECONDS)

    def expect(self, moment: datetime) -> None:
        """Wake up for this moment, if it is before the one that is slept for."""
        self.poller.wake_in((moment - self._now()).total_seconds())

    async def _look(self) -> float | None:
        if await self.check_due() == BATCH_MAX:
            return 0.0
        due_at = await store.next_at(self._pool)
        return None if due_at is None else (due_at - self._now()).total_seconds()

    async def check_due(self) -> int:
        """Decide on a batch of what is due now; give how many there were."""
        now = self._now()
        due = await store.claim(self._pool, now=now, lease=LEASE, most=BATCH_MAX)
        if due:
            effects = await self._pipeline.commit([_command(key, now) for key in due], self._handle)
            self._pipeline.relay.push(effects.messages)
            for call in effects.after_commit:
                call()
        return len(due)


def _command(key: Key, now: datetime) -> Envelope:
    command_id, (account_id, promise_id) = new_id(), key
    return Envelope(
        id=command_id,
        name=CHECK_COMMAND,
        account_id=account_id,
        at=now,
        correlation_id=command_id,
        data={"id": str(promise_id)},
    )
