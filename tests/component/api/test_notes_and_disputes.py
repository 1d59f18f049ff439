"""`/v1/notes` and `/v1/disputes` over HTTP."""

from __future__ import annotations

from contracts.primitives.ids import new_id
from tests.support.caller import Caller


async def test_a_note_is_made_listed_and_resolved(caller: Caller) -> None:
    client = await caller.post("/v1/clients", {"name": "Aija"})
    made = await caller.post("/v1/notes", {"client_id": client.json["id"], "body": "Call back", "needs_response": True})
    assert made.status == 201
    assert (await caller.get(f"/v1/notes/{made.json['id']}")).json == made.json
    waiting = f"/v1/notes?client_id={client.json['id']}&needs_response=true"
    assert [one["id"] for one in (await caller.get(waiting)).json["items"]] == [made.json["id"]]
    resolved = await caller.post(f"/v1/notes/{made.json['id']}/resolve")
    assert (resolved.status, resolved.json["resolved_at"] is None) == (200, False)
    assert (await caller.get(waiting)).json["items"] == []


async def test_a_dispute_is_opened_once_and_resolved(caller: Caller) -> None:
    sale = await caller.sale((await caller.client())["id"], issue=True)
    asked = {"sale_id": sale["id"], "reason": "Too many hours"}
    opened = await caller.post("/v1/disputes", asked)
    assert (opened.status, opened.json["state"]) == (201, "open")
    assert (await caller.post("/v1/disputes", asked)).json["code"] == "already_disputed"
    path = f"/v1/disputes/{opened.json['id']}"
    resolved = await caller.post(f"{path}/resolve", {"resolution": "Credited"})
    assert (resolved.status, resolved.json["resolution"]) == (200, "Credited")
    assert (await caller.get(path)).json == resolved.json
    assert (await caller.get(f"/v1/disputes/{new_id()}")).status == 404
