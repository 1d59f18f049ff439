"""Poll for due work: at its time, when woken, and after a bounded interval; less often while it fails."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog

from scheduling.ending import end_tasks
from storage.transient import is_transient

log = structlog.get_logger(__name__)

FAILURE_SECONDS: Final = 1.0  # then twice as long after each failure in a row
DOUBLINGS_MAX: Final = 16  # bounds the exponent
FAILURE_SECONDS_MAX: Final = 5.0  # work waits at most so long after an outage has ended
JITTER: Final = 0.2  # so that processes that started together do not poll together

Look = Callable[[], Awaitable[float | None]]
"""Do a bounded batch of what is due; answer in how many seconds more is due, None where only the sweep will find it."""


class Poller:
    """One loop over due work.

    It sleeps until the time that `look` returned, until `wake` or `wake_in`, at most about `sweep_seconds`. Wake-ups
    within `gather_seconds` share one look. An error does not end the loop: it is logged, with its traceback if it is a
    bug, and the next look waits longer.
    """

    def __init__(
        self,
        name: str,
        look: Look,
        *,
        sweep_seconds: float,
        gather_seconds: float = 0.0,
        failure_seconds: float = FAILURE_SECONDS,
    ) -> None:
        self.name: Final = name
        self._look, self._sweep_seconds, self._gather_seconds = look, sweep_seconds, gather_seconds
        self._failure_seconds = failure_seconds
        self._failures, self._bug = 0, ""
        self._wake, self._stop = asyncio.Event(), asyncio.Event()
        self._earliest = math.inf  # requested since the last look began
        self._sleep: asyncio.Timeout | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start polling."""
        self._task = asyncio.create_task(self.run(), name=self.name)

    async def stop(self, deadline_seconds: float = 0.0) -> None:
        """Stop polling; a running look has so long to end before it is cancelled."""
        self._stop.set()
        self._wake.set()
        if self._task is None:
            return
        if deadline_seconds > 0:
            await asyncio.wait([self._task], timeout=deadline_seconds)
        await end_tasks([self._task])

    def wake(self) -> None:
        """Look now, or again after the look that is under way; after an error not before its pause is over."""
        self._wake.set()

    def wake_in(self, seconds: float) -> None:
        """Look in so many seconds at the latest."""
        at = asyncio.get_running_loop().time() + max(seconds, 0.0)
        self._earliest = min(self._earliest, at)
        if self._sleep is not None and at < (self._sleep.when() or math.inf):
            self._sleep.reschedule(at)

    def problem(self) -> str | None:
        """The problem for `/readyz`: the loop ended, or its last look raised a bug."""
        if self._task is not None and self._task.done() and not self._stop.is_set():
            return f"{self.name} ended"
        return f"{self.name} fails: {self._bug}" if self._bug else None

    @property
    def is_asleep(self) -> bool:
        """Whether it waits for its next look and may be woken."""
        return self._sleep is not None

    async def run(self) -> None:
        """Look until stopped or cancelled."""
        while not self._stop.is_set():
            self._wake.clear()
            self._earliest = math.inf
            try:
                due_in = await self._look()
            except Exception as error:  # noqa: BLE001  what is due stays due; the next look may succeed
                await self._pause(error)
                continue
            self._failures, self._bug = 0, ""
            await self._sleep_for(due_in)
            await asyncio.sleep(self._gather_seconds)

    async def _pause(self, error: Exception) -> None:
        transient = is_transient(error)
        self._bug = "" if transient else repr(error)
        log.warning("look_failed", poller=self.name, error=repr(error), transient=transient, exc_info=not transient)
        seconds = min(self._failure_seconds * 2.0**self._failures, max(FAILURE_SECONDS_MAX, self._failure_seconds))
        self._failures = min(self._failures + 1, DOUBLINGS_MAX)
        with suppress(TimeoutError):
            async with asyncio.timeout(_jittered(seconds)):
                await self._stop.wait()

    async def _sleep_for(self, due_in: float | None) -> None:
        seconds = _jittered(self._sweep_seconds)
        if due_in is not None:
            seconds = min(max(due_in, 0.0), seconds)
        if seconds <= 0:
            return
        until = min(asyncio.get_running_loop().time() + seconds, self._earliest)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until) as self._sleep:
                await self._wake.wait()
        self._sleep = None


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  jitter, no secret
