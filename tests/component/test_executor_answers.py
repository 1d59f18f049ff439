"""What receivers answer, and for which version of a hook it counts: on the executor as a running service."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.executor import ExecutorHarness, open_harness
from tests.support.raw_receiver import open_raw_receiver

ODD = {
    "/204": b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    "/chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\nok",
    "/short": b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nok",
    "/nul": b"HTTP/1.1 200 \xff\r\nX-A: \xff\r\nContent-Length: 3\r\n\r\n\x00\xff\xfe",
}


@pytest.fixture
async def executor(database_dsn: str) -> AsyncIterator[ExecutorHarness]:
    async with open_harness(database_dsn) as harness:
        yield harness


async def test_an_event_is_delivered_once_however_odd_its_receivers_answer_is(executor: ExecutorHarness) -> None:
    async with open_raw_receiver() as receiver, executor.running():
        receiver.answers |= ODD
        jobs = {path: executor.job(await executor.make_hook(receiver.url(path))) for path in ODD}
        await executor.publish(*jobs.values())
        for path, job in jobs.items():
            await executor.becomes(job.id, "succeeded")
            assert [one["status_code"] for one in await executor.attempts(job.id)] == [int(ODD[path].split()[1])]
        assert {path: receiver.count(path) for path in ODD} == dict.fromkeys(ODD, 1)


async def test_a_failure_that_no_text_can_hold_is_kept_as_a_failure(executor: ExecutorHarness) -> None:
    async with open_raw_receiver() as receiver, executor.running():
        receiver.answers["/hook"] = b"\x00\xff nothing like HTTP \x00\r\n\r\n"
        job = executor.job(await executor.make_hook(receiver.url()))
        await executor.publish(job)
        row = await executor.becomes(job.id, "failed")
    assert row["error"].startswith("the answer is not readable")
    assert receiver.count() == 4
