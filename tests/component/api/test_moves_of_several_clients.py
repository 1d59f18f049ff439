"""Moves of several clients' invoices, over HTTP."""

from __future__ import annotations

from typing import Any

from contracts.primitives.ids import new_id
from tests.support.caller import Caller

STEP = {"channel": "email", "anchor": "after_due", "delay": "PT1S", "automatic": True}
WORDS = {"subject": "{{ invoice.number }} is open", "body": "Pay {{ amount }}."}
LATE = {"document_date": "2025-03-02", "date_due": "2025-03-16"}


async def collector(caller: Caller, **fields: Any) -> dict[str, Any]:
    data = {"name": "Strict", "default": True, "steps": [STEP | {"template": WORDS}]} | fields
    return dict(await caller.made_of("/v1/collectors", data))


async def test_invoices_of_several_clients_are_moved_together(caller: Caller) -> None:
    await collector(caller, steps=[STEP | {"template": WORDS, "automatic": False}])
    other = await collector(caller, name="Lawyers", default=False)
    clients = [await caller.client(name=name) for name in ("Ozols", "Berzs")]
    sales = [await caller.sale(one["id"], **LATE) for one in clients]
    asked = {"invoice_ids": [one["id"] for one in sales], "collector_id": other["id"], "note": "Both"}
    tried = await caller.post("/v1/actions/move_invoices?dry_run=true", asked)
    fired = [one for one in tried.json["changes"] if one["type"] == "invoices.moved"]
    assert [one["data"]["client"]["name"] for one in fired] == ["Ozols", "Berzs"]
    moved = await caller.post("/v1/invoices/move", asked)
    assert moved.status == 200, moved.json
    each = [moved.json, *moved.json["other_clients"]]
    assert [(one["client"]["name"], [it["id"] for it in one["invoices"]]) for one in each] == [
        ("Ozols", [sales[0]["id"]]),
        ("Berzs", [sales[1]["id"]]),
    ]
    for client in clients:
        assert [one["body"] for one in await caller.items(f"/v1/notes?client_id={client['id']}")] == ["Both"]


async def test_one_unknown_invoice_leaves_all_where_they_are(caller: Caller) -> None:
    other = await collector(caller, name="Lawyers", default=False)
    sale = await caller.sale((await caller.client())["id"], **LATE)
    asked = {"invoice_ids": [sale["id"], str(new_id())], "collector_id": other["id"]}
    refused = await caller.post("/v1/invoices/move", asked)
    assert (refused.status, refused.json["errors"][0]["path"]) == (404, "invoice_ids[1]")
    there = await caller.post("/v1/invoices/move", asked | {"invoice_ids": [sale["id"]]})
    assert (there.status, there.json["other_clients"]) == (200, [])
