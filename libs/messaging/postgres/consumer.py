"""Consume one queue in Postgres: between its rows and the delivery buffer.

A claim is a lease, renewed as long as the message is in flight, so that a handler may be slow and a dead process's
messages are redelivered soon. Waking is in-process or by NOTIFY; a sweep finds what was
released, and what a lost wake-up left.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from contracts.wire.topology import Queue
from messaging import metrics
from messaging.delivery_buffer import DeliveryBuffer
from messaging.handling import InFlightMessage, describe, pause_after
from messaging.local_notifier import LocalNotifier
from messaging.port import DELIVERED_TOO_OFTEN, BatchHandler, ConsumerOptions, DeadLetterSink, Incoming
from messaging.postgres import queries
from messaging.postgres.queries import Fence
from scheduling.ending import end_tasks

if TYPE_CHECKING:
    from messaging.postgres.queries import Pool

log = structlog.get_logger(__name__)

LEASE_SECONDS: Final = 15.0  # renewed at a third of it; how long a dead process's messages wait
SWEEP_FIRST_SECONDS: Final = 1.0
SWEEP_MAX_SECONDS: Final = 2.0
STATEMENT_SECONDS: Final = 10.0
FAILURE_PAUSE_FIRST_SECONDS: Final = 0.1
FAILURE_PAUSE_MAX_SECONDS: Final = 5.0
FAILING_MAX_SECONDS: Final = 5.0  # shorter gaps are normal


class PostgresConsumer:
    """A running consumer of one queue; the transport of its delivery buffer."""

    def __init__(
        self,
        pool: Pool,
        queue: Queue,
        handler: BatchHandler,
        *,
        dead_letter: DeadLetterSink,
        options: ConsumerOptions,
        wakeups: LocalNotifier,
        sole: bool,
        lease_seconds: float,
    ) -> None:
        self._pool, self._queue, self._options, self._wakeups = pool, queue, options, wakeups
        self._dead_letter = dead_letter
        self._sole, self._lease = sole, timedelta(seconds=lease_seconds)
        self._buffer = DeliveryBuffer(queue.name, handler, dead_letter=dead_letter, options=options, transport=self)
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._buffer.on_capacity = self._wake.set
        self._failing_since: float | None = None
        self._why = ""
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start consuming."""
        self._wakeups.wait_for(self._queue.name, self._wake)
        self._buffer.start()
        name = self._queue.name
        self._tasks = [
            asyncio.create_task(self._take_forever(), name=f"consume {name}"),
            asyncio.create_task(self._renew_forever(), name=f"renew {name}"),
        ]

    async def stop(self, deadline_seconds: float) -> None:
        """Stop consuming, finish the batches being handled within the deadline, leave the rest to be redelivered."""
        ends = self._loop.time() + deadline_seconds
        self._stopping = True
        self._wakeups.stop_waiting(self._queue.name, self._wake)
        self._wake.set()
        await self._buffer.stop(deadline_seconds)
        if self._tasks:
            # A running claim is awaited, so that its messages are released at once.
            await asyncio.wait(self._tasks[:1], timeout=max(1.0, ends - self._loop.time()))
        await end_tasks(self._tasks)
        await self._postpone(list(self._buffer.in_flight_messages), timedelta(0))

    async def drained(self) -> int:
        """Return 0: every message is a row of the database."""
        return 0

    def problems(self) -> list[str]:
        """This consumer's problems, as sentences."""
        found = [problem] if (problem := self._buffer.problem()) else []
        if self._failing_since is not None:
            failing = self._loop.time() - self._failing_since
            if failing > FAILING_MAX_SECONDS:
                found.append(f"{self._queue.name}: nothing could be claimed for {failing:.0f} s: {self._why}")
        return found

    async def ack(self, messages: Sequence[InFlightMessage]) -> None:
        """Delete; those whose lease ran out belong to another consumer and stay."""
        try:
            async with asyncio.timeout(STATEMENT_SECONDS):
                settled = await queries.ack(self._pool, self._queue.name, _fences(messages))
        except Exception as error:  # noqa: BLE001  they come again when their lease is over
            log.warning("settle_failed", queue=self._queue.name, messages=len(messages), error=describe(error))
            return
        if settled < len(messages):
            log.warning("result_rejected_stale_lease", queue=self._queue.name, messages=len(messages) - settled)

    async def release(self, messages: Sequence[InFlightMessage], pause_seconds: float) -> None:
        """Requeue them behind all others, available after a pause."""
        try:
            async with asyncio.timeout(STATEMENT_SECONDS):
                pause = timedelta(seconds=pause_seconds)
                await queries.release(self._pool, self._queue.name, _fences(messages), pause)
        except Exception as error:  # noqa: BLE001  they come again when their lease is over
            log.warning("give_back_failed", queue=self._queue.name, messages=len(messages), error=describe(error))

    async def _postpone(self, messages: Sequence[InFlightMessage], pause: timedelta) -> set[int] | None:
        """Return the ids of those still leased here; None when the statement failed."""
        if not messages:
            return set()
        try:
            async with asyncio.timeout(STATEMENT_SECONDS):
                return await queries.postpone(self._pool, self._queue.name, _fences(messages), pause)
        except Exception as error:  # noqa: BLE001  their leases run out by themselves
            log.warning("postpone_failed", queue=self._queue.name, messages=len(messages), error=describe(error))
            return None

    async def _take_forever(self) -> None:
        failures, sweep_seconds, freed = 0, SWEEP_FIRST_SECONDS, not self._sole
        while not self._stopping:
            try:
                if not freed:
                    await queries.free_leases(self._pool, self._queue.name)
                    freed = True
                full = await self._take()
            except Exception as error:  # noqa: BLE001  a transient error or not, the next try may succeed; health reports it
                self._note_failure(describe(error))
                await asyncio.sleep(
                    pause_after(
                        failures, first_seconds=FAILURE_PAUSE_FIRST_SECONDS, max_seconds=FAILURE_PAUSE_MAX_SECONDS
                    )
                )
                failures += 1
                continue
            failures, self._failing_since = 0, None
            if not full:
                woken = await self._sleep(sweep_seconds)
                sweep_seconds = SWEEP_FIRST_SECONDS if woken else min(SWEEP_MAX_SECONDS, sweep_seconds * 1.2)

    async def _take(self) -> bool:
        """Claim as much as there is room for; return whether there may be more."""
        self._wake.clear()
        room = self._options.prefetch - self._buffer.in_flight
        if room < max(1, min(self._options.batch_max, self._options.prefetch // 2)):  # the buffer wakes this consumer
            return False
        async with asyncio.timeout(STATEMENT_SECONDS):
            claimed = await queries.claim(self._pool, self._queue.name, at_most=room, lease=self._lease)
        arrived = [
            InFlightMessage(Incoming(self._queue.name, message.body, message.fence.deliveries), message.fence)
            for message in claimed
        ]
        deliveries_max = self._queue.delivery_limit + 1  # the limit is of redeliveries, as the broker's
        fresh = [message for message in arrived if message.incoming.deliveries <= deliveries_max]
        if fresh:
            self._buffer.arrive(fresh)
        if len(fresh) < len(arrived):
            await self._give_up([message for message in arrived if message.incoming.deliveries > deliveries_max])
        return len(claimed) == room

    async def _give_up(self, messages: Sequence[InFlightMessage]) -> None:
        log.error("messages_delivered_too_often", queue=self._queue.name, messages=len(messages))
        for message in messages:
            await self._dead_letter(message.incoming, DELIVERED_TOO_OFTEN)
            await self.ack([message])
        metrics.HANDLED.labels(self._queue.name, "dead_lettered").inc(len(messages))

    async def _sleep(self, seconds: float) -> bool:
        """Wait until woken, at most about so long; return whether woken."""
        try:
            async with asyncio.timeout(seconds * random.uniform(0.8, 1.2)):  # noqa: S311  jitter, no secret
                await self._wake.wait()
        except TimeoutError:
            return False
        return True

    async def _renew_forever(self) -> None:
        """Renew the leases of in-flight messages; drop those that another consumer has claimed."""
        young: set[InFlightMessage] = set()
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            held = set(self._buffer.in_flight_messages)
            old, young = held & young, held
            renewed = await self._postpone(list(old), self._lease)
            if renewed is not None and len(renewed) < len(old):
                lost = {message for message in old if message.receipt.id not in renewed}
                self._buffer.discard_in_flight(lost.__contains__)

    def _note_failure(self, why: str) -> None:
        if self._failing_since is None:
            self._failing_since = self._loop.time()
            log.warning("claim_failed", queue=self._queue.name, error=why)
        self._why = why


def _fences(messages: Sequence[InFlightMessage]) -> list[Fence]:
    return [message.receipt for message in messages]
