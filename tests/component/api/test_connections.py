"""Connections over HTTP: kept, listed without secrets, forgotten; and an automation that posts through one."""

from __future__ import annotations

from typing import Any

from contracts.primitives.ids import new_id
from tests.support.caller import Caller

HOOK = "https://chat.example/services/T0/XYZZY"


def a_chat(**fields: Any) -> dict[str, Any]:
    return {"name": "Our chat", "kind": "chat", "url": HOOK} | fields


async def test_a_connection_is_made_and_read_without_its_secrets(caller: Caller) -> None:
    made = await caller.post("/v1/connections", a_chat())
    assert made.status == 201, made.text
    assert made.headers["Location"] == f"/v1/connections/{made.json['id']}"
    assert made.json["origin"] == "https://chat.example"
    assert "XYZZY" not in made.text
    assert await caller.read(f"/v1/connections/{made.json['id']}") == made.json
    assert await caller.items("/v1/connections?kind=chat") == [made.json]
    assert await caller.items("/v1/connections?kind=http") == []


async def test_deleting_a_connection_twice_is_no_error(caller: Caller) -> None:
    path = f"/v1/connections/{(await caller.made_of('/v1/connections', a_chat()))['id']}"
    assert [(await caller.delete(path)).status for _ in range(2)] == [200, 200]
    assert (await caller.get(path)).status == 404
    assert await caller.items("/v1/connections") == []


async def test_another_accounts_connection_is_not_there(caller: Caller, stranger: Caller) -> None:
    made = await caller.made_of("/v1/connections", a_chat())
    assert (await stranger.get(f"/v1/connections/{made['id']}")).status == 404
    assert (await stranger.delete(f"/v1/connections/{made['id']}")).status == 404
    steps = [{"action": "post_chat_message", "connection_id": made["id"], "input": {"text": "hello"}}]
    automation = {"name": "To somebody else's chat", "trigger": {"key": "sale.posted"}, "steps": steps}
    assert "steps[0].connection_id" in (await stranger.post("/v1/automations", automation)).faults
    assert (await caller.post("/v1/automations", automation)).status == 201


async def test_a_wrong_connection_is_refused_with_all_its_faults(caller: Caller) -> None:
    answer = await caller.post("/v1/connections", {"kind": "fax", "url": "x", "colour": "red"})
    assert answer.status == 422
    assert set(answer.faults) == {"name", "kind", "url", "colour"}
    inside = await caller.post("/v1/connections", a_chat(url="https://169.254.169.254/latest"))
    assert inside.status == 422
    assert set(inside.faults) == {"url"}
    ends_a_line = {"X-Key": "a\r\nHost: b"}
    assert (await caller.post("/v1/connections", a_chat(kind="http", headers=ends_a_line))).status == 422


async def test_the_same_key_gives_the_same_connection(caller: Caller) -> None:
    key = {"Idempotency-Key": str(new_id())}
    first, again = [await caller.post("/v1/connections", a_chat(), headers=key) for _ in range(2)]
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(await caller.items("/v1/connections")) == 1
