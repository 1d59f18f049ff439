"""Whose turn it is: rates, breakers and bounds, in steps of a clock that only these tests move."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from action_executor.deliveries.queue import BreakerDecision, Limits
from action_executor.deliveries.records import ClaimedDelivery, HookLimits, Key
from action_executor.deliveries.scheduler import DeliveryScheduler
from contracts.primitives.ids import new_id

LEASE = 60.0


def limits(**given: Any) -> Limits:
    usual = {
        "rate_per_second": 1000.0,
        "concurrency": 16,
        "at_once_max": 100,
        "held_max": 1000,
        "bytes_max": 1_000_000,
        "attempt_seconds_max": 20.0,
    }
    return Limits(**(usual | given))


def a_hook(account: int = 1) -> Key:
    return (UUID(int=account), new_id())


def a_delivery(key: Key, *, is_retry: bool = False, now: float = 0.0, body: bytes = b"x") -> ClaimedDelivery:
    return ClaimedDelivery(
        account_id=key[0],
        id=new_id(),
        event_id=new_id(),
        hook_id=key[1],
        correlation_id=new_id(),
        trigger="sale.posted",
        body=body,
        ordered=False,
        is_retry=is_retry,
        schedule_position=int(is_retry),
        epoch=1,
        lease_ends=now + LEASE,
    )


def a_scheduler(key: Key, own: HookLimits | None = None, **given: Any) -> DeliveryScheduler:
    """One that has read the hook's own limits."""
    scheduler = DeliveryScheduler(limits(**given))
    scheduler.set_limits(key, own or HookLimits())
    return scheduler


def deliveries(key: Key, many: int, **given: Any) -> list[ClaimedDelivery]:
    return [a_delivery(key, **given) for _ in range(many)]


def fail(scheduler: DeliveryScheduler, item: ClaimedDelivery, now: float) -> float:
    return scheduler.finished(item, ok=False, seconds=0.01, now=now).open_seconds


def test_a_hook_gets_a_fifth_of_a_second_at_once_and_then_its_even_pace() -> None:
    scheduler, key = DeliveryScheduler(limits(rate_per_second=25.0, concurrency=100, at_once_max=200)), a_hook()
    scheduler.enqueue(deliveries(key, 60))
    sent = [(step / 100, len(scheduler.next_ready(step / 100))) for step in range(301)]
    assert sent[0][1] == 5
    assert sum(many for _, many in sent) == 60
    assert sum(many for at, many in sent if at < 1.0) in range(28, 31)


def test_workers_share_a_hooks_rate_and_concurrency() -> None:
    scheduler, key = DeliveryScheduler(limits(rate_per_second=100.0, concurrency=16)), a_hook()
    scheduler.workers = 4
    scheduler.enqueue(deliveries(key, 50))
    assert len(scheduler.next_ready(0.0)) == 4
    assert scheduler.next_wake() is None  # its own next finish brings it back


def test_one_hook_never_has_more_than_its_places_and_others_have_theirs() -> None:
    scheduler, slow, well = DeliveryScheduler(limits()), a_hook(), a_hook()
    scheduler.enqueue(deliveries(slow, 50) + deliveries(well, 5))
    started = Counter(item.key for item in scheduler.next_ready(0.0))
    assert started == {slow: 16, well: 5}


def test_one_account_never_takes_all_places() -> None:
    scheduler = DeliveryScheduler(limits(at_once_max=40))
    for _ in range(10):
        scheduler.enqueue(deliveries(a_hook(account=1), 16))
    assert len(scheduler.next_ready(0.0)) == 20
    other = a_hook(account=2)
    scheduler.enqueue(deliveries(other, 10))
    assert [item.key for item in scheduler.next_ready(0.0)] == [other] * 10


def test_slow_receivers_together_leave_room_for_quick_ones() -> None:
    scheduler = DeliveryScheduler(limits(at_once_max=40))
    slow_hooks = [a_hook(account=number) for number in range(10)]
    for key in slow_hooks:
        scheduler.queue(key).latency_seconds = 10.0
        scheduler.enqueue(deliveries(key, 8))
    running = scheduler.next_ready(0.0)
    assert len(running) == 20
    quick = a_hook(account=99)
    scheduler.enqueue(deliveries(quick, 15))
    assert len(scheduler.next_ready(0.0)) == 15
    scheduler.finished(running[0], ok=True, seconds=10.0, now=1.0)
    assert len(scheduler.next_ready(1.0)) == 1  # another slow one takes the place


