"""A supplier's software posts an invoice to a Direct channel: it is kept once, and sent to its subscribers."""

from __future__ import annotations

import asyncio

from tests.support.caller import Caller, a_sale_xml
from tests.support.eventually import eventually
from tests.support.listener import Listener


async def test_a_suppliers_invoice_is_kept_once_and_sent_to_subscribers(caller: Caller, listener: Listener) -> None:
    endpoint, channel = listener.endpoint(), await caller.channel("direct")
    hook = await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["inbox.received"]})
    xml = a_sale_xml("A-17", net="250.00")
    first, again = await caller.push(channel, xml), await caller.push(channel, xml)
    assert (first.status, again.status) == (200, 200)
    assert "<duplicate>false</duplicate>" in first.text
    assert "<duplicate>true</duplicate>" in again.text
    (received,) = await endpoint.receives(1)
    assert received.is_signed_with(hook["secret"])
    assert received.headers["user-agent"].startswith("Ledgerwire/")
    (message,) = await caller.items("/v1/inbox/purchases")
    assert message["id"] in first.text
    assert received.body == {
        "id": received.event_id,
        "type": "inbox.received",
        "timestamp": received.body["timestamp"],
        "data": message,
    }
    assert (await caller.get(f"/v1/inbox/purchases/{message['id']}/raw")).raw == xml
    assert await caller.read("/v1/triggers/inbox.received/samples") == [received.body]


async def test_an_invoice_with_faults_is_refused_in_xml_and_sent_to_no_subscriber(
    caller: Caller, listener: Listener
) -> None:
    endpoint, channel = listener.endpoint(), await caller.channel("direct")
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["inbox.received"]})
    refused = await caller.push(channel, a_sale_xml("A-18").replace(b"<Currency>EUR", b"<Currency>EURO"))
    assert refused.status == 422
    assert refused.headers["Content-Type"].startswith("application/problem+xml")
    assert "/Sale/Header/Currency" in refused.text
    assert (await caller.push(channel, a_sale_xml("A-19"))).status == 200
    await endpoint.receives(1)
    assert [one.body["data"]["document"]["document_ref"] for one in endpoint.received] == ["A-19"]


async def test_a_hundred_suppliers_at_once_are_all_kept_and_all_reported(caller: Caller, listener: Listener) -> None:
    endpoint, channel = listener.endpoint(), await caller.channel("direct")
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["inbox.received"]})
    refs = {f"R-{number}" for number in range(100)}
    answers = await asyncio.gather(*(caller.push(channel, a_sale_xml(ref)) for ref in sorted(refs)))
    assert {answer.status for answer in answers} == {200}
    await endpoint.receives(100, deadline_seconds=30)
    assert {one.body["data"]["document"]["document_ref"] for one in endpoint.received} == refs
    assert len({one.event_id for one in endpoint.received}) == 100


async def test_an_order_of_a_shop_is_in_the_sales_inbox(caller: Caller) -> None:
    channel = await caller.channel("orders")
    order = {
        "document": {
            "document_date": "2026-03-01",
            "document_ref": "ORDER-9001",
            "client": {"name": "Aija Ozola", "email": "aija@ozola.example"},
            "currency": "EUR",
            "lines": [{"description": "Cup", "quantity": "2", "unit_price": "7.50"}],
        }
    }
    pushed = await caller.anonymous("POST", channel["url"], json=order)
    assert pushed.status == 200, pushed.text
    (message,) = await eventually(lambda: caller.items("/v1/inbox/sales"))
    assert message["id"] == pushed.json["message_id"]
    assert message["document"]["sale_type"] == "sales_order"


async def test_a_disabled_channel_takes_nothing(caller: Caller) -> None:
    channel = await caller.channel("direct")
    assert (await caller.delete(f"/v1/channels/{channel['id']}")).status == 200
    assert (await caller.push(channel, a_sale_xml())).status == 404
