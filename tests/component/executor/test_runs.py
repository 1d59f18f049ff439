"""Runs of automations over a real Postgres: steps in order, each committed, exactly once on our own books."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from action_executor.runs.store import oldest_seconds
from contracts.primitives.ids import derive_id
from contracts.resources.run import from_row as present
from tests.support.eventually import eventually
from tests.support.executor import ExecutorHarness
from tests.support.receiver import Receiver, Reply, open_receiver


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


def step(action: str, *, continue_on_error: bool = False, **given: Any) -> dict[str, Any]:
    return {"action": action, "input": given, "connection_id": None, "continue_on_error": continue_on_error}


async def test_a_run_goes_through_its_steps_with_templates_filled_in(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    receiver.script(Reply(200, {"Content-Type": "application/json"}, b'{"ticket": 7}'), path="/tickets")
    automation = await executor.make_automation(
        step("filter", where="{{ trigger.data.total }}", op="gte", value="1000"),
        step("http_request", url=receiver.url("/tickets"), body={"total": "{{ trigger.data.total }}"}),
        step("post_chat_message", url=receiver.url("/chat"), text="ticket {{ steps[1].output.body.ticket }}"),
    )
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        await executor.run_becomes(job.id, "succeeded")
    (ticket,), (chat,) = receiver.on("/tickets"), receiver.on("/chat")
    assert ticket.json == {"total": "1234.50"}
    assert ticket.headers["Idempotency-Key"] == str(derive_id(job.id, "step-1"))
    assert chat.json == {"text": "ticket 7"}
    steps = await executor.steps(job.id)
    assert [(row["state"], row["attempts"]) for row in steps] == [("succeeded", 1)] * 3
    assert [row["guarantee"] for row in steps] == ["exactly_once", "at_least_once", "at_least_once"]
    assert steps[1]["output"]["body"] == {"ticket": 7}


async def test_a_filter_that_does_not_hold_ends_the_run_and_skips_the_rest(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    automation = await executor.make_automation(
        step("filter", where="{{ trigger.data.total }}", op="gt", value=2000),
        step("post_chat_message", url=receiver.url(), text="never"),
    )
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        row = await executor.run_becomes(job.id, "filtered")
    assert row["error"] is None
    assert [one["state"] for one in await executor.steps(job.id)] == ["succeeded", "skipped"]
    assert receiver.received == []


async def test_a_missing_value_that_is_required_fails_the_step_and_is_named(executor: ExecutorHarness) -> None:
    automation = await executor.make_automation(
        step("post_chat_message", url="http://127.0.0.1/x", text="{{ trigger.data.nothing.here }}")
    )
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        row = await executor.run_becomes(job.id, "failed")
    assert "(post_chat_message): input.text: must be a text; trigger.data.nothing.here is missing" in row["error"]


async def test_what_may_pass_by_itself_is_tried_again_with_the_same_key_and_then_given_up(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    receiver.script(503, 429, 500, 502)
    automation = await executor.make_automation(step("http_request", url=receiver.url(), method="PUT"))
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        row = await executor.run_becomes(job.id, "failed")
    assert row["error"] == "step 0 (http_request): answered 502; given up after 4 tries"
    assert len({request.headers["Idempotency-Key"] for request in receiver.received}) == 1
    assert len(receiver.received) == 4


async def test_a_step_with_retries_of_its_own_is_tried_as_often_as_it_says(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    once = step("http_request", url=receiver.url("/once")) | {"retry": {"attempts": 1, "schedule": ["5s"]}}
    receiver.always["/once"] = Reply(503, {}, b"")
    job = executor.run_job(await executor.make_automation(once))
    async with executor.running():
        await executor.publish(job)
        row = await executor.run_becomes(job.id, "failed")
    assert row["error"].endswith("given up after 1 tries")
    assert len(receiver.on("/once")) == 1


async def test_a_delay_to_the_next_business_day_ends_by_the_accounts_clock(executor: ExecutorHarness) -> None:
    await executor.owner.execute(
        "INSERT INTO ingress.account (account_id, name, time_zone) VALUES ($1, 'Baltic Trading', 'Europe/Riga')",
        executor.account_id,
    )
    automation = await executor.make_automation(
        step(
            "filter", all=[{"where": "{{ trigger.data.total }}", "op": "gte", "value": 1000}, {"not": {"where": "a"}}]
        ),
        step("delay", business_day="09:00"),
    )
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        waiting = await executor.run_becomes(job.id, "waiting")
    local = (waiting["due_at"] + timedelta(seconds=30)).astimezone(ZoneInfo("Europe/Riga"))
    assert (local.hour, local.minute, local.weekday() < 5) == (9, 0, True)


async def test_a_permanent_failure_fails_at_once_or_is_passed_over_by_choice(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    receiver.always["/no"] = Reply(404, {"Content-Type": "text/plain"}, b"no such thing")
    strict = await executor.make_automation(
        step("http_request", url=receiver.url("/no")), step("post_chat_message", url=receiver.url("/chat"), text="a")
    )
    lenient = await executor.make_automation(
        step("http_request", url=receiver.url("/no"), continue_on_error=True),
        step("post_chat_message", url=receiver.url("/chat"), text="b"),
    )
    failing, passing = executor.run_job(strict), executor.run_job(lenient)
    async with executor.running():
        await executor.publish(failing, passing)
        row = await executor.run_becomes(failing.id, "failed")
        await executor.run_becomes(passing.id, "succeeded")
    assert row["error"] == "step 0 (http_request): answered 404: no such thing"
    assert [one["state"] for one in await executor.steps(failing.id)] == ["failed", "skipped"]
    assert [one["state"] for one in await executor.steps(passing.id)] == ["failed", "succeeded"]
    assert [request.json["text"] for request in receiver.on("/chat")] == ["b"]


async def test_a_delay_waits_in_postgres_and_outlives_the_worker(executor: ExecutorHarness, receiver: Receiver) -> None:
    automation = await executor.make_automation(
        step("delay", duration="P3D"), step("post_chat_message", url=receiver.url(), text="later")
    )
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        waiting = await executor.run_becomes(job.id, "waiting")
        assert (waiting["due_at"] - waiting["created_at"]).total_seconds() == pytest.approx(3 * 86_400, abs=5)
    assert receiver.received == []
    await executor.owner.execute("UPDATE execution.run SET due_at = now()")
    await executor.owner.execute("UPDATE execution.step SET started_at = started_at - interval '3 days 1 minute'")
    async with executor.running():
        await executor.run_becomes(job.id, "succeeded")
    assert [request.json["text"] for request in receiver.received] == ["later"]


async def test_a_run_that_has_not_ended_has_a_time_and_the_oldest_that_is_due_is_reported(
    executor: ExecutorHarness,
) -> None:
    job = executor.run_job(await executor.make_automation(step("delay", duration="P3D")))
    async with executor.running():
        await executor.publish(job)
        await executor.run_becomes(job.id, "waiting")
    assert await oldest_seconds(executor.pool) == 0
    await executor.owner.execute(
        "UPDATE execution.run SET due_at = now() - interval '1 minute', created_at = now() - interval '1 hour'"
    )
    assert await oldest_seconds(executor.pool) == pytest.approx(3600, abs=60)
    with pytest.raises(asyncpg.CheckViolationError):
        await executor.owner.execute("UPDATE execution.run SET due_at = NULL")


async def test_a_step_on_our_own_ledger_is_one_command_and_takes_its_outcome(executor: ExecutorHarness) -> None:
    automation = await executor.make_automation(
        step("create_client", name="{{ trigger.data.number }} SIA", currency="EUR"),
        step("record_payment", client_id="{{ steps[0].output.id }}", amount="{{ trigger.data.total }}", currency="EUR"),
    )
    job = executor.run_job(automation, depth=2)
    client_id = str(UUID(int=7))
    async with executor.running(sweep_seconds=60):
        await executor.publish(job)
        (command,) = await eventually(lambda: executor.outbox("ledger.commands"))
        assert (command.name, command.data) == ("create_client", {"name": "A-1 SIA", "currency": "EUR"})
        assert (command.id, command.depth) == (derive_id(job.id, "step-0"), 3)
        assert (command.correlation_id, command.account_id) == (job.correlation_id, executor.account_id)
        await executor.answer_as_ledger(command, 201, {"id": client_id, "name": "A-1 SIA"})
        payment = await eventually(lambda: _second_command(executor))
        assert payment.data == {"client_id": client_id, "amount": "1234.50", "currency": "EUR"}
        await executor.answer_as_ledger(payment, 201, {"id": "p"})
        await executor.run_becomes(job.id, "succeeded")
    assert [one["output"]["id"] for one in await executor.steps(job.id)] == [client_id, "p"]


async def _second_command(executor: ExecutorHarness) -> Any:
    return next((one for one in await executor.outbox("ledger.commands") if one.name == "record_payment"), None)


async def test_an_outcome_whose_hint_was_lost_is_found_by_another_worker(executor: ExecutorHarness) -> None:
    automation = await executor.make_automation(step("create_client", name="A"))
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        (command,) = await eventually(lambda: executor.outbox("ledger.commands"))
        await executor.run_becomes(job.id, "waiting")
    await executor.answer_as_ledger(command.model_copy(update={"reply_to": None}), 201, {"id": "c"})
    await executor.owner.execute("UPDATE execution.run SET due_at = now()")
    async with executor.running():
        await executor.run_becomes(job.id, "succeeded")
    assert len(await executor.outbox("ledger.commands")) == 1


async def test_what_the_ledger_refuses_fails_the_run_with_its_reason(executor: ExecutorHarness) -> None:
    automation = await executor.make_automation(step("create_client", name="A"))
    job = executor.run_job(automation)
    problem = {"code": "quota_exceeded", "title": "The plan's limit is reached", "detail": "50 of 50", "errors": []}
    async with executor.running():
        await executor.publish(job)
        (command,) = await eventually(lambda: executor.outbox("ledger.commands"))
        await executor.answer_as_ledger(command, 403, problem)
        row = await executor.run_becomes(job.id, "failed")
    assert row["error"] == "step 0 (create_client): 50 of 50"


async def test_input_that_the_action_does_not_take_fails_before_anything_is_sent(executor: ExecutorHarness) -> None:
    automation = await executor.make_automation(step("create_client", name="", email="{{ trigger.data.number }}"))
    job = executor.run_job(automation)
    async with executor.running():
        await executor.publish(job)
        row = await executor.run_becomes(job.id, "failed")
    assert "input.name:" in row["error"]
    assert "input.email:" in row["error"]
    assert await executor.outbox("ledger.commands") == []


async def test_automations_that_set_each_other_off_are_cut_with_the_reason(executor: ExecutorHarness) -> None:
    automation = await executor.make_automation(step("create_client", name="A"))
    job = executor.run_job(automation, depth=8)
    async with executor.running():
        await executor.publish(job)
        row = await executor.run_becomes(job.id, "failed")
    assert row["error"] == "automations caused one another 8 times over: the loop is cut here"


async def test_a_crash_repeats_at_most_the_step_in_progress(executor: ExecutorHarness, receiver: Receiver) -> None:
    automation = await executor.make_automation(
        step("http_request", url=receiver.url("/first")), step("http_request", url=receiver.url("/second"))
    )
    receiver.script(Reply(hang=True), path="/second")
    job = executor.run_job(automation)
    async with executor.running(drain_seconds=0.1):
        await executor.publish(job)
        await eventually(lambda: receiver.on("/second"))
        assert [one["state"] for one in await executor.steps(job.id)] == ["succeeded", "running"]
    await executor.owner.execute("UPDATE execution.run SET due_at = now()")
    async with executor.running():
        await executor.run_becomes(job.id, "succeeded")
    assert [request.path for request in receiver.received] == ["/first", "/second", "/second"]
    assert len({request.headers["Idempotency-Key"] for request in receiver.on("/second")}) == 1


async def test_a_run_that_kills_worker_after_worker_is_given_up(executor: ExecutorHarness, receiver: Receiver) -> None:
    automation = await executor.make_automation(step("http_request", url=receiver.url()))
    receiver.script(Reply(hang=True))
    job = executor.run_job(automation)
    async with executor.running(drain_seconds=0.1):
        await executor.publish(job)
        await eventually(lambda: receiver.received)
    await executor.owner.execute("UPDATE execution.run SET due_at = now(), leased = true, lost_workers = 4")
    async with executor.running():
        row = await executor.run_becomes(job.id, "failed")
    assert row["error"] == "step 0 (http_request): its worker was lost 5 times in a row"


async def test_a_run_is_shown_with_its_steps(executor: ExecutorHarness, receiver: Receiver) -> None:
    receiver.script(Reply(200, {"Content-Type": "application/json"}, b'{"nul": "\\u0000"}'))
    automation = await executor.make_automation(step("http_request", url=receiver.url()))
    job = executor.run_job(automation, data={"odd": "\x00"})
    async with executor.running():
        await executor.publish(job)
        await executor.run_becomes(job.id, "succeeded")
    query = "SELECT * FROM execution_api.{} WHERE account_id = $1 AND {} = $2"
    row = await executor.owner.fetchrow(query.format("run", "id"), executor.account_id, job.id)
    steps = await executor.owner.fetch(query.format("step", "run_id"), executor.account_id, job.id)
    assert row is not None
    shown = present(row, steps)
    assert (shown["state"], shown["trigger"]["data"]) == ("succeeded", {"odd": "\x00"})
    assert shown["steps"][0]["output"]["body"] == {"nul": "\ufffd"}
    entries = await executor.owner.fetch(
        "SELECT step FROM execution_api.journey_entry WHERE account_id = $1 AND correlation_id = $2 ORDER BY at",
        executor.account_id, job.correlation_id,
    )  # fmt: skip
    assert [entry["step"] for entry in entries] == ["run_accepted", "step_succeeded", "run_succeeded"]


async def test_a_private_target_is_refused_for_good(executor: ExecutorHarness, receiver: Receiver) -> None:
    automation = await executor.make_automation(step("http_request", url=receiver.url()))
    job = executor.run_job(automation)
    async with executor.running(egress_allow=""):
        await executor.publish(job)
        row = await executor.run_becomes(job.id, "failed")
    assert row["error"] == "step 0 (http_request): input.url: the target is not allowed"
    assert receiver.received == []
