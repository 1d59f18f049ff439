"""The poller: it looks when something is due, when woken and after a while, and outlives what fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from scheduling.poller import Poller
from tests.support.eventually import eventually

LONG = 3600.0


class Looks:
    """Counts looks; `answer` decides what each one gives or raises."""

    def __init__(self, answer: Callable[[int], float | None] = lambda _: None) -> None:
        self.count, self.answer = 0, answer
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> float | None:
        self.count += 1
        await self.gate.wait()
        return self.answer(self.count)


@asynccontextmanager
async def polling(looks: Looks, *, sweep_seconds: float = LONG, failure_seconds: float = 0.01) -> AsyncIterator[Poller]:
    poller = Poller("test", looks, sweep_seconds=sweep_seconds, failure_seconds=failure_seconds)
    poller.start()
    try:
        yield poller
    finally:
        await poller.stop()


async def test_it_looks_at_once_and_then_sleeps_until_it_is_woken() -> None:
    looks = Looks()
    async with polling(looks) as poller:
        await eventually(lambda: poller.is_asleep)
        assert looks.count == 1
        poller.wake()
        await eventually(lambda: looks.count == 2 and poller.is_asleep)


async def test_a_wake_during_a_look_brings_another_look() -> None:
    looks = Looks()
    looks.gate.clear()
    async with polling(looks) as poller:
        await eventually(lambda: looks.count == 1)
        poller.wake()
        looks.gate.set()
        await eventually(lambda: looks.count == 2 and poller.is_asleep)


async def test_it_looks_again_when_what_a_look_has_seen_is_due() -> None:
    looks = Looks(lambda count: 0.05 if count < 4 else None)
    async with polling(looks) as poller:
        await eventually(lambda: looks.count == 4 and poller.is_asleep)


async def test_a_full_batch_is_followed_by_the_next_at_once() -> None:
    looks = Looks(lambda count: 0.0 if count < 1000 else None)
    async with polling(looks):
        await eventually(lambda: looks.count == 1000)


async def test_it_sweeps_though_nothing_is_known_to_be_due() -> None:
    looks = Looks()
    async with polling(looks, sweep_seconds=0.02):
        await eventually(lambda: looks.count > 3)


async def test_a_nearer_moment_shortens_the_sleep_and_a_later_one_does_not_lengthen_it() -> None:
    looks = Looks(lambda count: 0.2 if count == 1 else None)
    async with polling(looks) as poller:
        await eventually(lambda: poller.is_asleep)
        poller.wake_in(LONG)
        await eventually(lambda: looks.count == 2 and poller.is_asleep)
        poller.wake_in(0.05)
        await eventually(lambda: looks.count == 3)


async def test_a_moment_that_is_named_during_a_look_is_not_forgotten() -> None:
    looks = Looks()
    looks.gate.clear()
    async with polling(looks) as poller:
        await eventually(lambda: looks.count == 1)
        poller.wake_in(0.05)
        looks.gate.set()
        await eventually(lambda: looks.count == 2)


async def test_errors_end_no_loop_and_wakes_do_not_hurry_one_that_fails() -> None:
    def fail(count: int) -> None:
        if count <= 3:
            raise ConnectionResetError

    looks = Looks(fail)
    async with polling(looks, failure_seconds=0.1) as poller:
        for _ in range(5):
            poller.wake()
        await eventually(lambda: looks.count == 2)
        poller.wake()
        await eventually(lambda: looks.count == 4 and poller.is_asleep)
        assert poller.problem() is None


async def test_a_bug_is_shown_while_it_lasts_and_a_transient_error_is_not() -> None:
    errors: list[Exception] = [ConnectionResetError(), KeyError("x")]

    def fail(_: int) -> None:
        if errors:
            raise errors[0]

    looks = Looks(fail)
    async with polling(looks) as poller:
        await eventually(lambda: looks.count > 2)
        assert poller.problem() is None
        errors.pop(0)
        await eventually(lambda: "KeyError" in (poller.problem() or ""))
        errors.clear()
        await eventually(lambda: poller.problem() is None)


async def test_stopping_lets_a_look_end_within_its_deadline_and_cuts_it_after() -> None:
    looks, stuck = Looks(), Looks()
    for one in (looks, stuck):
        one.gate.clear()
    async with polling(looks) as poller, polling(stuck) as other:
        await eventually(lambda: looks.count == stuck.count == 1)
        asyncio.get_running_loop().call_later(0.05, looks.gate.set)
        await poller.stop(5.0)
        await other.stop(0.05)
    assert poller.problem() is None
    assert (looks.count, stuck.count) == (1, 1)
