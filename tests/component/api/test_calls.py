"""`/v1/calls` over HTTP."""

from __future__ import annotations

from contracts.primitives.ids import new_id
from tests.support.caller import Caller


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
