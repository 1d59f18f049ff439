"""Each rule of collections over HTTP, a real SMTP server and an SMS gateway, on both buses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

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
from tests.support.eventually import eventually
from tests.support.listener import Listener
from tests.support.receiver import Receiver
from tests.support.smtp_server import SmtpServer

A_CALL = {"channel": "call", "anchor": "after_due", "delay": "PT1S", "automatic": False}
MIME = {"Content-Type": "message/rfc822"}


async def test_a_step_is_sent_once_and_missed_ones_by_the_latest_alone(
    deployment: Deployment, mail_server: SmtpServer
) -> None:
    caller = await deployment.account()
    await collector(caller, a_mail("P1D"), a_mail("P5D"), a_mail("P9D"))
    client, _ = await debtor(caller)
    case = await case_is(caller, client["id"], "idle")
    await mails_to(mail_server, client["email"])
    await caller.made_of("/v1/notes", {"client_id": client["id"], "body": "wakes the scheduler"})
    timeline = (await caller.read(f"/v1/cases/{case['id']}"))["timeline"]
    steps = sorted((one["detail"]["step"], one["kind"]) for one in timeline if one["kind"].startswith("step_"))
    assert steps == [(0, "step_skipped"), (1, "step_skipped"), (2, "step_taken")]
    assert len(mails_so_far(mail_server, client["email"])) == 1


async def test_who_must_not_be_reminded_is_not_and_every_case_says_why(
    deployment: Deployment, mail_server: SmtpServer
) -> None:
    caller = await deployment.account()
    await collector(caller, a_mail(automatic=False))
    far = {"until": "2199-01-01"}
    held: dict[str, dict[str, Any]] = {}
    for kind in ("muted", "paused", "snoozed", "promised", "disputed", "noted", "archived", "paid", "credit"):
        client, sale = await debtor(caller)
        held[kind] = client | {"sale_id": sale["id"], "case": await case_is(caller, client["id"], "pending")}

    async def act(kind: str, verb: str, body: dict[str, Any]) -> None:
        answer = await caller.post(f"/v1/cases/{held[kind]['case']['id']}/{verb}", body)
        assert answer.status == 200, answer.text

    await act("muted", "mute", {"reason": "With a court"})
    await act("paused", "pause", {"reason": "On holiday"})
    await act("snoozed", "snooze", far)
    await caller.made_of("/v1/promises", {"client_id": held["promised"]["id"], "date": "2030-01-01"})
    await caller.made_of("/v1/disputes", {"sale_id": held["disputed"]["sale_id"], "reason": "Too much"})
    await caller.made_of("/v1/notes", {"client_id": held["noted"]["id"], "body": "Ask", "needs_response": True})
    await caller.patch(f"/v1/clients/{held['archived']['id']}", {"archived": True})
    await caller.payment(held["paid"]["id"], "165.01", (held["paid"]["sale_id"], "165.01"))
    await caller.payment(held["credit"]["id"], "200.00")
    unreachable, _ = await debtor(caller, email=None)
    held["no address"] = unreachable
    states = {
        "muted": "muted", "paused": "paused", "snoozed": "paused", "promised": "promised", "disputed": "disputed",
        "noted": "awaiting_reply", "paid": "settled",
    }  # fmt: skip
    for kind, state in states.items():
        case = await case_is(caller, held[kind]["id"], state)
        assert case["reason"]
        assert case["ends"]
        answer = await caller.post(f"/v1/cases/{case['id']}/send")
        assert (kind, answer.status) == (kind, 409)
    for kind, words in {"archived": "archived", "credit": "credit covers", "no address": "no address"}.items():

        async def said(client_id: str = held[kind]["id"], words: str = words) -> bool:
            cases = await caller.items(f"/v1/cases?client_id={client_id}&state=pending")
            return bool(cases) and words in cases[0]["reason"]

        assert await eventually(said, deadline_seconds=30), kind
    assert [
        one for client in held.values() if client["email"] for one in mails_so_far(mail_server, client["email"])
    ] == []


async def test_the_contact_interval_and_the_send_window_win_over_a_steps_delay(
    deployment: Deployment, mail_server: SmtpServer
) -> None:
    caller = await deployment.account()
    await caller.patch("/v1/account", {"min_contact_interval": "P3D"})
    await collector(caller, a_mail(), a_next_mail())
    client, _ = await debtor(caller)
    (mail,) = await mails_to(mail_server, client["email"])
    case = await case_is(caller, client["id"], "scheduled")
    assert mail.message["Subject"] == "Open: 165.01 EUR"
    assert datetime.fromisoformat(case["next_step"]["at"]) > datetime.now(tz=UTC) + timedelta(days=2, hours=23)

    shut = await deployment.account()
    today = datetime.now(tz=UTC).date()
    holidays = [(today + timedelta(days=days)).isoformat() for days in (-1, 0, 1)]
    await shut.patch(
        "/v1/account", {"time_zone": "Europe/Riga", "send_window": {"opens": "09:00", "holidays": holidays}}
    )
    await collector(shut, a_mail())
    closed, _ = await debtor(shut)
    at = datetime.fromisoformat((await case_is(shut, closed["id"], "scheduled"))["next_step"]["at"])
    assert at.date() == today + timedelta(days=2)
    assert mails_so_far(mail_server, closed["email"]) == []


async def test_a_mail_carries_invoices_and_a_statement_in_the_clients_language(
    deployment: Deployment, mail_server: SmtpServer
) -> None:
    caller = await deployment.account()
    texts = {
        "en": {"subject": "Open: {{ amount }}", "body": "Dear {{ client.contact }}"},
        "fr": {"subject": "À payer : {{ amount }}", "body": "Bonjour {{ client.contact }}"},
    }
    boss = f"{new_id()}@ozola.example"
    await collector(caller, a_mail(template=texts, attach_pdf=True, attach_statement=True, cc=[boss]))
    client, sale = await debtor(caller, locale="fr")
    (mail,) = await mails_to(mail_server, client["email"])
    assert mail.message["Subject"] == "À payer : 165.01 EUR"
    assert mail.recipients == [client["email"], boss]
    invoice, statement = mail.files.items()
    assert invoice[0] == f"{sale['number']}.pdf"
    assert statement[0].startswith("statement-")
    assert statement[1].startswith(b"%PDF")

    asked = {"client_id": client["id"], "channel": "email", "to": f"{new_id()}@ozola.example"}
    await caller.made_of("/v1/messages", asked | {"template": texts, "attach_statement": True})
    (by_hand,) = await mails_to(mail_server, asked["to"])
    assert (by_hand.message["Subject"], len(by_hand.files)) == ("À payer : 165.01 EUR", 1)


async def test_an_sms_reminder_goes_through_the_gateway(deployment: Deployment, sms_gateway: Receiver) -> None:
    caller = await deployment.account()
    await caller.patch("/v1/account", {"sms_sender": "Baltic"})
    sms = {"channel": "sms", "delay": "PT1S", "template": {"body": "{{ invoice.number }}: {{ amount }} is open"}}
    await collector(caller, sms)
    number = f"+3712{str(new_id().int)[-7:]}"
    client, sale = await debtor(caller, phone=number)

    def there() -> dict[str, Any] | None:
        return next((one.json for one in sms_gateway.on("/sms") if one.json["to"] == number), None)

    taken = await eventually(there, deadline_seconds=30)
    assert taken is not None
    assert (taken["body"], taken["from"]) == (f"{sale['number']}: 165.01 EUR is open", "Baltic")
    (message,) = await caller.items(f"/v1/messages?client_id={client['id']}&channel=sms")
    assert (await shown(caller, f"/v1/messages/{message['id']}", "sent"))["to"] == number


async def test_a_refused_mail_is_failed_with_the_servers_words_and_fires_no_message(
    deployment: Deployment, mail_server: SmtpServer, listener: Listener
) -> None:
    caller, endpoint = await deployment.account(), listener.endpoint()
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["message.created", "message.failed"]})
    address = f"{new_id()}@ozola.example"
    mail_server.refused[address] = "550 5.1.1 no such user"
    await collector(caller, a_mail())
    client, _ = await debtor(caller, email=address)
    (received,) = await endpoint.receives(1)
    assert (received.trigger, received.body["data"]["state"]) == ("message.failed", "failed")
    assert "5.1.1 no such user" in received.body["data"]["detail"]
    assert await caller.items(f"/v1/messages?client_id={client['id']}&state=sent") == []


async def test_a_reply_holds_reminders_until_it_is_resolved(
    deployment: Deployment, mail_server: SmtpServer, listener: Listener
) -> None:
    caller, endpoint = await deployment.account(), listener.endpoint()
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["message.created"]})
    channel = await caller.channel("replies")
    await collector(caller, a_mail(), a_next_mail("P5D"))
    client, _ = await debtor(caller)
    (mail,) = await mails_to(mail_server, client["email"])
    quoted = "".join(f"> {line}\n" for line in mail.text.splitlines())
    reply = customers.a_mail(
        f"{customers.NEW_TEXT}\n\nOn Thu, 19 Mar 2026 at 10:00, Books <b@b.example> wrote:\n{quoted}"
    )
    taken = await caller.anonymous("POST", channel["url"], data=bytes(reply), headers=MIME)
    assert taken.status == 200
    case = await case_is(caller, client["id"], "awaiting_reply")
    assert (case["reason"], case["ends"]) == ("a note or reply needs a response", "resolve it")
    received = await endpoint.receives(2)
    assert [one.body["data"]["direction"] for one in received] == ["sent", "received"]
    await caller.post(f"/v1/messages/{taken.json['message_id']}/resolve")
    await case_is(caller, client["id"], "scheduled")
    stranger = customers.a_mail("Who are you?")
    unmatched = await caller.anonymous("POST", channel["url"], data=bytes(stranger), headers=MIME)
    await shown(caller, f"/v1/messages/{unmatched.json['message_id']}", "received")
    (listed,) = await caller.items("/v1/messages?unmatched=true")
    assert listed["id"] == unmatched.json["message_id"]
    other, _ = await debtor(caller)
    assigned = await caller.post(f"/v1/messages/{listed['id']}/assign", {"client_id": other["id"]})
    assert assigned.json["client_id"] == other["id"]


async def test_a_note_that_needs_a_response_holds_reminders_until_it_is_resolved(
    deployment: Deployment, mail_server: SmtpServer, listener: Listener
) -> None:
    caller, endpoint = await deployment.account(), listener.endpoint()
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["note.created"]})
    await collector(caller, a_mail())
    client = await caller.client(email=f"{new_id()}@ozola.example")
    note = await caller.made_of(
        "/v1/notes", {"client_id": client["id"], "body": "Ask first", "pinned": True, "needs_response": True}
    )
    await caller.sale(client["id"], **LATE)
    await case_is(caller, client["id"], "awaiting_reply")
    assert mails_so_far(mail_server, client["email"]) == []
    assert (await caller.post(f"/v1/notes/{note['id']}/resolve")).status == 200
    await mails_to(mail_server, client["email"])
    (received,) = await endpoint.receives(1)
    assert received.body["data"]["kind"] == "note"


async def test_due_calls_are_queued_by_amount_and_end_where_they_advance(
    deployment: Deployment, listener: Listener
) -> None:
    caller, endpoint = await deployment.account(), listener.endpoint()
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["note.created", "call.recorded"]})
    await collector(caller, A_CALL)
    small, _ = await debtor(caller, phone="+37120000001")
    large, _ = await debtor(caller, phone="+37120000002")
    await caller.sale(large["id"], **LATE)

    async def due() -> list[str] | None:
        queue = await caller.items("/v1/calls?due=true")
        return [one["client_id"] for one in queue] if len(queue) == 2 and queue[0]["invoices"] == 2 else None

    assert await eventually(due, deadline_seconds=30) == [large["id"], small["id"]]
    kept = await caller.made_of("/v1/calls", {"client_id": large["id"], "outcome": "no_answer"})
    assert kept["advance"] is False
    await caller.made_of(
        "/v1/calls", {"client_id": large["id"], "outcome": "spoke", "note": "Will pay", "advance": True}
    )
    await case_is(caller, large["id"], "idle")
    await caller.made_of(
        "/v1/calls", {"client_id": small["id"], "outcome": "left_message", "snooze_until": "2199-01-01"}
    )
    await case_is(caller, small["id"], "paused")
    received = await endpoint.receives(6)
    assert sorted(one.trigger for one in received) == ["call.recorded"] * 3 + ["note.created"] * 3
    assert {one.body["data"]["kind"] for one in received if one.trigger == "note.created"} == {"call"}


async def test_a_promise_is_kept_once_that_much_came_in(deployment: Deployment, listener: Listener) -> None:
    caller, endpoint = await deployment.account(), listener.endpoint()
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["promise.recorded", "promise.broken"]})
    await collector(caller, a_mail("P999D"))
    client, sale = await debtor(caller)
    promise = await caller.made_of("/v1/promises", {"client_id": client["id"], "date": "2030-01-01", "amount": "100"})
    await case_is(caller, client["id"], "promised")
    await caller.payment(client["id"], "100", (sale["id"], "100"))
    await shown(caller, f"/v1/promises/{promise['id']}", "kept")
    await case_is(caller, client["id"], "scheduled")
    assert [one.trigger for one in await endpoint.receives(1)] == ["promise.recorded"]


async def test_moves_by_a_person_by_removal_and_from_outside_each_fire_one_event(
    deployment: Deployment, mail_server: SmtpServer, listener: Listener
) -> None:
    caller, endpoint = await deployment.account(), listener.endpoint()
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["invoices.moved"]})
    first = await collector(caller, a_mail("P900D"), name="First")
    second = await caller.made_of("/v1/collectors", {"name": "Second", "steps": [a_mail("P901D")]})
    client, sale = await debtor(caller)
    await caller.sale(client["id"], **LATE)
    await case_is(caller, client["id"], "scheduled")
    moved = await caller.made_of("/v1/invoices/move", {"client_id": client["id"], "collector_id": second["id"]})
    assert len(moved["invoices"]) == 2
    report = {"invoice_ids": [sale["id"]], "origin": "external", "to_collector": "Court", "cause": "workflow"}
    await caller.made_of("/v1/invoices/move", report)
    assert (await caller.delete(f"/v1/collectors/{second['id']}")).status == 409
    assert (await caller.delete(f"/v1/collectors/{second['id']}?move_to={first['id']}")).status == 200
    received = [one.body["data"] for one in await endpoint.receives(3, deadline_seconds=30)]
    assert [
        (one["cause"], one["origin"], one["from_collector"]["name"], one["to_collector"]["name"]) for one in received
    ] == [
        ("person", "own", "First", "Second"),
        ("workflow", "external", "Second", "Court"),
        ("person", "own", "Second", "First"),
    ]
    assert received[0]["account_total"] == [{"currency": "EUR", "open": "330.02", "overdue": "330.02"}]
    assert mails_so_far(mail_server, client["email"]) == []


async def test_what_has_no_step_left_is_listed_as_idle_and_new_debt_wakes_it(
    deployment: Deployment, mail_server: SmtpServer
) -> None:
    caller = await deployment.account()
    await collector(caller, a_mail())
    client, sale = await debtor(caller)
    await case_is(caller, client["id"], "idle")
    payment = await caller.payment(client["id"], "165.01", (sale["id"], "165.01"))
    await case_is(caller, client["id"], "settled")
    reversed_ = await caller.post(f"/v1/payments/{payment['id']}/reverse", {"reason": "Bounced"})
    assert reversed_.status == 200, reversed_.text
    await mails_to(mail_server, client["email"], 2)
    assert (await case_is(caller, client["id"], "idle"))["cycle"] == 2


async def test_a_payment_ends_reminding_and_is_thanked_for(deployment: Deployment, mail_server: SmtpServer) -> None:
    caller = await deployment.account()
    await caller.patch("/v1/account", {"thank_you": True})
    await collector(caller, a_mail(), a_next_mail("P1D"))
    client, sale = await debtor(caller)
    await mails_to(mail_server, client["email"])
    await shown_sent(caller, client["id"])
    await caller.payment(client["id"], "165.01", (sale["id"], "165.01"))
    case = await case_is(caller, client["id"], "settled")
    assert (case["open_amount"], case["next_step"]) == ("0.00", None)
    _, thanks = await mails_to(mail_server, client["email"], 2)
    assert thanks.message["Subject"] == "Thank you for your payment"


async def shown_sent(caller: Any, client_id: str) -> None:
    async def there() -> bool:
        return bool(await caller.items(f"/v1/messages?client_id={client_id}&state=sent"))

    assert await eventually(there, deadline_seconds=30)


async def test_what_another_system_did_fires_alike_and_sends_nothing(
    deployment: Deployment, mail_server: SmtpServer, listener: Listener
) -> None:
    caller, endpoint = await deployment.account(), listener.endpoint()
    triggers = ["message.created", "note.created", "call.recorded"]
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": triggers})
    client = await caller.client(email=f"{new_id()}@ozola.example")
    usual = {"client_id": client["id"], "origin": "external"}
    sent = {"channel": "email", "direction": "sent", "subject": "x", "body": "x"}
    await caller.made_of("/v1/messages", usual | sent)
    await caller.made_of("/v1/messages", usual | sent | {"direction": "received"})
    await caller.made_of("/v1/notes", usual | {"body": "x"})
    await caller.made_of("/v1/calls", usual | {"outcome": "spoke"})
    received = await endpoint.receives(5)
    assert sorted(one.trigger for one in received) == [
        "call.recorded", "message.created", "message.created", "note.created", "note.created",
    ]  # fmt: skip
    assert {one.body["data"]["origin"] for one in received} == {"external"}
    assert mails_so_far(mail_server, client["email"]) == []


async def test_views_and_reports_show_what_is_owed_and_what_was_done(
    deployment: Deployment, mail_server: SmtpServer
) -> None:
    caller = await deployment.account()
    made = await collector(caller, a_mail())
    client, _ = await debtor(caller)
    await mails_to(mail_server, client["email"])
    await case_is(caller, client["id"], "idle")
    (case,) = await caller.items(f"/v1/cases?collector_id={made['id']}&min_amount=165&sort=age")
    assert (case["open_amount"], case["overdue_amount"], case["client"]["id"]) == ("165.01", "165.01", client["id"])
    (step,) = (await caller.read("/v1/reports/collections"))["items"]
    assert (step["reminded"], step["reminded_amount"]) == (1, "165.01")
    assert (await caller.read("/v1/reports/debtor-days"))["items"] != []
    activity = await caller.items(f"/v1/reports/activity?client_id={client['id']}")
    assert [one["kind"] for one in activity] == ["message"]
