"""Messages that steps of automations send: by a real SMTP server and through an HTTP gateway."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from action_executor.actions import messages
from contracts.primitives.ids import new_id
from tests.support.executor import ExecutorHarness
from tests.support.receiver import Reply, open_receiver
from tests.support.sending import a_message, sending
from tests.support.smtp_server import SmtpServer, smtp_server


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


def a_step(action: str, **given: Any) -> dict[str, Any]:
    return {"action": action, "input": given, "connection_id": None, "continue_on_error": False}


async def test_a_step_mails_any_address_in_the_accounts_name(executor: ExecutorHarness, smtp: SmtpServer) -> None:
    await a_message(executor)  # its account is there
    smtp.refused["gone@ozola.example"] = "550 5.1.1 no such user"
    smtp.answers.append("451 4.7.1 try again later")
    automation = await executor.make_automation(
        a_step(
            "send_email",
            to=["aija@ozola.example", "gone@ozola.example"],
            subject="{{ trigger.data.number }}",
            body="Hi",
        )
    )
    job = executor.run_job(automation)
    async with sending(executor, smtp):
        await executor.publish(job)
        await executor.run_becomes(job.id, "succeeded")
    (mail,) = smtp.mails
    assert (mail.sender, mail.message["Subject"], mail.text) == ("books@baltic.example", "A-1", "Hi\n")
    (done,) = await executor.steps(job.id)
    assert done["output"] == {"message_id": mail.message["Message-ID"], "accepted": ["aija@ozola.example"]}
    assert done["attempts"] == 2


async def test_a_step_that_cannot_send_fails_its_run_with_the_reason(executor: ExecutorHarness) -> None:
    automation = await executor.make_automation(a_step("send_email", to=["a@b.example"], subject="A", body="B"))
    job = executor.run_job(automation)
    async with sending(executor):
        await executor.publish(job)
        row = await executor.run_becomes(job.id, "failed")
    assert row["error"].endswith("no mail can leave: LEDGERWIRE_SMTP_URL is not set")


async def test_a_step_sends_an_sms_through_the_gateway(executor: ExecutorHarness) -> None:
    automation = await executor.make_automation(a_step("send_sms", to="+371 2000 0000", body="Due today"))
    job = executor.run_job(automation)
    async with open_receiver() as gateway:
        gateway.script(Reply(200, body=b'{"message_id": "7"}'), path="/sms")
        async with sending(executor, sms_url=gateway.url("/sms")):
            await executor.publish(job)
            await executor.run_becomes(job.id, "succeeded")
    assert gateway.on("/sms")[0].json["to"] == "+37120000000"
    assert (await executor.steps(job.id))[0]["output"] == {"message_id": "7", "to": "+37120000000"}


async def test_a_step_mails_those_whom_a_template_names_with_their_files(
    executor: ExecutorHarness, smtp: SmtpServer
) -> None:
    await a_message(executor)  # its account is there
    attachments = [
        {"name": "terms.txt", "content": "Thirty days"},
        {"name": "note.bin", "content_base64": "AAH/"},
    ]
    automation = await executor.make_automation(
        a_step(
            "send_email",
            to="aija@ozola.example, {{ trigger.data.number }}@ozola.example",
            subject="Terms",
            body="See the files",
            attachments=attachments,
        )
    )
    job = executor.run_job(automation)
    async with sending(executor, smtp):
        await executor.publish(job)
        await executor.run_becomes(job.id, "succeeded")
    (mail,) = smtp.mails
    assert mail.message["To"] == "aija@ozola.example, A-1@ozola.example"
    kept = {part.get_filename(): part.get_payload(decode=True) for part in mail.message.iter_attachments()}
    assert kept == {"terms.txt": b"Thirty days", "note.bin": b"\0\1\xff"}


async def test_files_beyond_what_a_mail_takes_are_not_gathered(
    executor: ExecutorHarness, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "MAIL_BYTES_MAX", 8)
    await a_message(executor)
    # The third would fail otherwise: it is not loaded once two are too many.
    attachments = [{"content": "first"}, {"content": "other"}, {"sale_id": str(new_id())}]
    automation = await executor.make_automation(
        a_step("send_email", to=["a@b.example"], subject="A", body="B", attachments=attachments)
    )
    job = executor.run_job(automation)
    async with sending(executor, smtp):
        await executor.publish(job)
        row = await executor.run_becomes(job.id, "failed")
    assert "input.attachments: more than" in row["error"]
    assert smtp.mails == []


async def test_a_file_that_is_not_there_is_named_by_its_place(executor: ExecutorHarness, smtp: SmtpServer) -> None:
    await a_message(executor)
    attachments = [{"content": "first"}, {"sale_id": str(new_id())}]
    automation = await executor.make_automation(
        a_step("send_email", to=["a@b.example"], subject="A", body="B", attachments=attachments)
    )
    job = executor.run_job(automation)
    async with sending(executor, smtp):
        await executor.publish(job)
        row = await executor.run_becomes(job.id, "failed")
    assert "input.attachments[1].sale_id" in row["error"]
    assert smtp.mails == []
