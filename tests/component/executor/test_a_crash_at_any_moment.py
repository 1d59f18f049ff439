"""A crash at any moment of a run repeats at most the acting step in progress, beside steps that act nowhere.

What a crash leaves is what was committed: a run is stopped before and after each of its commits, and taken up again by
another executor.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

import pytest

from action_executor.runs.save_store import RunWrite
from action_executor.runs.writer import RunWriter
from tests.support.eventually import eventually
from tests.support.executor import ExecutorHarness
from tests.support.receiver import Receiver, open_receiver

_STATE = "SELECT state FROM execution.run WHERE id = $1"
COMMITS = 8  # of the run below, which the first test holds it to
When = Literal["before", "after"]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


class StoppingCommits:
    """Stands before the commits of runs; from the `number`-th on, before it is made or after, the process is dead."""

    def __init__(self, number: int, when: When) -> None:
        self._number, self._when, self._commit = number, when, RunWriter._commit
        self.made, self.stopped = 0, asyncio.Event()

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stand in the place of the writer's commit."""

        async def commit(writer: RunWriter, writes: Sequence[RunWrite]) -> Any:
            self.made += 1
            now = self.made == self._number
            if self.made > self._number or (now and self._when == "before"):
                self._stop()
            held = await self._commit(writer, writes)
            if now:
                self._stop()
            return held

        monkeypatch.setattr(RunWriter, "_commit", commit)

    def _stop(self) -> None:
        self.stopped.set()
        raise ConnectionError("the process is dead")


def steps_of(receiver: Receiver) -> list[dict[str, Any]]:
    """Acting steps next to each other, with steps that act nowhere between them, and a command to the ledger."""

    def call(path: str) -> dict[str, Any]:
        return {"action": "http_request", "input": {"url": receiver.url(path)}}

    holds = {"action": "filter", "input": {"where": "1", "op": "eq", "value": "1"}}
    nobody = {"action": "find_client", "input": {"email": "nobody@nowhere.example"}}
    note = {"action": "add_note", "input": {"client_id": "0198f7c4-2e00-7b50-8e95-4a6b7c8d9e0f", "body": "A note"}}
    return [holds, call("/1"), call("/2"), holds, nobody, call("/3"), note, holds, call("/4")]


async def end_of(executor: ExecutorHarness, run_id: Any) -> None:
    """Answer as the ledger until the run has ended."""

    async def ended() -> bool:
        for command in await executor.outbox("ledger.commands"):
            known = await executor.owner.fetchval("SELECT 1 FROM ledger.outcome WHERE command_id = $1", command.id)
            if not known:
                await executor.answer_as_ledger(command, 201, {"id": str(command.id)})
        return bool(await executor.owner.fetchval(_STATE, run_id) == "succeeded")

    await eventually(ended)


async def test_the_run_of_these_tests_has_so_many_commits(
    executor: ExecutorHarness, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = StoppingCommits(10_000, "after")
    commits.patch(monkeypatch)
    job = executor.run_job(await executor.make_automation(*steps_of(receiver)))
    async with executor.running():
        await executor.publish(job)
        await end_of(executor, job.id)
    assert commits.made == COMMITS


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(1, COMMITS + 1))
async def test_a_crash_at_any_commit_repeats_at_most_the_acting_step_in_progress(
    executor: ExecutorHarness, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, number: int, when: When
) -> None:
    commits = StoppingCommits(number, when)
    job = executor.run_job(await executor.make_automation(*steps_of(receiver)))
    with monkeypatch.context() as patched:
        commits.patch(patched)
        async with executor.running(drain_seconds=0.1):
            await executor.publish(job)
            answering = asyncio.create_task(end_of(executor, job.id))
            await asyncio.wait_for(commits.stopped.wait(), 20)
            answering.cancel()
    before = [request.path for request in receiver.received]
    await executor.owner.execute("UPDATE execution.run SET due_at = now() WHERE finished_at IS NULL")
    async with executor.running():
        await end_of(executor, job.id)
    called = Counter(request.path for request in receiver.received)
    assert set(called) == {"/1", "/2", "/3", "/4"}
    repeated = [path for path, times in called.items() if times > 1]
    assert repeated in ([], before[-1:]), "a step before the one in progress was repeated"
    keys = {path: {one.headers["Idempotency-Key"] for one in receiver.on(path)} for path in called}
    assert [len(found) for found in keys.values()] == [1, 1, 1, 1]
    assert len({command.id for command in await executor.outbox("ledger.commands")}) == 1
