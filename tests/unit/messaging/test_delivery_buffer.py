"""The delivery buffer by itself, with a bus that only remembers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from messaging.delivery_buffer import BATCH_BYTES_MAX, DeliveryBuffer
from messaging.gathering import AT_ONCE_AFTER_LONE_WAIT
from messaging.handling import InFlightMessage
from messaging.port import BatchHandler, ConsumerOptions, Done, Incoming, Outcome, Refused, RetryLater
from tests.support.eventually import eventually
from tests.support.pace import linger, loop_turns


class Memory:
    """A transport that only remembers."""

    def __init__(self) -> None:
        self.settled: list[str] = []
        self.given_back: list[str] = []

    async def ack(self, messages: Sequence[InFlightMessage]) -> None:
        self.settled += [message.incoming.body.decode() for message in messages]

    async def release(self, messages: Sequence[InFlightMessage], pause_seconds: float) -> None:  # noqa: ARG002
        self.given_back += [message.incoming.body.decode() for message in messages]


async def no_park(message: Incoming, reason: str) -> None:
    raise AssertionError(reason)


def a_buffer(handler: BatchHandler, memory: Memory, **bounds: float) -> DeliveryBuffer:
    quick = {"retry_pause_first_seconds": 0.01, "retry_pause_max_seconds": 0.05}
    options = ConsumerOptions(**(quick | bounds))  # type: ignore[arg-type]  # whole numbers and fractions
    return DeliveryBuffer("q", handler, dead_letter=no_park, options=options, transport=memory)


def in_flight(*bodies: str) -> list[InFlightMessage]:
    return [InFlightMessage(Incoming("q", body.encode()), receipt=None) for body in bodies]


async def done(messages: Sequence[Incoming]) -> Sequence[Outcome]:
    return [Done()] * len(messages)


async def test_a_batch_is_bounded_in_bytes_too() -> None:
    sizes: list[int] = []

    async def handler(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        sizes.append(len(messages))
        return [Done()] * len(messages)

    buffer = a_buffer(handler, memory := Memory())
    buffer.arrive(in_flight(*["x" * (BATCH_BYTES_MAX // 2)] * 5))
    buffer.start()
    await eventually(lambda: len(memory.settled) == 5)
    assert sizes == [2, 2, 1]
    await buffer.stop(1)


async def test_what_is_forgotten_is_not_offered() -> None:
    buffer = a_buffer(done, memory := Memory())
    buffer.arrive(messages := in_flight("a", "b", "c"))
    buffer.discard_in_flight(lambda message: message is messages[1])
    assert buffer.in_flight == 2
    buffer.start()
    await eventually(lambda: memory.settled == ["a", "c"])
    assert buffer.in_flight == 0
    await buffer.stop(1)


async def test_what_is_forgotten_while_it_is_held_does_not_come_back() -> None:
    offered: list[bytes] = []

    async def later(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        offered.extend(message.body for message in messages)
        return [RetryLater("wait")] * len(messages)

    buffer = a_buffer(later, Memory())
    buffer.start()
    buffer.arrive(in_flight("a"))
    await eventually(lambda: offered)
    buffer.discard_in_flight(lambda _: True)
    offered.clear()
    buffer.arrive(in_flight("b"))
    await eventually(lambda: offered.count(b"b") >= 3)
    assert b"a" not in offered
    await buffer.stop(1)


async def test_a_message_held_for_too_long_is_given_back() -> None:
    async def later(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        return [RetryLater("wait")] * len(messages)

    buffer = a_buffer(later, memory := Memory(), delay_max_seconds=0.1)
    buffer.start()
    buffer.arrive(in_flight("a"))
    await eventually(lambda: memory.given_back == ["a"])
    assert buffer.in_flight == 0
    await buffer.stop(1)


async def test_put_off_messages_never_take_more_than_half_of_the_places_from_those_that_pass() -> None:
    async def handler(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        return [Done() if message.body == b"fine" else RetryLater("stuck") for message in messages]

    buffer = a_buffer(handler, memory := Memory(), prefetch=10, retry_pause_first_seconds=5, retry_pause_max_seconds=5)
    buffer.start()
    buffer.arrive(in_flight(*["stuck"] * 9, "fine"))
    await eventually(lambda: len(memory.given_back) == 4)
    assert buffer.in_flight == 5
    await buffer.stop(1)


class SlowToRelease(Memory):
    """A transport whose bus takes messages back only when it may, or fails to."""

    def __init__(self) -> None:
        super().__init__()
        self.may_end, self.fails = asyncio.Event(), False

    async def release(self, messages: Sequence[InFlightMessage], pause_seconds: float) -> None:
        await super().release(messages, pause_seconds)
        await self.may_end.wait()
        if self.fails:
            raise RuntimeError("no")


async def test_a_message_that_is_being_released_is_not_handled_meanwhile() -> None:
    handled: list[bytes] = []

    async def handler(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        handled.extend(message.body for message in messages)
        return [
            Done() if message.body == b"fine" or handled.count(message.body) == 3 else RetryLater("stuck")
            for message in messages
        ]

    buffer = a_buffer(handler, memory := SlowToRelease(), prefetch=8, concurrency=2)
    buffer.start()
    buffer.arrive(in_flight(*"abcdef", "fine"))
    # A second pause is at least as long as any first one: the pauses of those being released would be over.
    await eventually(lambda: len(memory.settled) == 5)
    assert len(memory.given_back) == 2
    assert [handled.count(body.encode()) for body in memory.given_back] == [1, 1]
    memory.may_end.set()
    await eventually(lambda: buffer.in_flight == 0)
    await buffer.stop(1)


async def test_a_message_is_not_released_twice_by_two_batches() -> None:
    async def handler(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        return [Done() if message.body == b"fine" else RetryLater("stuck") for message in messages]

    bounds = {"prefetch": 10, "concurrency": 2, "retry_pause_first_seconds": 5, "retry_pause_max_seconds": 5}
    buffer = a_buffer(handler, memory := SlowToRelease(), **bounds)
    buffer.start()
    buffer.arrive(in_flight(*"abcdefghi", "fine"))
    await eventually(lambda: len(memory.given_back) == 4)
    buffer.arrive(in_flight("j", "fine"))
    await eventually(lambda: len(memory.given_back) > 4)
    assert len(memory.given_back) == len(set(memory.given_back)) == 5
    memory.may_end.set()
    await eventually(lambda: buffer.in_flight == 5)
    await buffer.stop(1)


async def test_messages_that_could_not_be_released_are_handled_again() -> None:
    seen: set[bytes] = set()

    async def stuck_once(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        outcomes = [Done() if message.body in {*seen, b"fine"} else RetryLater("stuck") for message in messages]
        seen.update(message.body for message in messages)
        return outcomes

    buffer = a_buffer(stuck_once, memory := SlowToRelease(), prefetch=8)
    memory.fails = True
    memory.may_end.set()
    buffer.start()
    buffer.arrive(in_flight(*"abcdef", "fine"))
    await eventually(lambda: len(memory.settled) == 7)
    assert memory.given_back
    await buffer.stop(1)


async def test_a_dead_letter_that_fails_leaves_the_message_in_flight() -> None:
    async def refuse(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        return [Refused("no")] * len(messages)

    buffer = a_buffer(refuse, memory := Memory())
    buffer.start()
    buffer.arrive(in_flight("a"))
    await eventually(lambda: any(message.batch_attempts for message in buffer.in_flight_messages))
    assert memory.settled == []
    assert buffer.in_flight == 1
    await buffer.stop(1)


async def test_a_transport_that_breaks_its_promise_loses_nothing_from_sight() -> None:
    class Broken(Memory):
        broken = True

        async def ack(self, messages: Sequence[InFlightMessage]) -> None:
            if self.broken:
                raise RuntimeError("no")
            await super().ack(messages)

    buffer = a_buffer(done, memory := Broken())
    buffer.start()
    buffer.arrive(in_flight("a"))
    await eventually(lambda: any(message.batch_attempts for message in buffer.in_flight_messages))
    memory.broken = False
    await eventually(lambda: memory.settled == ["a"])
    await buffer.stop(1)


async def test_as_many_batches_are_in_flight_as_asked() -> None:
    busy, busiest = 0, 0

    async def handler(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        nonlocal busy, busiest
        busy += 1
        busiest = max(busy, busiest)
        await linger(0.01)
        busy -= 1
        return [Done()] * len(messages)

    buffer = a_buffer(handler, memory := Memory(), concurrency=3, batch_max=1)
    buffer.start()
    buffer.arrive(in_flight(*map(str, range(12))))
    await eventually(lambda: len(memory.settled) == 12)
    assert busiest == 3
    await buffer.stop(1)


class Sizes:
    """A handler that notes how large the batches are."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    async def __call__(self, messages: Sequence[Incoming]) -> Sequence[Outcome]:
        self.seen.append(len(messages))
        return [Done()] * len(messages)


