"""Messages that people send to clients, and those that another system reports."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.primitives.ids import new_id
from contracts.reply_tokens import token_of
from contracts.wire import commands
from tests.component.ledger.test_messages import confirm, jobs
from tests.support.ledger import Answer, LedgerHarness


async def send(ledger: LedgerHarness, client_id: str, **given: Any) -> Answer:
    usual = {"client_id": client_id, "channel": "email", "subject": "A question", "body": "Did it arrive?"}
    return await ledger.ask(commands.REQUEST_MESSAGE, usual | given)


async def test_a_mail_is_asked_for_with_a_token_and_sent_once_it_is_confirmed(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(email="aija@ozola.example")
    sale = await ledger.sale(client_id)
    made = await send(ledger, client_id, sale_ids=[sale.id], attach_pdf=True)
    assert (made.status, made.body["state"], made.body["to"]) == (201, "requested", "aija@ozola.example")
    (job,) = await jobs(ledger)
    assert job.subject == "A question"
    assert [one.model_dump(mode="json") for one in job.attachments] == [{"kind": "sale_pdf", "sale_id": sale.id}]
    assert job.body == made.body["body"] == f"Did it arrive?\n\nRef: {token_of(job.message_id)}\n"
    assert "message.created" not in await ledger.triggers()
    await confirm(ledger, job, "sent", provider_message_id="<1@books.example>", sender="books@baltic.example")
    assert (await ledger.triggers())[-1] == "message.created"
    assert "sale.sent" not in await ledger.triggers()


async def test_an_sms_goes_to_the_clients_number_as_gateways_take_it(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(phone="20 000 000", address={"country": "LV"})
    made = await send(ledger, client_id, channel="sms", subject=None, body="Please call back")
    assert (made.status, made.body["to"], made.body["body"]) == (201, "+37120000000", "Please call back")
    (job,) = await jobs(ledger)
    assert (job.channel, job.to, job.subject) == ("sms", ["+37120000000"], "")


async def test_a_message_comes_from_whom_the_account_says(ledger: LedgerHarness) -> None:
    settings = '{"sender_name": "Books", "reply_to": "replies@books.example", "sms_sender": "BOOKS"}'
    await ledger.owner.execute("UPDATE ingress_api.account SET collections = $1", settings)
    client_id = await ledger.client(email="aija@ozola.example", phone="+37120000000")
    await send(ledger, client_id)
    await send(ledger, client_id, channel="sms", subject=None)
    assert [(job.sender_name, job.reply_to) for job in await jobs(ledger)] == [
        ("Books", "replies@books.example"),
        ("BOOKS", None),
    ]


async def test_an_answer_joins_the_thread_of_the_message_that_it_answers(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(email="aija@ozola.example")
    first = await send(ledger, client_id)
    (job,) = await jobs(ledger)
    await confirm(ledger, job, "sent", provider_message_id="<1@books.example>")
    second = await send(ledger, client_id, subject=None, in_reply_to=first.id)
    answer = (await jobs(ledger))[-1]
    assert (second.body["subject"], second.body["in_reply_to"]) == ("Re: A question", first.id)
    assert (answer.in_reply_to, answer.references) == ("<1@books.example>", ["<1@books.example>"])


@pytest.mark.parametrize(
    ("fields", "path", "message"),
    [
        ({}, "to", "is needed: the client has no email address"),
        ({"to": "nobody"}, "to", "must be a mail address"),
        ({"to": "a@b.example", "subject": None}, "subject", "is needed for an email"),
        ({"channel": "sms", "subject": None}, "to", "is needed: the client has no phone number"),
        (
            {"channel": "sms", "subject": None, "to": "12"},
            "to",
            "must be a phone number with its country's code, such as +37120000000",
        ),
        (
            {"channel": "sms", "subject": None, "to": "+37120000000", "body": "x" * 1601},
            "body",
            "of an SMS has at most 1600 characters",
        ),
    ],
)
async def test_what_cannot_go_names_the_field_and_the_remedy(
    ledger: LedgerHarness, fields: dict[str, Any], path: str, message: str
) -> None:
    refused = await send(ledger, await ledger.client(), **fields)
    assert (refused.status, refused.body["errors"]) == (422, [{"path": path, "message": message}])


async def test_a_message_names_things_of_its_client(ledger: LedgerHarness) -> None:
    client_id, other = await ledger.client(email="a@b.example"), await ledger.client(name="Other", email="o@b.example")
    sale, asked = await ledger.sale(other), await send(ledger, other)
    unknown = await send(ledger, str(new_id()))
    wrong_sale = await send(ledger, client_id, sale_ids=[sale.id])
    no_sale = await send(ledger, client_id, sale_ids=[str(new_id())])
    wrong_thread = await send(ledger, client_id, in_reply_to=asked.id)
    assert [one.status for one in (unknown, wrong_sale, no_sale, wrong_thread)] == [404, 422, 404, 404]
    assert [wrong_sale.body["errors"][0]["path"], wrong_thread.body["errors"][0]["path"]] == [
        "sale_ids[0]",
        "in_reply_to",
    ]


@pytest.mark.parametrize("direction", ["sent", "received"])
async def test_a_reported_message_fires_its_trigger_and_sends_nothing(ledger: LedgerHarness, direction: str) -> None:
    client_id = await ledger.client(email="aija@ozola.example")
    reported = {"client_id": client_id, "direction": direction, "channel": "sms", "body": "Paid on Friday"}
    made = await ledger.ask(commands.REPORT_MESSAGE, reported | {"occurred_at": "2026-03-02T09:30:00+00:00"})
    assert (made.status, made.body["state"], made.body["origin"]) == (201, direction, "external")
    assert made.body["occurred_at"] == "2026-03-02T09:30:00+00:00"
    event = (await ledger.events())[-1]
    assert (event.name, event.data["object"]) == ("message.created", made.body)
    assert await jobs(ledger) == []
