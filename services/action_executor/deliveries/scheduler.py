"""Schedule deliveries fairly: rate limit, concurrency limit and circuit breaker per hook.

One slow or dead receiver never delays another. A hook's queue has two lists (fresh deliveries, retries), a rate, a
concurrency limit, and a circuit breaker. Across queues there are limits in total, for each account, and for all slow
receivers together. Pure bookkeeping: no I/O, no clock of its own; `now` is monotonic seconds.
"""

from __future__ import annotations

import heapq
import random
from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from action_executor.deliveries.queue import BreakerDecision, ClaimBudget, DeliveryQueue, Limits, QueueState
from action_executor.deliveries.records import ClaimedDelivery, HookLimits, Key
from action_executor.deliveries.rules import FAILURES_TO_OPEN, open_seconds

BURST_SECONDS: Final = 0.2  # what a rested hook may get at once, as a part of its rate
CLAIM_AHEAD_SECONDS: Final = 4.0  # a queue holds about as much as it can send in this time; the rest stays in Postgres
QUEUE_MAX: Final = 500
FRESH_PER_RETRY: Final = 4  # when both wait, every fifth is a retry
LATENCY_WEIGHT: Final = 0.3
QUEUES_MAX: Final = 10_000  # beyond it idle ones are dropped
FAIRNESS_SECONDS: Final = 1.0
REQUEUE_AT_ONCE: Final = 4
BACKLOG_NEWS_SECONDS: Final = 2.0  # within which a result is settled


