"""Publish with confirms, pipelined: from a service's outbox to the broker.

A message is on its queue when the broker has confirmed it and not returned it. Everything else (returned, refused, no
answer in time, connection gone) is False: the caller keeps it and publishes again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import uuid4

import structlog
from aio_pika.exceptions import PublishError

from messaging import metrics
from messaging.port import Outgoing
from messaging.rabbitmq.connection import Link, OpenConnection
from messaging.rabbitmq.frames import QUEUE_NAME_BYTES_MAX, encode_notification, encode_publish
from messaging.rabbitmq.notifications import join_bodies, notification_queue
from messaging.rabbitmq.underlay import FrameWriter, open_writer

log = structlog.get_logger(__name__)

IN_FLIGHT_MAX: Final = 200
BYTES_PER_PLACE: Final = 64 * 1024  # a big message counts several times, so that bytes in flight are bounded as well
BODY_BYTES_MAX: Final = 16 * 1024 * 1024  # RabbitMQ 4 closes the channel, and all in flight with it, for a bigger one
CONNECT_WAIT_SECONDS: Final = 1.0
NOTIFICATION_SECONDS: Final = 1.0
UNANSWERED_SECONDS_MAX: Final = 60.0  # unanswered messages are published again much sooner, here or by another process


@dataclass(frozen=True, slots=True)
class _Open:
    """The channels of one connection."""

    live: OpenConnection
    confirmed: FrameWriter
    notifications: FrameWriter
    prefix: bytes  # of its message ids


class _Batch:
    """One call of `publish`: which messages are sent, and which confirmed."""

    def __init__(self, messages: Sequence[Outgoing]) -> None:
        self.messages = messages
        self.confirmed = [False] * len(messages)
        self.next = 0  # index of the first unsent message
        self._open: set[int] = set()  # sent and unconfirmed
        self.answered = asyncio.Event()
        self.answered.set()

    @property
    def unsent(self) -> bool:
        return self.next < len(self.messages)

    def sent(self, index: int) -> None:
        self._open.add(index)
        self.answered.clear()

    def answer(self, index: int, *, confirmed: bool) -> None:
        self.confirmed[index] = confirmed
        self._open.discard(index)
        if not self._open:
            self.answered.set()

    def unanswered(self) -> set[str]:
        """The queues of the unconfirmed messages."""
        return {self.messages[index].queue for index in self._open}


class Publisher:
    """The publishing side of a bus. Any number of tasks may publish at once."""

    def __init__(self, *, timeout_seconds: float, unroutable: Callable[[str], None]) -> None:
        self._timeout_seconds, self._unroutable = timeout_seconds, unroutable
        self._open: _Open | None = None
        self._in_flight = 0  # weight of the messages in flight
        self._freed = asyncio.Event()
        self._writing = asyncio.Lock()
        self._count = 0
        self._unanswered: dict[str, tuple[float, float]] = {}  # by queue: since when, and when it was last so

    async def open(self, live: OpenConnection) -> None:
        """Open the channels on a fresh connection (part of the link's set-up)."""
        confirmed, notifications = await _open_writer(live, confirms=True), await _open_writer(live, confirms=False)
        self._open = opened = _Open(live, confirmed, notifications, uuid4().hex.encode() + b"-")
        live.lost.add_done_callback(lambda _: self._lost(opened))

    async def publish(self, link: Link, messages: Sequence[Outgoing]) -> list[bool]:
        """Publish a batch; return in order whether each message is durably on its queue."""
        batch = _Batch(messages)
        if messages and await _takes_publishes(link) and self._open is not None:
            await self._send(self._open, batch)
        metrics.count_published([message.queue for message in messages], batch.confirmed)
        return batch.confirmed

    def problems(self) -> list[str]:
        """The queues that do not confirm publishes, as sentences."""
        now = asyncio.get_running_loop().time()
        return [
            f"{queue}: what is published gets no answer for {now - since:.0f} s (has it a leader?)"
            for queue, (since, last) in self._unanswered.items()
            if now - last < UNANSWERED_SECONDS_MAX
        ]

    async def notify(self, channel_name: str, bodies: Sequence[bytes]) -> None:
        """Send notifications, joined, unconfirmed; they are dropped without a listener or a connection."""
        opened = self._open
        if opened is None:
            return
        writer, queue = opened.notifications, notification_queue(channel_name)
        try:
            async with asyncio.timeout(NOTIFICATION_SECONDS):
                for joined in join_bodies(bodies):
                    payload = encode_notification(writer.number, queue, joined, frame_body_max=writer.frame_body_max)
                    await writer.write(payload)
        except TimeoutError:
            log.info("hints_dropped", channel=channel_name, notifications=len(bodies))

    async def _send(self, opened: _Open, batch: _Batch) -> None:
        clock = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(self._timeout_seconds) as bound:
                while batch.unsent and self._open is opened:
                    async with self._writing:
                        while self._in_flight >= IN_FLIGHT_MAX:
                            self._freed.clear()
                            await self._freed.wait()
                        if self._open is opened:
                            await self._write(opened, batch)
                    bound.reschedule(clock() + self._timeout_seconds)
                await batch.answered.wait()
        except TimeoutError:
            # Whether they arrived is unknown, and this connection may never confirm them: reconnect.
            for queue in batch.unanswered():
                since, _ = self._unanswered.get(queue, (clock() - self._timeout_seconds, 0.0))
                self._unanswered[queue] = (since, clock())
            opened.live.end(f"publishes were not confirmed within {self._timeout_seconds} s")

    async def _write(self, opened: _Open, batch: _Batch) -> None:
        """Write as many messages as the bound allows, in one piece."""
        writer, now = opened.confirmed, int(time.time())
        payload: list[bytes] = []
        written: list[tuple[int, str]] = []
        places = IN_FLIGHT_MAX - self._in_flight
        while batch.unsent and places > 0:
            index, batch.next = batch.next, batch.next + 1
            message = batch.messages[index]
            if not _can_travel(message):
                continue
            places -= _places(message)
            self._count += 1
            message_id = opened.prefix + str(self._count).encode()
            written.append((index, message_id.decode()))
            payload.append(
                encode_publish(
                    writer.number,
                    message.queue,
                    message.body,
                    message_id=message_id,
                    stable_id=str(message.id).encode(),
                    at=now,
                    frame_body_max=writer.frame_body_max,
                )
            )
        # `write` may wait before it takes the piece but not after: the numbers below are those that the broker counts,
        # and they are known before its confirms can come.
        if payload:
            await writer.write(b"".join(payload))
        for index, message_id_text in written:
            places_taken = _places(batch.messages[index])
            self._in_flight += places_taken
            batch.sent(index)
            writer.expect_confirm(message_id_text, partial(self._answered, batch, index, places_taken))

    def _answered(self, batch: _Batch, index: int, places: int, answer: asyncio.Future[Any]) -> None:
        self._in_flight -= places
        self._freed.set()
        error = None if answer.cancelled() else answer.exception()
        batch.answer(index, confirmed=not answer.cancelled() and error is None)
        if self._unanswered and not answer.cancelled():
            self._unanswered.pop(batch.messages[index].queue, None)
        if isinstance(error, PublishError):
            self._unroutable(batch.messages[index].queue)

    def _lost(self, opened: _Open) -> None:
        if self._open is opened:
            self._open = None
        opened.confirmed.cancel_confirms()
        self._freed.set()


async def _open_writer(live: OpenConnection, *, confirms: bool) -> FrameWriter:
    channel = await live.open_channel(confirms=confirms)
    channel.close_callbacks.add(lambda *_: live.end("a publishing channel was closed"))
    return await open_writer(channel)


async def _takes_publishes(link: Link) -> bool:
    """Wait a little for a connection that takes publishes; the wait also keeps the caller from spinning."""
    try:
        async with asyncio.timeout(CONNECT_WAIT_SECONDS):
            await link.connected()
            await link.unblocked.wait()
    except TimeoutError:
        return False
    return True


def _places(message: Outgoing) -> int:
    return 1 + len(message.body) // BYTES_PER_PLACE


def _can_travel(message: Outgoing) -> bool:
    if len(message.body) <= BODY_BYTES_MAX and len(message.queue.encode()) <= QUEUE_NAME_BYTES_MAX:
        return True
    log.error("message_too_big", id=str(message.id), queue=message.queue, bytes=len(message.body))
    return False