def test_retries_have_a_quarter_of_the_places_and_every_fifth_turn() -> None:
    scheduler, key = DeliveryScheduler(limits(concurrency=8)), a_hook()
    scheduler.enqueue(deliveries(key, 20, is_retry=True))
    assert len(scheduler.next_ready(0.0)) == 2
    scheduler.enqueue(deliveries(key, 20))
    assert [item.is_retry for item in scheduler.next_ready(0.0)] == [False] * 6


def test_after_ten_failures_the_hook_is_left_alone_and_what_waits_is_given_back() -> None:
    scheduler, key = DeliveryScheduler(limits()), a_hook()
    scheduler.enqueue(deliveries(key, 40))
    running = scheduler.next_ready(0.0)
    opened = [fail(scheduler, item, 1.0) for item in running[:10]]
    assert opened[:9] == [0.0] * 9
    assert 1.6 <= opened[9] <= 2.4
    assert len(scheduler.take_returned()) == 24
    assert scheduler.room(key, 1.5) == 0
    assert scheduler.budget(key, 1.5).fresh == 0
    # Those that were under way say nothing new.
    is_retry = [scheduler.finished(item, ok=False, seconds=1.5, now=2.0) for item in running[10:]]
    assert is_retry == [BreakerDecision()] * 6


def test_an_open_breaker_lets_one_probe_through_and_closes_on_its_success() -> None:
    scheduler = a_scheduler(key := a_hook())
    scheduler.enqueue(deliveries(key, 10))
    for item in scheduler.next_ready(0.0):
        fail(scheduler, item, 1.0)
    assert scheduler.budget(key, 10.0).fresh == 1
    scheduler.enqueue(deliveries(key, 3))
    (probe,) = scheduler.next_ready(10.0)
    assert scheduler.next_ready(10.0) == []
    scheduler.finished(probe, ok=True, seconds=0.01, now=10.1)
    assert len(scheduler.next_ready(10.1)) == 2
    assert scheduler.room(key, 10.1) > 0


def test_a_probe_that_fails_opens_the_breaker_for_longer() -> None:
    scheduler, key = DeliveryScheduler(limits()), a_hook()
    scheduler.enqueue(deliveries(key, 10))
    for item in scheduler.next_ready(0.0):
        fail(scheduler, item, 1.0)
    scheduler.enqueue(deliveries(key, 1))
    (probe,) = scheduler.next_ready(10.0)
    assert 3.2 <= fail(scheduler, probe, 10.1) <= 4.8


def test_a_receiver_that_asks_for_a_rest_gets_it() -> None:
    scheduler, key = DeliveryScheduler(limits()), a_hook()
    scheduler.enqueue(deliveries(key, 3))
    scheduler.pause(key, 30.0, now=0.0)
    assert scheduler.next_ready(29.0) == []
    assert len(scheduler.take_returned()) == 3


def test_a_requested_attempt_closes_the_breaker() -> None:
    scheduler, key = DeliveryScheduler(limits()), a_hook()
    scheduler.enqueue(deliveries(key, 10))
    for item in scheduler.next_ready(0.0):
        fail(scheduler, item, 1.0)
    scheduler.close_breaker(key)
    assert scheduler.budget(key, 1.1).fresh == 1


def test_the_stored_state_of_a_receiver_is_taken_unless_this_process_has_a_newer_one() -> None:
    scheduler = a_scheduler(key := a_hook())
    scheduler.restore_breaker_state(key, failures=12, open_seconds_left=5.0, now=100.0)
    assert scheduler.room(key, 101.0) == 0
    scheduler.restore_breaker_state(key, failures=0, open_seconds_left=0.0, now=102.0)
    assert scheduler.room(key, 102.0) > 0
    scheduler.pause(key, 30.0, now=103.0)
    scheduler.restore_breaker_state(key, failures=0, open_seconds_left=0.0, now=104.0)  # the pause is not settled yet
    assert scheduler.room(key, 104.0) == 0


def test_a_delivery_whose_lease_ends_too_soon_is_given_back() -> None:
    scheduler, key = DeliveryScheduler(limits()), a_hook()
    scheduler.enqueue(deliveries(key, 2, now=0.0))
    assert scheduler.next_ready(LEASE - 19.0) == []
    assert len(scheduler.take_returned()) == 2


