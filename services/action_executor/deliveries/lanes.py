"""Pace what this process holds: whose turn it is, so that one slow or dead receiver never delays another.

A lane is one hook: two queues (fresh deliveries, late retries), a rate, a bound on what runs at once, and a circuit
breaker. Between lanes: bounds in all, for each account, and for all slow receivers together. Pure bookkeeping: no I/O,
no clock of its own; `now` is monotonic seconds.
"""

from __future__ import annotations

import heapq
import random
from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from action_executor.deliveries.lane import Budget, Lane, Limits, Place, Reaction
from action_executor.deliveries.records import Held, Key
from action_executor.deliveries.rules import FAILURES_TO_OPEN, open_seconds

BURST_SECONDS: Final = 0.2  # what a rested hook may get at once, as a part of its rate
AHEAD_SECONDS: Final = 4.0  # a lane holds about as much as it can send in this time; the rest waits in Postgres
QUEUE_MAX: Final = 500
FRESH_PER_LATE: Final = 4  # when both wait, every fifth is a retry
LATENCY_WEIGHT: Final = 0.3
LANES_MAX: Final = 10_000  # beyond it idle ones are forgotten
OTHERS_TURN_SECONDS: Final = 1.0
UNPARK_AT_ONCE: Final = 4
NEWS_SECONDS: Final = 2.0  # within which a result is settled


