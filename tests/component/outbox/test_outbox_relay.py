"""The relay on a real Postgres: what a sweep finds, who sweeps, what memory holds, and how it ends."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from contracts.primitives.ids import new_id
from messaging.port import Outgoing
from outbox.record import record
from outbox.relay import (
    BATCH_MAX,
    BUFFERED_WHILE_SWEEPING_MAX,
    BYTES_MAX,
    SWEEP_BYTES_MAX,
    SWEEPS_SKIPPED_MAX,
)
from outbox.subqueues import LARGE_BYTES, SubqueueChooser
from tests.support.eventually import eventually
from tests.support.pace import linger
from tests.support.pipeline import SCHEMA, PipelineHarness, ScriptedBus, open_pipeline, some_outgoing


@pytest.fixture
async def pipeline(pipeline_dsn: str) -> AsyncIterator[PipelineHarness]:
    async with open_pipeline(pipeline_dsn) as harness:
        yield harness


async def test_what_cannot_be_published_does_not_keep_a_sweep_from_the_rest(pipeline: PipelineHarness) -> None:
    stuck, free = some_outgoing(2 * BATCH_MAX + 50, queue="full"), some_outgoing(50, queue="free")
    await pipeline.leave_behind(*stuck, seconds_ago=60)
    await pipeline.leave_behind(*free, seconds_ago=10)
    bus = ScriptedBus(takes=lambda message: message.queue != "full")
    relay = pipeline.relay(bus)
    for _ in range(4):
        await relay.sweep()
    assert {message.id for message in bus.published} == {message.id for message in free}
    bus.takes = lambda _: True
    for _ in range(6):  # once it has begun anew
        await relay.sweep()
    assert await pipeline.count("outbox") == 0


async def test_two_processes_that_sweep_at_once_publish_each_row_once(pipeline: PipelineHarness) -> None:
    await pipeline.leave_behind(*some_outgoing(4 * BATCH_MAX))
    bus = ScriptedBus()
    one, other = pipeline.relay(bus), pipeline.relay(bus)
    while await pipeline.count("outbox"):
        await asyncio.gather(one.sweep(), other.sweep())
    assert set(Counter(message.id for message in bus.published).values()) == {1}
    assert len(bus.published) == 4 * BATCH_MAX


async def test_a_process_that_is_always_busy_still_sweeps_regularly(
    pipeline: PipelineHarness,
) -> None:
    (left,) = some_outgoing(1)
    await pipeline.leave_behind(left)
    bus = ScriptedBus()
    relay = pipeline.relay(bus)
    relay.push(some_outgoing(BUFFERED_WHILE_SWEEPING_MAX + 1))
    for _ in range(SWEEPS_SKIPPED_MAX):
        await relay.sweep()
    assert bus.published == []
    await relay.sweep()
    assert bus.published == [left]


async def test_memory_holds_a_bounded_number_of_bytes_and_the_sweep_finds_the_rest(pipeline: PipelineHarness) -> None:
    big = some_outgoing(6, body=bytes(BYTES_MAX // 4))
    async with pipeline.pool.acquire() as conn, conn.transaction():
        await record(conn, schema=SCHEMA, messages=big)
    bus = ScriptedBus()
    relay = pipeline.relay(bus)
    for message in big:
        relay.push([message])
    relay.start()
    try:
        await eventually(lambda: len(bus.published) >= 4)
        assert {message.id for message in bus.published} == {message.id for message in big[:4]}

        async def all_published() -> bool:
            await relay.sweep(age_seconds=0)  # it may find what is still being published, and leave it
            return {message.id for message in bus.published} == {message.id for message in big}

        await eventually(all_published)
    finally:
        await relay.stop(5)


async def test_a_sweep_holds_few_big_messages_at_once(pipeline: PipelineHarness) -> None:
    big = some_outgoing(5, body=bytes(SWEEP_BYTES_MAX // 2))
    await pipeline.leave_behind(*big)
    bus = ScriptedBus()
    relay = pipeline.relay(bus)
    assert [await relay.sweep() for _ in range(4)] == [2, 2, 1, 0]
    assert {message.id for message in bus.published} == {message.id for message in big}


async def test_a_relay_whose_bus_hangs_stops_in_time(pipeline: PipelineHarness) -> None:
    bus = ScriptedBus()
    bus.gate.clear()
    relay = pipeline.relay(bus)
    relay.start()
    relay.push(some_outgoing(3))
    await linger(0)
    async with asyncio.timeout(30):  # the bus never answers
        await relay.stop(0.5)


async def test_a_relay_whose_bus_takes_nothing_does_not_wait_for_it_at_the_end(pipeline: PipelineHarness) -> None:
    bus = ScriptedBus(takes=lambda _: False)
    relay = pipeline.relay(bus)
    messages = some_outgoing(3 * BATCH_MAX)
    bus.gate.clear()
    relay.start()
    relay.push(messages)
    asked = Counter[str]()

    def take_nothing(_: object) -> bool:
        asked["messages"] += 1
        return False

    bus.takes = take_nothing
    asyncio.get_running_loop().call_later(0.1, bus.gate.set)
    await relay.stop(5)
    assert asked["messages"] == BATCH_MAX


async def test_a_message_goes_by_the_queue_itself_until_its_subqueue_is_declared(pipeline: PipelineHarness) -> None:
    message = Outgoing(new_id(), "q", b"x" * (LARGE_BYTES + 1))
    await pipeline.leave_behind(message)
    bus = ScriptedBus(takes=lambda sent: sent.queue == "q")
    relay = pipeline.relay(bus, subqueues=SubqueueChooser(["q"]))
    assert await relay.sweep() == 1
    assert bus.published == [message]
    assert await pipeline.count("outbox") == 0