async def one_shortly_after_another(buffer: DeliveryBuffer, memory: Memory) -> None:
    """Two messages; the second comes when the first, unless it waits, is being handled."""
    before = len(memory.settled)
    buffer.arrive(in_flight("first"))
    await loop_turns()
    buffer.arrive(in_flight("second"))
    await eventually(lambda: len(memory.settled) == before + 2)


@pytest.mark.parametrize(("gathers", "sizes"), [(True, [2]), (False, [1, 1])])
async def test_where_the_options_ask_to_gather_a_message_waits_for_others(*, gathers: bool, sizes: list[int]) -> None:
    buffer = a_buffer(handler := Sizes(), memory := Memory(), gathers=gathers, batch_wait_seconds=0.5)
    buffer.start()
    await one_shortly_after_another(buffer, memory)
    assert handler.seen == sizes
    await buffer.stop(1)


async def test_for_a_while_after_a_wait_that_brought_no_company_messages_do_not_wait() -> None:
    buffer = a_buffer(handler := Sizes(), memory := Memory(), gathers=True, batch_wait_seconds=0.5)
    buffer.start()
    buffer.arrive(in_flight("alone"))
    await eventually(lambda: memory.settled == ["alone"])
    for _ in range(AT_ONCE_AFTER_LONE_WAIT // 2):
        await one_shortly_after_another(buffer, memory)
    assert handler.seen == [1] * (1 + AT_ONCE_AFTER_LONE_WAIT)
    await one_shortly_after_another(buffer, memory)
    assert handler.seen[-1] == 2
    await buffer.stop(1)
