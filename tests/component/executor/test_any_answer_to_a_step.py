"""Whatever bytes a step's call is answered with, the step ends in one attempt, as its status line says."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, given, settings

from tests.support.eventually import eventually
from tests.support.executor import open_harness
from tests.support.raw_answers import RAW_ANSWERS
from tests.support.raw_receiver import open_raw_receiver

EXAMPLES = 60
RETRYABLE = {408, 425, 429}


def some_answers() -> list[bytes]:
    """Draw answers; they are then given to one executor, as a database for each would take minutes."""
    drawn: list[bytes] = []

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(raw=RAW_ANSWERS)
    def draw(raw: bytes) -> None:
        drawn.append(raw)

    draw()
    return drawn


async def test_any_bytes_end_a_step_in_one_attempt_by_their_status(executor_dsn: str) -> None:
    answers = {f"/{number}": raw for number, raw in enumerate(some_answers())}
    async with (
        open_raw_receiver() as receiver,
        open_harness(executor_dsn) as executor,
        executor.running(step_schedule_seconds="0"),
    ):
        receiver.answers |= answers
        jobs = {}
        for path in answers:
            step = {"action": "http_request", "input": {"url": receiver.url(path)}}
            jobs[path] = executor.run_job(await executor.make_automation(step))
        await executor.publish(*jobs.values())
        unfinished = "SELECT count(*) = $1 FROM execution.run WHERE finished_at IS NOT NULL"
        await eventually(lambda: executor.owner.fetchval(unfinished, len(jobs)), deadline_seconds=60)
        for path, raw in answers.items():
            (step_row,) = await executor.steps(jobs[path].id)
            assert step_row["attempts"] == receiver.count(path) == 1, raw
            stated = re.match(rb"HTTP/1\.1 ([2-9]\d\d) ", raw)
            status = int(stated[1]) if stated else 0
            assert step_row["state"] == ("succeeded" if 200 <= status < 300 else "failed"), raw
            error = step_row["error"] or ""
            assert not re.search("unexpectedly|worker", error), (raw, error)
            if stated:
                given_up = "given up after 1 tries" in error
                assert given_up == (status >= 500 or status in RETRYABLE), (raw, error)
