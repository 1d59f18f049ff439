"""What people record about a client takes effect on what is sent: over HTTP and SMTP, on both buses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from contracts.primitives.ids import new_id
from tests.flow.conftest import Deployment
from tests.support import mails as customers
from tests.support.debts import (
    LATE,
    a_mail,
    a_next_mail,
    case_is,
    collector,
    debtor,
    mails_so_far,
    mails_to,
    shown,
)
from tests.support.listener import Listener
from tests.support.smtp_server import SmtpServer

MIME = {"Content-Type": "message/rfc822"}


async def test_a_payment_stops_a_message_that_the_executor_has_already_tried_to_hand_over(
    deployment: Deployment, mail_server: SmtpServer, listener: Listener
) -> None:
    caller, endpoint = await deployment.account(), listener.endpoint()
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["message.created", "payment.posted"]})
    address = f"{new_id()}@ozola.example"
    mail_server.refused[address] = "451 4.7.1 greylisted, come back"
    await collector(caller, a_mail(), a_next_mail("P9D"))
    client, sale = await debtor(caller, email=address)
    await case_is(caller, client["id"], "scheduled")
    (message,) = await caller.items(f"/v1/messages?client_id={client['id']}&state=requested")
    await caller.payment(client["id"], "165.01", (sale["id"], "165.01"))
    stopped = await shown(caller, f"/v1/messages/{message['id']}", "cancelled")
    assert stopped["detail"] == "called off before it went: what it is about has changed"
    del mail_server.refused[address]
    # Another reminder goes the same way later: what was called off would have gone by then.
    await caller.sale(client["id"], **LATE)
    (mail,) = await mails_to(mail_server, address)
    assert mail.message["Message-ID"].strip("<>").partition("@")[0] != message["id"]
    assert [one.trigger for one in await endpoint.receives(2)] == ["payment.posted", "message.created"]
    assert len(mails_so_far(mail_server, address)) == 1


async def test_the_contact_interval_counts_what_a_person_sent(deployment: Deployment, mail_server: SmtpServer) -> None:
    caller = await deployment.account()
    await caller.patch("/v1/account", {"min_contact_interval": "P3D"})
    await collector(caller, a_mail(automatic=False))
    client, _ = await debtor(caller)
    await case_is(caller, client["id"], "pending")
    by_hand = {"client_id": client["id"], "channel": "email", "subject": "Hello", "body": "How are you?"}
    await caller.made_of("/v1/messages", by_hand)
    await mails_to(mail_server, client["email"])
    case = await case_is(caller, client["id"], "scheduled")
    assert datetime.fromisoformat(case["next_step"]["at"]) > datetime.now(tz=UTC) + timedelta(days=2, hours=23)


async def test_an_automatic_reply_and_an_account_that_awaits_no_replies_hold_nothing(
    deployment: Deployment, mail_server: SmtpServer
) -> None:
    caller = await deployment.account()
    channel = await caller.channel("replies")
    await collector(caller, a_mail(), a_next_mail("P9D"))
    client, _ = await debtor(caller)
    (mail,) = await mails_to(mail_server, client["email"])
    await case_is(caller, client["id"], "scheduled")  # the ledger knows that it was sent, before it is answered
    thread = {"In_Reply_To": mail.message["Message-ID"]}
    await caller.patch("/v1/account", {"await_replies": False})
    for headers, automatic in (({"Auto_Submitted": "auto-replied"}, "auto_reply"), ({}, None)):
        reply = customers.a_mail("I am away.\n", Message_ID=f"<{new_id()}@ozola.example>", **thread, **headers)
        taken = await caller.anonymous("POST", channel["url"], data=bytes(reply), headers=MIME)
        got = await shown(caller, f"/v1/messages/{taken.json['message_id']}", "received")
        assert (got["client_id"], got["automatic"], got["needs_response"]) == (client["id"], automatic, False)
    await case_is(caller, client["id"], "scheduled")


async def test_a_call_in_which_the_client_disputes_opens_a_dispute_of_each_invoice(
    deployment: Deployment, listener: Listener
) -> None:
    caller, endpoint = await deployment.account(), listener.endpoint()
    triggers = ["call.recorded", "dispute.opened", "note.created"]
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": triggers})
    await collector(caller, a_mail(automatic=False))
    client, sale = await debtor(caller)
    await case_is(caller, client["id"], "pending")
    call = await caller.made_of(
        "/v1/calls", {"client_id": client["id"], "outcome": "disputed", "note": "Not what was ordered"}
    )
    (dispute,) = await caller.items(f"/v1/disputes?sale_id={sale['id']}")
    assert (call["dispute_ids"], dispute["state"]) == ([dispute["id"]], "open")
    await case_is(caller, client["id"], "disputed")
    received = await endpoint.receives(4)
    assert sorted(one.trigger for one in received) == sorted([*triggers, "note.created"])
    kinds = sorted(one.body["data"]["kind"] for one in received if one.trigger == "note.created")
    assert kinds == ["call", "dispute"]
