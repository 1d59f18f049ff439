"""Deliveries to a real receiver over a real Postgres: what is sent, when again, and what is written down."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from standardwebhooks.webhooks import Webhook

from contracts.primitives.ids import new_id
from contracts.version import VERSION
from tests.support.eventually import eventually
from tests.support.executor import ExecutorHarness
from tests.support.receiver import Receiver, Reply, open_receiver


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


async def test_an_event_reaches_its_receiver_signed_and_is_written_down(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url())
    receiver.script(Reply(200, body=b"thank you"))
    job = executor.job(hook)
    async with executor.running():
        await executor.publish(job)
        row = await executor.becomes(job.id, "succeeded")
    (request,) = receiver.received
    assert request.method == "POST"
    assert request.body == job.data["body"].encode()
    assert request.id == job.data["event_id"]
    assert request.headers["User-Agent"] == f"Ledgerwire/{VERSION}"
    assert request.headers["Content-Type"] == "application/json"
    assert Webhook(hook.secret).verify(request.body, dict(request.headers))["id"] == job.data["event_id"]
    (attempt,) = await executor.attempts(job.id)
    assert (attempt["number"], attempt["status_code"], attempt["error"]) == (1, 200, None)
    assert attempt["response"] == "thank you"
    assert (row["attempts"], row["status_code"], row["error"], row["due_at"]) == (1, 200, None, None)


async def test_a_failure_is_tried_again_with_the_same_id_and_bytes(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url())
    receiver.script(500, Reply(cut=True))
    job = executor.job(hook)
    async with executor.running():
        await executor.publish(job)
        await executor.becomes(job.id, "succeeded")
    assert len(receiver.received) == 3
    assert len({(request.id, request.body) for request in receiver.received}) == 1
    attempts = await executor.attempts(job.id)
    assert [attempt["error"] for attempt in attempts] == [
        "answered 500", "the connection was closed before a response arrived", None
    ]  # fmt: skip


async def test_a_delivery_that_never_succeeds_fails_after_its_schedule_and_can_be_delivered_again(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url())
    receiver.script(500, 500, 500, 500)
    job = executor.job(hook)
    async with executor.running():
        await executor.publish(job)
        row = await executor.becomes(job.id, "failed")
        assert row["error"] == "answered 500; given up after 4 tries"
        answer = await executor.command("redeliver", {"id": str(job.id)})
        assert answer["status"] == 200
        assert (answer["body"]["state"], answer["body"]["attempt_count"]) == ("pending", 4)
        assert len(answer["body"]["attempts"]) == 4
        await executor.becomes(job.id, "succeeded")
    assert [attempt["number"] for attempt in await executor.attempts(job.id)] == [1, 2, 3, 4, 5]
    assert len({(request.id, request.body) for request in receiver.received}) == 1


async def test_a_job_that_comes_twice_is_delivered_once(executor: ExecutorHarness, receiver: Receiver) -> None:
    hook = await executor.make_hook(receiver.url())
    job, marker = executor.job(hook), executor.job(hook)
    async with executor.running():
        await executor.publish(job, job)
        await executor.publish(job, marker)
        await executor.becomes(marker.id, "succeeded")
        await executor.becomes(job.id, "succeeded")
    assert sorted(request.id for request in receiver.received) == sorted(
        [job.data["event_id"], marker.data["event_id"]]
    )


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_a_failure_and_is_not_followed(
    executor: ExecutorHarness, receiver: Receiver, status: int
) -> None:
    hook = await executor.make_hook(receiver.url())
    receiver.script(Reply(status, {"Location": receiver.url("/elsewhere")}))
    job = executor.job(hook)
    async with executor.running():
        await executor.publish(job)
        await executor.becomes(job.id, "succeeded")
    assert [request.path for request in receiver.received] == ["/hook", "/hook"]
    assert "redirects are not followed" in (await executor.attempts(job.id))[0]["error"]


async def test_a_410_ends_the_hook_at_once_and_cancels_what_waits(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url())
    receiver.script(500, 410)
    waiting, last = executor.job(hook), executor.job(hook)
    async with executor.running(hook_schedule_seconds="0,600"):
        await executor.publish(waiting)
        await executor.awaits_retry(waiting.id)
        await executor.publish(last)
        assert (await executor.becomes(last.id, "failed"))["status_code"] == 410
        cancelled = await executor.becomes(waiting.id, "cancelled")
        assert cancelled["error"] == "the hook ended: answered 410: the receiver is gone"
        (command,) = await eventually(lambda: executor.outbox("dispatcher.commands"))
    assert (command.name, command.data["id"], command.data["state"]) == ("end_hook", str(hook.id), "removed")
    assert len(receiver.received) == 2


async def test_deliveries_of_a_disabled_or_deleted_hook_are_cancelled_with_the_reason(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    disabled = executor.job(await executor.make_hook(receiver.url(), state="disabled"))
    removed = executor.job(await executor.make_hook(receiver.url(), state="removed"))
    async with executor.running():
        await executor.publish(disabled, removed)
        assert (await executor.becomes(disabled.id, "cancelled"))["error"] == "the hook is disabled"
        assert (await executor.becomes(removed.id, "cancelled"))["error"] == "the hook was deleted"
        answer = await executor.command("redeliver", {"id": str(disabled.id)})
    assert (answer["status"], answer["body"]["code"]) == (409, "hook_not_active")
    assert receiver.received == []


async def test_retry_after_is_never_undercut(executor: ExecutorHarness, receiver: Receiver) -> None:
    hook = await executor.make_hook(receiver.url())
    receiver.script(Reply(429, {"Retry-After": "1"}))
    job = executor.job(hook)
    async with executor.running():
        await executor.publish(job)
        await executor.becomes(job.id, "succeeded")
    first, second = receiver.received
    assert second.at - first.at >= 0.95


async def test_after_a_rotation_both_secrets_sign_until_the_old_one_ends(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url())
    async with executor.running():
        newest = await executor.rotate(hook)
        job = executor.job(hook)
        await executor.publish(job)
        await executor.becomes(job.id, "succeeded")
        for secret in (hook.secret, newest):
            Webhook(secret).verify(receiver.received[0].body, dict(receiver.received[0].headers))
        await executor.owner.execute("UPDATE dispatch.hook SET previous_until = now()")
        later = executor.job(hook)
        await executor.publish(later)
        await executor.becomes(later.id, "succeeded")
    assert len(receiver.received[1].headers["webhook-signature"].split()) == 1
    Webhook(newest).verify(receiver.received[1].body, dict(receiver.received[1].headers))


async def test_an_event_after_a_rotation_is_signed_with_the_new_secret_at_once(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url())
    before = executor.job(hook, hook_version=1)
    async with executor.running(hook_cache_seconds=60):
        await executor.publish(before)
        await executor.becomes(before.id, "succeeded")  # and the hook is remembered from now on
        newest = await executor.rotate(hook)
        later = executor.job(hook, hook_version=2)
        await executor.publish(later)
        await executor.becomes(later.id, "succeeded")
        await executor.retarget(hook, receiver.url("/new"))
        again = await executor.command("redeliver", {"id": str(later.id)})
        assert again["status"] == 200
        await eventually(lambda: receiver.on("/new"))
    Webhook(newest).verify(receiver.received[1].body, dict(receiver.received[1].headers))


async def test_of_a_long_answer_little_is_read_and_less_is_kept(executor: ExecutorHarness, receiver: Receiver) -> None:
    hook = await executor.make_hook(receiver.url())
    receiver.script(Reply(200, body=b"\x00" + b"x" * 5_000_000))
    job = executor.job(hook)
    async with executor.running():
        await executor.publish(job)
        await executor.becomes(job.id, "succeeded")
    assert (await executor.attempts(job.id))[0]["response"] == "\ufffd" + "x" * 2047


async def test_a_receiver_that_hangs_times_out(executor: ExecutorHarness, receiver: Receiver) -> None:
    hook = await executor.make_hook(receiver.url())
    receiver.script(Reply(hang=True))
    job = executor.job(hook)
    async with executor.running(hook_timeout_seconds=0.3):
        await executor.publish(job)
        await executor.becomes(job.id, "succeeded")
    assert (await executor.attempts(job.id))[0]["error"] == "no answer in time"


async def test_redelivering_what_is_not_there_is_a_404(executor: ExecutorHarness) -> None:
    async with executor.running():
        answer = await executor.command("redeliver", {"id": str(new_id())})
        assert (answer["status"], answer["body"]["code"]) == (404, "not_found")
        wrong = await executor.command("redeliver", {"nonsense": 1})
    assert wrong["status"] == 422
    assert {fault["path"] for fault in wrong["body"]["errors"]} == {"id", "nonsense"}


async def test_another_accounts_delivery_is_not_there(executor: ExecutorHarness, receiver: Receiver) -> None:
    job = executor.job(await executor.make_hook(receiver.url()))
    async with executor.running():
        await executor.publish(job)
        await executor.becomes(job.id, "succeeded")
        answer = await executor.command("redeliver", {"id": str(job.id)}, account_id=new_id())
    assert answer["status"] == 404
