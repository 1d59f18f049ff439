"""Whose turn it is: rates, breakers and bounds, in steps of a clock that only these tests move."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from action_executor.deliveries.lane import Limits, Reaction
from action_executor.deliveries.lanes import Lanes
from action_executor.deliveries.records import Held, Key
from contracts.ids import new_id

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


def a_delivery(key: Key, *, late: bool = False, now: float = 0.0, body: bytes = b"x") -> Held:
    return Held(
        account_id=key[0],
        id=new_id(),
        event_id=new_id(),
        hook_id=key[1],
        correlation_id=new_id(),
        trigger="sale.posted",
        body=body,
        ordered=False,
        late=late,
        tries=int(late),
        epoch=1,
        lease_ends=now + LEASE,
    )


def deliveries(key: Key, many: int, **given: Any) -> list[Held]:
    return [a_delivery(key, **given) for _ in range(many)]


def fail(lanes: Lanes, item: Held, now: float) -> float:
    return lanes.finished(item, ok=False, seconds=0.01, now=now).open_seconds


def test_a_hook_gets_a_fifth_of_a_second_at_once_and_then_its_even_pace() -> None:
    lanes, key = Lanes(limits(rate_per_second=25.0, concurrency=100, at_once_max=200)), a_hook()
    lanes.offer(deliveries(key, 60))
    sent = [(step / 100, len(lanes.pump(step / 100))) for step in range(301)]
    assert sent[0][1] == 5
    assert sum(many for _, many in sent) == 60
    assert sum(many for at, many in sent if at < 1.0) in range(28, 31)


def test_workers_share_a_hooks_rate_and_concurrency() -> None:
    lanes, key = Lanes(limits(rate_per_second=100.0, concurrency=16)), a_hook()
    lanes.workers = 4
    lanes.offer(deliveries(key, 50))
    assert len(lanes.pump(0.0)) == 4
    assert lanes.next_wake() is None  # its own next finish brings it back


def test_one_hook_never_has_more_than_its_places_and_others_have_theirs() -> None:
    lanes, slow, well = Lanes(limits()), a_hook(), a_hook()
    lanes.offer(deliveries(slow, 50) + deliveries(well, 5))
    started = Counter(item.key for item in lanes.pump(0.0))
    assert started == {slow: 16, well: 5}


def test_one_account_never_takes_all_places() -> None:
    lanes = Lanes(limits(at_once_max=40))
    for _ in range(10):
        lanes.offer(deliveries(a_hook(account=1), 16))
    assert len(lanes.pump(0.0)) == 20
    other = a_hook(account=2)
    lanes.offer(deliveries(other, 10))
    assert [item.key for item in lanes.pump(0.0)] == [other] * 10


def test_slow_receivers_together_leave_room_for_quick_ones() -> None:
    lanes = Lanes(limits(at_once_max=40))
    slow_hooks = [a_hook(account=number) for number in range(10)]
    for key in slow_hooks:
        lanes.lane(key).latency_seconds = 10.0
        lanes.offer(deliveries(key, 8))
    running = lanes.pump(0.0)
    assert len(running) == 20
    quick = a_hook(account=99)
    lanes.offer(deliveries(quick, 15))
    assert len(lanes.pump(0.0)) == 15
    lanes.finished(running[0], ok=True, seconds=10.0, now=1.0)
    assert len(lanes.pump(1.0)) == 1  # another slow one takes the place


def test_retries_have_a_quarter_of_the_places_and_every_fifth_turn() -> None:
    lanes, key = Lanes(limits(concurrency=8)), a_hook()
    lanes.offer(deliveries(key, 20, late=True))
    assert len(lanes.pump(0.0)) == 2
    lanes.offer(deliveries(key, 20))
    assert [item.late for item in lanes.pump(0.0)] == [False] * 6


def test_after_ten_failures_the_hook_is_left_alone_and_what_waits_is_given_back() -> None:
    lanes, key = Lanes(limits()), a_hook()
    lanes.offer(deliveries(key, 40))
    running = lanes.pump(0.0)
    opened = [fail(lanes, item, 1.0) for item in running[:10]]
    assert opened[:9] == [0.0] * 9
    assert 1.6 <= opened[9] <= 2.4
    assert len(lanes.take_returned()) == 24
    assert lanes.room(key, 1.5) == 0
    assert lanes.budget(key, 1.5).fresh == 0
    # Those that were under way say nothing new.
    late = [lanes.finished(item, ok=False, seconds=1.5, now=2.0) for item in running[10:]]
    assert late == [Reaction()] * 6


def test_an_open_breaker_lets_one_probe_through_and_closes_on_its_success() -> None:
    lanes, key = Lanes(limits()), a_hook()
    lanes.offer(deliveries(key, 10))
    for item in lanes.pump(0.0):
        fail(lanes, item, 1.0)
    assert lanes.budget(key, 10.0).fresh == 1
    lanes.offer(deliveries(key, 3))
    (probe,) = lanes.pump(10.0)
    assert lanes.pump(10.0) == []
    lanes.finished(probe, ok=True, seconds=0.01, now=10.1)
    assert len(lanes.pump(10.1)) == 2
    assert lanes.room(key, 10.1) > 0


def test_a_probe_that_fails_opens_the_breaker_for_longer() -> None:
    lanes, key = Lanes(limits()), a_hook()
    lanes.offer(deliveries(key, 10))
    for item in lanes.pump(0.0):
        fail(lanes, item, 1.0)
    lanes.offer(deliveries(key, 1))
    (probe,) = lanes.pump(10.0)
    assert 3.2 <= fail(lanes, probe, 10.1) <= 4.8


def test_a_receiver_that_asks_for_a_rest_gets_it() -> None:
    lanes, key = Lanes(limits()), a_hook()
    lanes.offer(deliveries(key, 3))
    lanes.pause(key, 30.0, now=0.0)
    assert lanes.pump(29.0) == []
    assert len(lanes.take_returned()) == 3


def test_somebody_who_asks_for_a_try_closes_the_breaker() -> None:
    lanes, key = Lanes(limits()), a_hook()
    lanes.offer(deliveries(key, 10))
    for item in lanes.pump(0.0):
        fail(lanes, item, 1.0)
    lanes.trust(key)
    assert lanes.budget(key, 1.1).fresh == 1


def test_what_postgres_knows_of_a_receiver_is_taken_over_unless_this_process_knows_better() -> None:
    lanes, key = Lanes(limits()), a_hook()
    lanes.adopt(key, failures=12, open_seconds_left=5.0, now=100.0)
    assert lanes.room(key, 101.0) == 0
    lanes.adopt(key, failures=0, open_seconds_left=0.0, now=102.0)
    assert lanes.room(key, 102.0) > 0
    lanes.pause(key, 30.0, now=103.0)
    lanes.adopt(key, failures=0, open_seconds_left=0.0, now=104.0)  # the pause is not settled yet
    assert lanes.room(key, 104.0) == 0


def test_a_delivery_whose_lease_ends_too_soon_is_given_back() -> None:
    lanes, key = Lanes(limits()), a_hook()
    lanes.offer(deliveries(key, 2, now=0.0))
    assert lanes.pump(LEASE - 19.0) == []
    assert len(lanes.take_returned()) == 2


def test_a_lane_holds_what_it_can_send_in_a_while_and_asks_for_more_when_half_is_gone() -> None:
    lanes, key = Lanes(limits(rate_per_second=25.0)), a_hook()
    assert lanes.room(key, 0.0) == 100
    lanes.offer(deliveries(key, 100))
    lanes.note_backlog(key, more=True)
    assert lanes.room(key, 0.0) == 0
    now, started = 0.0, 0
    while not lanes.hungry:
        now += 0.04
        for item in lanes.pump(now):
            started += 1
            lanes.finished(item, ok=True, seconds=0.01, now=now)
    assert started == 50


def test_memory_is_bounded_in_all() -> None:
    lanes, key = Lanes(limits(held_max=10, bytes_max=100)), a_hook()
    lanes.offer(deliveries(key, 10))
    assert lanes.room(a_hook(), 0.0) == 0
    lanes.settled(lanes.take_all())
    assert lanes.room(a_hook(), 0.0) == 10
    lanes.offer([a_delivery(key, body=b"x" * 100)])
    assert lanes.room(a_hook(), 0.0) == 0


@settings(deadline=None)  # a machine under load is no fault
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_whatever_happens_bounds_hold_and_nothing_is_lost(seed: int, hooks: int) -> None:
    chance = random.Random(seed)  # noqa: S311  an example, no secret
    bounds = limits(at_once_max=20, concurrency=4, rate_per_second=50.0)
    lanes, keys = Lanes(bounds), [a_hook(account=number % 3) for number in range(hooks)]
    running: list[Held] = []
    offered = done = 0
    now = 0.0
    for _ in range(200):
        now += chance.random() / 10
        if chance.random() < 0.6:
            items = deliveries(chance.choice(keys), chance.randint(1, 5), late=chance.random() < 0.3, now=now)
            offered += len(items)
            lanes.offer(items)
        running += lanes.pump(now)
        assert len(running) == lanes.running <= bounds.at_once_max
        assert max(Counter(item.key for item in running).values(), default=0) <= bounds.concurrency
        assert max(Counter(item.account_id for item in running).values(), default=0) <= bounds.account_max
        while running and chance.random() < 0.6:
            item = running.pop(chance.randrange(len(running)))
            ok = chance.choice([True, True, False, None])
            lanes.finished(item, ok=ok, seconds=chance.choice([0.01, 3.0]), now=now)
            lanes.settled([item])
            done += 1
        returned = lanes.take_returned()
        lanes.settled(returned)
        done += len(returned)
    while lanes.held:
        now += 1.0
        running += lanes.pump(now)
        for item in running:
            lanes.finished(item, ok=True, seconds=0.01, now=now)
        lanes.settled(running)
        done += len(running)
        running = []
        returned = lanes.take_returned()
        lanes.settled(returned)
        done += len(returned)
        assert now < 10_000
    assert (done, lanes.running, lanes.bytes) == (offered, 0, 0)
