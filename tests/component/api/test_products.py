"""Products over HTTP: made, found, changed, archived, each account its own."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.primitives.ids import new_id
from tests.support.caller import Caller


async def a_product(caller: Caller, code: str = "CONSULT", **fields: Any) -> dict[str, Any]:
    return await caller.made_of("/v1/products", {"code": code, "name": "Consulting"} | fields)


async def test_a_product_is_made_and_then_read_as_it_was_answered(caller: Caller) -> None:
    made = await caller.post(
        "/v1/products", {"code": "CONSULT", "name": "Consulting", "unit_price": "138.6600", "tax_rate": 19}
    )
    assert made.status == 201, made.text
    assert (made.json["unit_price"], made.json["tax_rate"], made.json["currency"]) == ("138.6600", "19", "EUR")
    assert made.headers["Location"] == f"/v1/products/{made.json['id']}"
    assert await caller.read(made.headers["Location"]) == made.json


@pytest.mark.parametrize(
    ("sent", "paths"),
    [
        ({}, {"code", "name"}),
        ({"code": "A", "name": "A", "price": "1"}, {"price"}),
        ({"code": "A", "name": "A", "unit_price": "-1", "tax_rate": "101", "currency": "ZZZ"},
         {"unit_price", "tax_rate", "currency"}),
        ({"code": "A", "name": "A", "unit_price": "NaN"}, {"unit_price"}),
        ({"code": "A", "name": "A", "unit_price": 1e30}, {"unit_price"}),
    ],
)  # fmt: skip
async def test_every_fault_of_a_product_is_reported(caller: Caller, sent: dict[str, Any], paths: set[str]) -> None:
    answer = await caller.post("/v1/products", sent)
    assert (answer.status, set(answer.faults)) == (422, paths)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("query=consul", {"CONSULT-1"}),
        ("query=ULT-", {"CONSULT-1"}),
        ("query=4006381", {"PEN"}),
        ("code=PEN", {"PEN"}),
        ("code=pen", set()),
        ("external_id=shop-1", {"PEN"}),
        ("", {"CONSULT-1", "PEN"}),
        ("archived=true", {"OLD"}),
    ],
)
async def test_products_are_found_by_what_is_known_of_them(caller: Caller, asked: str, found: set[str]) -> None:
    await a_product(caller, "CONSULT-1")
    await a_product(caller, "PEN", name="Blue pen", barcode="4006381333931", external_id="shop-1")
    old = await a_product(caller, "OLD", name="Gone")
    await caller.patch(f"/v1/products/{old['id']}", {"archived": True})
    assert {item["code"] for item in await caller.items(f"/v1/products?{asked}")} == found


async def test_a_code_is_taken_once_and_an_upsert_goes_by_it(caller: Caller) -> None:
    made = await a_product(caller, "A", unit="hour")
    taken = await caller.post("/v1/products", {"code": "A", "name": "Other"})
    changed = await caller.post("/v1/products?on_conflict=update", {"code": "A", "name": "Other"})
    assert (taken.status, taken.json["code"], list(taken.faults)) == (409, "code_taken", ["code"])
    assert (changed.status, changed.json["id"]) == (200, made["id"])
    assert (changed.json["name"], changed.json["unit"]) == ("Other", "hour")


async def test_a_product_is_changed_and_deleted(caller: Caller, stranger: Caller) -> None:
    made = await a_product(caller, unit_price="10.00")
    path = f"/v1/products/{made['id']}"
    assert (await stranger.patch(path, {"name": "Mine"})).status == 404
    changed = await caller.patch(path, {"unit_price": None})
    assert changed.json == made | {"unit_price": None, "updated_at": changed.json["updated_at"]}
    assert (await caller.delete(path)).json == {"id": made["id"], "deleted": True, "archived": False}
    assert (await caller.get(path)).status == 404
    assert (await caller.get(f"/v1/products/{new_id()}")).status == 404