def test_a_lane_holds_what_it_can_send_in_a_while_and_asks_for_more_when_half_is_gone() -> None:
    scheduler = a_scheduler(key := a_hook(), rate_per_second=25.0)
    assert scheduler.room(key, 0.0) == 100
    scheduler.enqueue(deliveries(key, 100))
    scheduler.note_backlog(key, more=True)
    assert scheduler.room(key, 0.0) == 0
    now, started = 0.0, 0
    while not scheduler.wants_more:
        now += 0.04
        for item in scheduler.next_ready(now):
            started += 1
            scheduler.finished(item, ok=True, seconds=0.01, now=now)
    assert started == 50


def test_memory_is_bounded_in_all() -> None:
    scheduler, other = a_scheduler(key := a_hook(), held_max=10, bytes_max=100), a_hook()
    scheduler.set_limits(other, HookLimits())
    scheduler.enqueue(deliveries(key, 10))
    assert scheduler.room(other, 0.0) == 0
    scheduler.settled(scheduler.take_all())
    assert scheduler.room(other, 0.0) == 10
    scheduler.enqueue([a_delivery(key, body=b"x" * 100)])
    assert scheduler.room(other, 0.0) == 0


def test_a_hooks_own_concurrency_counts_instead_of_the_installations() -> None:
    scheduler = a_scheduler(key := a_hook(), HookLimits(concurrency=2))
    scheduler.enqueue(deliveries(key, 5))
    assert len(scheduler.next_ready(0.0)) == 2
    scheduler.set_limits(key, HookLimits(concurrency=4))
    scheduler.enqueue(deliveries(key, 1))
    assert len(scheduler.next_ready(0.0)) == 2


def test_a_hooks_own_rate_counts_instead_of_the_installations() -> None:
    scheduler = a_scheduler(key := a_hook(), HookLimits(rate_per_second=2.0))
    scheduler.enqueue(deliveries(key, 5))
    assert [len(scheduler.next_ready(now)) for now in (0.0, 0.4, 0.5, 0.9, 1.0)] == [1, 0, 1, 0, 1]


def test_processes_share_a_hooks_own_limits() -> None:
    scheduler = a_scheduler(key := a_hook(), HookLimits(concurrency=6))
    scheduler.workers = 3
    scheduler.enqueue(deliveries(key, 5))
    assert len(scheduler.next_ready(0.0)) == 2


def test_a_hook_whose_own_limits_are_not_read_yet_takes_nothing_without_a_claim() -> None:
    scheduler, key = DeliveryScheduler(limits()), a_hook()
    assert scheduler.room(key, 0.0) == 0
    scheduler.set_limits(key, HookLimits())
    assert scheduler.room(key, 0.0) > 0


@settings(deadline=None)  # a machine under load is no fault
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_whatever_happens_bounds_hold_and_nothing_is_lost(seed: int, hooks: int) -> None:
    chance = random.Random(seed)  # noqa: S311  an example, no secret
    bounds = limits(at_once_max=20, concurrency=4, rate_per_second=50.0)
    scheduler, keys = DeliveryScheduler(bounds), [a_hook(account=number % 3) for number in range(hooks)]
    running: list[ClaimedDelivery] = []
    offered = done = 0
    now = 0.0
    for _ in range(200):
        now += chance.random() / 10
        if chance.random() < 0.6:
            items = deliveries(chance.choice(keys), chance.randint(1, 5), is_retry=chance.random() < 0.3, now=now)
            offered += len(items)
            scheduler.enqueue(items)
        running += scheduler.next_ready(now)
        assert len(running) == scheduler.running <= bounds.at_once_max
        assert max(Counter(item.key for item in running).values(), default=0) <= bounds.concurrency
        assert max(Counter(item.account_id for item in running).values(), default=0) <= bounds.account_max
        while running and chance.random() < 0.6:
            item = running.pop(chance.randrange(len(running)))
            ok = chance.choice([True, True, False, None])
            scheduler.finished(item, ok=ok, seconds=chance.choice([0.01, 3.0]), now=now)
            scheduler.settled([item])
            done += 1
        returned = scheduler.take_returned()
        scheduler.settled(returned)
        done += len(returned)
    while scheduler.held:
        now += 1.0
        running += scheduler.next_ready(now)
        for item in running:
            scheduler.finished(item, ok=True, seconds=0.01, now=now)
        scheduler.settled(running)
        done += len(running)
        running = []
        returned = scheduler.take_returned()
        scheduler.settled(returned)
        done += len(returned)
        assert now < 10_000
    assert (done, scheduler.running, scheduler.bytes) == (offered, 0, 0)
