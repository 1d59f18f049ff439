"""A run that has ended is taken up again from a step: what was done stays done, what was refused is tried anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from contracts.primitives.ids import derive_id, new_id
from contracts.wire.commands import CANCEL_RUN, REPLAY_RUN, RUN_ACTION
from contracts.wire.envelope import Envelope
from tests.support.eventually import eventually
from tests.support.executor import ExecutorHarness
from tests.support.receiver import Receiver, Reply, open_receiver

NOT_FOUND = Reply(404, {"Content-Type": "text/plain"}, b"no such list")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


def step(action: str, **given: Any) -> dict[str, Any]:
    return {"action": action, "input": given}


async def replay(executor: ExecutorHarness, run_id: UUID, **given: Any) -> dict[str, Any]:
    return await executor.command(REPLAY_RUN, {"id": str(run_id), **given})


async def command_of(executor: ExecutorHarness, command_id: UUID) -> Envelope:
    """Wait until a command to the ledger is published under this id."""

    async def found() -> Envelope | None:
        return next((one for one in await executor.outbox("ledger.commands") if one.id == command_id), None)

    envelope = await eventually(found)
    assert envelope is not None
    return envelope


async def publish_version(executor: ExecutorHarness, automation_id: UUID, *steps: dict[str, Any]) -> None:
    """Publish the next version of an automation as the dispatcher does."""
    await executor.owner.execute(
        "INSERT INTO dispatch.automation_version (account_id, automation_id, version, definition)"
        " VALUES ($1, $2, 2, $3)",
        executor.account_id, automation_id, {"trigger": {"key": "sale.posted"}, "steps": list(steps)},
    )  # fmt: skip
    await executor.owner.execute("UPDATE dispatch.automation SET version = 2 WHERE id = $1", automation_id)


async def test_a_replay_goes_on_at_the_failed_step_and_repeats_nothing_before_it(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    receiver.script(NOT_FOUND, 200, path="/list")
    automation = await executor.make_automation(
        step("create_client", name="Aya"),
        step("http_request", url=receiver.url("/list"), body="{{ steps[0].output.id }}"),
        step("post_chat_message", url=receiver.url("/chat"), text="done"),
    )
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        command = await command_of(executor, derive_id(job.id, "step-0"))
        await executor.answer_as_ledger(command, 201, {"id": "c-1"})
        await executor.run_becomes(job.id, "failed")
        answer = await replay(executor, job.id)
        row = await executor.run_becomes(job.id, "succeeded")
    assert (answer["status"], answer["body"]["state"], answer["body"]["replays"]) == (200, "running", 1)
    assert (row["error"], row["replays"]) == (None, 1)
    assert len(await executor.outbox("ledger.commands")) == 1
    first, again = receiver.on("/list")
    assert first.body == again.body == b"c-1"
    assert first.headers["Idempotency-Key"] != again.headers["Idempotency-Key"]
    assert len(receiver.on("/chat")) == 1
    assert [one["state"] for one in await executor.steps(job.id)] == ["succeeded"] * 3


async def test_a_ledger_step_that_was_refused_is_a_new_command(executor: ExecutorHarness) -> None:
    job = executor.run_job(await executor.make_automation(step("create_client", name="Aya")))
    async with executor.running():
        await executor.publish(job)
        refused = await command_of(executor, derive_id(job.id, "step-0"))
        await executor.answer_as_ledger(refused, 422, {"code": "invalid_input", "detail": "no room"})
        await executor.run_becomes(job.id, "failed")
        await replay(executor, job.id)
        again = await command_of(executor, derive_id(job.id, "step-0-replay-1"))
        await executor.answer_as_ledger(again, 201, {"id": "c-1"})
        await executor.run_becomes(job.id, "succeeded")
    assert again.data == refused.data


async def test_a_ledger_step_that_succeeded_is_kept_by_a_replay_from_before_it(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    receiver.script(200, NOT_FOUND, 200, 200)
    automation = await executor.make_automation(
        step("http_request", url=receiver.url()),
        step("create_client", name="Aya"),
        step("http_request", url=receiver.url()),
        step("create_client", name="Bo"),
    )
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        command = await command_of(executor, derive_id(job.id, "step-1"))
        await executor.answer_as_ledger(command, 201, {"id": "c-1"})
        await executor.run_becomes(job.id, "failed")
        await replay(executor, job.id, from_step=0)
        command = await command_of(executor, derive_id(job.id, "step-3"))
        await executor.answer_as_ledger(command, 201, {"id": "c-2"})
        await executor.run_becomes(job.id, "succeeded")
        refused = await replay(executor, job.id, from_step=3)
    assert len(await executor.outbox("ledger.commands")) == 2
    assert len({request.headers["Idempotency-Key"] for request in receiver.received}) == 3
    assert (refused["status"], refused["body"]["code"]) == (409, "nothing_to_replay")


async def test_a_call_without_an_answer_keeps_its_key_as_it_may_have_taken_effect(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    receiver.script(500, 500, 500, 500, 200)
    job = executor.run_job(await executor.make_automation(step("http_request", url=receiver.url())))
    async with executor.running():
        await executor.publish(job)
        await executor.run_becomes(job.id, "failed")
        await replay(executor, job.id)
        await executor.run_becomes(job.id, "succeeded")
    assert len({request.headers["Idempotency-Key"] for request in receiver.received}) == 1


async def test_a_replay_on_the_published_version_takes_its_steps(executor: ExecutorHarness, receiver: Receiver) -> None:
    receiver.always["/no"] = NOT_FOUND
    automation = await executor.make_automation(step("http_request", url=receiver.url("/no")))
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        await executor.run_becomes(job.id, "failed")
        mended = step("http_request", url=receiver.url("/yes"))
        await publish_version(executor, automation, mended, step("post_chat_message", url=receiver.url(), text="ok"))
        await replay(executor, job.id, version="published")
        row = await executor.run_becomes(job.id, "succeeded")
    assert row["version"] == 2
    assert len(receiver.on("/yes")) == 1
    assert [one["action"] for one in await executor.steps(job.id)] == ["http_request", "post_chat_message"]


async def test_a_published_version_whose_earlier_steps_differ_is_refused_by_name(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    receiver.script(200, NOT_FOUND)
    automation = await executor.make_automation(*[step("http_request", url=receiver.url())] * 2)
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        await executor.run_becomes(job.id, "failed")
        await publish_version(executor, automation, step("delay", duration="P1D"), step("delay", duration="P1D"))
        answer = await replay(executor, job.id, version="published")
    assert answer["status"] == 422
    assert "step 0 was http_request and now is delay" in answer["body"]["errors"][0]["message"]


async def test_a_preview_shows_the_inputs_and_changes_nothing(executor: ExecutorHarness, receiver: Receiver) -> None:
    receiver.script(NOT_FOUND)
    text = "{{ trigger.data.number | downcase }}"
    automation = await executor.make_automation(
        step("http_request", url=receiver.url(), body="{{ trigger.data.number }}")
    )
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        await executor.run_becomes(job.id, "failed")
        before = (
            await executor.owner.fetchrow("SELECT * FROM execution.run WHERE id = $1", job.id),
            await executor.steps(job.id),
        )
        await publish_version(executor, automation, step("http_request", url=receiver.url(), body=text))
        answer = await replay(executor, job.id, version="published", preview=True)
        after = (
            await executor.owner.fetchrow("SELECT * FROM execution.run WHERE id = $1", job.id),
            await executor.steps(job.id),
        )
    preview = answer["body"]["preview"]
    assert (answer["status"], answer["body"]["state"], preview["from_step"], preview["version"]) == (
        200,
        "failed",
        0,
        2,
    )
    (shown,) = preview["steps"]
    assert (shown["before"]["body"], shown["after"]["body"], shown["differs"], shown["reused"]) == (
        "A-1",
        "a-1",
        True,
        False,
    )
    assert before == after
    assert len(receiver.received) == 1


@pytest.mark.parametrize("given", [{"from_step": 1}, {"from_step": -1}, {"version": "draft"}, {"speed": 1}])
async def test_a_replay_that_cannot_be_is_refused_with_its_field(
    executor: ExecutorHarness, receiver: Receiver, given: dict[str, Any]
) -> None:
    receiver.always["/hook"] = NOT_FOUND
    job = executor.run_job(await executor.make_automation(*[step("http_request", url=receiver.url())] * 2))
    async with executor.running():
        await executor.publish(job)
        await executor.run_becomes(job.id, "failed")
        answer = await replay(executor, job.id, **given)
    assert (answer["status"], answer["body"]["errors"][0]["path"]) == (422, next(iter(given)))


async def test_only_a_run_that_has_ended_is_replayed_and_only_one_that_has_not_is_cancelled(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    automation = await executor.make_automation(step("delay", duration="P1D"), step("http_request", url=receiver.url()))
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        await executor.run_becomes(job.id, "waiting")
        waiting = await replay(executor, job.id)
        cancelled = await executor.command(CANCEL_RUN, {"id": str(job.id)})
        again = await executor.command(CANCEL_RUN, {"id": str(job.id)})
        unknown = [await executor.command(name, {"id": str(new_id())}) for name in (CANCEL_RUN, REPLAY_RUN)]
        foreign = await executor.command(CANCEL_RUN, {"id": str(job.id)}, account_id=new_id())
        states = [one["state"] for one in await executor.steps(job.id)]
        resumed = await replay(executor, job.id)
        await executor.run_becomes(job.id, "waiting")
    assert (waiting["status"], waiting["body"]["code"]) == (409, "run_not_ended")
    assert (cancelled["status"], cancelled["body"]["state"]) == (200, "cancelled")
    assert states == ["skipped", "skipped"]
    assert (again["status"], again["body"]["code"]) == (409, "run_ended")
    assert [one["status"] for one in (*unknown, foreign)] == [404, 404, 404]
    assert resumed["status"] == 200
    assert receiver.received == []


async def test_a_call_under_way_cannot_end_a_run_that_was_cancelled(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    job = executor.run_job(await executor.make_automation(step("create_client", name="Aya")))
    async with executor.running():
        await executor.publish(job)
        command = await command_of(executor, derive_id(job.id, "step-0"))
        await executor.command(CANCEL_RUN, {"id": str(job.id)})
        await executor.answer_as_ledger(command, 201, {"id": "c-1"})
        await replay(executor, job.id)
        await executor.run_becomes(job.id, "waiting")
        await executor.tell_of_answer(command)  # as the ledger does of a command that it has answered before
        await executor.run_becomes(job.id, "succeeded")
    assert [one.id for one in await executor.outbox("ledger.commands")] == [command.id]


async def test_a_loop_that_was_cut_is_not_taken_up_again(executor: ExecutorHarness, receiver: Receiver) -> None:
    job = executor.run_job(await executor.make_automation(step("http_request", url=receiver.url())), depth=8)
    async with executor.running():
        await executor.publish(job)
        await executor.run_becomes(job.id, "failed")
        answer = await replay(executor, job.id)
    assert (answer["status"], answer["body"]["code"]) == (409, "automation_loop")


async def test_a_replay_that_fails_fires_the_event_again(executor: ExecutorHarness, receiver: Receiver) -> None:
    receiver.always["/hook"] = NOT_FOUND
    job = executor.run_job(await executor.make_automation(step("http_request", url=receiver.url())))
    async with executor.running():
        await executor.publish(job)
        await executor.run_becomes(job.id, "failed")
        await replay(executor, job.id)
        await eventually(lambda: len(receiver.received) == 2)
        await executor.run_becomes(job.id, "failed")
    events = await executor.outbox("dispatcher.events")
    assert [one.data["object"]["replays"] for one in events] == [0, 1]


async def test_a_dry_run_is_no_run_that_can_be_cancelled(executor: ExecutorHarness) -> None:
    steps = [step("create_client", name="{{ item }}")]
    requested = {"action": "for_each", "input": {"items": ["Aya"], "steps": steps}, "dry_run": True}
    async with executor.running():
        run_id = await executor.send(RUN_ACTION, requested)
        await executor.run_becomes(run_id, "waiting")
        cancelled = await executor.command(CANCEL_RUN, {"id": str(run_id)})
        command = await command_of(executor, derive_id(run_id, "step-0.items.0.steps.0"))
        await executor.answer_as_ledger(command, 200, {"dry_run": True, "would": {"id": "c-1"}, "changes": []})
        answer = await executor.outcome_of(run_id)
    assert (cancelled["status"], answer["status"]) == (404, 200)
    assert answer["body"]["would"]["outputs"] == [{"id": "c-1"}]
    assert await executor.owner.fetchval("SELECT count(*) FROM execution.run") == 0
