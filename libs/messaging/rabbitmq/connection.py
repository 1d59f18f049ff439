"""Keep one connection to the broker up: connect, watch, and connect again with a growing pause.

Our own supervision instead of a library's robust connection: its pause is fixed, and what hangs on it does not always
come back. Whoever needs a connection waits for `Link.connected()`; whoever uses one watches `Live.lost`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from aiormq.channel import Channel
from aiormq.connection import Connection, TCPTransportFactory, TLSTransportFactory, TransportFactory
from yarl import URL

from messaging import metrics
from messaging.handling import describe, pause_after

log = structlog.get_logger(__name__)

CONNECT_SECONDS: Final = 10.0
SET_UP_SECONDS: Final = 60.0  # a broker may first have to mend what it lost, see `settling`
CLOSE_SECONDS: Final = 3.0
HEARTBEAT_SECONDS: Final = 10
RECONNECT_FIRST_SECONDS: Final = 0.1
RECONNECT_MAX_SECONDS: Final = 5.0
STEADY_SECONDS: Final = 5.0  # a connection that lived so long was a good one: the pauses begin anew
BLOCK_CHECK_SECONDS: Final = 1.0
SESSION_FAILURES_MAX: Final = 5
DOWN_MAX_SECONDS: Final = 5.0  # shorter gaps are nobody's problem


class Backoff:
    """Growing pauses with jitter."""

    def __init__(self) -> None:
        self._tries = 0

    def reset(self) -> None:
        """Begin with the shortest pause again."""
        self._tries = 0

    async def pause(self) -> None:
        """Wait for the next pause."""
        seconds = pause_after(self._tries, first_seconds=RECONNECT_FIRST_SECONDS, max_seconds=RECONNECT_MAX_SECONDS)
        self._tries += 1
        await asyncio.sleep(seconds)


@dataclass(slots=True, eq=False)
class OpenConnection:
    """A connection as long as it is one. `lost` gets the reason when it is over."""

    connection: Connection
    transport: _Transport
    lost: asyncio.Future[str]

    def end(self, reason: str) -> None:
        """Say that it is over; harmless when it was said before."""
        if not self.lost.done():
            self.lost.set_result(reason)

    async def channel(self, *, confirms: bool = False) -> Channel:
        """Open a channel.

        Raises:
            aiormq.exceptions.AMQPError, TimeoutError: the connection is over or does not answer.
        """
        async with asyncio.timeout(CONNECT_SECONDS):
            channel = await self.connection.channel(publisher_confirms=confirms)
        if not isinstance(channel, Channel):  # the library promises only its abstract class
            raise TypeError(f"unexpected channel {channel!r}")
        return channel


class _Transport(TransportFactory):
    """Opens the socket and remembers it, so that a connection can be cut at once instead of being closed politely."""

    def __init__(self) -> None:
        self._writer: asyncio.StreamWriter | None = None

    async def create(self, url: URL, **kwargs: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        factory = TLSTransportFactory() if url.scheme == "amqps" else TCPTransportFactory()
        reader, self._writer = await factory.create(url, **kwargs)
        return reader, self._writer

    def cut(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()


SetUp = Callable[[OpenConnection], Awaitable[None]]


class Link:
    """One connection of a bus, for one purpose (`publish` or `consume`)."""

    def __init__(self, url: str, *, name: str, purpose: str, set_up: SetUp | None = None) -> None:
        self._url = URL(url).update_query({"heartbeat": HEARTBEAT_SECONDS, **URL(url).query})
        self._name, self.purpose, self._set_up = name, purpose, set_up
        self._loop = asyncio.get_running_loop()
        self._live: OpenConnection | None = None
        self._up = asyncio.Event()
        self._down_since = self._loop.time()
        self._ever_up = False
        self._why_down = "not connected yet"
        self._task: asyncio.Task[None] | None = None
        self._discards: set[asyncio.Task[None]] = set()
        self.unblocked = asyncio.Event()  # cleared while the broker has an alarm and takes no publishes
        self.unblocked.set()

    def start(self) -> None:
        """Begin to connect."""
        self._task = asyncio.create_task(self._run(), name=f"amqp-{self.purpose}-{self._name}")

    async def connected(self) -> OpenConnection:
        """Wait, without a bound, for a connection that is up."""
        while self._live is None or self._live.lost.done():
            await self._up.wait()
            await asyncio.sleep(0)
        return self._live

    def drop(self, reason: str) -> None:
        """Cut the connection; it is opened anew."""
        if self._live is not None:
            self._live.end(reason)

    def problem(self) -> str | None:
        """What keeps this connection from its work, if it lasts."""
        if self._live is None:
            down = self._loop.time() - self._down_since
            if self._ever_up and down < DOWN_MAX_SECONDS:
                return None
            return f"the broker cannot be reached to {self.purpose} for {down:.0f} s: {self._why_down}"
        if not self.unblocked.is_set():
            return "the broker takes no messages now: it has an alarm (memory or disk)"
        return None

    async def close(self) -> None:
        """Close politely within a bound, then cut."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if (live := self._live) is not None:
            self._detach(live, "closed")
            await _close(live, politely=True)
        await asyncio.gather(*self._discards, return_exceptions=True)

    async def _run(self) -> None:
        backoff = Backoff()
        while True:
            try:
                live = await self._open()
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  the next try may do
                _stop_if_cancelled(error)
                self._note_failure(describe(error))
                await backoff.pause()
                continue
            began = self._loop.time()
            self._attach(live)
            await self._watch(live)
            metrics.RECONNECTS.labels(self.purpose).inc()
            log.warning("broker_connection_lost", purpose=self.purpose, bus=self._name, reason=live.lost.result())
            self._detach(live, live.lost.result())
            task = asyncio.create_task(_close(live, politely=False))
            self._discards.add(task)
            task.add_done_callback(self._discards.discard)
            if self._loop.time() - began > STEADY_SECONDS:
                backoff.reset()
            await backoff.pause()

    async def reconnect(self) -> OpenConnection:
        """Open a further connection beside this one; whoever asks gives it up with `give_up`.

        Raises:
            OSError, aiormq.exceptions.AMQPError, TimeoutError: the broker cannot be reached.
        """
        transport = _Transport()
        connection = Connection(
            self._url,
            transport_factory=transport,
            client_properties={"connection_name": f"{self._name} {self.purpose}", "product": "Ledgerwire"},
        )
        live = OpenConnection(connection, transport, self._loop.create_future())
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await connection.connect()
            connection.closing.add_done_callback(lambda closing: live.end(_reason(closing)))
        except BaseException:
            await give_up(live, "never came up")
            raise
        return live

    async def _open(self) -> OpenConnection:
        live = await self.reconnect()
        try:
            if self._set_up is not None:
                async with asyncio.timeout(SET_UP_SECONDS):
                    await self._set_up(live)
        except BaseException:
            await give_up(live, "never came up")
            raise
        return live

    def _note_failure(self, why: str) -> None:
        if why != self._why_down:  # the same reason every few seconds would only fill the log
            log.warning("broker_unreachable", purpose=self.purpose, bus=self._name, error=why)
        self._why_down = why

    def _attach(self, live: OpenConnection) -> None:
        log.info("broker_connected", purpose=self.purpose, bus=self._name)
        self._live, self._ever_up = live, True
        self.unblocked.set()
        self._up.set()

    def _detach(self, live: OpenConnection, reason: str) -> None:
        live.end(reason)
        self._up.clear()
        self._live, self._down_since, self._why_down = None, self._loop.time(), reason

    async def _watch(self, live: OpenConnection) -> None:
        while not live.lost.done():
            await asyncio.wait([live.lost], timeout=BLOCK_CHECK_SECONDS)
            if await _takes_publishes(live.connection):
                self.unblocked.set()
            else:
                self.unblocked.clear()


