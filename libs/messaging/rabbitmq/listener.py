"""Receive the hints of one channel, as long as the bus is open."""

from __future__ import annotations

import asyncio

import structlog
from aiormq.abc import DeliveredMessage

from messaging.port import NotificationHandler
from messaging.rabbitmq.connection import Link, OpenConnection, close_channel, keep_task
from messaging.rabbitmq.notifications import notification_queue, split_bodies
from messaging.rabbitmq.topology import RPC_SECONDS, declare_notifications

log = structlog.get_logger(__name__)


class Listener:
    """One subscription to hints; what is sent while it is away is lost, which its users know."""

    def __init__(self, link: Link, channel: str, handler: NotificationHandler) -> None:
        self._link, self._queue, self._handler = link, notification_queue(channel), handler
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self.subscribed = asyncio.Event()

    def start(self) -> None:
        """Begin to listen."""
        what = f"listen {self._queue}"
        self._task = asyncio.create_task(keep_task(self._link, self._run_session, what=what), name=what)

    async def stop(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run_session(self, live: OpenConnection) -> None:
        """Subscribe and stay until it is over.

        Raises:
            ConnectionError, aiormq.exceptions.AMQPError, TimeoutError: why it is over.
        """
        channel = await live.channel()
        over: asyncio.Future[str] = self._loop.create_future()

        def end(reason: str) -> None:
            if not over.done():
                over.set_result(reason)

        channel.closing.add_done_callback(lambda _: end("the channel was closed"))
        live.lost.add_done_callback(lambda lost: end(lost.result()))
        channel.on_consumer_cancel_callbacks.add(lambda _: end("the broker cancelled the subscription"))
        try:
            await declare_notifications(channel, self._queue)
            await channel.basic_consume(self._queue, self._arrived, no_ack=True, timeout=RPC_SECONDS)
            self.subscribed.set()
            raise ConnectionError(await over)
        finally:
            await close_channel(channel)

    async def _arrived(self, message: DeliveredMessage) -> None:
        for body in split_bodies(message.body):
            try:
                self._handler(body)
            except Exception:
                log.exception("hint_handler_failed", queue=self._queue)