class Lanes:
    """All lanes of this process."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.workers = 1  # processes that share each hook's rate and concurrency
        self.running = 0
        self.held = 0  # leased to this process and not settled
        self.bytes = 0
        self.hungry: set[Key] = set()  # lanes that can take more from Postgres, where more waits
        self.returned: list[Held] = []  # leased but not begun, to be given back
        self._lanes: dict[Key, Lane] = {}
        self._ready: deque[Lane] = deque()
        self._asleep: list[tuple[float, int, Lane]] = []
        self._parked_by_account: defaultdict[UUID, deque[Lane]] = defaultdict(deque)
        self._parked_slow: deque[Lane] = deque()
        self._running_of: defaultdict[UUID, int] = defaultdict(int)
        self._slow_ones: set[UUID] = set()
        self._sleeps = 0

    # What comes in

    def room(self, key: Key, now: float) -> int:
        """How many fresh deliveries this hook could take straight away, without waiting in Postgres first."""
        if self.held >= self.limits.held_max or self.bytes >= self.limits.bytes_max:
            return 0
        lane = self._lanes.get(key)
        if lane is None:
            return min(self._bound(Lane(key)), self.limits.held_max - self.held)
        if lane.backlog or lane.suspect or lane.open_until > now:
            return 0
        return min(self._bound(lane) - lane.queued, self.limits.held_max - self.held)

    def offer(self, items: Iterable[Held]) -> None:
        """Take over leased deliveries; they are in order within their lanes."""
        for item in items:
            lane = self.lane(item.key)
            (lane.late if item.late else lane.fresh).append(item)
            self.held += 1
            self.bytes += len(item.body)
            if lane.place is Place.IDLE:
                self._make_ready(lane)

    def lane(self, key: Key) -> Lane:
        """The hook's lane, made when it is new."""
        lane = self._lanes.get(key)
        if lane is None:
            if len(self._lanes) >= LANES_MAX:
                self._forget_idle()
            lane = self._lanes[key] = Lane(key)
        return lane

    def budget(self, key: Key, now: float) -> Budget:
        """How many the hook may take from Postgres now."""
        lane = self.lane(key)
        if (wait := lane.open_until - now) > 0:
            return Budget(0, 0, wait)
        space = min(self._bound(lane) - lane.queued, self.limits.held_max - self.held)
        if lane.suspect:
            space = min(space, 1 - lane.running - lane.queued)
        if space <= 0 or self.bytes >= self.limits.bytes_max:
            return Budget(0, 0, OTHERS_TURN_SECONDS)
        return Budget(space, max(1, space // FRESH_PER_LATE))

    def adopt(self, key: Key, *, failures: int, open_seconds_left: float, now: float, version: int = 0) -> None:
        """Take over what Postgres knows of the receiver: other processes have met it too."""
        lane = self.lane(key)
        if version > lane.version:
            lane.renew(version)
        elif version < lane.version or now - lane.news_at < NEWS_SECONDS:
            return
        lane.open_until = now + open_seconds_left if open_seconds_left > 0 else 0.0
        lane.failures = failures
        lane.clean = failures == 0
        if not lane.open_until:
            self._wake_sleeper(lane)

    def trust(self, key: Key) -> None:
        """Close the breaker because somebody asks for a try."""
        lane = self.lane(key)
        lane.failures = min(lane.failures, FAILURES_TO_OPEN)
        lane.open_until, lane.news_at = 0.0, 0.0
        self._wake_sleeper(lane)

    def _wake_sleeper(self, lane: Lane) -> None:
        if lane.place is Place.ASLEEP:
            self._make_ready(lane)  # where it slept, it is not needed any more and does no harm

    def note_backlog(self, key: Key, *, more: bool) -> None:
        """Note whether more of a hook is due in Postgres than this process holds."""
        self.lane(key).backlog = more

    def doubt_all(self) -> None:
        """Let the next success of each lane be noted, whatever is known of it here."""
        for lane in self._lanes.values():
            lane.clean = False

    # Whose turn it is

    def pump(self, now: float) -> list[Held]:
        """Take what may start now, in turns over the lanes."""
        started: list[Held] = []
        while self._asleep and self._asleep[0][0] <= now:
            self._make_ready(heapq.heappop(self._asleep)[2])
        while self._ready and self.running < self.limits.at_once_max:
            lane = self._ready.popleft()
            lane.place = Place.IDLE
            self._return_expiring(lane, now)
            if lane.queued and self._may_start(lane, now):
                started.append(self._begin(lane, now))
                if lane.queued:
                    self._make_ready(lane)
            self._note_hunger(lane, now)
        return started

    def next_wake(self) -> float | None:
        """When `pump` has work again without anything else happening."""
        return self._asleep[0][0] if self._asleep else None

    def finished(
        self, item: Held, *, ok: bool | None, seconds: float, now: float, version: int | None = None
    ) -> Reaction:
        """Note the end of an attempt; `ok` is None when the receiver was not asked, `version` the called hook's."""
        lane = self.lane(item.key)
        self.running -= 1
        lane.running -= 1
        lane.running_late -= item.late
        if version is not None and version > lane.version:
            lane.renew(version)
        outdated = version is not None and version < lane.version
        reaction = Reaction() if ok is None or outdated else self._learn(lane, ok=ok, seconds=seconds, now=now)
        self._free_slots(item)
        if lane.queued and lane.place is Place.IDLE:
            self._make_ready(lane)
        self._note_hunger(lane, now)
        return reaction

    def pause(self, key: Key, seconds: float, now: float) -> None:
        """Let the whole hook rest, as its receiver asked."""
        lane = self.lane(key)
        lane.open_until, lane.news_at = max(lane.open_until, now + seconds), now
        self._give_back(lane)

    def settled(self, items: Iterable[Held]) -> None:
        """Forget deliveries whose result is committed, or that were given back."""
        for item in items:
            self.held -= 1
            self.bytes -= len(item.body)

    def take_all(self) -> list[Held]:
        """Everything queued, for giving back at the end."""
        for lane in self._lanes.values():
            self._give_back(lane)
        return self.take_returned()

    def take_returned(self) -> list[Held]:
        """What is to be given back to Postgres."""
        returned, self.returned = self.returned, []
        return returned

    # Within

    def _may_start(self, lane: Lane, now: float) -> bool:
        if self._has_enough(lane):
            return False  # its own next finish brings it back
        if (crowd := self._crowd_of(lane)) is not None:
            lane.place = Place.PARKED
            crowd.append(lane)
            return False
        earliest = max(lane.open_until, lane.next_slot - (self._burst() - 1) / self._rate())
        if earliest > now:
            self._sleep(lane, earliest)
            return False
        return True

    def _has_enough(self, lane: Lane) -> bool:
        if lane.running >= self._concurrency() or (lane.suspect and lane.running):
            return True
        return not lane.fresh and lane.running_late >= self._concurrency_late()

    def _crowd_of(self, lane: Lane) -> deque[Lane] | None:
        """Where the lane has to wait for others of its kind, if it has to."""
        if self._running_of.get(lane.key[0], 0) >= self.limits.account_max:
            return self._parked_by_account[lane.key[0]]
        return self._parked_slow if lane.slow and len(self._slow_ones) >= self.limits.slow_max else None

    def _begin(self, lane: Lane, now: float) -> Held:
        late_turn = not lane.fresh or lane.fresh_in_a_row >= FRESH_PER_LATE
        if lane.late and late_turn and lane.running_late < self._concurrency_late():
            item, lane.fresh_in_a_row = lane.late.popleft(), 0
        else:
            item, lane.fresh_in_a_row = lane.fresh.popleft(), lane.fresh_in_a_row + 1
        lane.next_slot = max(lane.next_slot, now) + 1 / self._rate()
        lane.running += 1
        lane.running_late += item.late
        self.running += 1
        self._running_of[item.account_id] += 1
        if lane.slow:
            self._slow_ones.add(item.id)
        return item

    def _learn(self, lane: Lane, *, ok: bool, seconds: float, now: float) -> Reaction:
        lane.news_at = now
        lane.latency_seconds += LATENCY_WEIGHT * (seconds - lane.latency_seconds)
        if ok:
            lane.failures, lane.open_until = 0, 0.0
            return Reaction()
        lane.clean = False
        if now - seconds < lane.opened_at:
            return Reaction()  # one of those that were under way when the breaker opened: it says nothing new
        lane.failures += 1
        opened = open_seconds(lane.failures, random.random())  # noqa: S311  jitter, no secret
        if opened:
            lane.opened_at, lane.open_until = now, now + opened
            self._give_back(lane)
        return Reaction(opened, counted=True)

    def _free_slots(self, item: Held) -> None:
        self._running_of[item.account_id] -= 1
        left = self._running_of[item.account_id]
        self._unpark(self._parked_by_account[item.account_id], all_of_them=left == 0)
        if not self._parked_by_account[item.account_id]:
            del self._parked_by_account[item.account_id]
        if left == 0:
            del self._running_of[item.account_id]
        if item.id in self._slow_ones:
            self._slow_ones.discard(item.id)
            self._unpark(self._parked_slow, all_of_them=not self._slow_ones)

    def _unpark(self, parked: deque[Lane], *, all_of_them: bool) -> None:
        # A few for each place that came free: one may turn out to wait for something else too.
        for _ in range(len(parked) if all_of_them else min(UNPARK_AT_ONCE, len(parked))):
            self._make_ready(parked.popleft())

    def _give_back(self, lane: Lane) -> None:
        if lane.queued:
            self.returned += [*lane.late, *lane.fresh]
            lane.late.clear()
            lane.fresh.clear()
            lane.backlog = True

    def _return_expiring(self, lane: Lane, now: float) -> None:
        ends = now + self.limits.attempt_seconds_max
        for queue in (lane.fresh, lane.late):
            while queue and queue[0].lease_ends < ends:
                self.returned.append(queue.popleft())
                lane.backlog = True

    def _note_hunger(self, lane: Lane, now: float) -> None:
        if not lane.backlog or lane.open_until > now:
            return
        enough = lane.running + lane.queued > 0 if lane.suspect else lane.queued > self._bound(lane) // 2
        if not enough and self.held < self.limits.held_max:
            self.hungry.add(lane.key)

    def _bound(self, lane: Lane) -> int:
        per_second = min(self._rate(), self._concurrency() / max(lane.latency_seconds, 0.001))
        return min(max(int(per_second * AHEAD_SECONDS), 1), QUEUE_MAX)

    def _concurrency(self) -> int:
        return max(1, self.limits.concurrency // self.workers)

    def _concurrency_late(self) -> int:
        return max(1, self._concurrency() // FRESH_PER_LATE)

    def _rate(self) -> float:
        return self.limits.rate_per_second / self.workers

    def _burst(self) -> float:
        return max(1.0, self._rate() * BURST_SECONDS)

    def _make_ready(self, lane: Lane) -> None:
        if lane.place is not Place.READY:
            lane.place = Place.READY
            self._ready.append(lane)

    def _sleep(self, lane: Lane, until: float) -> None:
        lane.place = Place.ASLEEP
        self._sleeps += 1  # lanes cannot be compared
        heapq.heappush(self._asleep, (until, self._sleeps, lane))

    def _forget_idle(self) -> None:
        for key, lane in list(self._lanes.items()):
            busy = lane.place is not Place.IDLE or lane.running or lane.queued
            if not (busy or lane.backlog or lane.failures):
                del self._lanes[key]
