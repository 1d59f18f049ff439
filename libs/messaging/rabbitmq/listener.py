"""Receive the notifications of one channel, as long as the bus is open."""

from __future__ import annotations

import asyncio

import structlog
from aio_pika.abc import AbstractIncomingMessage

from messaging.port import NotificationHandler
from messaging.rabbitmq.connection import Link, OpenConnection, channel_end, close_channel, keep_task
from messaging.rabbitmq.notifications import notification_queue, split_bodies
from messaging.rabbitmq.topology import NOTIFICATION_ARGUMENTS, RPC_SECONDS
from scheduling.ending import end_tasks

log = structlog.get_logger(__name__)


class Listener:
    """One subscription to notifications; those sent while it is disconnected are lost."""

    def __init__(self, link: Link, channel: str, handler: NotificationHandler) -> None:
        self._link, self._queue, self._handler = link, notification_queue(channel), handler
        self._task: asyncio.Task[None] | None = None
        self.subscribed = asyncio.Event()

    def start(self) -> None:
        """Start listening."""
        what = f"listen {self._queue}"
        self._task = asyncio.create_task(keep_task(self._link, self._run_session, what=what), name=what)

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            await end_tasks([self._task])

    async def _run_session(self, live: OpenConnection) -> None:
        """Subscribe until the session ends.

        Raises:
            ConnectionError, aio_pika.exceptions.AMQPError, TimeoutError: the reason of the end.
        """
        channel = await live.open_channel()
        over = await channel_end(live, channel)
        try:
            # The queue expires some minutes after its listener.
            queue = await channel.declare_queue(
                self._queue, durable=True, arguments=NOTIFICATION_ARGUMENTS, timeout=RPC_SECONDS
            )
            await queue.consume(self._arrived, no_ack=True, timeout=RPC_SECONDS)
            self.subscribed.set()
            raise ConnectionError(await over)
        finally:
            await close_channel(channel)

    async def _arrived(self, message: AbstractIncomingMessage) -> None:
        for body in split_bodies(message.body):
            try:
                self._handler(body)
            except Exception:
                log.exception("hint_handler_failed", queue=self._queue)
