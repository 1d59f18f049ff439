"""What `messaging.port` promises, proved for each bus on real servers: the same sentences for both."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Sequence

from contracts.primitives.ids import new_id
from messaging.port import Bus, ConsumerOptions, Done, Incoming, Outcome, Outgoing, Refused, RetryLater
from scheduling.ending import end_tasks
from tests.support.buses import (
    DeadLettered,
    Harness,
    Taken,
    a_message,
    a_queue,
    each,
    some_messages,
)
from tests.support.eventually import eventually
from tests.support.pace import linger

QUICK = ConsumerOptions(retry_pause_first_seconds=0.02, retry_pause_max_seconds=0.2, attempts_max=3)


async def test_a_publish_is_confirmed_and_one_to_a_missing_queue_is_not(harness: Harness) -> None:
    queue = a_queue()
    bus = await harness.open([queue])
    stray = Outgoing(new_id(), "nobody.declared.this", b"lost")
    assert list(await bus.publish([a_message(queue), stray, a_message(queue)])) == [True, False, True]
    assert list(await bus.publish([])) == []


async def test_what_is_published_is_consumed_with_its_bytes(harness: Harness) -> None:
    queue, taken = a_queue(), Taken()
    bus = await harness.open([queue])
    bodies = [b"", b"\x00\xff", b"x" * 1_000_000, b"y" * 131_064, b"z" * 131_065]
    assert all(await bus.publish([a_message(queue, body) for body in bodies]))
    await bus.consume(queue.name, taken, dead_letter=DeadLettered())
    await eventually(lambda: len(taken.messages) == len(bodies))
    assert sorted(message.body for message in taken.messages) == sorted(bodies)
    assert {(message.queue, message.deliveries) for message in taken.messages} == {(queue.name, 1)}


async def test_a_message_too_big_for_any_bus_is_not_confirmed_and_harms_no_other(harness: Harness) -> None:
    queue = a_queue()
    bus = await harness.open([queue])
    big = a_message(queue, b"x" * (16 * 1024 * 1024 + 1))
    assert list(await bus.publish([a_message(queue), big, a_message(queue)])) == [True, False, True]


async def test_a_message_of_another_process_arrives(harness: Harness) -> None:
    queue, taken = a_queue(), Taken()
    bus, other = await harness.open([queue]), await harness.open([queue], "other")
    await bus.consume(queue.name, taken, dead_letter=DeadLettered())
    await other.publish([a_message(queue, "from afar")])
    await eventually(lambda: taken.bodies == ["from afar"])


async def test_what_has_arrived_is_gathered_into_batches_no_bigger_than_asked(harness: Harness) -> None:
    queue, taken = a_queue(), Taken()
    bus = await harness.open([queue])
    await bus.publish(some_messages(queue, 100))
    await bus.consume(
        queue.name, taken, dead_letter=DeadLettered(), options=ConsumerOptions(batch_max=30, batch_wait_seconds=0.05)
    )
    await eventually(lambda: len(taken.messages) == 100)
    sizes = [len(batch) for batch in taken.batches]
    assert max(sizes) == 30
    assert len(sizes) < 10
    assert taken.bodies == [f"m-{index}" for index in range(100)]


async def test_each_message_gets_the_outcome_at_its_place(harness: Harness) -> None:
    queue, dead_lettered, again = a_queue(), DeadLettered(), Counter[str]()
    bus = await harness.open([queue])

    def decide(message: Incoming) -> Outcome:
        body = message.body.decode()
        again[body] += 1
        match int(body[2:]) % 3:
            case 0:
                return Done()
            case 1:
                return Refused(f"no {body}")
            case _:
                return RetryLater("not yet") if again[body] == 1 else Done()

    await bus.publish(some_messages(queue, 30))
    await bus.consume(queue.name, each(decide), dead_letter=dead_lettered, options=QUICK)
    await eventually(lambda: sum(again.values()) == 40 and len(dead_lettered.messages) == 10)
    assert sorted(dead_lettered.messages) == sorted((f"m-{i}".encode(), f"no m-{i}") for i in range(1, 30, 3))
    assert {body for body, times in again.items() if times == 2} == {f"m-{i}" for i in range(2, 30, 3)}


async def test_one_bad_message_does_not_stop_the_others_and_is_parked_in_the_end(harness: Harness) -> None:
    queue, dead_lettered, done = a_queue(), DeadLettered(), set[str]()
    bus = await harness.open([queue])

    async def handler(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        for message in messages:
            if message.body == b"m-7":
                raise ValueError("this one\nis bad")
        done.update(message.body.decode() for message in messages)
        return [Done()] * len(messages)

    await bus.publish(some_messages(queue, 20))
    await bus.consume(queue.name, handler, dead_letter=dead_lettered, options=QUICK)
    await eventually(lambda: len(done) == 19 and dead_lettered.messages)
    assert dead_lettered.messages == [(b"m-7", "ValueError raised 3 times: this one")]


async def test_a_refused_message_is_forgotten_only_after_it_is_parked(harness: Harness) -> None:
    queue, kept = a_queue(), DeadLettered()
    bus = await harness.open([queue])
    failures = iter([ConnectionResetError("down"), ConnectionResetError("still down")])

    async def dead_letter(message: Incoming, reason: str) -> None:
        for failure in failures:
            raise failure
        await kept(message, reason)

    await bus.publish([a_message(queue, "never")])
    consumer = await bus.consume(queue.name, each(lambda _: Refused("never")), dead_letter=dead_letter, options=QUICK)
    await eventually(lambda: kept.messages == [(b"never", "never")])
    await consumer.stop(2)
    taken = Taken()
    await bus.consume(queue.name, taken, dead_letter=DeadLettered())
    await bus.publish([a_message(queue, "last")])
    await eventually(lambda: taken.bodies == ["last"])


async def test_a_message_put_off_comes_again_after_growing_pauses_while_others_pass(harness: Harness) -> None:
    queue, taken, clock = a_queue(), Taken(), asyncio.get_running_loop().time
    bus = await harness.open([queue])
    offered: list[float] = []

    def decide(message: Incoming) -> Outcome:
        if message.body != b"early":
            taken.batches.append([message])
            return Done()
        offered.append(clock())
        return RetryLater("too early") if len(offered) < 5 else Done()

    await bus.publish([a_message(queue, "early"), *some_messages(queue, 5)])
    await bus.consume(queue.name, each(decide), dead_letter=DeadLettered(), options=QUICK)
    await eventually(lambda: len(taken.messages) == 5)
    assert len(offered) < 5
    await eventually(lambda: len(offered) == 5)
    pauses = [later - earlier for earlier, later in itertools.pairwise(offered)]
    assert pauses[-1] > pauses[0]


async def test_transient_errors_are_retried_with_backoff(harness: Harness) -> None:
    queue, taken, calls, raining = a_queue(), Taken(), 0, True
    bus = await harness.open([queue])

    async def handler(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        nonlocal calls
        calls += 1
        if raining:
            raise ConnectionRefusedError("no database")
        return await taken(messages)

    await bus.publish(some_messages(queue, 200))
    options = ConsumerOptions(batch_max=50, retry_pause_first_seconds=0.05, retry_pause_max_seconds=0.3)
    await bus.consume(queue.name, handler, dead_letter=DeadLettered(), options=options)
    await eventually(lambda: calls >= 5)
    began, calls = asyncio.get_running_loop().time(), 0
    await eventually(lambda: calls >= 8)
    assert asyncio.get_running_loop().time() - began > 0.5
    raining = False
    await eventually(lambda: set(taken.bodies) == {f"m-{index}" for index in range(200)})


async def test_messages_put_off_forever_do_not_keep_the_others_from_their_turn(harness: Harness) -> None:
    queue, taken = a_queue(), Taken()
    bus = await harness.open([queue])
    await bus.publish([*some_messages(queue, 30, "stuck"), *some_messages(queue, 30, "fine")])

    def decide(message: Incoming) -> Outcome:
        if message.body.startswith(b"stuck"):
            return RetryLater("stuck")
        taken.batches.append([message])
        return Done()

    options = ConsumerOptions(
        prefetch=20, batch_max=5, retry_pause_first_seconds=0.02, retry_pause_max_seconds=0.1, delay_max_seconds=0.5
    )
    await bus.consume(queue.name, each(decide), dead_letter=DeadLettered(), options=options)
    await eventually(lambda: len(set(taken.bodies)) == 30)


async def test_what_a_crashed_process_had_in_flight_is_redelivered(harness: Harness) -> None:
    queue, taken, began = a_queue(), Taken(), asyncio.Event()
    doomed, heir = await harness.open([queue], "doomed"), await harness.open([queue], "heir")

    async def hang(_: Sequence[Incoming]) -> Sequence[Outcome]:
        began.set()
        await asyncio.Event().wait()
        raise AssertionError

    await doomed.publish(some_messages(queue, 10))
    await doomed.consume(queue.name, hang, dead_letter=DeadLettered())
    async with asyncio.timeout(10):
        await began.wait()
    await harness.crash(doomed)
    await heir.consume(queue.name, taken, dead_letter=DeadLettered())
    await eventually(lambda: sorted(taken.bodies) == [f"m-{index}" for index in range(10)])
    assert {message.deliveries for message in taken.messages} == {2}


async def test_cut_connections_are_recovered_from_and_nothing_is_lost(harness: Harness) -> None:
    queue, taken = a_queue(), Taken()
    bus = await harness.open([queue])
    await bus.consume(queue.name, taken, dead_letter=DeadLettered())
    unsure = some_messages(queue, 300)
    for _ in range(4):
        await harness.cut_connections()
        waiting, unsure = unsure, []
        for start in range(0, len(waiting), 50):
            part = waiting[start : start + 50]
            confirmed = await bus.publish(part)
            unsure += [message for message, there in zip(part, confirmed, strict=True) if not there]

    async def publish_the_rest() -> bool:
        nonlocal unsure
        confirmed = await bus.publish(unsure)
        unsure = [message for message, there in zip(unsure, confirmed, strict=True) if not there]
        return not unsure

    await eventually(publish_the_rest)
    await eventually(lambda: set(taken.bodies) == {f"m-{index}" for index in range(300)})
    await eventually(lambda: not bus.health().problems)


async def test_a_bus_closed_at_any_moment_of_its_reconnecting_ends(harness: Harness) -> None:
    queue, moments = a_queue(), random.Random(7)  # noqa: S311  a plan, no secret
    stalling = asyncio.create_task(stall_now_and_then(moments))

    async def close_some_time(bus: Bus) -> None:
        await linger(moments.uniform(0, 0.3))
        await bus.close()

    for _ in range(4):
        buses = [await harness.open([queue]) for _ in range(6)]
        for bus in buses:
            await bus.listen("anything", lambda _: None)
            await bus.consume(queue.name, Taken(), dead_letter=DeadLettered())
        await harness.cut_connections()
        async with asyncio.timeout(30):
            await asyncio.gather(*(close_some_time(bus) for bus in buses))
    await end_tasks([stalling])


async def stall_now_and_then(moments: random.Random) -> None:
    """Keep the loop busy, so that answers and cancellations come in the same moment, as on a loaded machine."""
    while True:
        until = time.monotonic() + moments.uniform(0, 0.02)
        while time.monotonic() < until:
            pass
        await linger(moments.uniform(0, 0.02))


async def test_stopping_finishes_the_batch_in_progress_and_leaves_the_rest(harness: Harness) -> None:
    queue, taken, rest, began, go_on = a_queue(), Taken(), Taken(), asyncio.Event(), asyncio.Event()
    bus = await harness.open([queue])

    async def slow(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        began.set()
        await go_on.wait()
        return await taken(messages)

    await bus.publish(some_messages(queue, 50))
    consumer = await bus.consume(queue.name, slow, dead_letter=DeadLettered(), options=ConsumerOptions(batch_max=10))
    await began.wait()
    stopping = asyncio.create_task(consumer.stop(5))
    await linger(0)
    go_on.set()
    await stopping
    assert len(taken.batches) == 1
    await bus.consume(queue.name, rest, dead_letter=DeadLettered())
    await eventually(lambda: len(taken.messages) + len(rest.messages) == 50)
    assert set(taken.bodies).isdisjoint(rest.bodies)


async def test_stopping_is_bounded_and_what_could_not_be_finished_comes_again(harness: Harness) -> None:
    queue, taken, began = a_queue(), Taken(), asyncio.Event()
    bus = await harness.open([queue])

    async def hang(_: Sequence[Incoming]) -> Sequence[Outcome]:
        began.set()
        await asyncio.Event().wait()
        raise AssertionError

    await bus.publish(some_messages(queue, 5))
    consumer = await bus.consume(queue.name, hang, dead_letter=DeadLettered())
    await began.wait()
    async with asyncio.timeout(5):
        await consumer.stop(0.2)
    await bus.consume(queue.name, taken, dead_letter=DeadLettered())
    await eventually(lambda: len(taken.messages) == 5)


async def test_notifications_reach_a_listener_and_vanish_without_one(harness: Harness) -> None:
    bus = await harness.open([])
    received: list[bytes] = []
    await bus.listen("ingress.replies.one", received.append)
    ids = [new_id().bytes for _ in range(1000)]
    await bus.notify("ingress.replies.nobody", ids)
    await bus.notify("ingress.replies.one", ids)
    await bus.notify("ingress.replies.one", [])
    await eventually(lambda: received == ids)


async def test_a_listener_that_raises_still_gets_the_next_notification(harness: Harness) -> None:
    bus = await harness.open([])
    received: list[bytes] = []

    def receive(body: bytes) -> None:
        if body == b"bad":
            raise ValueError
        received.append(body)

    await bus.listen("ingress.replies.one", receive)
    await bus.notify("ingress.replies.one", [b"bad", b"good"])
    await eventually(lambda: received == [b"good"])


async def test_ten_thousand_messages_take_effect_once_each_with_crashes_on_the_way(harness: Harness) -> None:
    queue, effects, seen = a_queue(), Counter[str](), set[str]()
    dice = random.Random(7)  # noqa: S311  a plan, no secret
    publisher = await harness.open([queue], "publisher")

    async def handler(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        await linger(dice.uniform(0, 0.002))
        if dice.random() < 0.02:
            raise ConnectionResetError("cut")
        for message in messages:
            body = message.body.decode()
            if body not in seen:
                seen.add(body)
                effects[body] += 1
        return [Done()] * len(messages)

    options = ConsumerOptions(concurrency=3, retry_pause_first_seconds=0.02, retry_pause_max_seconds=0.1)
    doomed = [await harness.open([queue], f"consumer-{number}") for number in range(2)]
    for bus in doomed:
        await bus.consume(queue.name, handler, dead_letter=DeadLettered(), options=options)
    messages = some_messages(queue, 10_000)
    confirmed = await publisher.publish(messages[:5000])
    await harness.crash(doomed[0])
    confirmed = [*confirmed, *await publisher.publish(messages[5000:])]
    heir = await harness.open([queue], "heir")
    await heir.consume(queue.name, handler, dead_letter=DeadLettered(), options=options)
    assert all(confirmed)
    await eventually(lambda: len(effects) == 10_000, deadline_seconds=30)
    assert set(effects.values()) == {1}
