"""`/v1/calls` over HTTP."""

from __future__ import annotations

from typing import Any

from contracts.primitives.ids import new_id
from tests.support.caller import Caller
from tests.support.eventually import eventually


async def test_a_call_is_recorded_and_listed(caller: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"])
    made = await caller.post("/v1/calls", {"client_id": client["id"], "outcome": "disputed", "note": "Not delivered"})
    assert (made.status, made.json["client"]["name"]) == (201, client["name"])
    assert (await caller.get(f"/v1/calls/{made.json['id']}")).json == made.json
    assert await caller.items(f"/v1/calls?client_id={client['id']}") == [made.json]
    assert await caller.items("/v1/calls?outcome=spoke") == []
    (dispute,) = await caller.items(f"/v1/disputes?sale_id={sale['id']}")
    assert dispute["id"] == made.json["dispute_ids"][0]
    notes = await caller.items(f"/v1/notes?client_id={client['id']}&kind=call")
    assert [note["body"] for note in notes] == ["Not delivered"]
    assert (await caller.get(f"/v1/calls/{new_id()}")).status == 404


async def test_due_calls_are_listed_by_amount_or_age_until_they_are_made(caller: Caller) -> None:
    steps = [{"channel": "call", "delay": "P1D", "automatic": False}]
    await caller.made_of("/v1/collectors", {"name": "By phone", "default": True, "steps": steps})
    clients = [await caller.client(name=name, phone=f"+3712000000{name}") for name in "12"]
    for client, day, quantity in zip(clients, ("2026-01-10", "2026-02-10"), ("1", "2"), strict=True):
        line = {"description": "Work", "quantity": quantity, "unit_price": "100"}
        await caller.sale(client["id"], document_date="2026-01-02", date_due=day, lines=[line])

    async def queue(sort: str, many: int) -> list[dict[str, Any]] | None:
        found = await caller.items(f"/v1/calls?due=true&sort={sort}")
        return found if len(found) == many else None

    by_amount = await eventually(lambda: queue("amount", 2)) or []
    assert [(one["client_id"], one["open_amount"], one["phone"]) for one in by_amount] == [
        (clients[1]["id"], "200.00", "+37120000002"),
        (clients[0]["id"], "100.00", "+37120000001"),
    ]
    by_age = await caller.items("/v1/calls?due=true&sort=age&limit=1")
    assert [one["client_id"] for one in by_age] == [clients[0]["id"]]
    made = await caller.post("/v1/calls", {"client_id": clients[1]["id"], "outcome": "spoke", "advance": True})
    assert (made.status, made.json["advance"]) == (201, True)
    left = await eventually(lambda: queue("amount", 1)) or []
    assert [one["client_id"] for one in left] == [clients[0]["id"]]
    assert (await caller.get("/v1/calls?due=true&outcome=spoke")).status == 422
