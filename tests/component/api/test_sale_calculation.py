"""`/v1/sales/calculate`: the totals that a document would have."""

from __future__ import annotations

from tests.support.caller import Caller, an_invoice


async def test_what_is_calculated_is_what_the_document_comes_to(caller: Caller) -> None:
    client = await caller.client()
    line = {"description": "Work", "quantity": "3", "unit_price": "9.99", "discount": "10", "tax_rate": "21"}
    asked = an_invoice(client["id"], lines=[line], shipping_charge="4.00")
    shown = await caller.post("/v1/sales/calculate", asked)
    assert shown.status == 200
    assert await caller.items("/v1/sales") == []
    made = await caller.made_of("/v1/sales", asked)
    assert {name: made[name] for name in shown.json} == shown.json


async def test_a_document_that_exists_already_can_be_calculated_again(caller: Caller) -> None:
    asked = an_invoice((await caller.client())["id"], external_id="web-1")
    made = await caller.made_of("/v1/sales", asked)
    shown = await caller.post("/v1/sales/calculate", asked)
    assert (shown.status, shown.json["total"]) == (200, made["total"])


async def test_totals_are_calculated_without_a_client(caller: Caller) -> None:
    shown = await caller.post("/v1/sales/calculate", an_invoice())
    with_client = await caller.post("/v1/sales/calculate", an_invoice((await caller.client())["id"]))
    assert (shown.status, shown.json["total"]) == (200, with_client.json["total"])
    assert len(await caller.items("/v1/clients")) == 1


async def test_a_document_with_faults_is_not_calculated(caller: Caller) -> None:
    answer = await caller.post("/v1/sales/calculate", an_invoice((await caller.client())["id"], lines=[]))
    assert (answer.status, answer.json["code"]) == (422, "invalid_input")
