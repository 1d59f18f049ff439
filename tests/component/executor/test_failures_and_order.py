"""What follows a failure, and runs that wait for one another, over a real Postgres."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from contracts.wire.commands import CANCEL_RUN, DECIDE_APPROVAL
from tests.support.eventually import eventually
from tests.support.executor import ExecutorHarness
from tests.support.receiver import Receiver, Reply, open_receiver
from tests.support.smtp_server import SmtpServer, smtp_server


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


@pytest.fixture(scope="module")
def mails() -> Any:
    with smtp_server() as server:
        yield server


def step(action: str, **given: Any) -> dict[str, Any]:
    return {"action": action, "input": given}


def chat_message(receiver: Receiver, text: str) -> dict[str, Any]:
    return step("post_chat_message", url=receiver.url("/chat"), text=text)


async def automation(executor: ExecutorHarness, *steps: dict[str, Any], **more: Any) -> UUID:
    made = await executor.make_automation(*steps)
    await executor.owner.execute(
        "UPDATE dispatch.automation_version SET definition = definition || $2::jsonb WHERE automation_id = $1",
        made,
        more,
    )
    return made


def texts(receiver: Receiver) -> list[str]:
    return [one.json["text"] for one in receiver.on("/chat")]


async def states(executor: ExecutorHarness, run_id: UUID) -> dict[str, str]:
    rows = await executor.owner.fetch("SELECT path, state FROM execution.step WHERE run_id = $1", run_id)
    return {row["path"]: row["state"] for row in rows}


async def test_the_steps_of_on_failure_run_once_and_know_why_and_the_run_has_failed(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    receiver.script(Reply(404), path="/no")
    made = await automation(
        executor,
        step("http_request", url=receiver.url("/no")),
        chat_message(receiver, "never"),
        on_failure={"notify": [], "steps": [chat_message(receiver, "{{ run.id }}: {{ run.error }}")]},
    )
    job = executor.run_job(made)
    async with executor.running():
        await executor.publish(job)
        row = await executor.run_becomes(job.id, "failed")
        events = await eventually(lambda: executor.outbox("dispatcher.events"))
    assert texts(receiver) == [f"{job.id}: {row['error']}"]
    assert row["error"].startswith("step 0 (http_request): ")
    assert await states(executor, job.id) == {"0": "failed", "1": "skipped", "on_failure.steps.0": "succeeded"}
    assert [one.name for one in events] == ["run.failed"]


async def test_the_owner_gets_one_mail_an_hour_for_an_automation_that_keeps_failing(
    executor: ExecutorHarness, receiver: Receiver, mails: SmtpServer
) -> None:
    receiver.script(*[Reply(404)] * 3, path="/no")
    made = await automation(
        executor,
        step("http_request", url=receiver.url("/no")),
        on_failure={"notify": ["owner", "second@office.example"], "steps": []},
    )
    await executor.owner.execute(
        "INSERT INTO ingress.account (account_id, name, currency, locale, time_zone, profile)"
        " VALUES ($1, 'Office', 'EUR', 'fr', 'UTC', $2)",
        executor.account_id, {"email": "owner@office.example"},
    )  # fmt: skip
    first, second = executor.run_job(made), executor.run_job(made)
    async with executor.running(smtp_url=mails.url):
        for job in (first, second):
            await executor.publish(job)
            await executor.run_becomes(job.id, "failed")
    (mail,) = [one for one in mails.mails if str(first.id) in one.text]
    assert "a échoué" in mail.message["Subject"]
    assert sorted(mail.recipients) == ["owner@office.example", "second@office.example"]
    assert not [one for one in mails.mails if str(second.id) in one.text]
    assert (await states(executor, second.id))["on_failure.notify"] == "succeeded"


async def under_way(executor: ExecutorHarness) -> list[UUID]:
    rows = await executor.owner.fetch("SELECT id FROM execution.run WHERE admitted AND finished_at IS NULL ORDER BY id")
    return [row["id"] for row in rows]


async def test_runs_with_one_key_wait_for_one_another_in_order_and_others_do_not(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    made = await automation(
        executor,
        step("approve", message="go?"),
        chat_message(receiver, "{{ trigger.data.number }}"),
        concurrency={"key": "{{ trigger.data.client }}", "limit": 2},
    )
    jobs = [executor.run_job(made, data={"number": str(number), "client": "A"}) for number in range(5)]
    jobs.sort(key=lambda job: job.id)
    other = executor.run_job(made, data={"number": "other", "client": "B"})
    async with executor.running(sweep_seconds=60):
        for job in (*jobs, other):
            await executor.publish(job)
            await executor.run_becomes(job.id, "waiting")
        await eventually(lambda: is_under_way(executor, [jobs[0].id, jobs[1].id, other.id]))
        cancelled = await executor.command(CANCEL_RUN, {"id": str(jobs[2].id)})
        await executor.command(DECIDE_APPROVAL, {"id": str(jobs[1].id), "approved": True})
        await executor.run_becomes(jobs[1].id, "succeeded")
        await eventually(lambda: is_under_way(executor, [jobs[0].id, jobs[3].id, other.id]))
        await executor.command(CANCEL_RUN, {"id": str(jobs[0].id)})
        await eventually(lambda: is_under_way(executor, [jobs[3].id, jobs[4].id, other.id]))
    assert cancelled["body"]["state"] == "cancelled"


async def is_under_way(executor: ExecutorHarness, expected: list[UUID]) -> bool:
    return await under_way(executor) == sorted(expected)


async def test_an_approval_goes_on_a_refusal_cancels_and_silence_fails(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    made = await automation(
        executor,
        step("approve", message="Pay?", expires_in="P1D"),
        chat_message(receiver, "{{ steps[0].output.by.name }}: {{ steps[0].output.comment }}"),
        on_failure={"notify": [], "steps": [chat_message(receiver, "silence")]},
    )
    yes, no, silent = [executor.run_job(made) for _ in range(3)]
    async with executor.running():
        for job in (yes, no, silent):
            await executor.publish(job)
            await executor.run_becomes(job.id, "waiting")
        waiting = await states(executor, yes.id)
        by = {"kind": "user", "id": None, "name": "Anna"}
        approved = await executor.command(
            DECIDE_APPROVAL, {"id": str(yes.id), "step": "0", "approved": True, "comment": "fine", "by": by}
        )
        refused = await executor.command(DECIDE_APPROVAL, {"id": str(no.id), "approved": False, "by": by})
        await executor.run_becomes(yes.id, "succeeded")
        row = await executor.run_becomes(no.id, "cancelled")
        again = await executor.command(DECIDE_APPROVAL, {"id": str(no.id), "step": "0", "approved": False})
        turned = await executor.command(DECIDE_APPROVAL, {"id": str(no.id), "step": "0", "approved": True})
        await executor.owner.execute("UPDATE execution.step SET started_at = now() - interval '2 days'")
        await executor.owner.execute("UPDATE execution.run SET due_at = now() WHERE id = $1", silent.id)
        late = await executor.run_becomes(silent.id, "failed")
    assert waiting == {"0": "waiting", "1": "pending"}
    assert (approved["status"], refused["status"], again["status"]) == (200, 200, 200)
    assert (turned["status"], turned["body"]["code"]) == (409, "decided")
    assert row["error"] == "step 0 (approve): refused by Anna"
    assert await states(executor, no.id) == {"0": "failed", "1": "skipped"}
    assert "without a decision" in late["error"]
    assert texts(receiver) == ["Anna: fine", "silence"]
