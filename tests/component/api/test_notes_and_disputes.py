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


async def test_a_note_names_who_wrote_it_also_that_of_a_call_or_a_dispute(caller: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"], issue=True)
    me = (await caller.read("/v1/me"))["caller"]
    made = await caller.made_of("/v1/notes", {"client_id": client["id"], "body": "Call back"})
    await caller.made_of("/v1/calls", {"client_id": client["id"], "outcome": "spoke"})
    opened = await caller.made_of("/v1/disputes", {"sale_id": sale["id"], "reason": "Too many hours"})
    await caller.post(f"/v1/disputes/{opened['id']}/resolve", {"note": "Two hours less"})
    changed = await caller.patch(f"/v1/notes/{made['id']}", {"pinned": True})
    assert changed.json["author"] == made["author"] == {name: me[name] for name in ("kind", "id", "name")}
    notes = await caller.items(f"/v1/notes?client_id={client['id']}")
    assert [note["author"] for note in notes] == [made["author"]] * 4
    forged = await caller.post("/v1/notes", {"client_id": client["id"], "body": "x", "author": {"kind": "user"}})
    assert (forged.status, forged.json["errors"][0]["path"]) == (422, "author")


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


async def test_the_notes_of_a_dispute_are_kept_on_the_client(caller: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"], issue=True)
    opened = await caller.post("/v1/disputes", {"sale_id": sale["id"], "reason": "Too many hours", "note": "by phone"})
    sent = {"resolution": "credited", "note": "Two hours are credited"}
    await caller.post(f"/v1/disputes/{opened.json['id']}/resolve", sent)
    notes = await caller.items(f"/v1/notes?client_id={client['id']}")
    assert [(note["kind"], note["sale_id"], note["body"]) for note in notes] == [
        ("dispute", sale["id"], "Two hours are credited"),
        ("dispute", sale["id"], "Too many hours\n\nby phone"),
    ]


async def test_notes_and_disputes_are_made_by_actions(caller: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"], issue=True)
    note = await caller.post("/v1/actions/add_note", {"client_id": client["id"], "body": "Call back"})
    assert (note.status, note.headers["Location"]) == (201, f"/v1/notes/{note.json['id']}")
    asked = {"sale_id": sale["id"], "reason": "Too many hours"}
    tried = await caller.post("/v1/actions/open_dispute?dry_run=true", asked)
    assert [change["type"] for change in tried.json["changes"]] == ["dispute.opened", "note.created"]
    opened = await caller.post("/v1/actions/open_dispute", asked)
    assert (opened.status, opened.headers["Location"]) == (201, f"/v1/disputes/{opened.json['id']}")
    resolved = await caller.post("/v1/actions/resolve_dispute", {"id": opened.json["id"], "resolution": "accepted"})
    assert (resolved.status, resolved.json["state"]) == (200, "resolved")


async def test_what_is_sent_of_a_note_changes_and_a_response_can_be_needed_again(caller: Caller) -> None:
    client = await caller.client()
    note = await caller.made_of("/v1/notes", {"client_id": client["id"], "body": "Call back", "needs_response": True})
    path = f"/v1/notes/{note['id']}"
    changed = await caller.patch(path, {"body": "Call Aija back", "pinned": True})
    assert (changed.status, changed.json) == (200, note | {"body": "Call Aija back", "pinned": True})
    await caller.post(f"{path}/resolve")
    again = await caller.patch(path, {"needs_response": True})
    assert (again.json["needs_response"], again.json["resolved_at"]) == (True, None)
    over = await caller.patch(path, {"needs_response": False})
    assert (over.json["needs_response"], (await caller.get(path)).json) == (False, over.json)
    refused = [await caller.patch(path, fields) for fields in ({"body": None}, {"body": ""}, {"x": 1})]
    assert [one.status for one in refused] == [422] * 3
    assert (await caller.patch(f"/v1/notes/{new_id()}", {"pinned": True})).status == 404
