"""The bounds that `messaging.port` promises, proved for each bus on real servers: dead letters, length, health."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from prometheus_client import REGISTRY

from messaging.port import ConsumerOptions, Incoming, Outcome, RetryLater
from tests.support.buses import DeadLettered, Harness, Taken, a_message, a_queue, each, some_messages
from tests.support.eventually import eventually


async def test_a_message_handed_out_too_often_dies_is_seen_and_can_be_put_back(harness: Harness) -> None:
    queue, taken, hung = a_queue(delivery_limit=2), Taken(), 0
    keeper = await harness.open([queue], "keeper")

    async def hang(_: Sequence[Incoming]) -> Sequence[Outcome]:
        nonlocal hung
        hung += 1
        await asyncio.Event().wait()
        raise AssertionError

    poison = a_message(queue, "poison")
    await keeper.publish([poison])
    for number in range(1, 4):
        victim = await harness.open([queue], f"victim-{number}")
        await victim.consume(queue.name, hang, dead_letter=DeadLettered())
        await eventually(lambda: hung == number)  # noqa: B023  awaited before the next turn
        await harness.crash(victim)
    await keeper.consume(queue.name, taken, dead_letter=DeadLettered())

    async def dead() -> bool:
        return bool(await keeper.list_dead_letters(queue.name))

    await eventually(dead)
    await eventually(lambda: REGISTRY.get_sample_value("ledgerwire_bus_dead", {"queue": queue.name}) == 1)
    for _ in range(3):  # looking changes nothing
        (message,) = await keeper.list_dead_letters(queue.name, 10)
        assert (message.id, message.body, message.queue) == (poison.id, b"poison", queue.name)
        assert message.reason == "handed out too often"
    assert taken.messages == []
    assert await keeper.replay_dead_letters(queue.name) == 1
    await eventually(lambda: taken.bodies == ["poison"])
    assert await keeper.list_dead_letters(queue.name) == []
    assert await keeper.replay_dead_letters(queue.name) == 0


async def test_a_full_queue_takes_no_more_and_says_so(harness: Harness) -> None:
    queue = a_queue(length_max=10)
    bus = await harness.open([queue])
    answers: list[bool] = []

    async def refused() -> bool:
        answers.extend(await bus.publish([a_message(queue)]))
        return not answers[-1]

    await eventually(refused, deadline_seconds=20)
    assert sum(answers) >= 10


async def test_health_says_when_messages_in_hand_do_not_move(harness: Harness) -> None:
    queue = a_queue()
    bus = await harness.open([queue])
    assert bus.health().problems == []
    options = ConsumerOptions(stall_seconds=0.3, retry_pause_first_seconds=0.02)
    await bus.publish(some_messages(queue, 2))
    await bus.consume(queue.name, each(lambda _: RetryLater("stuck")), dead_letter=DeadLettered(), options=options)
    problems = await eventually(lambda: bus.health().problems)
    assert "2 messages in hand and none settled" in problems[0]
