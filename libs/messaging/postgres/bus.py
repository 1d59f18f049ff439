"""The bus over Postgres: a broker's semantics in the service's database; the embedded default's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import structlog

from contracts.wire.topology import Queue
from messaging import metrics
from messaging.handling import describe
from messaging.local_notifier import LocalNotifier
from messaging.port import (
    BatchHandler,
    BusHealth,
    ConsumerOptions,
    DeadLetterSink,
    NotificationHandler,
    Outgoing,
)
from messaging.postgres import queries
from messaging.postgres.consumer import LEASE_SECONDS, PostgresConsumer
from messaging.postgres.listening_notifier import ListeningNotifier

if TYPE_CHECKING:
    from messaging.postgres.queries import Pool

log = structlog.get_logger(__name__)

PUBLISH_TIMEOUT_SECONDS: Final = 10.0
PUBLISH_BATCH_MAX: Final = 1000
BODY_BYTES_MAX: Final = 16 * 1024 * 1024
LENGTH_CHECK_SECONDS: Final = 5.0
STOP_SECONDS: Final = 5.0


class PostgresBus:
    """A `messaging.port.Bus`."""

    def __init__(
        self, pool: Pool, *, queues: Sequence[Queue], wakeups: LocalNotifier, sole: bool, lease_seconds: float
    ) -> None:
        self._pool, self._wakeups, self._sole, self._lease_seconds = pool, wakeups, sole, lease_seconds
        self._queues = {queue.name: queue for queue in queues}
        self._loop = asyncio.get_running_loop()
        self._length_max: dict[str, int] = {queue.name: queue.length_max for queue in queues}  # all that are declared
        self._checked_at: dict[str, float] = {}
        self._full: set[str] = set()
        self._cannot_publish: str | None = None
        self._consumers: list[PostgresConsumer] = []
        self._subscribers: list[tuple[str, NotificationHandler]] = []

    async def publish(self, messages: Sequence[Outgoing]) -> Sequence[bool]:
        """Publish; return in order whether each one is durably on its queue: a commit is a confirm."""
        confirmed = [False] * len(messages)
        for start in range(0, len(messages), PUBLISH_BATCH_MAX):
            part = messages[start : start + PUBLISH_BATCH_MAX]
            try:
                async with asyncio.timeout(PUBLISH_TIMEOUT_SECONDS):
                    open_queues = await self._open_queues({message.queue for message in part})
                    taken = [m.queue in open_queues and len(m.body) <= BODY_BYTES_MAX for m in part]
                    there = [message for message, takes in zip(part, taken, strict=True) if takes]
                    if there:
                        await queries.publish(self._pool, there, timeout_seconds=PUBLISH_TIMEOUT_SECONDS)
            except Exception as error:  # noqa: BLE001  whatever it is, they are not known to be there
                self._cannot_publish = describe(error)
                log.warning("publish_failed", messages=len(part), error=self._cannot_publish)
                break
            self._cannot_publish = None
            confirmed[start : start + len(part)] = taken
            self._wakeups.wake({message.queue for message in there})
        metrics.count_published([message.queue for message in messages], confirmed)
        return confirmed

    async def consume(
        self, queue: str, handler: BatchHandler, *, dead_letter: DeadLetterSink, options: ConsumerOptions | None = None
    ) -> PostgresConsumer:
        """Start consuming a queue of the topology.

        Raises:
            KeyError: the bus was opened without this queue.
        """
        consumer = PostgresConsumer(
            self._pool,
            self._queues[queue],
            handler,
            dead_letter=dead_letter,
            options=options or ConsumerOptions(),
            wakeups=self._wakeups,
            sole=self._sole,
            lease_seconds=self._lease_seconds,
        )
        self._consumers.append(consumer)
        consumer.start()
        return consumer

    async def notify(self, channel: str, bodies: Sequence[bytes]) -> None:
        """Notify the channel's listeners, wherever they are."""
        self._wakeups.notify(channel, bodies)

    async def listen(self, channel: str, handler: NotificationHandler) -> None:
        """Receive the notifications of a channel as long as the bus is open."""
        self._wakeups.listen(channel, handler)
        self._subscribers.append((channel, handler))

    def health(self) -> BusHealth:
        """The bus's current problems, as sentences."""
        problems = [f"messages cannot be published: {self._cannot_publish}"] if self._cannot_publish else []
        problems += [f"{queue}: full" for queue in sorted(self._full)]
        for consumer in self._consumers:
            problems += consumer.problems()
        return BusHealth(problems)

    async def close(self) -> None:
        """Stop consumers and listeners; bounded. The pool is the caller's."""
        await asyncio.gather(*(consumer.stop(STOP_SECONDS) for consumer in self._consumers))
        for channel, handler in self._subscribers:
            self._wakeups.stop_listening(channel, handler)
        self._subscribers.clear()
        if isinstance(self._wakeups, ListeningNotifier):
            await self._wakeups.close()

    async def _open_queues(self, names: set[str]) -> set[str]:
        """Those of the queues that are declared and not full."""
        if not names <= self._length_max.keys():
            self._length_max = await queries.read_queues(self._pool)
        known = names & self._length_max.keys()
        now = self._loop.time()
        for name in known:
            if now - self._checked_at.get(name, -LENGTH_CHECK_SECONDS) >= LENGTH_CHECK_SECONDS:
                self._checked_at[name] = now
                full = await queries.is_full(self._pool, name, self._length_max[name])
                (self._full.add if full else self._full.discard)(name)
        return known - self._full


async def open_bus(
    pool: Pool,
    *,
    queues: Sequence[Queue],
    name: str,
    wakeups: LocalNotifier | None = None,
    sole: bool = False,
    lease_seconds: float = LEASE_SECONDS,
) -> PostgresBus:
    """Open the bus in the database of `pool`, whose role has been granted schema `bus`, and declare `queues` there.

    Buses of several services in one process share `wakeups`; without it, other processes are reached with NOTIFY, and
    one connection of `pool` listens. `sole` says that no other process uses this bus: leases
    that a crash left behind are then freed at once instead of running out after `lease_seconds`.

    Raises:
        OSError, asyncpg.PostgresError: the database cannot be reached or is not migrated.
    """
    await queries.declare(pool, queues)
    if wakeups is None:
        wakeups = ListeningNotifier(pool)
        wakeups.start()
    log.info("bus_opened", bus=name, queues=len(queues))
    return PostgresBus(pool, queues=queues, wakeups=wakeups, sole=sole, lease_seconds=lease_seconds)
