"""Messages handed to a real SMTP server and to an HTTP gateway: once, on a schedule, and confirmed to the ledger."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from action_executor.messages import store
from action_executor.messages.sender import ACCOUNT_AT_ONCE_MAX
from contracts.primitives.ids import new_id
from contracts.wire.commands import CONFIRM_MESSAGE
from contracts.wire.envelope import Envelope
from contracts.wire.jobs import SendMessageJob
from tests.support.eventually import eventually
from tests.support.executor import ExecutorHarness
from tests.support.receiver import Reply, open_receiver
from tests.support.sending import a_message, sending
from tests.support.smtp_server import SmtpServer, silent_mail_server, smtp_server


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


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
    reported = await confirmation_of(executor)
    assert (reported["outcome"], reported["provider_message_id"]) == ("failed", None)
    assert reported["detail"] == "the mail server answered 451: 4.7.1 greylisted; given up after 3 tries"


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
    (reported,) = await executor.outbox("ledger.commands")
    assert (reported.name, reported.data["outcome"]) == ("confirm_message", "cancelled")


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


async def test_an_sms_that_is_redirected_needs_a_mail_server(executor: ExecutorHarness) -> None:
    async with open_receiver() as gateway:
        job = await a_message(executor, channel="sms", to=["+37120000000"])
        async with sending(executor, mail_redirect="me@here.example", sms_url=gateway.url("/sms")):
            await executor.publish(job)
            await becomes(executor, job, "failed")
        assert gateway.on("/sms") == []
    assert "LEDGERWIRE_SMTP_URL is not set" in (await confirmation_of(executor))["detail"]


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


async def test_a_worker_whose_lease_another_one_has_by_now_hands_nothing_over(executor: ExecutorHarness) -> None:
    job = await a_message(executor)
    async with executor.pool.acquire() as conn:
        await store.insert(conn, [(job, SendMessageJob.model_validate(job.data))])
    claim = partial(
        store.claim, executor.pool, after=store.NO_ACCOUNT, in_hand={}, of_account_max=1, hand_overs_max=1,
    )  # fmt: skip
    (late,) = await claim(lease_seconds=0.0)
    (now,) = await claim(lease_seconds=60.0)
    assert await store.begin(executor.pool, late) is None
    assert await store.begin(executor.pool, now) == 1


@pytest.mark.long
async def test_a_large_run_of_one_account_neither_holds_up_others_nor_is_read_again_and_again(
    executor: ExecutorHarness,
) -> None:
    async with silent_mail_server() as url, sending(executor, smtp_url=url, sweep_seconds=60.0):
        await executor.publish(*[await a_message(executor) for _ in range(40)])
        await eventually(partial(_many_begun, executor, ACCOUNT_AT_ONCE_MAX))
        executor.account_id = new_id()
        await executor.publish(await a_message(executor))
        await eventually(partial(_many_begun, executor, ACCOUNT_AT_ONCE_MAX + 1))

        async def nothing_new_is_due() -> bool:
            return bool(
                await executor.owner.fetchval(
                    "SELECT max(due_at) < now() - interval '2 s' FROM execution.hand_over WHERE NOT leased"
                )
            )

        async def hardly_looks() -> bool:
            # A session reports what it read a second or more later, an idle one after ten.
            before = await _looks(executor)
            await eventually(partial(_seconds_passed, time.monotonic() + 2.0))
            return await _looks(executor) - before < 10

        await eventually(nothing_new_is_due)
        await eventually(hardly_looks)


async def _many_begun(executor: ExecutorHarness, many: int) -> bool:
    begun = await executor.owner.fetchval("SELECT count(*) FROM execution.hand_over WHERE begun")
    assert begun <= many, "an account has more than its share"
    return bool(begun == many)


async def _looks(executor: ExecutorHarness) -> int:
    """How often the index that claims walk was read, as Postgres counts it."""
    await executor.owner.execute("SELECT pg_stat_clear_snapshot()")
    return int(
        await executor.owner.fetchval("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'hand_over_turn'")
    )


async def _seconds_passed(until: float) -> bool:
    return time.monotonic() >= until
