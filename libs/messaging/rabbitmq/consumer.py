"""Consume one queue of the broker: between its channel and the delivery buffer.

The end of the subscription (connection cut, channel closed, cancelled by the broker, or silence although messages wait)
ends one session; `keep_task` starts the next. Unacknowledged messages are then redelivered.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from aio_pika.abc import AbstractIncomingMessage, AbstractQueue

from contracts.primitives.ids import new_id, parse_id
from contracts.wire.topology import Queue
from messaging import metrics
from messaging.delivery_buffer import DeliveryBuffer
from messaging.handling import InFlightMessage, describe
from messaging.port import BatchHandler, ConsumerOptions, DeadLetterSink, Incoming, Outgoing
from messaging.rabbitmq.acks import AckWindow
from messaging.rabbitmq.connection import (
    CANCELLED,
    CLOSE_SECONDS,
    DOWN_MAX_SECONDS,
    Link,
    OpenConnection,
    channel_end,
    close_channel,
    keep_task,
    note_end,
)
from messaging.rabbitmq.dead_queue import move_dead
from messaging.rabbitmq.frames import STABLE_ID_HEADER, encode_acks
from messaging.rabbitmq.topology import REDECLARE_PAUSE_SECONDS, RPC_SECONDS, declare, measure_depth
from messaging.rabbitmq.underlay import FrameWriter, open_writer

log = structlog.get_logger(__name__)

WATCH_SECONDS: Final = 15.0
ACK_SECONDS: Final = 5.0
DRAIN_LOOK_SECONDS: Final = 0.05  # only while a backup waits
Republish = Callable[[Sequence[Outgoing]], Awaitable[Sequence[bool]]]


class SubscriptionLost(Exception):
    """The broker no longer delivers messages to this consumer."""


@dataclass(slots=True, eq=False)
class _Session:
    """One subscription: its queue and channel, the acknowledged tags, and the reason of its end."""

    queue: AbstractQueue
    writer: FrameWriter
    over: asyncio.Future[str]
    acks: AckWindow = field(default_factory=AckWindow)
    acking: asyncio.Lock = field(default_factory=asyncio.Lock)  # acknowledgements leave in the order they were chosen


@dataclass(frozen=True, slots=True)
class _Receipt:
    """What acknowledges one delivery."""

    session: _Session
    tag: int
    message: AbstractIncomingMessage


class RabbitConsumer:
    """A running consumer of one queue; the transport of its delivery buffer."""

    def __init__(
        self,
        link: Link,
        queue: Queue,
        handler: BatchHandler,
        *,
        dead_letter: DeadLetterSink,
        options: ConsumerOptions,
        name: str,
        republish: Republish,
        watch_seconds: float = WATCH_SECONDS,
    ) -> None:
        self._link, self._queue, self._options, self._name = link, queue, options, name
        self._dead_letter = dead_letter
        self._republish, self._watch_seconds = republish, watch_seconds
        self._buffer = DeliveryBuffer(queue.name, handler, dead_letter=dead_letter, options=options, transport=self)
        self._loop = asyncio.get_running_loop()
        self._session: _Session | None = None
        self._unsubscribed_since: float | None = self._loop.time()
        self._silent_since: float | None = None
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start consuming."""
        self._buffer.start()
        what = f"consume {self._queue.name}"
        self._task = asyncio.create_task(keep_task(self._link, self._run_session, what=what), name=what)

    async def stop(self, deadline_seconds: float) -> None:
        """Stop consuming, finish the batches being handled within the deadline, leave the rest to be redelivered."""
        ends = self._loop.time() + deadline_seconds
        self._stopping = True
        self._buffer.begin_stop()
        if self._session is not None:
            with contextlib.suppress(Exception):
                await self._session.queue.cancel(self._name, timeout=min(RPC_SECONDS, deadline_seconds))
        await self._buffer.stop(ends - self._loop.time())
        if self._task is not None:
            # Ending the session closes its channel, behind the last acknowledgements; the rest returns to the queue.
            self._task.cancel()
            await asyncio.wait([self._task], timeout=max(CLOSE_SECONDS, ends - self._loop.time()))

    async def drained(self) -> int:
        """Wait until the queue is seen empty and all that was delivered before is settled, without a redelivery.

        The queue is measured on the channel of its deliveries: its answer comes behind them.
        """
        while not (consumers := await self._consumers_once_drained()):  # noqa: ASYNC110  the broker is asked
            await asyncio.sleep(DRAIN_LOOK_SECONDS)
        return consumers

    async def _consumers_once_drained(self) -> int:
        """How many consumers the queue has if it is drained; 0 if it is not, or messages went back to the broker."""
        session, released = self._session, self._buffer.released_count
        consumers = 0 if session is None else await self._consumers_of_empty_queue(session)
        before = list(self._buffer.in_flight_messages)
        if consumers:
            await self._buffer.settled(before)
        same = session is self._session and released == self._buffer.released_count
        return consumers if same else 0

    async def _consumers_of_empty_queue(self, session: _Session) -> int:
        """How many consumers the queue has when nothing waits in it; 0 when something does."""
        if session.over.done():
            return 0
        queue = await measure_depth(session.writer.channel, self._queue.name)
        dead = await measure_depth(session.writer.channel, self._queue.dead)
        return 0 if queue.ready or dead.ready else queue.consumers

    def problems(self) -> list[str]:
        """This consumer's problems, as sentences."""
        now, name = self._loop.time(), self._queue.name
        found = [problem] if (problem := self._buffer.problem()) else []
        if self._unsubscribed_since is not None and now - self._unsubscribed_since > DOWN_MAX_SECONDS:
            found.append(f"{name}: not subscribed for {now - self._unsubscribed_since:.0f} s")
        if self._silent_since is not None and now - self._silent_since > self._options.stall_seconds:
            found.append(f"{name}: messages wait and none was delivered for {now - self._silent_since:.0f} s")
        return found

    async def ack(self, messages: Sequence[InFlightMessage]) -> None:
        """Acknowledge; messages of a closed channel are redelivered, which is no error."""
        tags: defaultdict[_Session, list[int]] = defaultdict(list)
        for message in messages:
            tags[message.receipt.session].append(message.receipt.tag)
        for session, settled in tags.items():
            async with session.acking:
                up_to, singles = session.acks.ack(settled)
                await self._send(session, encode_acks(session.writer.number, up_to, singles))

    async def release(self, messages: Sequence[InFlightMessage], pause_seconds: float) -> None:  # noqa: ARG002
        """Publish them again, behind all others; if that fails, let the broker requeue them in front."""
        current = [message for message in messages if not message.receipt.session.over.done()]
        confirmed = await self._republish([_copy(message.incoming, message.receipt) for message in current])
        moved = [message for message, there in zip(current, confirmed, strict=True) if there]
        await self.ack(moved)
        for message in set(current).difference(moved):
            await self._requeue(message.receipt)

    async def _requeue(self, receipt: _Receipt) -> None:
        session = receipt.session
        async with session.acking:
            session.acks.ack([receipt.tag])
            with contextlib.suppress(Exception):
                async with asyncio.timeout(ACK_SECONDS):
                    await receipt.message.nack(requeue=True)

    async def _send(self, session: _Session, payload: bytes) -> None:
        if session.over.done() or session.writer.channel.is_closed:
            return
        try:
            async with asyncio.timeout(ACK_SECONDS):
                await session.writer.write(payload)
        except TimeoutError:
            note_end(session.over, "acknowledgements could not be sent")

    async def _run_session(self, live: OpenConnection) -> None:
        """Subscribe until the session ends; always ends by raising.

        Raises:
            SubscriptionLost, aio_pika.exceptions.AMQPError, TimeoutError: the reason of the end.
        """
        if self._stopping:
            await asyncio.Event().wait()  # until `stop` ends this task
        await declare(live, self._queue)
        channel = await live.open_channel()
        queue = await channel.get_queue(self._queue.name, ensure=False)
        session = _Session(queue, await open_writer(channel), await channel_end(live, channel))
        try:
            await self._subscribe(session)
            await self._watch(live, session)
        finally:
            self._session = None
            if self._unsubscribed_since is None:  # else it has not come up since
                self._unsubscribed_since = self._loop.time()
            note_end(session.over, "over")
            self._buffer.discard_in_flight(lambda message: message.receipt.session is session)
            await close_channel(channel)

    async def _subscribe(self, session: _Session) -> None:
        async def arrived(message: AbstractIncomingMessage) -> None:
            self._arrived(session, message)

        await session.writer.channel.set_qos(prefetch_count=self._options.prefetch, timeout=RPC_SECONDS)
        await session.queue.consume(arrived, consumer_tag=self._name, timeout=RPC_SECONDS)
        self._session, self._unsubscribed_since = session, None

    def _arrived(self, session: _Session, message: AbstractIncomingMessage) -> None:
        tag = message.delivery_tag
        if tag is None or session.over.done():
            return
        deliveries = message.headers.get("x-delivery-count", 0)
        incoming = Incoming(self._queue.name, message.body, 1 + deliveries if isinstance(deliveries, int) else 1)
        self._buffer.arrive([InFlightMessage(incoming, _Receipt(session, tag, message))])

    async def _watch(self, live: OpenConnection, session: _Session) -> None:
        """Check the queue periodically: subscriptions can end without notice."""
        while True:
            await asyncio.wait([session.over], timeout=self._watch_seconds * random.uniform(0.8, 1.2))  # noqa: S311
            if session.over.done():
                if session.over.result() == CANCELLED:  # mostly because the queue is being deleted
                    await asyncio.sleep(REDECLARE_PAUSE_SECONDS)
                raise SubscriptionLost(session.over.result())
            if self._stopping:
                continue
            try:
                queue = await measure_depth(session.writer.channel, self._queue.name)
                dead = await measure_depth(session.writer.channel, self._queue.dead)
            except TimeoutError:
                live.end("the broker does not answer")
                raise
            if not queue.consumers:
                raise SubscriptionLost("the broker has no consumer")
            if dead.ready:
                await self._give_up(live)
            self._listen_for_silence(queue.ready)

    async def _give_up(self, live: OpenConnection) -> None:
        try:
            moved = await move_dead(live, self._queue, self._dead_letter)
        except Exception as error:  # noqa: BLE001  they stay in the dead queue until the next look
            log.warning("dead_messages_not_moved", queue=self._queue.name, error=describe(error))
            return
        log.error("messages_delivered_too_often", queue=self._queue.name, messages=moved)
        metrics.HANDLED.labels(self._queue.name, "dead_lettered").inc(moved)

    def _listen_for_silence(self, waiting: int) -> None:
        """Subscribe again after silence at two checks in a row."""
        if not waiting or self._buffer.in_flight or self._buffer.idle_seconds() < self._watch_seconds:
            self._silent_since = None
        elif self._silent_since is None:
            self._silent_since = self._loop.time()
        else:
            raise SubscriptionLost(f"{waiting} messages wait and none is delivered")


def _copy(incoming: Incoming, receipt: _Receipt) -> Outgoing:
    # A message published without our id gets one; its redeliveries cannot be recognised.
    return Outgoing(
        parse_id(str(receipt.message.headers.get(STABLE_ID_HEADER))) or new_id(), incoming.queue, incoming.body
    )
