"""What is overdue is reminded of by mail: from a collector over HTTP to a real SMTP server, on both buses."""

from __future__ import annotations

from typing import Any

from contracts.primitives.ids import new_id
from tests.flow.conftest import Deployment
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.listener import Listener
from tests.support.smtp_server import SmtpServer, TakenMail

LATE = {"document_date": "2025-03-02", "date_due": "2025-03-16"}
WORDS = {
    "en": {"subject": "Open: {{ amount }}", "body": "Dear {{ client.contact }}, {{ invoice.number }} is open."},
    "fr": {"subject": "À payer : {{ amount }}", "body": "Bonjour {{ client.contact }}, {{ invoice.number }}."},
}
MAIL: dict[str, Any] = {"channel": "email", "anchor": "after_due", "delay": "PT1S", "template": WORDS}


async def mails_to(mail_server: SmtpServer, address: str, many: int) -> list[TakenMail]:
    def there() -> list[TakenMail] | None:
        found = [one for one in mail_server.mails if address in one.recipients]
        return found if len(found) >= many else None

    return await eventually(there) or []


async def case_is(caller: Caller, client_id: str, state: str) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        found = await caller.items(f"/v1/cases?client_id={client_id}&state={state}")
        return found[0] if found else None

    return dict(await eventually(there) or {})


async def test_a_debtor_is_reminded_moved_and_settled_with_every_event(
    deployment: Deployment, mail_server: SmtpServer, listener: Listener
) -> None:
    caller, endpoint = await deployment.account(), listener.endpoint()
    await caller.patch("/v1/account", {"email": "books@baltic.example", "reply_to": "reply@baltic.example"})
    keys = ["message.created", "invoices.moved"]
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": keys, "filters": {}})
    last = await caller.made_of("/v1/collectors", {"name": "Last", "steps": [MAIL | {"anchor": "after_previous"}]})
    again = MAIL | {"anchor": "after_previous", "attach_pdf": True}
    notify = {"to": [f"boss-{new_id()}@baltic.example"], "subject": "{{ client.name }}", "body": "{{ amount }}"}
    move = {
        "channel": "move", "anchor": "after_previous", "delay": "PT1S", "target_collector_id": last["id"],
        "notify": notify,
    }  # fmt: skip
    await caller.made_of("/v1/collectors", {"name": "All", "default": True, "steps": [MAIL, again, move]})
    address = f"{new_id()}@ozola.example"
    client = await caller.client(email=address, locale="fr", first_name="Aija")
    sale = await caller.sale(client["id"], **LATE)
    first, second, third = await mails_to(mail_server, address, 3)
    assert [one.message["Subject"] for one in (first, second, third)] == ["À payer : 165.01 EUR"] * 3
    assert first.message["Reply-To"].addresses[0].addr_spec == "reply@baltic.example"
    assert second.message["In-Reply-To"] == first.message["Message-ID"]
    assert third.message["In-Reply-To"] is None
    assert [part.get_filename() for part in second.message.iter_attachments()] == [f"{sale['number']}.pdf"]
    (reported,) = await mails_to(mail_server, notify["to"][0], 1)
    assert reported.message["Subject"] == client["name"]
    await caller.post("/v1/payments", {
        "client_id": client["id"], "amount": "165.01", "currency": "EUR",
        "allocations": [{"sale_id": sale["id"], "amount": "165.01"}],
    })  # fmt: skip
    case = await case_is(caller, client["id"], "settled")
    assert case["open_amount"] == "0.00"
    delivered = await eventually(lambda: endpoint.received if len(endpoint.received) >= 4 else None)
    assert sorted(one.trigger for one in delivered or []) == ["invoices.moved"] + ["message.created"] * 3


async def test_nothing_goes_to_a_client_who_paid_in_time(deployment: Deployment, mail_server: SmtpServer) -> None:
    caller = await deployment.account()
    await caller.patch("/v1/account", {"email": "books@baltic.example"})
    await caller.made_of("/v1/collectors", {"name": "All", "default": True, "steps": [MAIL | {"automatic": False}]})
    address = f"{new_id()}@ozola.example"
    client = await caller.client(email=address)
    sale = await caller.sale(client["id"], **LATE)
    pending = await case_is(caller, client["id"], "pending")
    await caller.post("/v1/payments", {
        "client_id": client["id"], "amount": "165.01", "currency": "EUR",
        "allocations": [{"sale_id": sale["id"], "amount": "165.01"}],
    })  # fmt: skip
    await case_is(caller, client["id"], "settled")
    refused = await caller.post(f"/v1/cases/{pending['id']}/send")
    assert refused.status == 409
    assert [one for one in mail_server.mails if address in one.recipients] == []
