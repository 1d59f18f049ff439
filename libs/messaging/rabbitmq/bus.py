"""The bus over RabbitMQ: one connection to publish, one to consume, and what runs on them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, Final

import structlog

from contracts.wire.topology import Queue
from messaging.port import (
    BatchHandler,
    BusHealth,
    ConsumerOptions,
    DeadLetterSink,
    NotificationHandler,
    Outgoing,
)
from messaging.rabbitmq.connection import Link, OpenConnection
from messaging.rabbitmq.consumer import WATCH_SECONDS, RabbitConsumer
from messaging.rabbitmq.durability import DURABILITY_SECONDS, ensure_durable, is_durable
from messaging.rabbitmq.listener import Listener
from messaging.rabbitmq.publisher import Publisher
from messaging.rabbitmq.topology import REDECLARE_PAUSE_SECONDS, declare
from scheduling.ending import end_tasks

log = structlog.get_logger(__name__)

PUBLISH_TIMEOUT_SECONDS: Final = 10.0
START_WAIT_SECONDS: Final = 8.0
LISTEN_WAIT_SECONDS: Final = 2.0
STOP_SECONDS: Final = 5.0
OPERATOR_SECONDS: Final = 10.0
OTHERS_LOOK_SECONDS: Final = 0.5  # only at the first start of an installation


class RabbitBus:
    """A `messaging.port.Bus`."""

    def __init__(
        self,
        url: str,
        *,
        queues: Sequence[Queue],
        declares: Sequence[Queue],
        name: str,
        publish_timeout_seconds: float,
        watch_seconds: float,
        settle_seconds: float,
    ) -> None:
        self._queues = {queue.name: queue for queue in queues}
        self._declares = {queue.name: queue for queue in declares}
        self._others = [queue for queue in queues if queue.name not in self._declares]
        self._not_ready = {queue.name for queue in self._others}
        self._name, self._watch_seconds, self._settle_seconds = name, watch_seconds, settle_seconds
        self._publisher = Publisher(timeout_seconds=publish_timeout_seconds, unroutable=self._unroutable)
        self._publish_link = Link(url, name=name, purpose="publish", set_up=self._set_up)
        self._consume_link = Link(url, name=name, purpose="consume")
        self._consumers: list[RabbitConsumer] = []
        self._subscribers: list[Listener] = []
        self._mending: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, wait_seconds: float) -> None:
        """Start connecting and wait a little; an absent broker is no reason to fail."""
        self._publish_link.start()
        self._consume_link.start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_seconds):
                await self._publish_link.connected()
                await self._consume_link.connected()

    async def publish(self, messages: Sequence[Outgoing]) -> Sequence[bool]:
        """Publish, pipelined; return in order whether each one is durably on its queue."""
        if not self._not_ready:
            return await self._publisher.publish(self._publish_link, messages)
        sent = [message for message in messages if message.queue not in self._not_ready]
        confirmed = iter(await self._publisher.publish(self._publish_link, sent)) if sent else iter(())
        return [message.queue not in self._not_ready and next(confirmed) for message in messages]

    async def consume(
        self, queue: str, handler: BatchHandler, *, dead_letter: DeadLetterSink, options: ConsumerOptions | None = None
    ) -> RabbitConsumer:
        """Start consuming a queue of the topology.

        Raises:
            KeyError: the bus was opened without this queue.
        """
        consumer = RabbitConsumer(
            self._consume_link,
            self._queues[queue],
            handler,
            dead_letter=dead_letter,
            options=options or ConsumerOptions(),
            name=f"{self._name}.{queue}",
            republish=self.publish,
            watch_seconds=self._watch_seconds,
        )
        self._consumers.append(consumer)
        consumer.start()
        return consumer

    async def notify(self, channel: str, bodies: Sequence[bytes]) -> None:
        """Notify listeners of a channel; a notification may be lost, and is dropped when there is no listener."""
        await self._publisher.notify(channel, bodies)

    async def listen(self, channel: str, handler: NotificationHandler) -> None:
        """Receive the notifications of a channel as long as the bus is open; waits a little for the subscription."""
        listener = Listener(self._consume_link, channel, handler)
        self._subscribers.append(listener)
        listener.start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LISTEN_WAIT_SECONDS):
                await listener.subscribed.wait()

    def health(self) -> BusHealth:
        """The bus's current problems, as sentences."""
        links = [self._publish_link]
        if self._consumers or self._subscribers:
            links.append(self._consume_link)
        problems = [problem for link in links if (problem := link.problem())]
        problems += self._publisher.problems()
        for consumer in self._consumers:
            problems += consumer.problems()
        return BusHealth(problems)

    async def close(self) -> None:
        """Stop consumers and close connections; bounded."""
        await asyncio.gather(*(consumer.stop(STOP_SECONDS) for consumer in self._consumers))
        await asyncio.gather(*(listener.stop() for listener in self._subscribers))
        await end_tasks(self._tasks)
        await asyncio.gather(self._publish_link.close(), self._consume_link.close())

    async def _set_up(self, live: OpenConnection) -> None:
        for queue in self._declares.values():
            await declare(live, queue)
        await ensure_durable(
            live,
            list(self._declares.values()),
            link=self._publish_link,
            settle_seconds=self._settle_seconds,
        )
        await self._publisher.open(live)
        self._not_ready = {queue.name for queue in self._others if not await is_durable(live, queue)}
        if self._not_ready:
            self._start(self._wait_for_others(live))

    async def _wait_for_others(self, live: OpenConnection) -> None:
        """Publish to a queue of another service once that service has declared it and it is durable."""
        log.info("queues_not_declared_yet", queues=sorted(self._not_ready))
        while self._not_ready:
            await asyncio.sleep(OTHERS_LOOK_SECONDS)
            try:
                ready = {name for name in self._not_ready if await is_durable(live, self._queues[name])}
            except Exception as error:  # noqa: BLE001  the next connection looks again
                log.warning("queues_not_looked_for", error=repr(error))
                return
            self._not_ready -= ready

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _unroutable(self, name: str) -> None:
        """Redeclare a queue that was deleted or that the broker has lost."""
        if name in self._declares and name not in self._mending:
            self._mending.add(name)
            self._start(self._mend(name))

    async def _mend(self, name: str) -> None:
        log.warning("queue_missing", queue=name)
        await asyncio.sleep(REDECLARE_PAUSE_SECONDS)
        try:
            async with asyncio.timeout(OPERATOR_SECONDS):
                await declare(await self._publish_link.connected(), self._queues[name])
        except Exception as error:  # noqa: BLE001  the next message that comes back tries again
            log.warning("queue_not_declared", queue=name, error=repr(error))
        finally:
            self._mending.discard(name)


async def connect(
    url: str,
    *,
    queues: Sequence[Queue],
    declares: Sequence[Queue] | None = None,
    name: str,
    publish_timeout_seconds: float = PUBLISH_TIMEOUT_SECONDS,
    watch_seconds: float = WATCH_SECONDS,
    start_wait_seconds: float = START_WAIT_SECONDS,
    settle_seconds: float = DURABILITY_SECONDS,
) -> RabbitBus:
    """Open the bus on a broker; `name` shows in the broker's lists.

    It declares `declares`, all of `queues` if None. What is published to another of `queues` is not taken until the
    process that declares it has done so.

    The first time that a broker has these queues, nothing is published for `settle_seconds` (see `durability`).

    It returns without a connection when there is none within `start_wait_seconds`, and keeps trying: `health` reports
    it, and publishing returns False.
    """
    # The libraries log lost connections with tracebacks; the link logs them as one event.
    for library in ("aio_pika", "aiormq"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    bus = RabbitBus(
        url,
        queues=queues,
        declares=queues if declares is None else declares,
        name=name,
        publish_timeout_seconds=publish_timeout_seconds,
        watch_seconds=watch_seconds,
        settle_seconds=settle_seconds,
    )
    await bus.start(start_wait_seconds)
    return bus
