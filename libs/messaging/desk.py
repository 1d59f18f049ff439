"""Work on the messages that a bus has handed to this process: gather batches, call the handler, settle, hold.

Both adapters put arrivals here and get back what to settle. The desk alone knows pauses, attempts and progress.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol, assert_never

import structlog

from messaging import metrics
from messaging.handling import Hold, InHand, Settle, Step, ToPark, describe, handle, pause_after
from messaging.port import BatchHandler, ConsumerOptions, Park

log = structlog.get_logger(__name__)

BATCH_BYTES_MAX: Final = 8 * 1024 * 1024
REST_CHECK_SECONDS: Final = 1.0
STORM_MIN: Final = 4  # batches in a row of which nothing could be settled: that was the weather, not the messages
CROWDED_HOLD_MAX_SECONDS: Final = 60.0  # when put-off messages fill the desk, others get their turn after this


class Transport(Protocol):
    """What the desk asks of its bus. Neither call raises for weather: what fails is handed out again later."""

    async def settle(self, messages: Sequence[InHand]) -> None:
        """Make the bus forget these."""
        ...

    async def give_back(self, messages: Sequence[InHand], pause_seconds: float) -> None:
        """Make the bus hand these out again, after a pause if it can, and not before all others."""
        ...


class Desk:
    """One consumer's messages in hand and the workers (`options.concurrency`) that handle them."""

    def __init__(
        self, queue: str, handler: BatchHandler, *, park: Park, options: ConsumerOptions, transport: Transport
    ) -> None:
        self._queue, self._handler, self._park, self._options = queue, handler, park, options
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._ready: deque[InHand] = deque()
        self._hand: dict[InHand, None] = {}  # ready, being worked on, or held; in order of arrival
        self._held: dict[InHand, asyncio.TimerHandle] = {}
        self._wake, self._stopping = asyncio.Event(), asyncio.Event()
        self._storms = 0  # batches in a row of which nothing could be settled
        self._rest_until = 0.0
        self._moved_at = self._loop.time()
        self._workers: list[asyncio.Task[None]] = []
        self.on_room: Callable[[], None] = lambda: None
        self._outcomes = {
            outcome: metrics.HANDLED.labels(queue, outcome) for outcome in ("done", "parked", "retry", "given_back")
        }
        self._batch_seconds = metrics.BATCH_SECONDS.labels(queue)

    @property
    def in_hand(self) -> int:
        """How many messages the bus has handed out here and that are not settled."""
        return len(self._hand)

    @property
    def holding(self) -> Iterable[InHand]:
        """The messages in hand, oldest arrival first."""
        return self._hand.keys()

    def idle_seconds(self) -> float:
        """How long ago something was settled or arrived at an empty desk."""
        return self._loop.time() - self._moved_at

    def problem(self) -> str | None:
        """Says so when messages are in hand and none was settled for too long."""
        idle = self.idle_seconds()
        if self._hand and idle > self._options.stall_seconds:
            return f"{self._queue}: {len(self._hand)} messages in hand and none settled for {idle:.0f} s"
        return None

    def arrive(self, messages: Sequence[InHand]) -> None:
        """Take over messages that the bus handed out."""
        if not self._hand:
            self._moved_at = self._loop.time()
        self._hand.update(dict.fromkeys(messages))
        self._ready.extend(messages)
        self._wake.set()

    def forget(self, lost: Callable[[InHand], bool]) -> None:
        """Drop those that the bus will hand out again by itself; a batch being handled is finished regardless."""
        for message in [message for message in self._hand if lost(message)]:
            self._drop(message)
        self._ready = deque(message for message in self._ready if message in self._hand)

    def start(self) -> None:
        """Begin to work."""
        self._workers = [
            asyncio.create_task(self._work(), name=f"handle-{self._queue}-{number}")
            for number in range(self._options.concurrency)
        ]

    def begin_stop(self) -> None:
        """Begin no further batch."""
        self._stopping.set()
        self._wake.set()

    async def stop(self, deadline_seconds: float) -> None:
        """Finish the batches being handled within the deadline; leave the rest in hand for the transport to return."""
        self.begin_stop()
        if self._workers:
            _, late = await asyncio.wait(self._workers, timeout=max(deadline_seconds, 0))
            for worker in late:
                worker.cancel()
            await asyncio.gather(*self._workers, return_exceptions=True)
        for timer in self._held.values():
            timer.cancel()
        self._held.clear()
        self._ready.clear()

    async def _work(self) -> None:
        while not self._stopping.is_set():
            await self._rest()
            batch = await self._gather()
            if batch:
                try:
                    await self._handle(batch)
                except Exception:
                    # A fault of ours or of the transport: the messages must not be lost from sight.
                    log.exception("batch_not_settled", queue=self._queue, messages=len(batch))
                    self._put_off(batch)

    async def _rest(self) -> None:
        """In weather that strikes every message, try one batch a pause and no more."""
        while (pause := self._rest_until - self._loop.time()) > 0 and not self._stopping.is_set():
            await _wait(self._stopping, min(pause, REST_CHECK_SECONDS))  # another worker may have found it over

    async def _gather(self) -> list[InHand]:
        """What has arrived, up to a batch, waiting a little after the first. Empty: ask again, or stopping."""
        while not self._ready:
            if self._stopping.is_set():
                return []
            self._wake.clear()
            await self._wake.wait()
        options = self._options
        if len(self._ready) < options.batch_max and options.batch_wait_seconds > 0 and not self._ready[0].alone:
            await asyncio.sleep(options.batch_wait_seconds)
        return [] if self._stopping.is_set() or not self._ready else self._take()

    def _take(self) -> list[InHand]:
        batch = [self._ready.popleft()]
        size = len(batch[0].incoming.body)
        while not batch[0].alone and self._ready and len(batch) < self._options.batch_max:
            following = self._ready[0]
            size += len(following.incoming.body)
            if following.alone or size > BATCH_BYTES_MAX:
                break
            batch.append(self._ready.popleft())
        return batch

    async def _handle(self, batch: Sequence[InHand]) -> None:
        began = time.perf_counter()
        steps = await handle(self._handler, batch, self._options)
        self._batch_seconds.observe(time.perf_counter() - began)
        settled, held = await self._carry_out(batch, steps)
        if settled:
            await self._transport.settle(settled)
            for message in settled:
                self._drop(message)
            self._end_rest()
        elif len(batch) > 1 or not batch[0].alone:
            self._begin_rest(held)
        for message, step in held:
            await self._hold(message, step)
        if held:
            await self._make_room()
        self.on_room()

    async def _carry_out(
        self, batch: Sequence[InHand], steps: Sequence[Step]
    ) -> tuple[list[InHand], list[tuple[InHand, Hold]]]:
        """Park what is to be parked; answer what may be settled and what is to be held."""
        settled, held, parked = [], [], 0
        for message, step in zip(batch, steps, strict=True):
            match step:
                case Settle():
                    settled.append(message)
                case ToPark():
                    if (failed := await self._keep(message, step)) is None:
                        settled.append(message)
                        parked += 1
                    else:
                        held.append((message, failed))
                case Hold():
                    held.append((message, step))
                case _:
                    assert_never(step)
        self._outcomes["done"].inc(len(settled) - parked)
        self._outcomes["parked"].inc(parked)
        self._outcomes["retry"].inc(len(held))
        return settled, held

    async def _keep(self, message: InHand, step: ToPark) -> Hold | None:
        """Park; None when it is kept, else the pause until the next try."""
        try:
            await self._park(message.incoming, step.reason)
        except Exception as error:  # noqa: BLE001  not parked is not settled: it comes again
            log.warning("park_failed", queue=self._queue, error=describe(error))
            message.tries += 1
            return Hold(describe(error), self._pause(message.tries))
        log.warning("message_parked", queue=self._queue, reason=step.kind, deliveries=message.incoming.deliveries)
        return None

    def _begin_rest(self, held: Sequence[tuple[InHand, Hold]]) -> None:
        self._storms += 1
        self._rest_until = self._loop.time() + self._pause(self._storms - 1)
        if self._storms & (self._storms - 1) == 0:  # the 1st, 2nd, 4th, 8th ... so that a long storm fills no log
            log.warning(
                "batch_put_off", queue=self._queue, messages=len(held), storms=self._storms, why=held[0][1].reason
            )

    def _end_rest(self) -> None:
        """Something was settled: what a longer storm has put off need not wait any more."""
        if self._storms >= STORM_MIN:
            for message in [message for message in self._held if not message.alone]:
                self._held[message].cancel()
                self._offer_again(message)
        self._storms, self._rest_until, self._moved_at = 0, 0.0, self._loop.time()

    def _pause(self, tries: int) -> float:
        options = self._options
        return pause_after(
            tries, first_seconds=options.retry_pause_first_seconds, max_seconds=options.retry_pause_max_seconds
        )

    def _put_off(self, batch: Sequence[InHand]) -> None:
        for message in batch:
            if message in self._hand and message not in self._held:
                message.tries += 1
                self._held[message] = self._loop.call_later(self._pause(message.tries), self._offer_again, message)

    async def _hold(self, message: InHand, step: Hold) -> None:
        if message not in self._hand:
            return
        now = self._loop.time()
        if message.held_since is None:
            message.held_since = now
        if now - message.held_since > self._options.hold_max_seconds:
            await self._give_back([message])
        else:
            self._held[message] = self._loop.call_later(step.pause_seconds, self._offer_again, message)

    def _offer_again(self, message: InHand) -> None:
        if self._held.pop(message, None) is not None:
            self._ready.append(message)
            self._wake.set()

    async def _make_room(self) -> None:
        """Give back the longest held when put-off messages take the places of those that could be handled."""
        room = self._options.prefetch // 2
        held = sorted(self._held, key=lambda message: message.held_since or 0.0)
        if self._storms == 0 and len(held) > room:
            await self._give_back(held[: len(held) - room])
        elif len(held) >= self._options.prefetch:
            long_ago = self._loop.time() - CROWDED_HOLD_MAX_SECONDS
            await self._give_back([message for message in held if (message.held_since or 0.0) < long_ago])

    async def _give_back(self, messages: Sequence[InHand]) -> None:
        if messages:
            await self._transport.give_back(messages, self._options.retry_pause_max_seconds)
            self._outcomes["given_back"].inc(len(messages))
            for message in messages:
                self._drop(message)

    def _drop(self, message: InHand) -> None:
        self._hand.pop(message, None)
        if timer := self._held.pop(message, None):
            timer.cancel()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
