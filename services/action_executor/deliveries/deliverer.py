"""Run the deliveries of this process, from the lease to the stored result, each paced by its queue."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import structlog

from action_executor.deliveries import queue_store, store
from action_executor.deliveries.claimer import Claimer
from action_executor.deliveries.lease_reaper import LeaseReaper
from action_executor.deliveries.queue import BreakerDecision, Limits
from action_executor.deliveries.records import ClaimedDelivery, Key, QueueUpdate
from action_executor.deliveries.results import Finished, ResultWriter
from action_executor.deliveries.rules import Cancelled, HookGone, Succeeded, TryAgain
from action_executor.deliveries.scheduler import DeliveryScheduler
from action_executor.deliveries.sender import Attempted, Sender
from action_executor.settings import LEASE_MARGIN_SECONDS, ExecutorSettings
from outbox.relay import Relay
from scheduling.ending import end_tasks
from storage.pool import Pool
from storage.transient import is_transient

log = structlog.get_logger(__name__)

SETTLE_SECONDS_MAX: Final = 10.0
TROUBLE_PAUSE_SECONDS: Final = 2.0
ENDING_SECONDS: Final = 5.0
RELEASE_PAUSES_SECONDS: Final = (0.2, 0.5, 1.0, 2.0)
"""Between tries to release deliveries: a cut connection is replaced at once, and a lease would be a long wait."""


class Deliverer:
    """The deliveries of one process. Any number of processes share the work."""

    def __init__(
        self, pool: Pool, relay: Relay, sender: Sender, settings: ExecutorSettings, *, worker_id: UUID
    ) -> None:
        self._pool, self._sender = pool, sender
        self.lease_seconds: Final = settings.hook_lease_seconds
        self.scheduler: Final = DeliveryScheduler(
            Limits(
                rate_per_second=settings.hook_rate_per_second,
                concurrency=settings.hook_concurrency,
                at_once_max=settings.attempts_at_once_max,
                held_max=settings.deliveries_held_max,
                bytes_max=settings.bytes_held_max,
                attempt_seconds_max=settings.hook_timeout_seconds + LEASE_MARGIN_SECONDS / 2,
            )
        )
        self._claimer = Claimer(
            pool,
            self.scheduler,
            self.enqueue,
            outdate=self.outdate,
            lease_seconds=self.lease_seconds,
            sweep_seconds=settings.sweep_seconds,
        )
        self.wake: Final = self._claimer.poller.wake
        self._results = ResultWriter(
            pool,
            relay,
            self.scheduler,
            disable_after_seconds=settings.hook_disable_after_seconds,
            on_due=self.wake,
        )
        self._lease_reaper = LeaseReaper(
            pool,
            self.scheduler,
            worker_id=worker_id,
            every_seconds=settings.sweep_seconds,
            on_freed=self.wake,
        )
        self._attempts: set[asyncio.Task[None]] = set()
        self._side_tasks: set[asyncio.Task[None]] = set()
        self._pollers = [self._claimer.poller, self._lease_reaper.poller]
        self._result_writer: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = False

    def start(self) -> None:
        """Begin to claim, settle and sweep."""
        for poller in self._pollers:
            poller.start()
        self._result_writer = asyncio.create_task(self._results.run(), name="settle-deliveries")

    def problem(self) -> str | None:
        """The problem of one of the loops."""
        problems = [problem for poller in self._pollers if (problem := poller.problem())]
        if self._result_writer is not None and self._result_writer.done():
            problems.append("settle-deliveries ended")
        return "; ".join(problems) or None

    def room(self, key: Key, now: float) -> int:
        """How many fresh deliveries of a hook could be leased straight away; they are expected then."""
        room = self.scheduler.room(key, now)
        if room > 0:
            self._sender.expect(key)
        return room

    def outdate(self, key: Key, version: int) -> None:
        """Use no target and no secret of a version of the hook before this one."""
        self._sender.outdate(key, version)

    def enqueue(self, items: Sequence[ClaimedDelivery]) -> None:
        """Add deliveries that are leased to this process and committed."""
        self.scheduler.enqueue(items)
        self._start_ready()

    async def stop(self, deadline_seconds: float) -> None:
        """Start nothing more, release unstarted deliveries, finish and store running ones, within the deadline."""
        self._stopping = True
        if self._result_writer is None:
            return
        for poller in self._pollers:
            await poller.stop()
        if self._timer is not None:
            self._timer.cancel()
        await self._release_all(self.scheduler.take_all())
        if self._attempts:
            _, unfinished = await asyncio.wait(self._attempts, timeout=deadline_seconds)
            await end_tasks(unfinished)  # their leases expire and another process repeats them
        self._results.stop()
        await asyncio.wait([self._result_writer, *self._side_tasks], timeout=SETTLE_SECONDS_MAX)
        await asyncio.gather(
            end_tasks([self._result_writer, *self._side_tasks]), self._unregister(), return_exceptions=True
        )

    async def _unregister(self) -> None:
        async with asyncio.timeout(1.0):
            await self._lease_reaper.unregister()

    def _start_ready(self) -> None:
        if self._stopping:
            return
        now = time.monotonic()
        for item in self.scheduler.next_ready(now):
            attempt = asyncio.create_task(self._deliver(item))
            self._attempts.add(attempt)
            attempt.add_done_callback(self._attempts.discard)
        if self.scheduler.returned:
            self._run_task(self._release_all(self.scheduler.take_returned()))
        if self.scheduler.wants_more:
            self.wake()
        self._set_timer(now)

    def _set_timer(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        wake = self.scheduler.next_wake()
        self._timer = asyncio.get_running_loop().call_later(max(wake - now, 0.0), self._start_ready) if wake else None

    async def _deliver(self, item: ClaimedDelivery) -> None:
        """Prepare, call; the result writer stores the result."""
        try:
            attempted = await self._sender.attempt(item)
        except Exception as error:  # noqa: BLE001  nothing was sent: it stays due
            log.warning(
                "delivery_not_begun", delivery_id=str(item.id), error=repr(error), transient=is_transient(error)
            )
            self._finish(item, None)
            self._run_task(self._release_all([item], due_in=TROUBLE_PAUSE_SECONDS))
        else:
            clean = self.scheduler.queue(item.key).clean
            decision = self._finish(item, attempted)
            if isinstance(attempted.verdict, Succeeded):
                self.scheduler.queue(item.key).clean = True
            self._results.put(Finished(item, attempted, decision, note_success=not clean))
        self._start_ready()

    def _finish(self, item: ClaimedDelivery, attempted: Attempted | None) -> BreakerDecision:
        """Record the result in the queue; return the breaker's decision."""
        now = time.monotonic()
        if attempted is None:
            return self.scheduler.finished(item, ok=None, seconds=0.0, now=now)
        if attempted.limits is not None:
            self.scheduler.set_limits(item.key, attempted.limits)
        verdict = attempted.verdict
        judged = attempted.requested and not attempted.outdated and not isinstance(verdict, HookGone | Cancelled)
        ok = isinstance(verdict, Succeeded) if judged else None
        decision = self.scheduler.finished(item, ok=ok, seconds=attempted.seconds, now=now, version=attempted.version)
        if isinstance(verdict, HookGone):
            self.scheduler.pause(item.key, ENDING_SECONDS, now)  # until the dispatcher knows too
        if isinstance(verdict, TryAgain) and verdict.hook_pause_seconds > 0:
            self.scheduler.pause(item.key, verdict.hook_pause_seconds, now)
            return replace(decision, open_seconds=max(decision.open_seconds, verdict.hook_pause_seconds))
        return decision

    async def _release_all(self, items: Sequence[ClaimedDelivery], *, due_in: float = 0.0) -> None:
        """Release deliveries that were not begun; should that fail for good, their leases run out."""
        if not items:
            return
        for pause_seconds in (*RELEASE_PAUSES_SECONDS, None):
            try:
                await self._release(items, due_in=due_in)
                break
            except Exception as error:  # noqa: BLE001  the sweep frees them
                log.warning("release_failed", deliveries=len(items), error=repr(error), transient=is_transient(error))
                if pause_seconds is None or not is_transient(error):
                    break
            await asyncio.sleep(pause_seconds)
        self.scheduler.settled(items)
        self.wake()

    async def _release(self, items: Sequence[ClaimedDelivery], *, due_in: float) -> None:
        async with self._pool.acquire() as conn, conn.transaction():
            keys: dict[Key, bool] = {item.key: item.ordered for item in items}
            await queue_store.update_queues(conn, [QueueUpdate(key, ordered, due_in) for key, ordered in keys.items()])
            await store.release(conn, items, due_in=due_in)

    def _run_task(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._side_tasks.add(task)
        task.add_done_callback(self._side_tasks.discard)
