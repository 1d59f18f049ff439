"""Replies and mail servers' reports in the ledger: matched, kept, and what they do to what was sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from contracts.primitives.ids import new_id
from contracts.wire import commands
from tests.component.ledger.test_messages import confirm, jobs
from tests.component.ledger.test_messages_of_people import send
from tests.support.ledger import Answer, LedgerHarness

GONE = {"address": "aija@ozola.example", "reason": "5.1.1 no such user", "permanent": True}


def a_reply(**given: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "message_id": str(new_id()),
        "via": {"id": str(new_id()), "kind": "replies", "name": None},
        "channel": "email",
        "sender": "aija@ozola.example",
        "recipient": "replies@books.example",
        "subject": "Re: A question",
        "body": "It did, thank you.",
        "quoted": None,
        "provider_message_id": "<reply@ozola.example>",
        "tokens": [],
        "references": [],
        "automatic": None,
        "undelivered": [],
        "attachments": [],
        "source": None,
        "received_at": "2026-03-02T09:30:00+00:00",
    }
    return usual | given


async def receive(ledger: LedgerHarness, **given: Any) -> Answer:
    return await ledger.ask(commands.RECEIVE_MESSAGE, a_reply(**given))


async def a_sent(ledger: LedgerHarness, client_id: str, number: int = 1, **given: Any) -> str:
    """The id of a message that went to a client under `<number@books.example>`."""
    made = await send(ledger, client_id, **given)
    job = (await jobs(ledger))[-1]
    await confirm(ledger, job, "sent", provider_message_id=f"<{number}@books.example>")
    return made.id


async def test_a_reply_is_kept_on_its_client_and_fires_its_trigger(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(email="Aija@Ozola.example")
    got = await receive(ledger, quoted="> Did it arrive?")
    assert (got.body["client_id"], got.body["state"], got.body["direction"]) == (client_id, "received", "received")
    assert (got.body["needs_response"], got.body["quoted"]) == (True, "> Did it arrive?")
    reported = (await ledger.events())[-1]
    assert (reported.name, reported.data["object"]) == ("message.created", got.body)


async def test_the_token_wins_over_the_message_id_and_that_over_the_address(ledger: LedgerHarness) -> None:
    tokens, threads, addresses = [
        await ledger.client(name=name, email=f"{name}@ozola.example") for name in ("tokens", "threads", "addresses")
    ]
    sale = await ledger.sale(tokens)
    by_token = await a_sent(ledger, tokens, 1, sale_ids=[sale.id])
    by_thread = await a_sent(ledger, threads, 2)
    sender, references = "addresses@ozola.example", ["<unknown@x.example>", "<2@books.example>"]
    first = await receive(ledger, sender=sender, references=references, tokens=[str(new_id()), by_token])
    second = await receive(ledger, sender=sender, references=references)
    third = await receive(ledger, sender=sender)
    assert [one.body["client_id"] for one in (first, second, third)] == [tokens, threads, addresses]
    assert [one.body["in_reply_to"] for one in (first, second, third)] == [by_token, by_thread, None]
    assert first.body["sale_ids"] == [sale.id]


async def test_an_address_is_the_clients_a_contacts_or_one_that_was_written_to(ledger: LedgerHarness) -> None:
    with_contact = await ledger.client(contacts=[{"name": "Jānis", "email": "janis@ozola.example"}])
    written_to = await ledger.client(name="Other", email="other@ozola.example")
    await a_sent(ledger, written_to, to="accounts@elsewhere.example")
    contact = await receive(ledger, sender="janis@ozola.example")
    recipient = await receive(ledger, sender="Accounts@Elsewhere.example")
    assert [contact.body["client_id"], recipient.body["client_id"]] == [with_contact, written_to]


@pytest.mark.parametrize("number", ["+371 20 000 000", "0037120000000", "+37120000000"])
async def test_a_number_is_matched_however_it_is_written(ledger: LedgerHarness, number: str) -> None:
    await ledger.client(name="Another country", phone="+370 20 000 000")
    client_id = await ledger.client(phone="20 000 000", address={"country": "LV"})
    got = await receive(ledger, channel="sms", sender=number, subject=None)
    assert got.body["client_id"] == client_id


async def test_what_matches_nothing_is_kept_and_assigned_once(ledger: LedgerHarness) -> None:
    got = await receive(ledger, sender="stranger@x.example")
    assert (got.status, got.body["client_id"], got.body["client"]) == (201, None, None)
    assert "message.created" not in await ledger.triggers()
    client_id, other = await ledger.client(), await ledger.client(name="Other")
    assigned = await ledger.ask(commands.ASSIGN_MESSAGE, {"id": got.id, "client_id": client_id})
    again = await ledger.ask(commands.ASSIGN_MESSAGE, {"id": got.id, "client_id": client_id})
    elsewhere = await ledger.ask(commands.ASSIGN_MESSAGE, {"id": got.id, "client_id": other})
    assert (assigned.body["client_id"], again.body, elsewhere.status) == (client_id, assigned.body, 409)
    assert (await ledger.triggers()).count("message.created") == 1


async def test_another_accounts_token_matches_nothing(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(email="aija@ozola.example")
    sent = await a_sent(ledger, client_id)
    other = await ledger.add_account()
    got = await ledger.ask(commands.RECEIVE_MESSAGE, a_reply(tokens=[sent]), account_id=other)
    assert got.body["client_id"] is None


async def test_a_response_is_given_once(ledger: LedgerHarness) -> None:
    await ledger.client(email="aija@ozola.example")
    got = await receive(ledger)
    first = await ledger.ask(commands.RESOLVE_MESSAGE, {"id": got.id})
    again = await ledger.ask(commands.RESOLVE_MESSAGE, {"id": got.id})
    assert first.body["resolved_at"] is not None
    assert again.body == first.body


async def test_an_account_may_not_wait_for_responses(ledger: LedgerHarness) -> None:
    await ledger.owner.execute("UPDATE ingress_api.account SET collections = $1", '{"await_replies": false}')
    client_id = await ledger.client(email="aija@ozola.example")
    got = await receive(ledger)
    assert (got.body["client_id"], got.body["needs_response"]) == (client_id, False)
    assert (await ledger.triggers())[-1] == "message.created"


async def test_an_automatic_reply_is_kept_and_needs_no_response(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(email="aija@ozola.example")
    got = await receive(ledger, automatic="auto_reply")
    assert (got.body["client_id"], got.body["automatic"], got.body["needs_response"]) == (
        client_id,
        "auto_reply",
        False,
    )
    assert "message.created" not in await ledger.triggers()


async def test_a_bounce_fails_its_message_and_marks_the_address(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(email="aija@ozola.example")
    sent = await a_sent(ledger, client_id)
    server = {"sender": "mailer-daemon@mx.example", "automatic": "bounce"}
    got = await receive(ledger, references=["<1@books.example>"], undelivered=[GONE], **server)
    assert (got.body["client_id"], got.body["in_reply_to"], got.body["needs_response"]) == (client_id, sent, False)
    row = await ledger.row("message", sent)
    assert (row["state"], row["detail"]) == ("failed", "5.1.1 no such user")
    await receive(ledger, references=["<1@books.example>"], undelivered=[GONE], **server)
    reported = [event for event in await ledger.events() if event.name == "message.failed"]
    assert [event.data["subject_id"] for event in reported] == [sent]
    assert await marks(ledger) == {"aija@ozola.example": "bounce"}


async def test_a_bounce_without_a_thread_is_matched_by_the_last_message_to_its_recipient(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(email="aija@ozola.example")
    first, last = await a_sent(ledger, client_id, 1), await a_sent(ledger, client_id, 2)
    await receive(ledger, sender="mailer-daemon@mx.example", automatic="bounce", undelivered=[GONE])
    assert [(await ledger.row("message", one))["state"] for one in (first, last)] == ["sent", "failed"]


async def test_a_delay_fails_nothing(ledger: LedgerHarness) -> None:
    sent = await a_sent(ledger, await ledger.client(email="aija@ozola.example"))
    delayed = GONE | {"permanent": False, "reason": "4.4.1 no answer from host"}
    await receive(ledger, tokens=[sent], automatic="bounce", undelivered=[delayed])
    assert (await ledger.row("message", sent))["state"] == "sent"
    assert await marks(ledger) == {}


async def test_an_address_that_takes_a_message_again_is_unmarked(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(email="aija@ozola.example")
    await a_sent(ledger, client_id)
    await receive(ledger, automatic="bounce", undelivered=[GONE])
    await a_sent(ledger, client_id, 2)
    assert await marks(ledger) == {}


async def test_after_a_complaint_nothing_goes_to_that_address(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(email="aija@ozola.example")
    sent = await a_sent(ledger, client_id)
    await receive(ledger, tokens=[sent], automatic="complaint", undelivered=[GONE])
    assert (await ledger.row("message", sent))["state"] == "sent"
    refused = await send(ledger, client_id)
    assert (refused.status, refused.body["code"]) == (409, "state_forbids")
    assert (await send(ledger, client_id, to="accounts@ozola.example")).status == 201


async def marks(ledger: LedgerHarness) -> dict[str, str]:
    rows = await ledger.owner.fetch("SELECT address, reason FROM ledger.unreachable_address")
    return {row["address"]: row["reason"] for row in rows}


async def test_a_message_that_comes_twice_is_kept_once(ledger: LedgerHarness) -> None:
    await ledger.client(email="aija@ozola.example")
    command = ledger.command(commands.RECEIVE_MESSAGE, a_reply())
    await ledger.handle(command)
    await ledger.handle(command)
    assert await ledger.owner.fetchval("SELECT count(*) FROM ledger.message") == 1
    assert (await ledger.triggers()).count("message.created") == 1


async def test_a_client_with_a_message_is_archived_and_not_deleted(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(email="aija@ozola.example")
    await receive(ledger)
    removed = await ledger.ask(commands.REMOVE_CLIENT, {"id": str(UUID(client_id))})
    assert removed.body == {"id": client_id, "deleted": False, "archived": True}
