"""Replies by each of what names their client, and mails that do not arrive: over HTTP and SMTP, on both buses."""

from __future__ import annotations

from typing import Any

from contracts.primitives.ids import new_id
from tests.flow.conftest import Deployment
from tests.support import mails as customers
from tests.support.debts import LATE, a_mail, case_is, collector, debtor, mails_so_far, mails_to, shown
from tests.support.listener import Listener
from tests.support.smtp_server import SmtpServer

MIME = {"Content-Type": "message/rfc822"}
ELSEWHERE = "Aija at home <aija@home.example>"


async def test_a_reply_is_matched_by_its_token_its_message_id_its_address_or_its_number(
    deployment: Deployment, mail_server: SmtpServer, listener: Listener
) -> None:
    caller, endpoint = await deployment.account(), listener.endpoint()
    channel = await caller.channel("replies")
    await collector(caller, a_mail())
    number = f"+3712{str(new_id().int)[-7:]}"
    client, sale = await debtor(caller, phone=number)
    (mail,) = await mails_to(mail_server, client["email"])
    (sent,) = await caller.items(f"/v1/messages?client_id={client['id']}")
    await shown(caller, f"/v1/messages/{sent['id']}", "sent")
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["message.created"]})
    token = mail.text.strip().splitlines()[-1]
    by_token = customers.a_mail(f"Paid.\n\n> {token}\n", From=ELSEWHERE, Message_ID=f"<{new_id()}@h.example>")
    thread = mail.message["Message-ID"]
    by_thread = customers.a_mail("Paid.\n", From=ELSEWHERE, In_Reply_To=thread, Message_ID=f"<{new_id()}@h.example>")
    by_address = customers.a_mail("Paid.\n", From=client["email"].upper(), Message_ID=f"<{new_id()}@h.example>")
    sms = {"MessageSid": str(new_id()), "From": number.replace("+371", "00371 "), "To": "+37160000000", "Body": "Paid."}
    posts: list[dict[str, Any]] = [{"data": bytes(one), "headers": MIME} for one in (by_token, by_thread, by_address)]
    posts.append({"data": sms})
    for post in posts:
        taken = await caller.anonymous("POST", channel["url"], **post)
        got = await shown(caller, f"/v1/messages/{taken.json['message_id']}", "received")
        names_the_message = post in posts[:2]
        assert (got["client_id"], got["body"]) == (client["id"], "Paid.")
        assert got["in_reply_to"] == (sent["id"] if names_the_message else None)
        assert got["sale_ids"] == ([sale["id"]] if names_the_message else [])
    received = await endpoint.receives(4)
    assert [(one.body["data"]["direction"], one.body["data"]["channel"]) for one in received] == [
        ("received", "email")
    ] * 3 + [("received", "sms")]


async def test_a_bounce_or_a_complaint_holds_mails_to_every_client_with_that_address(
    deployment: Deployment, mail_server: SmtpServer
) -> None:
    caller = await deployment.account()
    channel = await caller.channel("replies")
    for report in (customers.a_returned_mail, customers.a_complaint):
        await collector(caller, a_mail())
        address = f"{new_id()}@ozola.example"
        first, _ = await debtor(caller, email=address)
        (mail,) = await mails_to(mail_server, address)
        await case_is(caller, first["id"], "idle")
        posted = await caller.anonymous(
            "POST", channel["url"], data=report(mail.message, recipient=address), headers=MIME
        )
        await shown(caller, f"/v1/messages/{posted.json['message_id']}", "received")
        second, _ = await debtor(caller, email=address.upper())
        case = await case_is(caller, second["id"], "pending")
        assert case["reason"] == "the client has no address for email"
        assert len(mails_so_far(mail_server, address)) == 1


async def test_what_is_disputed_of_two_invoices_is_left_out_of_their_message(
    deployment: Deployment, mail_server: SmtpServer
) -> None:
    caller = await deployment.account()
    await collector(caller, a_mail(automatic=False))
    client, first = await debtor(caller)
    second = await caller.sale(client["id"], **LATE)
    dispute = await caller.made_of("/v1/disputes", {"sale_id": first["id"], "reason": "Damaged", "note": "One box"})
    case = await case_is(caller, client["id"], "pending")
    assert (await caller.post(f"/v1/cases/{case['id']}/send")).status == 200
    (mail,) = await mails_to(mail_server, client["email"])
    assert mail.message["Subject"] == "Open: 165.01 EUR"
    (message,) = await caller.items(f"/v1/messages?client_id={client['id']}")
    assert message["sale_ids"] == [second["id"]]
    resolved = await caller.post(
        f"/v1/disputes/{dispute['id']}/resolve", {"resolution": "accepted", "note": "Will be credited"}
    )
    assert (resolved.json["state"], resolved.json["resolution"]) == ("resolved", "accepted")


async def test_a_server_that_is_busy_is_asked_again_and_one_event_fires(
    deployment: Deployment, mail_server: SmtpServer, listener: Listener
) -> None:
    caller, endpoint = await deployment.account(), listener.endpoint()
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["message.created", "message.failed"]})
    address = f"{new_id()}@ozola.example"
    mail_server.refused[address] = "451 4.7.1 greylisted, come back"
    await collector(caller, a_mail())
    client, _ = await debtor(caller, email=address)
    (waiting,) = [await case_is(caller, client["id"], "idle")]
    (message,) = await caller.items(f"/v1/messages?client_id={client['id']}&state=requested")
    assert mails_so_far(mail_server, address) == []
    del mail_server.refused[address]
    await shown(caller, f"/v1/messages/{message['id']}", "sent")
    (received,) = await endpoint.receives(1)
    assert (received.trigger, received.body["data"]["id"]) == ("message.created", message["id"])
    timeline = (await caller.read(f"/v1/cases/{waiting['id']}"))["timeline"]
    assert [one["kind"] for one in timeline if one["kind"].startswith("step_")] == ["step_taken"]
    assert len(mails_so_far(mail_server, address)) == 1
