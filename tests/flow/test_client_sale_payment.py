"""A client is made, an invoice issued and paid: each step is one event with the object that GET returns."""

from __future__ import annotations

import asyncio

from tests.support.caller import Caller, an_invoice
from tests.support.listener import Listener

REPORTED = ["client.created", "sale.posted", "payment.posted", "sale.paid"]


async def test_an_invoice_is_issued_and_paid_and_every_step_is_reported(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint()
    hook = await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": REPORTED})
    client = await caller.client(name="Aya Ozola", type="person", email="aya@customer.example")
    sale = await caller.sale(client["id"])
    assert (sale["net"], sale["tax"], sale["total"]) == ("138.66", "26.35", "165.01")
    payment = await caller.payment(client["id"], "165.01", (sale["id"], "165.01"))
    await endpoint.receives(4)
    assert sorted(endpoint.triggers) == sorted(REPORTED)
    assert all(one.is_signed_with(hook["secret"]) for one in endpoint.received)
    reported = {one.trigger: one.body["data"] for one in endpoint.received}
    assert reported["client.created"] == client
    assert reported["sale.posted"] == sale
    assert reported["payment.posted"] == payment
    settled = await caller.read(f"/v1/sales/{sale['id']}")
    assert (settled["settlement"], settled["amount_due"]) == ("paid", "0.00")
    assert reported["sale.paid"] == settled
    assert (await caller.read(f"/v1/clients/{client['id']}"))["balance"] == [
        {"currency": "EUR", "receivable": "0.00", "unapplied": "0.00"}
    ]


async def test_numbers_have_no_gap_though_many_are_issued_at_once_and_some_refused(caller: Caller) -> None:
    client = await caller.client()
    good = [caller.sale(client["id"], external_id=f"order-{number}") for number in range(12)]
    bad = [caller.post("/v1/sales", an_invoice(client["id"], lines=[])) for _ in range(4)]
    worse = [caller.post("/v1/sales", an_invoice(client["id"], deposit="9999.00")) for _ in range(4)]
    sales, refused = await asyncio.gather(asyncio.gather(*good), asyncio.gather(*bad, *worse))
    assert {answer.status for answer in refused} == {422}
    numbers = sorted(int(sale["number"].rsplit("-", 1)[-1]) for sale in sales)
    assert numbers == list(range(numbers[0], numbers[0] + 12))


async def test_a_draft_has_no_number_and_is_not_posted(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint()
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["sale.created", "sale.posted"]})
    client = await caller.client()
    draft = await caller.sale(client["id"], issue=False)
    assert (draft["status"], draft["number"]) == ("draft", None)
    await endpoint.receives(1)
    assert endpoint.triggers == ["sale.created"]


async def test_a_payment_of_too_much_stays_with_the_client(caller: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"])
    payment = await caller.payment(client["id"], "200.00", (sale["id"], "165.01"))
    assert payment["unapplied"] == "34.99"
    assert (await caller.read(f"/v1/clients/{client['id']}"))["balance"][0]["unapplied"] == "34.99"
