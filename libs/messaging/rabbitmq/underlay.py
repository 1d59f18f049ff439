"""Use aio-pika's underlay, in this file only: batches of frames, the socket, callbacks that it does not forward.

aio-pika's own publish and acknowledge cost several times as much per message (a task, a lock, futures and a general
encoder), so whole batches of them are encoded in `frames.py` and written here. `get_underlay_channel()` is the
documented way down; `tests/component/bus/test_underlay.py` holds what is used below it to the installed version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aio_pika
from aio_pika.abc import AbstractChannel
from aiormq.abc import ChannelFrame
from aiormq.channel import Channel
from aiormq.connection import SSLContextProvider
from aiormq.exceptions import ChannelLockedResource
from yarl import URL

__all__ = ["ChannelLockedResource", "CuttableConnection", "FrameWriter", "call_when_cancelled", "open_writer"]


class FrameWriter:
    """Writes encoded frames on one channel and expects the confirms of those that are publishes."""

    def __init__(self, channel: AbstractChannel, underlay: Channel) -> None:
        self.channel = channel  # held: the connection refers to its channels weakly
        self._underlay = underlay
        self.number = underlay.number
        self.frame_body_max = underlay.max_content_size

    async def write(self, payload: bytes) -> None:
        """Write whole frames as one piece; waits while the socket takes no more, and not after it took them."""
        await self._underlay.write_queue.put(ChannelFrame(payload, should_close=False))

    def expect_confirm(self, message_id: str, on_answer: Callable[[asyncio.Future[Any]], None]) -> None:
        """Register the next publish, as the library's own `basic_publish` does, and call back with its answer.

        The answer raises `PublishError` for a returned message and `DeliveryError` for one that the broker refused.
        """
        underlay = self._underlay
        confirmation: asyncio.Future[Any] = underlay.loop.create_future()
        underlay.delivery_tag += 1
        underlay.confirmations[underlay.delivery_tag] = confirmation
        underlay.message_id_delivery_tag[message_id] = underlay.delivery_tag

        def answered(answer: asyncio.Future[Any]) -> None:
            underlay.message_id_delivery_tag.pop(message_id, None)
            on_answer(answer)

        confirmation.add_done_callback(answered)

    def cancel_confirms(self) -> None:
        """Cancel the pending confirms: the connection has ended."""
        for confirmation in list(self._underlay.confirmations.values()):
            confirmation.cancel()


async def open_writer(channel: AbstractChannel) -> FrameWriter:
    """Give the writer of an open channel.

    Raises:
        TypeError: the library uses another channel class than the one this file was written for.
    """
    underlay = await channel.get_underlay_channel()
    if not isinstance(underlay, Channel):  # the library promises only its abstract class
        raise TypeError(f"unexpected channel {underlay!r}: aiormq.channel.Channel is needed")
    return FrameWriter(channel, underlay)


async def call_when_cancelled(channel: AbstractChannel, callback: Callable[[], None]) -> None:
    """Call back when the broker cancels a consumer of the channel; aio-pika passes it on to robust channels only."""
    (await channel.get_underlay_channel()).on_consumer_cancel_callbacks.add(lambda _: callback())


class CuttableConnection(aio_pika.Connection):
    """A connection that can be cut at once; a regular close would wait for an unresponsive broker."""

    def __init__(self, url: URL, **kwargs: Any) -> None:
        super().__init__(url, **kwargs)
        self.kwargs["transport_factory"] = self
        self._socket: asyncio.StreamWriter | None = None

    async def create(
        self, url: URL, *, ssl_context_provider: SSLContextProvider, **kwargs: Any
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open the socket: the one method of a transport factory."""
        tls = await ssl_context_provider.get_context() if url.scheme == "amqps" else None
        reader, self._socket = await asyncio.open_connection(url.host, url.port, ssl=tls, **kwargs)
        return reader, self._socket

    def cut(self) -> None:
        """Reset the socket, if there is one."""
        if self._socket is not None:
            self._socket.transport.abort()
