"""A noisy account delays no other, and large messages do not fill memory: proved for each bus on real servers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.parts import LARGE_PREFETCH, consumer_options
from contracts.primitives.ids import new_id
from contracts.wire.envelope import Envelope, account_of
from contracts.wire.topology import Queue
from messaging.port import ConsumerOptions, Done, Incoming, Outcome, Outgoing
from outbox.share import BURST_MAX
from outbox.subqueues import SubqueueChooser
from tests.support.buses import DeadLettered, Harness, Taken, a_queue
from tests.support.eventually import eventually

BATCH_MAX = 10
NOISY = 500


def a_message_of(account: UUID, queue: Queue, *, characters: int = 0) -> Outgoing:
    """An envelope of an account; of so many characters at least."""
    envelope = Envelope(name="test", account_id=account, correlation_id=new_id(), data={"text": "x" * characters})
    return Outgoing(envelope.id, queue.name, envelope.encode())


class Held:
    """A handler whose batches wait until they are let go."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self.messages: list[Incoming] = []

    async def __call__(self, messages: Sequence[Incoming]) -> Sequence[Outcome]:
        """Wait, then take."""
        await self.let_go.wait()
        self.messages += messages
        return [Done()] * len(messages)


async def test_a_message_does_not_wait_for_those_of_an_account_over_its_share(harness: Harness) -> None:
    queue, noisy, quiet = a_queue(), new_id(), new_id()
    bus = await harness.open(queue.with_subqueues())
    chooser = SubqueueChooser([queue.name], clock=lambda: 0.0)
    sent = [*(a_message_of(noisy, queue) for _ in range(NOISY)), a_message_of(quiet, queue)]
    assert all(await bus.publish([chooser.choose(message) for message in sent]))
    main, held = Taken(), Held()
    for one in queue.with_subqueues():
        options = consumer_options(one.subqueue, batch_max=BATCH_MAX)
        handler = held if one.subqueue == "bulk" else main
        await bus.consume(one.name, handler, dead_letter=DeadLettered(), options=options)
    await eventually(lambda: len(main.messages) == BURST_MAX + 1)
    assert sum(account_of(message.body) == str(quiet).encode() for message in main.messages) == 1
    held.let_go.set()
    await eventually(lambda: len(held.messages) == NOISY - BURST_MAX)


async def test_of_what_is_ready_accounts_take_turns_and_each_keeps_its_order(harness: Harness) -> None:
    queue, noisy, quiet, held = a_queue(), new_id(), new_id(), Held()
    bus = await harness.open([queue])
    options = ConsumerOptions(batch_max=BATCH_MAX, prefetch=4 * BATCH_MAX)
    consumer: Any = await bus.consume(queue.name, held, dead_letter=DeadLettered(), options=options)
    first = [a_message_of(noisy, queue) for _ in range(3 * BATCH_MAX)]
    last = a_message_of(quiet, queue)
    assert all(await bus.publish([*first, last]))
    await eventually(lambda: consumer._buffer.in_flight == len(first) + 1)
    held.let_go.set()
    await eventually(lambda: len(held.messages) == len(first) + 1)
    bodies = [message.body for message in held.messages]
    assert bodies.index(last.body) <= 2 * BATCH_MAX  # one batch was taken before all was there
    bodies.remove(last.body)
    assert bodies == [message.body for message in first]


async def test_large_messages_are_prefetched_in_small_numbers_and_delay_no_small_one(harness: Harness) -> None:
    queue, account, held, taken = a_queue(), new_id(), Held(), Taken()
    bus = await harness.open(queue.with_subqueues())
    chooser = SubqueueChooser([queue.name], clock=lambda: 0.0)
    large = [a_message_of(account, queue, characters=1_000_000) for _ in range(5 * LARGE_PREFETCH)]
    small = a_message_of(account, queue)
    assert all(await bus.publish([chooser.choose(message) for message in [*large, small]]))
    consumers: list[Any] = []
    for one in queue.with_subqueues():
        options = consumer_options(one.subqueue, batch_max=100)
        handler = held if one.subqueue == "large" else taken
        consumers.append(await bus.consume(one.name, handler, dead_letter=DeadLettered(), options=options))

    def prefetched() -> int:
        return sum(
            len(message.incoming.body) for consumer in consumers for message in consumer._buffer.in_flight_messages
        )

    await eventually(lambda: taken.messages)
    assert [message.body for message in taken.messages] == [small.body]
    await eventually(lambda: prefetched() == sum(len(message.body) for message in large[:LARGE_PREFETCH]))
    held.let_go.set()
    await eventually(lambda: len(held.messages) == len(large))
