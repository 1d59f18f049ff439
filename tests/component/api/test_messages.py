"""`/v1/messages` over HTTP: sent, reported, listed; an installation without a mail server says so."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.primitives.ids import new_id
from tests.support.caller import Caller
from tests.support.eventually import eventually


async def test_a_message_is_sent_and_shown_with_what_became_of_it(caller: Caller) -> None:
    client = await caller.client(email="aija@ozola.example")
    asked = {"client_id": client["id"], "channel": "email", "subject": "A question", "body": "Did it arrive?"}
    made = await caller.post("/v1/messages", asked)
    assert (made.status, made.json["state"], made.json["direction"]) == (201, "requested", "sent")
    path = f"/v1/messages/{made.json['id']}"

    async def failed() -> dict[str, Any] | None:
        shown = await caller.read(path)
        return dict(shown) if shown["state"] == "failed" else None

    shown = await eventually(failed)
    assert shown is not None
    assert shown["detail"] == "not_configured: no mail can leave: LEDGERWIRE_SMTP_URL is not set"
    assert (shown["source_url"], (await caller.get(f"{path}/source")).status) == (None, 404)


async def test_reported_messages_are_listed_by_what_they_are(caller: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"])
    usual = {"client_id": client["id"], "origin": "external", "channel": "email", "body": "x"}
    sent = await caller.made_of("/v1/messages", usual | {"direction": "sent", "sale_ids": [sale["id"]]})
    got = await caller.made_of(
        "/v1/messages", usual | {"direction": "received", "from": "aija@ozola.example", "channel": "sms"}
    )
    assert got["from"] == "aija@ozola.example"
    assert await caller.read(f"/v1/messages/{got['id']}") == got
    of_client = f"/v1/messages?client_id={client['id']}"
    assert await caller.items(of_client) == [got, sent]
    assert await caller.items(f"{of_client}&direction=received") == [got]
    assert await caller.items(f"{of_client}&channel=email&state=sent") == [sent]
    assert await caller.items(f"/v1/messages?sale_id={sale['id']}") == [sent]
    assert await caller.items(f"{of_client}&unmatched=true") == []


@pytest.mark.parametrize(
    "fields",
    [
        {"direction": "received"},
        {"occurred_at": "2026-03-02T09:30:00+00:00"},
        {"from": "a@b.example"},
        {"origin": "external"},
        {"origin": "external", "direction": "sent", "attach_pdf": True},
        {"channel": "sms"},
        {"channel": "fax"},
        {"body": ""},
    ],
)
async def test_what_fits_neither_a_message_nor_a_report_is_refused(caller: Caller, fields: dict[str, Any]) -> None:
    client = await caller.client(email="aija@ozola.example")
    usual = {"client_id": client["id"], "channel": "email", "subject": "x", "body": "x"}
    refused = await caller.post("/v1/messages", usual | fields)
    assert (refused.status, refused.json["code"]) == (422, "invalid_input")


TEXTS = {
    "en": {"subject": "Open: {{ amount }}", "body": "Dear {{ client.contact }}, {{ invoice.number }} is open."},
    "fr": {"subject": "À payer : {{ amount }}", "body": "Bonjour {{ client.contact }}, {{ invoice.number }}."},
}


@pytest.mark.parametrize(("locale", "subject"), [("fr-CA", "À payer : 165.01 EUR"), ("lv", "Open: 165.01 EUR")])
async def test_a_message_is_rendered_from_its_template_in_the_clients_language_or_a_fallback(
    caller: Caller, locale: str, subject: str
) -> None:
    client = await caller.client(email="aija@ozola.example", locale=locale)
    sale = await caller.sale(client["id"])
    await caller.sale(client["id"])
    usual = {"client_id": client["id"], "channel": "email", "sale_ids": [sale["id"]]}
    made = await caller.made_of("/v1/messages", usual | {"template": TEXTS})
    assert made["subject"] == subject
    assert sale["number"] in made["body"]
    step = {"channel": "email", "delay": "P900D", "template": TEXTS}
    collector = await caller.made_of("/v1/collectors", {"name": "Late", "steps": [step]})
    again = await caller.made_of("/v1/messages", usual | {"template": {"collector_id": collector["id"], "step": 0}})
    assert again["subject"] == subject


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"template": TEXTS, "body": "x"}, 422),
        ({"template": {}}, 422),
        ({"template": {"subject": "x", "body": "{{ invoice.number }}"}}, 422),
        ({"template": {"subject": "x", "body": "{{ client.nothing }}"}}, 422),
        ({"template": {"collector_id": str(new_id()), "step": 0}}, 404),
    ],
)
async def test_a_template_that_gives_no_text_is_refused(caller: Caller, given: dict[str, Any], status: int) -> None:
    client = await caller.client(email="aija@ozola.example")
    refused = await caller.post("/v1/messages", {"client_id": client["id"], "channel": "email"} | given)
    assert refused.status == status


async def test_a_message_is_tried_without_a_trace_by_its_action(caller: Caller) -> None:
    client = await caller.client(email="aija@ozola.example")
    asked = {"client_id": client["id"], "channel": "email", "subject": "A question", "body": "Did it arrive?"}
    tried = await caller.post("/v1/actions/send_message?dry_run=true", asked)
    assert (tried.json["would"]["to"], tried.json["changes"]) == ("aija@ozola.example", [])
    assert await caller.items(f"/v1/messages?client_id={client['id']}") == []
    made = await caller.post("/v1/actions/send_message", asked)
    assert (made.status, made.headers["Location"]) == (201, f"/v1/messages/{made.json['id']}")


async def test_an_unknown_message_is_not_found(caller: Caller) -> None:
    path = f"/v1/messages/{new_id()}"
    answers = [await caller.get(path), await caller.get(f"{path}/source"), await caller.get(f"{path}/attachments/1")]
    client = await caller.client()
    answers += [await caller.post(f"{path}/assign", {"client_id": client["id"]}), await caller.post(f"{path}/resolve")]
    assert [one.status for one in answers] == [404] * 5
