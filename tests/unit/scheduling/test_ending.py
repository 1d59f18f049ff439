"""Ending tasks: a cancellation that gets lost on its way is repeated."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from scheduling import ending
from scheduling.ending import end_tasks
from tests.support.pace import loop_turns


async def test_a_task_that_loses_its_first_cancellation_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "CANCEL_AGAIN_SECONDS", 0.01)
    lost = asyncio.Event()

    async def lose_one() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        lost.set()
        await asyncio.Event().wait()

    async def wait_for_ever() -> None:
        await asyncio.Event().wait()

    tasks = [asyncio.create_task(lose_one()), asyncio.create_task(wait_for_ever())]
    await loop_turns(1)
    await end_tasks(tasks)
    assert lost.is_set()
    assert [task.cancelled() for task in tasks] == [True, True]


async def test_what_a_task_raises_when_it_is_cancelled_is_nobodys_problem() -> None:
    async def fail() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ConnectionError("the connection ended in the same moment")

    task = asyncio.create_task(fail())
    await loop_turns(1)
    await end_tasks([task])
    assert isinstance(task.exception(), ConnectionError)


async def test_nothing_to_end_is_fine() -> None:
    await end_tasks([])