class DeliveryScheduler:
    """All delivery queues of this process."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.workers = 1  # processes that share each hook's rate and concurrency
        self.running = 0
        self.held = 0  # leased to this process and not settled
        self.bytes = 0
        self.wants_more: set[Key] = set()  # queues with room and a backlog in Postgres
        self.returned: list[ClaimedDelivery] = []  # leased but not started, to be released
        self._queues: dict[Key, DeliveryQueue] = {}
        self._ready: deque[DeliveryQueue] = deque()
        self._asleep: list[tuple[float, int, DeliveryQueue]] = []
        self._paused_by_account: defaultdict[UUID, deque[DeliveryQueue]] = defaultdict(deque)
        self._paused_slow: deque[DeliveryQueue] = deque()
        self._running_of: defaultdict[UUID, int] = defaultdict(int)
        self._slow_running: set[UUID] = set()
        self._sleeps = 0

    # Input

    def room(self, key: Key, now: float) -> int:
        """How many fresh deliveries this hook can take directly, without a claim in Postgres."""
        if self.held >= self.limits.held_max or self.bytes >= self.limits.bytes_max:
            return 0
        queue = self._queues.get(key)
        if queue is None or queue.limits is None:
            return 0  # its limits are not known: a claim reads them
        if queue.backlog or queue.suspect or queue.open_until > now:
            return 0
        return min(self._bound(queue) - queue.queued, self.limits.held_max - self.held)

    def enqueue(self, items: Iterable[ClaimedDelivery]) -> None:
        """Add leased deliveries; they are in order within their queues."""
        for item in items:
            queue = self.queue(item.key)
            (queue.retries if item.is_retry else queue.fresh).append(item)
            self.held += 1
            self.bytes += len(item.body)
            if queue.state is QueueState.IDLE:
                self._make_ready(queue)

    def queue(self, key: Key) -> DeliveryQueue:
        """The hook's queue, created on first use."""
        queue = self._queues.get(key)
        if queue is None:
            if len(self._queues) >= QUEUES_MAX:
                self._drop_idle()
            queue = self._queues[key] = DeliveryQueue(key)
        return queue

    def budget(self, key: Key, now: float) -> ClaimBudget:
        """How many deliveries the hook may claim now."""
        queue = self.queue(key)
        if (wait := queue.open_until - now) > 0:
            return ClaimBudget(0, 0, wait)
        space = min(self._bound(queue) - queue.queued, self.limits.held_max - self.held)
        if queue.suspect:
            space = min(space, 1 - queue.running - queue.queued)
        if space <= 0 or self.bytes >= self.limits.bytes_max:
            return ClaimBudget(0, 0, FAIRNESS_SECONDS)
        return ClaimBudget(space, max(1, space // FRESH_PER_RETRY))

    def restore_breaker_state(
        self, key: Key, *, failures: int, open_seconds_left: float, now: float, version: int = 0
    ) -> None:
        """Restore the breaker's state from Postgres: other processes also call the receiver."""
        queue = self.queue(key)
        if version > queue.version:
            queue.renew(version)
        elif version < queue.version or now - queue.news_at < BACKLOG_NEWS_SECONDS:
            return
        queue.open_until = now + open_seconds_left if open_seconds_left > 0 else 0.0
        queue.failures = failures
        queue.clean = failures == 0
        if not queue.open_until:
            self._wake_sleeper(queue)

    def set_limits(self, key: Key, limits: HookLimits) -> None:
        """Set a hook's own limits, as Postgres has them now."""
        self.queue(key).limits = limits

    def close_breaker(self, key: Key) -> None:
        """Close the breaker for a requested try."""
        queue = self.queue(key)
        queue.failures = min(queue.failures, FAILURES_TO_OPEN)
        queue.open_until, queue.news_at = 0.0, 0.0
        self._wake_sleeper(queue)

    def _wake_sleeper(self, queue: DeliveryQueue) -> None:
        if queue.state is QueueState.ASLEEP:
            self._make_ready(queue)  # where it slept, it is not needed any more and does no harm

    def note_backlog(self, key: Key, *, more: bool) -> None:
        """Note whether more of a hook is due in Postgres than this process holds."""
        self.queue(key).backlog = more

    def reset_success_flags(self) -> None:
        """Record the next success of each queue, regardless of the local state."""
        for queue in self._queues.values():
            queue.clean = False

    # Selection

    def next_ready(self, now: float) -> list[ClaimedDelivery]:
        """Take the deliveries that may start now, round-robin over the queues."""
        started: list[ClaimedDelivery] = []
        while self._asleep and self._asleep[0][0] <= now:
            self._make_ready(heapq.heappop(self._asleep)[2])
        while self._ready and self.running < self.limits.at_once_max:
            queue = self._ready.popleft()
            queue.state = QueueState.IDLE
            self._return_expiring(queue, now)
            if queue.queued and self._may_start(queue, now):
                started.append(self._begin(queue, now))
                if queue.queued:
                    self._make_ready(queue)
            self._note_want(queue, now)
        return started

    def next_wake(self) -> float | None:
        """When `next_ready` has work again without anything else happening."""
        return self._asleep[0][0] if self._asleep else None

    def finished(
        self, item: ClaimedDelivery, *, ok: bool | None, seconds: float, now: float, version: int | None = None
    ) -> BreakerDecision:
        """Record the end of an attempt; `ok` is None when the receiver was not called, `version` the called hook's."""
        queue = self.queue(item.key)
        self.running -= 1
        queue.running -= 1
        queue.running_retries -= item.is_retry
        if version is not None and version > queue.version:
            queue.renew(version)
        outdated = version is not None and version < queue.version
        decision = BreakerDecision() if ok is None or outdated else self._learn(queue, ok=ok, seconds=seconds, now=now)
        self._free_slots(item)
        if queue.queued and queue.state is QueueState.IDLE:
            self._make_ready(queue)
        self._note_want(queue, now)
        return decision

    def pause(self, key: Key, seconds: float, now: float) -> None:
        """Pause the whole hook, as its receiver requested."""
        queue = self.queue(key)
        queue.open_until, queue.news_at = max(queue.open_until, now + seconds), now
        self._release(queue)

    def settled(self, items: Iterable[ClaimedDelivery]) -> None:
        """Drop deliveries whose result is committed, or that were released."""
        for item in items:
            self.held -= 1
            self.bytes -= len(item.body)

    def take_all(self) -> list[ClaimedDelivery]:
        """Everything queued, for giving back at the end."""
        for queue in self._queues.values():
            self._release(queue)
        return self.take_returned()

    def take_returned(self) -> list[ClaimedDelivery]:
        """The deliveries to release."""
        returned, self.returned = self.returned, []
        return returned

    # Within

    def _may_start(self, queue: DeliveryQueue, now: float) -> bool:
        if self._is_full(queue):
            return False  # its own next finish brings it back
        if (shared := self._shared_limit_of(queue)) is not None:
            queue.state = QueueState.PAUSED
            shared.append(queue)
            return False
        earliest = max(queue.open_until, queue.next_slot - (self._burst(queue) - 1) / self._rate(queue))
        if earliest > now:
            self._sleep(queue, earliest)
            return False
        return True

    def _is_full(self, queue: DeliveryQueue) -> bool:
        if queue.running >= self._concurrency(queue) or (queue.suspect and queue.running):
            return True
        return not queue.fresh and queue.running_retries >= self._retry_concurrency(queue)

    def _shared_limit_of(self, queue: DeliveryQueue) -> deque[DeliveryQueue] | None:
        """The shared limit that the queue has to wait for, if any."""
        if self._running_of.get(queue.key[0], 0) >= self.limits.account_max:
            return self._paused_by_account[queue.key[0]]
        return self._paused_slow if queue.slow and len(self._slow_running) >= self.limits.slow_max else None

    def _begin(self, queue: DeliveryQueue, now: float) -> ClaimedDelivery:
        retry_turn = not queue.fresh or queue.fresh_in_a_row >= FRESH_PER_RETRY
        if queue.retries and retry_turn and queue.running_retries < self._retry_concurrency(queue):
            item, queue.fresh_in_a_row = queue.retries.popleft(), 0
        else:
            item, queue.fresh_in_a_row = queue.fresh.popleft(), queue.fresh_in_a_row + 1
        queue.next_slot = max(queue.next_slot, now) + 1 / self._rate(queue)
        queue.running += 1
        queue.running_retries += item.is_retry
        self.running += 1
        self._running_of[item.account_id] += 1
        if queue.slow:
            self._slow_running.add(item.id)
        return item

    def _learn(self, queue: DeliveryQueue, *, ok: bool, seconds: float, now: float) -> BreakerDecision:
        queue.news_at = now
        queue.latency_seconds += LATENCY_WEIGHT * (seconds - queue.latency_seconds)
        if ok:
            queue.failures, queue.open_until = 0, 0.0
            return BreakerDecision()
        queue.clean = False
        if now - seconds < queue.opened_at:
            return BreakerDecision()  # one that was running when the breaker opened: no new information
        queue.failures += 1
        opened = open_seconds(queue.failures, random.random())  # noqa: S311  jitter, no secret
        if opened:
            queue.opened_at, queue.open_until = now, now + opened
            self._release(queue)
        return BreakerDecision(opened, is_failure=True)

    def _free_slots(self, item: ClaimedDelivery) -> None:
        self._running_of[item.account_id] -= 1
        left = self._running_of[item.account_id]
        self._resume(self._paused_by_account[item.account_id], everything=left == 0)
        if not self._paused_by_account[item.account_id]:
            del self._paused_by_account[item.account_id]
        if left == 0:
            del self._running_of[item.account_id]
        if item.id in self._slow_running:
            self._slow_running.discard(item.id)
            self._resume(self._paused_slow, everything=not self._slow_running)

    def _resume(self, paused: deque[DeliveryQueue], *, everything: bool) -> None:
        # A few for each free slot: one may wait for another limit too.
        for _ in range(len(paused) if everything else min(REQUEUE_AT_ONCE, len(paused))):
            self._make_ready(paused.popleft())

    def _release(self, queue: DeliveryQueue) -> None:
        if queue.queued:
            self.returned += [*queue.retries, *queue.fresh]
            queue.retries.clear()
            queue.fresh.clear()
            queue.backlog = True

    def _return_expiring(self, queue: DeliveryQueue, now: float) -> None:
        ends = now + self.limits.attempt_seconds_max
        for waiting in (queue.fresh, queue.retries):
            while waiting and waiting[0].lease_ends < ends:
                self.returned.append(waiting.popleft())
                queue.backlog = True

    def _note_want(self, queue: DeliveryQueue, now: float) -> None:
        if not queue.backlog or queue.open_until > now:
            return
        enough = queue.running + queue.queued > 0 if queue.suspect else queue.queued > self._bound(queue) // 2
        if not enough and self.held < self.limits.held_max:
            self.wants_more.add(queue.key)

    def _bound(self, queue: DeliveryQueue) -> int:
        per_second = min(self._rate(queue), self._concurrency(queue) / max(queue.latency_seconds, 0.001))
        return min(max(int(per_second * CLAIM_AHEAD_SECONDS), 1), QUEUE_MAX)

    def _concurrency(self, queue: DeliveryQueue) -> int:
        own = queue.limits.concurrency if queue.limits else None
        return max(1, (own or self.limits.concurrency) // self.workers)

    def _retry_concurrency(self, queue: DeliveryQueue) -> int:
        return max(1, self._concurrency(queue) // FRESH_PER_RETRY)

    def _rate(self, queue: DeliveryQueue) -> float:
        own = queue.limits.rate_per_second if queue.limits else None
        return (own or self.limits.rate_per_second) / self.workers

    def _burst(self, queue: DeliveryQueue) -> float:
        return max(1.0, self._rate(queue) * BURST_SECONDS)

    def _make_ready(self, queue: DeliveryQueue) -> None:
        if queue.state is not QueueState.READY:
            queue.state = QueueState.READY
            self._ready.append(queue)

    def _sleep(self, queue: DeliveryQueue, until: float) -> None:
        queue.state = QueueState.ASLEEP
        self._sleeps += 1  # queues cannot be compared
        heapq.heappush(self._asleep, (until, self._sleeps, queue))

    def _drop_idle(self) -> None:
        for key, queue in list(self._queues.items()):
            busy = queue.state is not QueueState.IDLE or queue.running or queue.queued
            if not (busy or queue.backlog or queue.failures):
                del self._queues[key]
