"""The DELETE that notifies a target of its hook's end: signed, tried again, and outliving the worker."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator

import pytest
from standardwebhooks.webhooks import Webhook

from action_executor.deliveries import removal_notifier
from contracts.primitives.ids import new_id
from contracts.wire.envelope import Envelope
from tests.support.eventually import eventually
from tests.support.executor import ExecutorHarness, MadeHook
from tests.support.receiver import Receiver, Reply, open_receiver
from tests.support.servers import free_port


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


def notice(hook: MadeHook, *, version: int = 1) -> Envelope:
    identifier = new_id()
    return Envelope(
        id=identifier, name="notify_removal", account_id=hook.account_id, correlation_id=identifier,
        data={"hook_id": str(hook.id), "version": version},
    )  # fmt: skip


async def is_done(executor: ExecutorHarness) -> bool:
    return bool(await executor.owner.fetchval("SELECT NOT EXISTS (SELECT FROM execution.removal_notice)"))


async def test_the_target_gets_one_signed_delete(executor: ExecutorHarness, receiver: Receiver) -> None:
    hook = await executor.make_hook(receiver.url(), state="removed")
    async with executor.running():
        job = notice(hook)
        await executor.publish(job, job)
        await eventually(lambda: receiver.received)
        await eventually(lambda: is_done(executor))
    (reported,) = receiver.received
    assert reported.method == "DELETE"
    assert Webhook(hook.secret).verify(reported.body, dict(reported.headers)) == {"type": "hook.removed"}


async def test_a_failing_target_is_notified_again_a_bounded_number_of_times(
    executor: ExecutorHarness, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal_notifier, "SCHEDULE_SECONDS", (0.05, 0.05))
    hook = await executor.make_hook(receiver.url(), state="removed")
    receiver.always["/hook"] = Reply(503)
    async with executor.running():
        await executor.publish(notice(hook))
        await eventually(lambda: len(receiver.received) == 3)
        await eventually(lambda: is_done(executor))
    assert len(receiver.received) == 3


@pytest.mark.parametrize("status", [204, 404, 410, 302])
async def test_any_other_answer_ends_it(executor: ExecutorHarness, receiver: Receiver, status: int) -> None:
    hook = await executor.make_hook(receiver.url(), state="disabled")
    receiver.always["/hook"] = Reply(status)
    async with executor.running():
        await executor.publish(notice(hook))
        await eventually(lambda: receiver.received)
        await eventually(lambda: is_done(executor))
    assert len(receiver.received) == 1


async def test_a_hook_that_is_active_or_another_by_then_is_not_ended_at_its_target(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    active = await executor.make_hook(receiver.url())
    changed = await executor.make_hook(receiver.url(), state="disabled")
    await executor.retarget(changed, receiver.url("/new"))
    other = await executor.make_hook(receiver.url("/other"), state="removed")
    async with executor.running():
        await executor.publish(notice(active), notice(changed), notice(other))
        await eventually(lambda: receiver.received)
        await eventually(lambda: is_done(executor))
    assert [reported.path for reported in receiver.received] == ["/other"]


async def test_a_notification_in_progress_of_a_killed_worker_is_sent_by_the_next_one(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    hook = await executor.make_hook(receiver.url(), state="removed")
    receiver.script(Reply(hang=True))
    environment = os.environ | {
        "LEDGERWIRE_POSTGRES_DSN": executor.dsn,
        "LEDGERWIRE_SECRET_KEYS": executor.key,
        "LEDGERWIRE_EGRESS_ALLOW": "127.0.0.0/8",
        "LEDGERWIRE_HEALTH_PORT": str(free_port()),
    }
    worker = await asyncio.create_subprocess_exec(sys.executable, "-m", "action_executor", env=environment)
    try:
        await executor.publish(notice(hook))
        await eventually(lambda: receiver.received, deadline_seconds=30)
    finally:
        worker.kill()
        await worker.wait()
    assert not await is_done(executor)
    async with executor.running(is_sole_worker=True):
        await eventually(lambda: len(receiver.received) == 2)
        await eventually(lambda: is_done(executor))
