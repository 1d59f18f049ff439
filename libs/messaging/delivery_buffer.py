"""Buffer one consumer's deliveries: gather batches, call the handler, acknowledge, delay.

Both adapters put arrivals here and are called back to acknowledge. Pauses, attempts and progress are known here only.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol, assert_never

import structlog

from messaging import metrics
from messaging.gathering import Gathering
from messaging.handling import (
    Ack,
    DeadLetter,
    Delay,
    Disposition,
    InFlightMessage,
    describe,
    handle,
    pause_after,
)
from messaging.port import BatchHandler, ConsumerOptions, DeadLetterSink
from messaging.ready_queue import ReadyQueue
from scheduling.ending import end_tasks

log = structlog.get_logger(__name__)

BATCH_BYTES_MAX: Final = 8 * 1024 * 1024
BACKOFF_CHECK_SECONDS: Final = 1.0
FAILED_BATCHES_MIN: Final = 4  # failed batches in a row: the cause is a transient error, not the messages
LOADED_BATCH: Final = 4  # messages that came during the batch before: the next may wait for company
SETTLED_LOOK_SECONDS: Final = 0.05  # only while a backup waits
FULL_BUFFER_DELAY_MAX_SECONDS: Final = 60.0  # delayed messages that fill the buffer are released after this


class Acknowledger(Protocol):
    """Acknowledge or release messages on a bus. Neither raises a transient error: the bus redelivers."""

    async def ack(self, messages: Sequence[InFlightMessage]) -> None:
        """Acknowledge these messages."""
        ...

    async def release(self, messages: Sequence[InFlightMessage], pause_seconds: float) -> None:
        """Return these messages to the bus, for redelivery behind the others, after a pause if it can."""
        ...


class DeliveryBuffer:
    """One consumer's in-flight messages and the workers (`options.concurrency`) that handle them."""

    def __init__(
        self,
        queue: str,
        handler: BatchHandler,
        *,
        dead_letter: DeadLetterSink,
        options: ConsumerOptions,
        transport: Acknowledger,
    ) -> None:
        self._queue, self._handler, self._dead_letter, self._options = queue, handler, dead_letter, options
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._ready = ReadyQueue()
        self._in_flight: dict[InFlightMessage, None] = {}  # ready, being handled, or delayed; in order of arrival
        self._delayed: dict[InFlightMessage, asyncio.TimerHandle] = {}
        self._wake, self._stopping = asyncio.Event(), asyncio.Event()
        self.released_count = 0  # messages returned to the bus since the start
        self._consecutive_failures = 0  # failed batches in a row
        self._backoff_until = 0.0
        self._moved_at = self._loop.time()
        self._workers: list[asyncio.Task[None]] = []
        self._under_load = False  # whether the last batch had several messages
        self._gathering = Gathering()  # where the options ask for it
        self.on_capacity: Callable[[], None] = lambda: None
        self._outcomes = {
            outcome: metrics.HANDLED.labels(queue, outcome)
            for outcome in ("done", "dead_lettered", "retry", "released")
        }
        self._batch_seconds = metrics.BATCH_SECONDS.labels(queue)

    @property
    def in_flight(self) -> int:
        """How many delivered messages are not yet acknowledged."""
        return len(self._in_flight)

    @property
    def in_flight_messages(self) -> Iterable[InFlightMessage]:
        """The messages in flight, oldest arrival first."""
        return self._in_flight.keys()

    def idle_seconds(self) -> float:
        """Seconds since the last acknowledgement, or since a message arrived at an empty buffer."""
        return self._loop.time() - self._moved_at

    async def settled(self, messages: Iterable[InFlightMessage]) -> None:
        """Wait until none of these is in flight; the caller sets the deadline."""
        for message in messages:
            while message in self._in_flight:  # noqa: ASYNC110  only a backup waits so, and no message needs an event
                await asyncio.sleep(SETTLED_LOOK_SECONDS)

    def problem(self) -> str | None:
        """A sentence when messages are in flight and none was acknowledged for too long."""
        idle = self.idle_seconds()
        if self._in_flight and idle > self._options.stall_seconds:
            return f"{self._queue}: {len(self._in_flight)} messages in flight and none acknowledged for {idle:.0f} s"
        return None

    def arrive(self, messages: Sequence[InFlightMessage]) -> None:
        """Add delivered messages."""
        if not self._in_flight:
            self._moved_at = self._loop.time()
        self._in_flight.update(dict.fromkeys(messages))
        self._ready.extend(messages)
        self._wake.set()

    def discard_in_flight(self, lost: Callable[[InFlightMessage], bool]) -> None:
        """Drop messages that the bus redelivers; a batch being handled is finished regardless."""
        for message in [message for message in self._in_flight if lost(message)]:
            self._drop(message)
        self._ready.keep(self._in_flight.__contains__)

    def start(self) -> None:
        """Start the workers."""
        self._workers = [
            asyncio.create_task(self._work(), name=f"handle-{self._queue}-{number}")
            for number in range(self._options.concurrency)
        ]

    def begin_stop(self) -> None:
        """Start no further batch."""
        self._stopping.set()
        self._wake.set()

    async def stop(self, deadline_seconds: float) -> None:
        """Finish the batches being handled within the deadline; the transport returns the rest."""
        self.begin_stop()
        if self._workers:
            _, late = await asyncio.wait(self._workers, timeout=max(deadline_seconds, 0))
            await end_tasks(late)
        for timer in self._delayed.values():
            timer.cancel()
        self._delayed.clear()
        self._ready.clear()

    async def _work(self) -> None:
        while not self._stopping.is_set():
            await self._backoff()
            batch = await self._gather()
            if batch:
                try:
                    await self._handle(batch)
                except Exception:
                    # A bug of ours or of the transport: the messages stay known here.
                    log.exception("batch_not_settled", queue=self._queue, messages=len(batch))
                    self._delay(batch)

    async def _backoff(self) -> None:
        """While a transient error affects every message, try one batch a pause."""
        while (pause := self._backoff_until - self._loop.time()) > 0 and not self._stopping.is_set():
            # In short waits: another worker may have succeeded meanwhile.
            await _wait(self._stopping, min(pause, BACKOFF_CHECK_SECONDS))

    async def _gather(self) -> list[InFlightMessage]:
        """Return what has arrived, up to a batch. Empty: call again, or stopping.

        Under load it waits a little, so that more share the batch. Else it waits only where the options ask to gather,
        and not for a while after a wait that brought no company.
        """
        while not self._ready:
            if self._stopping.is_set():
                return []
            self._wake.clear()
            await self._wake.wait()
        options = self._options
        if len(self._ready) < options.batch_max and not self._ready.peek().isolated and self._waits():
            await asyncio.sleep(options.batch_wait_seconds)
            self._gathering.waited(alone=len(self._ready) == 1)
        return [] if self._stopping.is_set() or not self._ready else self._take()

    def _waits(self) -> bool:
        """Whether the next batch waits for company."""
        return self._under_load or (self._options.gathers and self._gathering.must_wait())

    def _take(self) -> list[InFlightMessage]:
        batch = [self._ready.popleft()]
        size = len(batch[0].incoming.body)
        while not batch[0].isolated and self._ready and len(batch) < self._options.batch_max:
            following = self._ready.peek()
            size += len(following.incoming.body)
            if following.isolated or size > BATCH_BYTES_MAX:
                break
            batch.append(self._ready.popleft())
        self._under_load = len(batch) >= LOADED_BATCH
        return batch

    async def _handle(self, batch: Sequence[InFlightMessage]) -> None:
        began = time.perf_counter()
        steps = await handle(self._handler, batch, self._options)
        self._batch_seconds.observe(time.perf_counter() - began)
        settled, held = await self._apply(batch, steps)
        if settled:
            await self._transport.ack(settled)
            for message in settled:
                self._drop(message)
            self._end_backoff()
        elif len(batch) > 1 or not batch[0].isolated:
            self._begin_backoff(held)
        for message, step in held:
            await self._hold(message, step)
        if held:
            await self._make_room()
        self.on_capacity()

    async def _apply(
        self, batch: Sequence[InFlightMessage], steps: Sequence[Disposition]
    ) -> tuple[list[InFlightMessage], list[tuple[InFlightMessage, Delay]]]:
        """Dead-letter what must be; return the messages to acknowledge and those to delay."""
        settled, held, dead_lettered = [], [], 0
        for message, step in zip(batch, steps, strict=True):
            match step:
                case Ack():
                    settled.append(message)
                case DeadLetter():
                    if (failed := await self._keep(message, step)) is None:
                        settled.append(message)
                        dead_lettered += 1
                    else:
                        held.append((message, failed))
                case Delay():
                    held.append((message, step))
                case _:
                    assert_never(step)
        self._outcomes["done"].inc(len(settled) - dead_lettered)
        self._outcomes["dead_lettered"].inc(dead_lettered)
        self._outcomes["retry"].inc(len(held))
        return settled, held

    async def _keep(self, message: InFlightMessage, step: DeadLetter) -> Delay | None:
        """Dead-letter a message; None when it is stored, else the pause until the next try."""
        try:
            await self._dead_letter(message.incoming, step.reason)
        except Exception as error:  # noqa: BLE001  not dead-lettered is not settled: it comes again
            log.warning("dead_letter_failed", queue=self._queue, error=describe(error))
            message.batch_attempts += 1
            return Delay(describe(error), self._pause(message.batch_attempts))
        deliveries = message.incoming.deliveries
        log.warning("message_dead_lettered", queue=self._queue, reason=step.kind, deliveries=deliveries)
        return None

    def _begin_backoff(self, held: Sequence[tuple[InFlightMessage, Delay]]) -> None:
        self._consecutive_failures += 1
        self._backoff_until = self._loop.time() + self._pause(self._consecutive_failures - 1)
        if (
            self._consecutive_failures & (self._consecutive_failures - 1) == 0
        ):  # the 1st, 2nd, 4th, 8th ... so that a long outage fills no log
            log.warning(
                "batch_delayed",
                queue=self._queue,
                messages=len(held),
                storms=self._consecutive_failures,
                why=held[0][1].reason,
            )

    def _end_backoff(self) -> None:
        """Messages were acknowledged: end the delay of those that a longer outage has delayed."""
        if self._consecutive_failures >= FAILED_BATCHES_MIN:
            for message in [message for message in self._delayed if not message.isolated]:
                self._delayed[message].cancel()
                self._requeue_delayed(message)
        self._consecutive_failures, self._backoff_until, self._moved_at = 0, 0.0, self._loop.time()

    def _pause(self, batch_attempts: int) -> float:
        options = self._options
        return pause_after(
            batch_attempts, first_seconds=options.retry_pause_first_seconds, max_seconds=options.retry_pause_max_seconds
        )

    def _delay(self, batch: Sequence[InFlightMessage]) -> None:
        for message in batch:
            if message in self._in_flight and message not in self._delayed:
                message.batch_attempts += 1
                self._delayed[message] = self._loop.call_later(
                    self._pause(message.batch_attempts), self._requeue_delayed, message
                )

    async def _hold(self, message: InFlightMessage, step: Delay) -> None:
        if message not in self._in_flight:
            return
        now = self._loop.time()
        if message.delayed_since is None:
            message.delayed_since = now
        if now - message.delayed_since > self._options.delay_max_seconds:
            await self._release([message])
        else:
            self._delayed[message] = self._loop.call_later(step.pause_seconds, self._requeue_delayed, message)

    def _requeue_delayed(self, message: InFlightMessage) -> None:
        if self._delayed.pop(message, None) is not None:
            self._ready.extend([message])
            self._wake.set()

    async def _make_room(self) -> None:
        """Release the longest delayed when delayed messages occupy the places of others."""
        room = self._options.prefetch // 2
        held = sorted(self._delayed, key=lambda message: message.delayed_since or 0.0)
        if self._consecutive_failures == 0 and len(held) > room:
            await self._release(held[: len(held) - room])
        elif len(held) >= self._options.prefetch:
            long_ago = self._loop.time() - FULL_BUFFER_DELAY_MAX_SECONDS
            await self._release([message for message in held if (message.delayed_since or 0.0) < long_ago])

    async def _release(self, messages: Sequence[InFlightMessage]) -> None:
        if not messages:
            return
        # Until it is back on the bus, a message must neither be handled nor be released by another worker.
        for message in messages:
            self._end_delay(message)
        try:
            await self._transport.release(messages, self._options.retry_pause_max_seconds)
        except Exception:
            self._delay(messages)
            raise
        self._outcomes["released"].inc(len(messages))
        self.released_count += len(messages)
        for message in messages:
            self._drop(message)

    def _drop(self, message: InFlightMessage) -> None:
        self._in_flight.pop(message, None)
        self._end_delay(message)

    def _end_delay(self, message: InFlightMessage) -> None:
        if timer := self._delayed.pop(message, None):
            timer.cancel()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