async def _takes_publishes(connection: Connection) -> bool:
    try:
        async with asyncio.timeout(0.05):
            await connection.ready()
    except TimeoutError:
        return False
    return True


async def _close(live: OpenConnection, *, politely: bool) -> None:
    if not politely:
        live.transport.cut()
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_SECONDS):
            # With a reason of ours: by default the library tells those who wait that they were cancelled.
            await live.connection.close(ConnectionResetError("the connection was given up"))
    live.transport.cut()


async def give_up(live: OpenConnection, reason: str) -> None:
    """Cut a connection that nobody else uses."""
    live.end(reason)
    await _close(live, politely=False)


def _reason(closing: asyncio.Future[Any]) -> str:
    if closing.cancelled():
        return "closed"
    error = closing.exception()
    return describe(error) if error is not None else "closed"


async def close_channel(channel: Channel) -> None:
    """Close a channel, bounded, whatever state it is in."""
    with contextlib.suppress(Exception):
        await channel.close(ConnectionResetError("the channel was given up"), timeout=CLOSE_SECONDS)


def _stop_if_cancelled(error: BaseException) -> None:
    """Go on only if nobody cancelled this task, whatever was raised.

    The library raises CancelledError from its own futures when a connection ends, and on the other hand may replace a
    real one by the reason of a connection that ended at the same moment.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from error


async def keep_task(link: Link, session: Callable[[OpenConnection], Awaitable[None]], *, what: str) -> None:
    """Run a session on the link's connection again and again; it ends by raising, whenever it is over.

    A session that fails several times although the connection is up gets a fresh connection.
    """
    backoff = Backoff()
    loop = asyncio.get_running_loop()
    failures = 0
    while True:
        live = await link.connected()
        began = loop.time()
        try:
            await session(live)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  it is opened again
            _stop_if_cancelled(error)
            log.warning("bus_session_over", what=what, reason=describe(error))
        if loop.time() - began > STEADY_SECONDS:
            backoff.reset()
            failures = 0
        elif not live.lost.done():
            failures += 1
        if failures >= SESSION_FAILURES_MAX:
            link.drop(f"{what} failed {failures} times")
            failures = 0
        await backoff.pause()
