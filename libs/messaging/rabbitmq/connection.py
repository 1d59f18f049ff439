"""Keep one connection to the broker open: connect, watch, and reconnect with a growing pause.

Supervises `aio_pika.connect` instead of using `connect_robust`, whose pause is fixed and whose consumers do not always
recover. A user waits for `Link.connected()` and watches `OpenConnection.lost`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import aio_pika
import structlog
from aio_pika.abc import AbstractChannel
from yarl import URL

from messaging import metrics
from messaging.handling import describe, pause_after
from messaging.rabbitmq.underlay import CuttableConnection, call_when_cancelled
from scheduling.ending import end_tasks

log = structlog.get_logger(__name__)

CONNECT_SECONDS: Final = 10.0
SET_UP_SECONDS: Final = 60.0  # a broker may first have to recover queues, see `durability`
CLOSE_SECONDS: Final = 3.0
HEARTBEAT_SECONDS: Final = 10
RECONNECT_FIRST_SECONDS: Final = 0.1
RECONNECT_MAX_SECONDS: Final = 5.0
STEADY_SECONDS: Final = 5.0  # after a connection of this age the pauses start again from the shortest
BLOCK_CHECK_SECONDS: Final = 1.0
BLOCK_ANSWER_SECONDS: Final = 0.05  # the client knows the state: no answer of the broker is awaited
SESSION_FAILURES_MAX: Final = 5
DOWN_MAX_SECONDS: Final = 5.0  # shorter gaps are normal
CANCELLED: Final = "the broker cancelled the subscription"


class Backoff:
    """Growing pauses with jitter."""

    def __init__(self) -> None:
        self._tries = 0

    def reset(self) -> None:
        """Start again with the shortest pause."""
        self._tries = 0

    async def pause(self) -> None:
        """Wait for the next pause."""
        seconds = pause_after(self._tries, first_seconds=RECONNECT_FIRST_SECONDS, max_seconds=RECONNECT_MAX_SECONDS)
        self._tries += 1
        await asyncio.sleep(seconds)


class OpenConnection(CuttableConnection):
    """An open connection. `lost` gets the reason when it ends."""

    def __init__(self, url: URL, **kwargs: Any) -> None:
        super().__init__(url, **kwargs)
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.close_callbacks.add(lambda _, error: self.end(describe(error) if error else "closed"))

    def end(self, reason: str) -> None:
        """Mark it as ended; idempotent."""
        note_end(self.lost, reason)

    async def open_channel(self, *, confirms: bool = False) -> AbstractChannel:
        """Open a channel; hold it while it is used, the connection refers to it weakly.

        Open few: until the connection ends, the library keeps two callbacks for each channel ever opened on it.

        Raises:
            aio_pika.exceptions.AMQPError, RuntimeError, TimeoutError: the connection is over or does not answer.
        """
        async with asyncio.timeout(CONNECT_SECONDS):
            return await self.channel(publisher_confirms=confirms, on_return_raises=confirms)

    async def takes_publishes(self) -> bool:
        """Whether the broker takes publishes; it does not while it has an alarm (memory or disk)."""
        if self.transport is None:
            return False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BLOCK_ANSWER_SECONDS):
                await self.transport.ready()
                return True
        return False


async def channel_end(live: OpenConnection, channel: AbstractChannel) -> asyncio.Future[str]:
    """Return a future that gets the reason when the channel ends, on either side."""
    over: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    channel.close_callbacks.add(lambda *_: note_end(over, "the channel was closed"))
    live.lost.add_done_callback(lambda lost: note_end(over, lost.result()))
    await call_when_cancelled(channel, lambda: note_end(over, CANCELLED))
    return over


def note_end(over: asyncio.Future[str], reason: str) -> None:
    """Set the reason of an end; idempotent."""
    if not over.done():
        over.set_result(reason)


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
        """Start connecting."""
        self._task = asyncio.create_task(self._run(), name=f"amqp-{self.purpose}-{self._name}")

    async def connected(self) -> OpenConnection:
        """Wait, without a bound, for a connection that is up."""
        while self._live is None or self._live.lost.done():
            await self._up.wait()
            await asyncio.sleep(0)
        return self._live

    def drop(self, reason: str) -> None:
        """Cut the connection; it is opened again."""
        if self._live is not None:
            self._live.end(reason)

    def problem(self) -> str | None:
        """This connection's problem, if it lasts."""
        if self._live is None:
            down = self._loop.time() - self._down_since
            if self._ever_up and down < DOWN_MAX_SECONDS:
                return None
            return f"the broker cannot be reached to {self.purpose} for {down:.0f} s: {self._why_down}"
        if not self.unblocked.is_set():
            return "the broker accepts no messages now: it has an alarm (memory or disk)"
        return None

    async def close(self) -> None:
        """Close within a bound, then cut."""
        if self._task is not None:
            await end_tasks([self._task])
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

    @asynccontextmanager
    async def separate_connection(self) -> AsyncIterator[OpenConnection]:
        """Open a further connection beside this one, and cut it afterwards.

        Raises:
            OSError, aio_pika.exceptions.AMQPError, TimeoutError: the broker cannot be reached.
        """
        live = await self._connect()
        try:
            yield live
        finally:
            await _give_up(live, "not needed any more")

    async def _connect(self) -> OpenConnection:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await aio_pika.connect(
                self._url,
                connection_class=OpenConnection,
                client_properties={"connection_name": f"{self._name} {self.purpose}", "product": "Ledgerwire"},
            )

    async def _open(self) -> OpenConnection:
        live = await self._connect()
        try:
            if self._set_up is not None:
                async with asyncio.timeout(SET_UP_SECONDS):
                    await self._set_up(live)
            _stop_if_cancelled()
        except BaseException:
            await _give_up(live, "never came up")
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
            if await live.takes_publishes():
                self.unblocked.set()
            else:
                self.unblocked.clear()


async def _close(live: OpenConnection, *, politely: bool) -> None:
    if not politely:
        live.cut()
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_SECONDS):
            # With an explicit reason: by default the library cancels the waiting tasks.
            await live.close(ConnectionResetError("the connection was abandoned"))
    live.cut()


async def _give_up(live: OpenConnection, reason: str) -> None:
    """Cut a connection that has no other user."""
    live.end(reason)
    await _close(live, politely=False)


async def close_channel(channel: AbstractChannel) -> None:
    """Close a channel, bounded, whatever state it is in."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_SECONDS):
            await channel.close()


def _stop_if_cancelled(error: BaseException | None = None) -> None:
    """Continue only if this task was not cancelled, whatever was raised.

    The library raises CancelledError from its own futures when a connection ends, and on the other hand may replace a
    real one by the reason of a connection that ended at the same moment, or lose it (see `end_tasks`).
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from error


async def keep_task(link: Link, session: Callable[[OpenConnection], Awaitable[None]], *, what: str) -> None:
    """Run sessions on the link's connection, one after another; a session ends by raising.

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
