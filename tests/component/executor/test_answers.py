"""What receivers answer, and for which version of a hook it counts: on the executor as a running service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from contracts.wire.commands import REDELIVER
from tests.support.eventually import eventually
from tests.support.executor import ExecutorHarness
from tests.support.raw_receiver import open_raw_receiver
from tests.support.receiver import Receiver, Reply, open_receiver

ODD = {
    "/204": b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    "/chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\nok",
    "/short": b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nok",
    "/nul": b"HTTP/1.1 200 \xff\r\nX-A: \xff\r\nContent-Length: 3\r\n\r\n\x00\xff\xfe",
}


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
    assert row["error"].startswith("the response is not readable")
    assert receiver.count() == 4


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


async def test_a_410_of_a_hooks_former_target_ends_nothing(executor: ExecutorHarness, receiver: Receiver) -> None:
    hook, answer = await executor.make_hook(receiver.url("/old")), asyncio.Event()
    receiver.script(500, Reply(410, after=answer), path="/old")
    waiting, asked = executor.job(hook), executor.job(hook)
    async with executor.running(hook_schedule_seconds="0,600"):
        await executor.publish(waiting)
        await executor.awaits_retry(waiting.id)
        await executor.publish(asked)
        await eventually(lambda: receiver.under_way)
        await executor.retarget(hook, receiver.url("/new"))
        answer.set()
        await executor.becomes(asked.id, "succeeded")
    assert [one.id for one in receiver.on("/new")] == [asked.data["event_id"]]
    assert [one["status_code"] for one in await executor.attempts(asked.id)] == [410, 204]
    assert (await executor.delivery(waiting.id))["state"] == "pending"
    assert await executor.outbox("dispatcher.commands") == []


async def test_a_410_to_a_former_secret_is_asked_again_with_the_new_one(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook, answer = await executor.make_hook(receiver.url()), asyncio.Event()
    receiver.script(Reply(410, after=answer), 204)
    job = executor.job(hook)
    async with executor.running():
        await executor.publish(job)
        await eventually(lambda: receiver.under_way)
        await executor.rotate(hook)
        answer.set()
        await executor.becomes(job.id, "succeeded")
    assert await executor.outbox("dispatcher.commands") == []


async def test_the_last_failure_at_a_former_target_leaves_a_try_for_the_new_one(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook, answer = await executor.make_hook(receiver.url("/old")), asyncio.Event()
    receiver.script(Reply(500, after=answer), path="/old")
    job = executor.job(hook)
    async with executor.running(hook_schedule_seconds="0"):
        await executor.publish(job)
        await eventually(lambda: receiver.under_way)
        await executor.retarget(hook, receiver.url("/new"))
        answer.set()
        await executor.becomes(job.id, "succeeded")
    assert len(receiver.on("/new")) == 1


async def test_the_failures_of_a_former_target_neither_disable_a_hook_nor_close_the_new_one(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url("/old"))
    receiver.always["/old"] = receiver.always["/new"] = Reply(500)
    jobs = [executor.job(hook) for _ in range(30)]
    anew = "SELECT open_until IS NULL AND failing_since > now() - interval '1 hour' FROM execution.delivery_queue"
    anew += " WHERE version = 2"

    async def has_another_target_after_a_day_of_failures() -> bool:
        # While the queue is locked, nothing is claimed: what is under way would end the hook, rightly, as the old one.
        async with executor.owner.transaction():
            opened = await executor.owner.fetchval(
                "SELECT open_until > now() FROM execution.delivery_queue WHERE hook_id = $1 FOR UPDATE", hook.id
            )
            if not opened or await executor.count_in_flight():
                return False
            await executor.owner.execute(
                "UPDATE execution.delivery_queue"
                " SET failing_since = now() - interval '1 day', open_until = now() + interval '1 hour'"
            )
            await executor.retarget(hook, receiver.url("/new"))
        return True

    async with executor.running(hook_schedule_seconds="0,600", hook_disable_after_seconds=3600):
        await executor.publish(*jobs)
        await eventually(has_another_target_after_a_day_of_failures)
        first = executor.job(hook)
        await executor.publish(first)
        await executor.becomes(first.id, "pending")
        await eventually(lambda: receiver.on("/new"))
        await eventually(lambda: executor.owner.fetchval(anew))  # the new target has failed once, just now
    assert await executor.outbox("dispatcher.commands") == []


@pytest.mark.parametrize("change", ["target_url = $2", "state = 'disabled', reason = $2"])
async def test_a_retry_never_goes_to_what_the_hook_was_before(
    executor: ExecutorHarness, receiver: Receiver, change: str
) -> None:
    hook = await executor.make_hook(receiver.url("/old"))
    receiver.script(500, path="/old")
    job = executor.job(hook)
    async with executor.running(hook_schedule_seconds="0,600", hook_cache_seconds=60):
        await executor.publish(job)
        await executor.awaits_retry(job.id)  # and the target is remembered from now on
        query = f"UPDATE dispatch.hook SET {change}, version = version + 1 WHERE id = $1"  # noqa: S608  constants
        await executor.owner.execute(query, hook.id, receiver.url("/new"))
        await executor.owner.execute("UPDATE execution.delivery SET due_at = now() WHERE state = 'pending'")
        await executor.owner.execute("UPDATE execution.delivery_queue SET due_at = now(), failures = 0")
        await executor.becomes(job.id, "succeeded" if "target_url" in change else "cancelled")
    assert len(receiver.on("/old")) == 1


async def test_a_hook_that_is_enabled_again_keeps_what_waits_for_it(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url(), state="disabled")
    first, second = executor.job(hook), executor.job(hook)
    async with executor.running(hook_cache_seconds=60):
        await executor.publish(first)
        await executor.becomes(first.id, "cancelled")  # and the state is remembered from now on
        await executor.owner.execute("UPDATE dispatch.hook SET state = 'active', version = version + 1")
        await executor.publish(second)
        await executor.becomes(second.id, "succeeded")


async def test_what_was_delivered_meanwhile_is_not_sent_again_by_a_recovery(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    job = executor.job(await executor.make_hook(receiver.url()))
    async with executor.running():
        await executor.publish(job)
        await executor.becomes(job.id, "succeeded")
        answer = await executor.command(REDELIVER, {"id": str(job.id), "undelivered_only": True})
        assert (answer["status"], answer["body"]["state"]) == (200, "succeeded")
    assert len(receiver.received) == 1


async def test_what_failed_is_sent_by_a_recovery(executor: ExecutorHarness, receiver: Receiver) -> None:
    job = executor.job(await executor.make_hook(receiver.url()))
    receiver.script(500)
    async with executor.running(hook_schedule_seconds="0"):
        await executor.publish(job)
        await executor.becomes(job.id, "failed")
        await executor.command(REDELIVER, {"id": str(job.id), "undelivered_only": True})
        await executor.becomes(job.id, "succeeded")
