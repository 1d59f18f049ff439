"""What a killed executor held, where the next one knows that it is alone: taken up at once, under the same ids."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from action_executor.deliveries import store as deliveries
from action_executor.deliveries.records import NewDelivery
from action_executor.runs import store as runs
from contracts.primitives.ids import new_id
from contracts.wire.jobs import RunJob
from tests.support.executor import ExecutorHarness
from tests.support.receiver import Receiver, open_receiver

LONG = 3600.0


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


async def a_held_delivery(executor: ExecutorHarness, receiver: Receiver) -> NewDelivery:
    """A delivery leased for long to a worker that is no more."""
    hook = await executor.make_hook(receiver.url("/hook"))
    job = executor.job(hook)
    held = NewDelivery(
        account_id=hook.account_id, id=job.id, event_id=new_id(), hook_id=hook.id, client_id=None,
        correlation_id=job.correlation_id, trigger="sale.posted", body=job.data["body"].encode(), ordered=False,
        leased=True,
    )  # fmt: skip
    async with executor.pool.acquire() as conn:
        await deliveries.insert(conn, [held], lease_seconds=LONG)
    await executor.owner.execute("INSERT INTO execution.worker (id) VALUES ($1)", new_id())
    return held


async def test_the_next_one_sends_what_a_killed_one_held(executor: ExecutorHarness, receiver: Receiver) -> None:
    held = await a_held_delivery(executor, receiver)
    async with executor.running(is_sole_worker=True):
        await executor.becomes(held.id, "succeeded")
    assert [one.body for one in receiver.on("/hook")] == [held.body]
    assert await executor.owner.fetchval("SELECT lost_workers FROM execution.delivery") in {0, 1}


async def test_the_next_one_goes_on_with_the_run_that_a_killed_one_held(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    say = {"action": "post_chat_message", "input": {"url": receiver.url("/chat"), "text": "hello"}}
    job = executor.run_job(await executor.make_automation(say))
    async with executor.pool.acquire() as conn:
        await runs.insert(conn, [runs.NewRun(job, RunJob.model_validate(job.data))], lease_seconds=LONG)
    claimed = await runs.claim(executor.pool, known=(), not_of=(), runs_max=1, lease_seconds=LONG)
    assert [run.id for run in claimed] == [job.id]
    async with executor.running(is_sole_worker=True):
        await executor.run_becomes(job.id, "succeeded")
    assert len(receiver.on("/chat")) == 1


async def test_where_others_may_be_at_work_leases_are_left_alone(executor: ExecutorHarness, receiver: Receiver) -> None:
    held = await a_held_delivery(executor, receiver)
    other = executor.job(await executor.make_hook(receiver.url("/other")))
    async with executor.running():
        await executor.publish(other)
        await executor.becomes(other.id, "succeeded")
        assert (await executor.delivery(held.id))["state"] == "in_flight"
    assert receiver.on("/hook") == []
