"""Messages handed to a real SMTP server and to an HTTP gateway: once, on a schedule, and confirmed to the ledger."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from action_executor.actions import messages
from contracts.primitives.ids import new_id
from contracts.wire.commands import CONFIRM_MESSAGE
from contracts.wire.envelope import Envelope
from contracts.wire.jobs import SEND_MESSAGE, SendMessageJob
from tests.support.eventually import eventually
from tests.support.executor import ExecutorHarness
from tests.support.receiver import Reply, open_receiver
from tests.support.smtp_server import SmtpServer, smtp_server

QUICK = "0,0.05,0.05"


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


@asynccontextmanager
async def sending(executor: ExecutorHarness, smtp: SmtpServer | None = None, **given: Any) -> AsyncIterator[None]:
    settings = {"message_schedule_seconds": QUICK} | ({"smtp_url": smtp.url} if smtp else {}) | given
    async with executor.running(**settings):
        yield


async def a_message(executor: ExecutorHarness, **given: Any) -> Envelope:
    """The job of a message that the ledger has just asked for."""
    message_id, client_id, account_id = new_id(), new_id(), executor.account_id
    await executor.owner.execute(
        "INSERT INTO ingress.account (account_id, name, profile) VALUES ($1, 'Baltic Trading', $2)"
        " ON CONFLICT DO NOTHING",
        account_id, {"email": "books@baltic.example", "legal_name": "Baltic Trading OÜ"},
    )  # fmt: skip
    await executor.owner.execute("INSERT INTO ledger.book (account_id) VALUES ($1) ON CONFLICT DO NOTHING", account_id)
    await executor.owner.execute(
        "INSERT INTO ledger.client (account_id, id, name, type, contacts, currency, created_at, updated_at)"
        " VALUES ($1, $2, 'Ozola', 'company', '[]', 'EUR', now(), now())",
        account_id, client_id,
    )  # fmt: skip
    await executor.owner.execute(
        "INSERT INTO ledger.message (account_id, id, client_id, purpose, direction, channel, state, sale_ids,"
        " recipient, body, command_id, created_at, updated_at)"
        " VALUES ($1, $2, $3, 'document', 'sent', 'email', 'requested', '{}', 'x', 'x', $2, now(), now())",
        account_id, message_id, client_id,
    )  # fmt: skip
    fields = {"channel": "email", "to": ["aija@ozola.example"], "subject": "Invoice 42", "body": "Dear Aija,\n\nhello."}
    job = SendMessageJob(message_id=message_id, **(fields | given))
    return Envelope(
        id=new_id(),
        name=SEND_MESSAGE,
        account_id=account_id,
        correlation_id=message_id,
        data=job.model_dump(mode="json"),
    )


async def row_of(executor: ExecutorHarness, job: Envelope) -> dict[str, Any]:
    row = await executor.owner.fetchrow("SELECT * FROM execution.hand_over WHERE id = $1", job.id)
    return dict(row) if row else {"state": "absent", "due_at": None, "tries": 0}


async def becomes(executor: ExecutorHarness, job: Envelope, state: str) -> dict[str, Any]:
    async def there() -> dict[str, Any]:
        row = await row_of(executor, job)
        return row if row["state"] == state else {}

    return await eventually(there)


async def confirmation_of(executor: ExecutorHarness) -> dict[str, Any]:
    (command,) = await executor.outbox("ledger.commands")
    assert command.name == CONFIRM_MESSAGE
    return dict(command.data)


async def test_a_mail_is_handed_over_and_confirmed_with_its_message_id(
    executor: ExecutorHarness, smtp: SmtpServer
) -> None:
    thread = "<first@books.example>"
    job = await a_message(executor, cc=["boss@ozola.example"], in_reply_to=thread, reply_to="reply+token@books.example")
    async with sending(executor, smtp):
        await executor.publish(job, job)
        await becomes(executor, job, "sent")
    (mail,) = smtp.mails
    assert (mail.sender, mail.recipients) == ("books@baltic.example", ["aija@ozola.example", "boss@ozola.example"])
    assert mail.message["From"] == "Baltic Trading OÜ <books@baltic.example>"
    assert mail.message["Reply-To"].addresses[0].addr_spec == "reply+token@books.example"
    assert (mail.message["Subject"], mail.text) == ("Invoice 42", "Dear Aija,\n\nhello.\n")
    assert (mail.message["In-Reply-To"], mail.message["References"]) == (thread, thread)
    assert smtp.logins == [("books", "se@cret")]
    assert await confirmation_of(executor) == {
        "message_id": job.data["message_id"],
        "outcome": "sent",
        "provider_message_id": mail.message["Message-ID"],
        "detail": "2.0.0 Ok: queued",
        "sender": "books@baltic.example",
        "has_source": True,
    }
    kept = await executor.owner.fetchval(
        "SELECT source FROM execution_api.mail_source WHERE message_id = $1", UUID(job.data["message_id"])
    )
    assert zlib.decompress(kept) == bytes(mail.message)


async def test_a_server_that_is_busy_is_asked_again_and_one_that_is_away_too(
    executor: ExecutorHarness, smtp: SmtpServer
) -> None:
    smtp.answers += ["451 4.7.1 try again later", "421 4.3.2 shutting down"]
    job = await a_message(executor)
    async with sending(executor, smtp):
        await executor.publish(job)
        row = await becomes(executor, job, "sent")
    assert (row["tries"], len(smtp.mails)) == (3, 1)


async def test_a_server_that_never_takes_it_ends_in_a_failure_with_its_words(
    executor: ExecutorHarness, smtp: SmtpServer
) -> None:
    smtp.answers += ["451 4.7.1 greylisted"] * 3
    job = await a_message(executor)
    async with sending(executor, smtp):
        await executor.publish(job)
        await becomes(executor, job, "failed")
    told = await confirmation_of(executor)
    assert (told["outcome"], told["provider_message_id"]) == ("failed", None)
    assert told["detail"] == "the mail server answered 451: 4.7.1 greylisted; given up after 3 tries"


async def test_an_address_that_is_refused_for_good_is_not_tried_again(
    executor: ExecutorHarness, smtp: SmtpServer
) -> None:
    smtp.refused["aija@ozola.example"] = "550 5.1.1 no such user"
    job = await a_message(executor)
    async with sending(executor, smtp):
        await executor.publish(job)
        row = await becomes(executor, job, "failed")
    assert row["tries"] == 1
    assert (await confirmation_of(executor))["detail"] == (
        "the mail server refused aija@ozola.example: 550 5.1.1 no such user"
    )


async def test_one_of_several_recipients_who_is_refused_is_named_and_the_others_get_it(
    executor: ExecutorHarness, smtp: SmtpServer
) -> None:
    smtp.refused["boss@ozola.example"] = "550 5.1.1 no such user"
    job = await a_message(executor, cc=["boss@ozola.example"])
    async with sending(executor, smtp):
        await executor.publish(job)
        await becomes(executor, job, "sent")
    assert smtp.mails[0].recipients == ["aija@ozola.example"]
    assert (await confirmation_of(executor))["detail"].endswith("not to boss@ozola.example: 550 5.1.1 no such user")


async def test_a_connection_that_ends_before_the_answer_is_unknown_and_nothing_is_sent_twice(
    executor: ExecutorHarness, smtp: SmtpServer
) -> None:
    smtp.hang_up = True
    job = await a_message(executor)
    async with sending(executor, smtp):
        await executor.publish(job)
        row = await becomes(executor, job, "failed")
    assert (len(smtp.mails), row["tries"]) == (1, 1)
    assert "whether it was sent is not known" in (await confirmation_of(executor))["detail"]


async def test_what_a_killed_worker_had_begun_is_not_sent_again(executor: ExecutorHarness, smtp: SmtpServer) -> None:
    job = await a_message(executor)
    await executor.owner.execute(
        "INSERT INTO execution.hand_over (account_id, id, message_id, correlation_id, channel, job, begun, leased,"
        " lease_epoch, tries, due_at) VALUES ($1, $2, $3, $3, 'email', $4, true, true, 1, 1, now())",
        job.account_id, job.id, UUID(job.data["message_id"]), job.data,
    )  # fmt: skip
    async with sending(executor, smtp):
        await becomes(executor, job, "failed")
    assert smtp.mails == []
    assert "its worker was lost during the hand-over" in (await confirmation_of(executor))["detail"]


async def test_a_message_that_ends_worker_after_worker_is_given_up(executor: ExecutorHarness, smtp: SmtpServer) -> None:
    job = await a_message(executor)
    await executor.owner.execute(
        "INSERT INTO execution.hand_over (account_id, id, message_id, correlation_id, channel, job, leased,"
        " lost_workers, due_at) VALUES ($1, $2, $3, $3, 'email', $4, true, 4, now())",
        job.account_id, job.id, UUID(job.data["message_id"]), job.data,
    )  # fmt: skip
    async with sending(executor, smtp):
        await becomes(executor, job, "failed")
    assert smtp.mails == []
    assert "could not be written" in (await confirmation_of(executor))["detail"]


async def test_a_message_that_was_called_off_meanwhile_does_not_go(executor: ExecutorHarness, smtp: SmtpServer) -> None:
    smtp.answers += ["451 4.7.1 try again later"]
    job = await a_message(executor)
    async with sending(executor, smtp, message_schedule_seconds="0,0.3"):
        await executor.publish(job)
        await eventually(lambda: _tried(executor, job))
        await executor.owner.execute("UPDATE ledger.message SET state = 'cancelled'")
        await becomes(executor, job, "cancelled")
    assert smtp.mails == []
    (told,) = await executor.outbox("ledger.commands")
    assert (told.name, told.data["outcome"]) == ("confirm_message", "cancelled")


async def _tried(executor: ExecutorHarness, job: Envelope) -> bool:
    row = await row_of(executor, job)
    return bool(row["tries"] == 1 and row["detail"])


async def test_without_a_mail_server_it_fails_as_not_configured(executor: ExecutorHarness) -> None:
    job = await a_message(executor)
    async with sending(executor):
        await executor.publish(job)
        await becomes(executor, job, "failed")
    assert (await confirmation_of(executor))["detail"].startswith("not_configured: ")


async def test_a_redirect_takes_every_mail_to_one_address_and_says_for_whom_it_was(
    executor: ExecutorHarness, smtp: SmtpServer
) -> None:
    job = await a_message(executor, cc=["boss@ozola.example"])
    async with sending(executor, smtp, mail_redirect="me@here.example"):
        await executor.publish(job)
        await becomes(executor, job, "sent")
    (mail,) = smtp.mails
    assert mail.recipients == ["me@here.example"]
    assert mail.message["Subject"] == "[for aija@ozola.example, boss@ozola.example] Invoice 42"
    assert mail.message["Cc"] is None


async def test_no_header_can_be_injected_by_what_a_message_says(executor: ExecutorHarness, smtp: SmtpServer) -> None:
    job = await a_message(executor, subject="Hello\r\nBcc: all@ozola.example", sender_name="Books\nX-Evil: 1")
    async with sending(executor, smtp):
        await executor.publish(job)
        await becomes(executor, job, "sent")
    (mail,) = smtp.mails
    assert mail.message["Bcc"] is None
    assert mail.message["X-Evil"] is None
    assert mail.message["Subject"] == "Hello Bcc: all@ozola.example"


async def test_an_sms_goes_to_the_gateway_under_its_own_id(executor: ExecutorHarness) -> None:
    job = await a_message(executor, channel="sms", to=["+37120000000"], body="Invoice 42 is due.", sender_name="Baltic")
    async with open_receiver() as gateway:
        gateway.script(Reply(503), Reply(202, body=b'{"sid": "SM42"}'), path="/sms")
        async with sending(executor, sms_url=gateway.url("/sms").replace("://", "://user:p%40ss@")):
            await executor.publish(job)
            await becomes(executor, job, "sent")
        first, second = gateway.on("/sms")
    assert first.json == second.json
    assert second.json == {"id": str(job.id), "to": "+37120000000", "from": "Baltic", "body": "Invoice 42 is due."}
    assert second.headers["Idempotency-Key"] == str(job.id)
    assert second.headers["Authorization"] == "Basic dXNlcjpwQHNz"
    assert (await confirmation_of(executor))["provider_message_id"] == "SM42"


async def test_many_messages_go_out_once_each_with_two_executors(executor: ExecutorHarness, smtp: SmtpServer) -> None:
    jobs = [await a_message(executor, subject=f"Invoice {number}") for number in range(40)]
    async with sending(executor, smtp), sending(executor, smtp):
        await executor.publish(*jobs)
        for job in jobs:
            await becomes(executor, job, "sent")
    assert sorted(mail.message["Subject"] for mail in smtp.mails) == sorted(f"Invoice {number}" for number in range(40))


def a_step(action: str, **given: Any) -> dict[str, Any]:
    return {"action": action, "input": given, "connection_id": None, "continue_on_error": False}


async def test_a_step_mails_anybody_in_the_accounts_name(executor: ExecutorHarness, smtp: SmtpServer) -> None:
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
