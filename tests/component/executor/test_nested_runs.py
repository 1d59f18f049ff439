"""Runs with `branch` and `for_each` over a real Postgres: a choice and each item are taken once, whatever dies."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from contracts.primitives.ids import derive_id
from contracts.wire.commands import REPLAY_RUN
from tests.support.eventually import eventually
from tests.support.executor import ExecutorHarness
from tests.support.receiver import Receiver, Reply, open_receiver
from tests.support.servers import free_port


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


def step(action: str, *, continue_on_error: bool = False, **given: Any) -> dict[str, Any]:
    return {"action": action, "input": given, "continue_on_error": continue_on_error}


def chat_message(receiver: Receiver, text: str, path: str = "/") -> dict[str, Any]:
    return step("post_chat_message", url=receiver.url(path), text=text)


LINES = {"total": "30.00", "lines": [{"code": "A", "price": "10"}, {"code": "B", "price": "20"}]}


async def states(executor: ExecutorHarness, run_id: UUID) -> dict[str, str]:
    rows = await executor.owner.fetch("SELECT path, state FROM execution.step WHERE run_id = $1", run_id)
    return {row["path"]: row["state"] for row in rows}


def texts(receiver: Receiver, path: str = "/") -> list[str]:
    return [one.json["text"] for one in receiver.on(path)]


async def test_the_first_branch_whose_condition_holds_is_taken_and_the_run_goes_on_behind_it(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    large = {"where": "{{ trigger.data.total }}", "op": "gt", "value": 1000, "steps": [chat_message(receiver, "large")]}
    small = {"where": "{{ trigger.data.total }}", "op": "gt", "value": 10, "steps": [chat_message(receiver, "small")]}
    other = {"steps": [chat_message(receiver, "other")]}
    automation = await executor.make_automation(
        step("branch", branches=[large, small, other]),
        chat_message(receiver, "branch {{ steps[0].output.branch }}"),
    )
    job = executor.run_job(automation, data=LINES)
    async with executor.running():
        await executor.publish(job)
        await executor.run_becomes(job.id, "succeeded")
    assert texts(receiver) == ["small", "branch 1"]
    assert await states(executor, job.id) == dict.fromkeys(["0", "0.branches.1.steps.0", "1"], "succeeded")


async def test_no_branch_that_holds_is_no_error(executor: ExecutorHarness, receiver: Receiver) -> None:
    arm = {"where": "{{ trigger.data.total }}", "op": "gt", "value": 1000, "steps": [chat_message(receiver, "large")]}
    automation = await executor.make_automation(step("branch", branches=[arm]), chat_message(receiver, "after"))
    job = executor.run_job(automation, data=LINES)
    async with executor.running():
        await executor.publish(job)
        await executor.run_becomes(job.id, "succeeded")
    assert texts(receiver) == ["after"]


async def test_each_item_is_taken_with_its_own_steps_and_idempotency_keys(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    automation = await executor.make_automation(
        step(
            "for_each",
            items="{{ trigger.data.lines }}",
            steps=[
                chat_message(receiver, "{{ index }}: {{ item.code }}"),
                chat_message(receiver, "{{ item.code }} answered {{ inner[0].output.status }}"),
            ],
        ),
        chat_message(receiver, "{{ steps[0].output.count }} items, last {{ steps[0].output.outputs[1].status }}"),
    )
    job = executor.run_job(automation, data=LINES)
    async with executor.running():
        await executor.publish(job)
        await executor.run_becomes(job.id, "succeeded")
    assert texts(receiver) == ["0: A", "A answered 204", "1: B", "B answered 204", "2 items, last 204"]
    keys = [one.headers["Idempotency-Key"] for one in receiver.on("/")]
    assert keys[2] == str(derive_id(job.id, "step-0.items.1.steps.0"))
    assert len(set(keys)) == 5


async def test_a_filter_ends_its_item_and_an_item_that_fails_may_be_passed_over(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    receiver.script(Reply(404), path="/B")
    automation = await executor.make_automation(
        step(
            "for_each",
            continue_on_error=True,
            items=["A", "B", "C"],
            steps=[
                step("filter", where="{{ item }}", op="ne", value="A"),
                step("http_request", url=receiver.url("/{{ item }}")),
                chat_message(receiver, "{{ item }}"),
            ],
        ),
        chat_message(receiver, "failed: {{ steps[0].output.failed }}"),
    )
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        await executor.run_becomes(job.id, "succeeded")
    assert texts(receiver) == ["C", "failed: [1]"]


async def test_a_failure_inside_fails_what_is_around_it_and_the_run(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    receiver.script(Reply(404), path="/no")
    inner = step("branch", branches=[{"steps": [step("http_request", url=receiver.url("/no"))]}])
    automation = await executor.make_automation(
        step("for_each", items=[1, 2], steps=[inner]), chat_message(receiver, "never")
    )
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        row = await executor.run_becomes(job.id, "failed")
    assert row["error"].startswith("step 0.items.0.steps.0.branches.0.steps.0 (http_request):")
    assert await states(executor, job.id) == {
        "0": "failed",
        "0.items.0.steps.0": "failed",
        "0.items.0.steps.0.branches.0.steps.0": "failed",
        "1": "skipped",
    }


@pytest.mark.parametrize(
    ("items", "reason"),
    [("{{ trigger.data.total }}", "input.items: must be a list"), ([1] * 101, "at most 100")],
)
async def test_what_is_no_list_of_at_most_a_hundred_fails_with_a_plain_reason(
    executor: ExecutorHarness, receiver: Receiver, items: Any, reason: str
) -> None:
    automation = await executor.make_automation(step("for_each", items=items, steps=[chat_message(receiver, "never")]))
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        row = await executor.run_becomes(job.id, "failed")
    assert reason in row["error"]
    assert receiver.received == []


async def test_a_worker_killed_inside_an_item_repeats_that_step_alone_under_the_same_key(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    receiver.script(Reply(hang=True), path="/B")
    automation = await executor.make_automation(
        step("for_each", items=["A", "B", "C"], steps=[step("http_request", url=receiver.url("/{{ item }}"))])
    )
    job = executor.run_job(automation)
    environment = os.environ | {
        "LEDGERWIRE_POSTGRES_DSN": executor.dsn,
        "LEDGERWIRE_SECRET_KEYS": executor.key,
        "LEDGERWIRE_EGRESS_ALLOW": "127.0.0.0/8",
        "LEDGERWIRE_HEALTH_PORT": str(free_port()),
    }
    worker = await asyncio.create_subprocess_exec(sys.executable, "-m", "action_executor", env=environment)
    try:
        await executor.publish(job)
        await eventually(lambda: receiver.on("/B"), deadline_seconds=60)
    finally:
        worker.kill()
        await worker.wait()
    await executor.owner.execute("UPDATE execution.run SET due_at = now()")
    async with executor.running():
        await executor.run_becomes(job.id, "succeeded")
    assert [len(receiver.on(path)) for path in ("/A", "/B", "/C")] == [1, 2, 1]
    assert len({one.headers["Idempotency-Key"] for one in receiver.on("/B")}) == 1


async def test_a_replay_goes_on_at_the_item_that_failed(executor: ExecutorHarness, receiver: Receiver) -> None:
    receiver.script(Reply(404), Reply(200), path="/B")
    call = step("http_request", url=receiver.url("/{{ item }}"))
    automation = await executor.make_automation(
        step("for_each", items=["A", "B", "C"], steps=[call, chat_message(receiver, "{{ item }}")])
    )
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        await executor.run_becomes(job.id, "failed")
        shown = await executor.command(REPLAY_RUN, {"id": str(job.id), "preview": True})
        answer = await executor.command(REPLAY_RUN, {"id": str(job.id)})
        await executor.run_becomes(job.id, "succeeded")
    assert shown["body"]["preview"]["steps"][0]["differs"] is False
    assert (answer["status"], answer["body"]["step_no"]) == (200, 0)
    assert [len(receiver.on(path)) for path in ("/A", "/B", "/C")] == [1, 2, 1]
    assert texts(receiver) == ["A", "B", "C"]
