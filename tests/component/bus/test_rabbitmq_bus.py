"""What can go wrong with a broker in particular, and that the bus over it comes back by itself."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pamqp.frame
import pytest
from pamqp.commands import Connection as ConnectionCommands

from messaging.port import ConsumerOptions, Done, Incoming, Outcome, Outgoing, RetryLater
from messaging.rabbitmq import RabbitBus, connect
from tests.support import servers
from tests.support.buses import (
    DeadLettered,
    RabbitHarness,
    Taken,
    a_message,
    a_queue,
    amqp,
    rabbit_harness,
    some_messages,
)
from tests.support.eventually import eventually
from tests.support.machine import free_port
from tests.support.pace import linger
from tests.support.quiet_proxy import quiet_proxy


@pytest.fixture
async def buses(amqp_url: str) -> AsyncIterator[RabbitHarness]:
    async with rabbit_harness(amqp_url) as harness:
        yield harness


async def publish_all(bus: RabbitBus, messages: Sequence[Outgoing]) -> None:
    """Publish as an outbox does: again what was not confirmed."""
    left = list(messages)

    async def nothing_left() -> bool:
        nonlocal left
        confirmed = await bus.publish(left)
        left = [message for message, there in zip(left, confirmed, strict=True) if not there]
        return not left

    await eventually(nothing_left, deadline_seconds=60)


@pytest.mark.long
async def test_after_a_killed_broker_is_back_everything_confirmed_is_there_and_work_goes_on() -> None:
    async with servers.private_rabbitmq() as broker, rabbit_harness(broker.url, settle_seconds=2.0) as harness:
        queue, taken = a_queue(), Taken()
        bus = await harness.open([queue])
        await publish_all(bus, some_messages(queue, 100, "before"))
        received: list[bytes] = []
        await bus.listen("ingress.replies.one", received.append)
        await broker.kill()
        assert list(await bus.publish(some_messages(queue, 3))) == [False] * 3
        await eventually(lambda: len(bus.health().problems) == 2)
        consumer = await bus.consume(queue.name, taken, dead_letter=DeadLettered())
        await broker.start()
        await publish_all(bus, some_messages(queue, 100, "after"))
        await eventually(lambda: len(set(taken.bodies)) >= 200, deadline_seconds=30)
        await eventually(lambda: bus.health().problems == [])

        async def received_again() -> bool:
            await bus.notify("ingress.replies.one", [b"hello"])
            return bool(received)

        await eventually(received_again)
        await consumer.stop(2)


@pytest.mark.long
async def test_a_broker_killed_while_its_queues_are_new_gets_them_anew_and_keeps_what_it_confirms() -> None:
    async with servers.private_rabbitmq() as broker:
        queue, taken = a_queue(), Taken()
        hasty = await connect(broker.url, queues=[queue], name="hasty", start_wait_seconds=0.3)
        assert list(await hasty.publish([a_message(queue, "too early")])) == [False]
        await broker.kill()
        await hasty.close()
        await broker.start()
        bus = await connect(broker.url, queues=[queue], name="tests", start_wait_seconds=30)
        assert list(await bus.publish([a_message(queue, "settled")])) == [True]
        await broker.kill()
        await broker.start()
        await bus.consume(queue.name, taken, dead_letter=DeadLettered())
        await eventually(lambda: taken.bodies == ["settled"], deadline_seconds=30)
        await bus.close()


@pytest.mark.long
async def test_a_queue_without_leader_that_may_hold_messages_is_left_alone_and_reported() -> None:
    async with servers.private_rabbitmq() as broker, rabbit_harness(broker.url, settle_seconds=0.0) as harness:
        queue = a_queue()
        bus = await harness.open([queue])
        await publish_all(bus, [a_message(queue)])
        await broker.kill()  # within half a second of its declaration, yet marked as settled
        await broker.start()
        await bus.consume(queue.name, Taken(), dead_letter=DeadLettered())

        async def reported() -> bool:
            assert list(await bus.publish([a_message(queue)])) == [False]
            return any("has it a leader?" in problem for problem in bus.health().problems)

        await eventually(reported, deadline_seconds=30)
        await eventually(lambda: any("not subscribed" in problem for problem in bus.health().problems))


async def test_a_broker_that_is_not_there_yet_is_waited_for() -> None:
    queue = a_queue()
    bus = await connect(f"amqp://127.0.0.1:{free_port()}/", queues=[queue], name="early", start_wait_seconds=0.2)
    assert list(await bus.publish([a_message(queue)])) == [False]
    await bus.notify("ingress.replies.one", [b"x"])
    (problem,) = bus.health().problems
    assert "cannot be reached to publish" in problem
    await bus.consume(queue.name, Taken(), dead_letter=DeadLettered())
    assert len(bus.health().problems) >= 2
    await bus.close()


@pytest.mark.long
async def test_a_deleted_queue_is_declared_again_and_its_consumer_subscribed(buses: RabbitHarness) -> None:
    queue, taken = a_queue(), Taken()
    bus = await buses.open([queue])
    await bus.consume(queue.name, taken, dead_letter=DeadLettered())
    await publish_all(bus, [a_message(queue, "first")])
    await eventually(lambda: taken.bodies == ["first"])
    async with amqp(buses.url) as operator:
        channel = await operator.channel()
        await channel.queue_delete(queue.name)
    await publish_all(bus, [a_message(queue, "second")])
    await eventually(lambda: taken.bodies == ["first", "second"])


async def test_a_publisher_alone_declares_again_what_was_deleted(buses: RabbitHarness) -> None:
    queue = a_queue()
    bus = await buses.open([queue])
    async with amqp(buses.url) as operator:
        await (await operator.channel()).queue_delete(queue.name)
    assert list(await bus.publish([a_message(queue)])) == [False]
    await publish_all(bus, [a_message(queue)])


async def test_a_subscription_that_ended_without_a_word_is_noticed(buses: RabbitHarness) -> None:
    queue, taken = a_queue(), Taken()
    bus = await buses.open([queue])
    consumer = await bus.consume(queue.name, taken, dead_letter=DeadLettered())
    await eventually(lambda: consumer._session)
    session = consumer._session
    assert session is not None
    await session.queue.cancel(consumer._name)
    await publish_all(bus, [a_message(queue, "unheard")])
    await eventually(lambda: taken.bodies == ["unheard"])


async def test_a_connection_given_up_at_any_moment_is_replaced_under_its_consumers(buses: RabbitHarness) -> None:
    queue, taken, dice = a_queue(), Taken(), random.Random(5)  # noqa: S311  a plan, no secret
    bus = await buses.open([queue])
    await bus.consume(queue.name, taken, dead_letter=DeadLettered())
    received: list[bytes] = []
    await bus.listen("ingress.replies.one", received.append)
    for number in range(30):
        await linger(dice.uniform(0, 0.15))
        bus._consume_link.drop("test")
        await publish_all(bus, [a_message(queue, str(number))])
    await eventually(lambda: set(taken.bodies) == {str(number) for number in range(30)})

    async def received_again() -> bool:
        await bus.notify("ingress.replies.one", [b"hello"])
        return bool(received)

    await eventually(received_again)


async def test_publishes_that_a_silent_broker_does_not_confirm_are_unknown_and_the_connection_is_given_up(
    amqp_url: str,
) -> None:
    queue = a_queue()
    async with quiet_proxy(amqp_url) as (proxy, url):
        bus = await connect(url, queues=[queue], name="tests", publish_timeout_seconds=0.5)
        await publish_all(bus, [a_message(queue)])
        before = proxy.connections
        proxy.silence()
        async with asyncio.timeout(30):  # half a second each would be 250 s
            assert not any(await bus.publish(some_messages(queue, 500)))
        proxy.speak()
        await publish_all(bus, some_messages(queue, 500))
        assert proxy.connections > before
        await bus.close()


async def test_an_alarm_of_the_broker_is_reported_and_nothing_is_confirmed_meanwhile(amqp_url: str) -> None:
    queue = a_queue()
    async with quiet_proxy(amqp_url) as (proxy, url):
        bus = await connect(url, queues=[queue], name="tests", publish_timeout_seconds=0.5)
        proxy.say(pamqp.frame.marshal(ConnectionCommands.Blocked("low on memory"), 0))
        await eventually(lambda: any("alarm" in problem for problem in bus.health().problems))
        assert list(await bus.publish([a_message(queue)])) == [False]
        proxy.say(pamqp.frame.marshal(ConnectionCommands.Unblocked(), 0))
        await publish_all(bus, [a_message(queue)])
        await eventually(lambda: bus.health().problems == [])
        await bus.close()


async def test_a_queue_made_with_other_bounds_is_used_as_it_is(buses: RabbitHarness) -> None:
    queue, taken = a_queue(), Taken()
    await buses.open([replace(queue, length_max=77)])
    bus = await buses.open([queue])
    await bus.consume(queue.name, taken, dead_letter=DeadLettered())
    await publish_all(bus, [a_message(queue, "hello")])
    await eventually(lambda: taken.bodies == ["hello"])


async def test_acknowledgements_are_exact_with_many_batches_in_flight_and_mixed_outcomes(buses: RabbitHarness) -> None:
    queue, done, dice = a_queue(), list[bytes](), random.Random(11)  # noqa: S311  a plan, no secret
    bus = await buses.open([queue])

    async def handler(messages: Sequence[Incoming]) -> Sequence[Outcome]:
        await linger(dice.uniform(0, 0.003))
        outcomes: list[Outcome] = [RetryLater("dice") if dice.random() < 0.2 else Done() for _ in messages]
        done.extend(message.body for message, outcome in zip(messages, outcomes, strict=True) if outcome == Done())
        return outcomes

    options = ConsumerOptions(
        batch_max=7, prefetch=50, concurrency=5, retry_pause_first_seconds=0.01, retry_pause_max_seconds=0.05
    )
    await publish_all(bus, some_messages(queue, 2000))
    consumer = await bus.consume(queue.name, handler, dead_letter=DeadLettered(), options=options)
    await eventually(lambda: len(set(done)) == 2000, deadline_seconds=30)
    await consumer.stop(5)
    # One acknowledgement too many closes the channel (and something is done twice), one too few leaves a message.
    assert len(done) == 2000
    async with amqp(buses.url) as operator:
        channel = await operator.channel()

        async def left() -> int | None:
            return (await channel.declare_queue(queue.name, passive=True)).declaration_result.message_count

        assert await left() == 0
