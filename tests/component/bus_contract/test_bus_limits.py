"""The bounds that `messaging.port` promises, proved for each bus on real servers: dead letters, length, health."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from prometheus_client import REGISTRY

from messaging.port import DELIVERED_TOO_OFTEN, ConsumerOptions, Incoming, Outcome, RetryLater
from tests.support.buses import DeadLettered, Harness, Taken, a_message, a_queue, each, some_messages
from tests.support.eventually import eventually


@pytest.mark.long
async def test_a_message_delivered_too_often_is_dead_lettered_by_its_consumer(harness: Harness) -> None:
    queue, taken, dead, hung = a_queue(delivery_limit=2), Taken(), DeadLettered(), 0
    keeper = await harness.open([queue], "keeper")

    async def hang(_: Sequence[Incoming]) -> Sequence[Outcome]:
        nonlocal hung
        hung += 1
        await asyncio.Event().wait()
        raise AssertionError

    await keeper.publish([a_message(queue, "poison")])
    for number in range(1, 4):
        victim = await harness.open([queue], f"victim-{number}")
        await victim.consume(queue.name, hang, dead_letter=DeadLettered())
        await eventually(lambda: hung == number)  # noqa: B023  awaited before the next turn
        await harness.crash(victim)
    await keeper.publish([a_message(queue, "sound")])
    await keeper.consume(queue.name, taken, dead_letter=dead)
    await eventually(lambda: dead.messages)
    assert dead.messages == [(b"poison", DELIVERED_TOO_OFTEN)]
    await eventually(lambda: taken.bodies == ["sound"])
    counted = {"queue": queue.name, "outcome": "dead_lettered"}
    await eventually(lambda: REGISTRY.get_sample_value("ledgerwire_bus_handled_total", counted) == 1)


@pytest.mark.long
async def test_a_message_that_could_not_be_dead_lettered_is_kept_until_it_can(harness: Harness) -> None:
    queue, dead, tries = a_queue(delivery_limit=0), DeadLettered(), 0
    bus, victim = await harness.open([queue], "keeper"), await harness.open([queue], "victim")
    began = asyncio.Event()

    async def hang(_: Sequence[Incoming]) -> Sequence[Outcome]:
        began.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def dead_letter(message: Incoming, reason: str) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise ConnectionError
        await dead(message, reason)

    await bus.publish([a_message(queue, "poison")])
    await victim.consume(queue.name, hang, dead_letter=DeadLettered())
    await began.wait()
    await harness.crash(victim)
    await bus.consume(queue.name, Taken(), dead_letter=dead_letter)
    await eventually(lambda: dead.messages == [(b"poison", DELIVERED_TOO_OFTEN)], deadline_seconds=30)


@pytest.mark.long
async def test_a_full_queue_takes_no_more_and_says_so(harness: Harness) -> None:
    queue = a_queue(length_max=10)
    bus = await harness.open([queue])
    answers: list[bool] = []

    async def refused() -> bool:
        answers.extend(await bus.publish([a_message(queue)]))
        return not answers[-1]

    await eventually(refused)
    assert sum(answers) >= 10


async def test_health_reports_messages_in_flight_that_do_not_move(harness: Harness) -> None:
    queue = a_queue()
    bus = await harness.open([queue])
    assert bus.health().problems == []
    options = ConsumerOptions(stall_seconds=0.3, retry_pause_first_seconds=0.02)
    await bus.publish(some_messages(queue, 2))
    await bus.consume(queue.name, each(lambda _: RetryLater("stuck")), dead_letter=DeadLettered(), options=options)
    problems = await eventually(lambda: bus.health().problems)
    assert "2 messages in flight and none acknowledged" in problems[0]
