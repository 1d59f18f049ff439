"""A run that fails fires `run.failed` once, through the outbox; an automation on that trigger never sets off itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from contracts.catalog import TRIGGERS
from contracts.wire.envelope import Envelope
from tests.support.executor import ExecutorHarness
from tests.support.receiver import Receiver, Reply, open_receiver


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


async def failing_automation(executor: ExecutorHarness, receiver: Receiver) -> Envelope:
    receiver.always["/no"] = Reply(404, {"Content-Type": "text/plain"}, b"no such list")
    chat = {"action": "post_chat_message", "input": {"url": receiver.url("/chat"), "text": "hello"}}
    missing = {"action": "http_request", "input": {"url": receiver.url("/no")}}
    return executor.run_job(await executor.make_automation(chat, missing), depth=2)


async def test_a_failed_run_fires_one_event_with_what_a_reader_needs(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    job = await failing_automation(executor, receiver)
    async with executor.running():
        await executor.publish(job, job)
        await executor.run_becomes(job.id, "failed")
    (event,) = await executor.outbox("dispatcher.events")
    reported = event.data["object"]
    assert (event.name, event.depth) == ("run.failed", 3)
    assert (event.correlation_id, event.causation_id) == (job.correlation_id, job.id)
    assert (event.data["subject_id"], reported["id"]) == (str(job.id), str(job.id))
    assert reported["automation_id"] == job.data["automation_id"]
    assert (reported["automation_name"], reported["trigger_key"]) == ("Some automation", "sale.posted")
    assert reported["event_id"] == job.data["event_id"]
    assert (reported["step_no"], reported["error"]) == (1, "step 1 (http_request): answered 404: no such list")
    assert list(reported) == list(TRIGGERS["run.failed"].sample)


async def test_a_loop_that_is_cut_fires_the_event_too(executor: ExecutorHarness, receiver: Receiver) -> None:
    looping = (await failing_automation(executor, receiver)).model_copy(update={"depth": 8})
    async with executor.running():
        await executor.publish(looping)
        await executor.run_becomes(looping.id, "failed")
    (event,) = await executor.outbox("dispatcher.events")
    assert "the loop is cut here" in event.data["object"]["error"]
    assert receiver.received == []


@pytest.mark.parametrize("depth", [0, 8])
async def test_a_failed_run_of_an_automation_on_failed_runs_fires_nothing(
    executor: ExecutorHarness, receiver: Receiver, depth: int
) -> None:
    job = await failing_automation(executor, receiver)
    job = job.model_copy(update={"depth": depth, "data": job.data | {"trigger": "run.failed"}})
    async with executor.running():
        await executor.publish(job)
        await executor.run_becomes(job.id, "failed")
    assert await executor.outbox("dispatcher.events") == []


async def test_a_run_that_succeeds_or_is_filtered_fires_nothing(executor: ExecutorHarness, receiver: Receiver) -> None:
    held_back = {"action": "filter", "input": {"where": "1", "op": "eq", "value": "2"}}
    passed = {"action": "http_request", "input": {"url": receiver.url()}}
    jobs = [executor.run_job(await executor.make_automation(step)) for step in (held_back, passed)]
    async with executor.running():
        await executor.publish(*jobs)
        for job in jobs:
            await executor.run_becomes(job.id, "filtered", "succeeded")
    assert await executor.outbox("dispatcher.events") == []
