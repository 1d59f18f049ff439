"""`/v1/promises` over HTTP, and the action that records one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from contracts.primitives.ids import new_id
from tests.support.caller import Caller

SOON = (datetime.now(tz=UTC).date() + timedelta(days=7)).isoformat()


async def test_a_promise_is_recorded_listed_and_cancelled(caller: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"])
    made = await caller.post("/v1/promises", {"client_id": client["id"], "date": SOON, "sale_ids": [sale["id"]]})
    assert (made.status, made.json["amount"], made.json["client"]["name"]) == (201, "165.01", client["name"])
    path = f"/v1/promises/{made.json['id']}"
    assert (await caller.get(path)).json == made.json
    for listed in (f"client_id={client['id']}", f"sale_id={sale['id']}&state=open"):
        assert [one["id"] for one in await caller.items(f"/v1/promises?{listed}")] == [made.json["id"]]
    cancelled = await caller.post(f"{path}/cancel")
    assert (cancelled.status, cancelled.json["state"]) == (200, "cancelled")
    assert await caller.items(f"/v1/promises?client_id={client['id']}&state=open") == []


async def test_an_unknown_promise_is_not_found(caller: Caller) -> None:
    path = f"/v1/promises/{new_id()}"
    assert ((await caller.get(path)).status, (await caller.post(f"{path}/cancel")).status) == (404, 404)


async def test_a_promise_is_recorded_by_an_action_and_tried_without_a_trace(caller: Caller) -> None:
    client = await caller.client()
    await caller.sale(client["id"])
    asked = {"client_id": client["id"], "date": SOON, "amount": "50.00"}
    tried = await caller.post("/v1/actions/record_promise?dry_run=true", asked)
    assert [change["type"] for change in tried.json["changes"]] == ["promise.recorded"]
    assert await caller.items(f"/v1/promises?client_id={client['id']}") == []
    made = await caller.post("/v1/actions/record_promise", asked)
    assert (made.status, made.headers["Location"]) == (201, f"/v1/promises/{made.json['id']}")
