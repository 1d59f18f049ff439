"""The journey over HTTP: what one message, document, payment, event or request caused, in order."""

from __future__ import annotations

from typing import Any

from contracts.primitives.ids import new_id
from tests.support.caller import Caller, a_document, a_sale_xml
from tests.support.eventually import eventually


async def journey(caller: Caller, identifier: str, *steps: str) -> dict[str, Any]:
    """The journey of a thing once all these steps are on it."""

    async def complete() -> dict[str, Any] | None:
        answer = await caller.get(f"/v1/journey/{identifier}")
        found = [entry["step"] for entry in answer.json.get("entries", ())]
        return dict(answer.json) if set(steps) <= set(found) else None

    return await eventually(complete) or {}


async def test_an_invoice_pushed_to_a_channel_is_followed_from_request_to_event(caller: Caller) -> None:
    pushed = await caller.push(await caller.channel(), a_sale_xml(), Accept="application/json")
    reported = await journey(caller, pushed.json["message_id"], "accepted", "receive_inbox_message", "inbox.received")
    entries = reported["entries"]
    assert [entry["service"] for entry in entries] == ["ingress", "ledger", "trigger_dispatcher"]
    assert entries[0]["after_ms"] == 0
    assert [entry["after_ms"] for entry in entries] == sorted(entry["after_ms"] for entry in entries)
    assert entries[0]["detail"]["path"] == "/ext/direct/inbox/{secret}"
    assert (
        {entry["correlation_id"] for entry in entries}
        == set(reported["correlation_ids"])
        == {pushed.json["message_id"]}
    )


async def test_a_sales_journey_shows_its_command_and_its_event(caller: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"])
    reported = await journey(caller, sale["id"], "accepted", "create_sale", "sale.posted")
    assert all(entry["subject_id"] in {sale["id"], None} for entry in reported["entries"])
    whole = await journey(caller, client["id"], "create_client", "client.created")
    assert "create_sale" not in [entry["step"] for entry in whole["entries"]]


async def test_every_id_of_one_journey_leads_to_it(caller: Caller) -> None:
    client = await caller.client()
    payment = await caller.payment(client["id"], "10.00")
    reported = await journey(caller, payment["id"], "record_payment", "payment.posted")
    (request,) = reported["correlation_ids"]
    event = next(entry["message_id"] for entry in reported["entries"] if entry["step"] == "payment.posted")
    for identifier in (request, event):
        assert (await caller.read(f"/v1/journey/{identifier}"))["entries"] == reported["entries"]


async def test_what_happens_to_a_thing_later_joins_its_journey(caller: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"])
    await caller.payment(client["id"], "165.01", (sale["id"], "165.01"))
    reported = await journey(caller, sale["id"], "create_sale", "sale.paid")
    assert len(reported["correlation_ids"]) == 2
    steps = [entry["step"] for entry in reported["entries"]]
    assert steps.index("create_sale") < steps.index("record_payment") < steps.index("sale.paid")


async def test_a_refused_request_has_a_journey_that_says_why(caller: Caller) -> None:
    refused = await caller.post("/v1/payments", {"client_id": str(new_id()), "amount": "1", "currency": "EUR"})
    assert refused.status in {404, 422}
    reported = await journey(caller, refused.headers["X-Request-Id"], "accepted", "record_payment")
    assert reported["entries"][-1]["detail"] == {"status": refused.status, "code": refused.json["code"]}


async def test_a_message_over_the_api_has_its_journey(caller: Caller) -> None:
    message = await caller.made_of("/v1/inbox/sales", a_document(supplier=None))
    reported = await journey(caller, message["id"], "accepted", "receive_inbox_message", "inbox.received")
    assert reported["truncated"] is False


async def test_an_unknown_id_has_no_journey(caller: Caller, stranger: Caller) -> None:
    client = await caller.client()
    for identifier in (str(new_id()), "nonsense"):
        assert (await caller.get(f"/v1/journey/{identifier}")).status == 404
    assert (await stranger.get(f"/v1/journey/{client['id']}")).status == 404
