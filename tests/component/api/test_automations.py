"""Automations over HTTP: made, listed, switched and removed."""

from __future__ import annotations

from typing import Any

from contracts.primitives.ids import new_id
from tests.support.caller import Caller


def an_automation(**fields: Any) -> dict[str, Any]:
    return {
        "name": "Big invoices to chat",
        "enabled": True,
        "trigger": {"key": "sale.posted", "filters": {"sale_type": ["sales_invoice"]}},
        "steps": [
            {"action": "filter", "input": {"where": "{{ trigger.data.total }}", "op": "gte", "value": "1000"}},
            {
                "action": "post_chat_message",
                "input": {"url": "https://chat.example/in", "text": "{{ trigger.data.id }}"},
            },
        ],
    } | fields


async def test_an_automation_is_made_and_read_as_it_was_answered(caller: Caller) -> None:
    made = await caller.post("/v1/automations", an_automation())
    assert made.status == 201, made.text
    assert made.headers["Location"] == f"/v1/automations/{made.json['id']}"
    assert (made.json["enabled"], made.json["version"]) == (True, 1)
    assert await caller.read(f"/v1/automations/{made.json['id']}") == made.json
    assert await caller.items("/v1/automations") == [made.json]


async def test_an_automation_is_switched_off_and_on(caller: Caller) -> None:
    path = f"/v1/automations/{(await caller.made_of('/v1/automations', an_automation()))['id']}"
    off = await caller.post(f"{path}/disable")
    assert (off.status, off.json["enabled"]) == (200, False)
    assert (await caller.read(path))["enabled"] is False
    on = await caller.post(f"{path}/enable")
    assert (on.status, on.json["enabled"]) == (200, True)


async def test_replacing_an_automation_publishes_its_next_version(caller: Caller) -> None:
    path = f"/v1/automations/{(await caller.made_of('/v1/automations', an_automation()))['id']}"
    await caller.post(f"{path}/disable")
    huge = an_automation(name="Huge ones", steps=an_automation()["steps"][1:])
    del huge["enabled"]
    answer = await caller.put(f"{path}?publish=true", huge)
    assert (answer.status, answer.json["version"], answer.json["enabled"]) == (200, 2, False), answer.text
    assert await caller.read(path) == answer.json
    assert (await caller.put(f"{path}?publish=true", an_automation(enabled=True))).json["enabled"] is True
    assert (await caller.put(path, {"name": "Nothing else"})).faults.keys() == {"trigger", "steps"}


async def test_removing_an_automation_twice_is_no_error(caller: Caller) -> None:
    path = f"/v1/automations/{(await caller.made_of('/v1/automations', an_automation()))['id']}"
    assert [(await caller.delete(path)).status for _ in range(2)] == [200, 200]
    assert (await caller.get(path)).status == 404
    assert await caller.items("/v1/automations") == []


async def test_an_automation_with_faults_is_refused_with_all_of_them(caller: Caller) -> None:
    steps = [{"action": "make_coffee"}, {"action": "filter", "input": {"colour": "red"}}]
    answer = await caller.post("/v1/automations", an_automation(trigger={"key": "sale.exploded"}, steps=steps))
    assert answer.status == 422
    assert {"trigger.key", "steps[0].action", "steps[1].input.colour"} <= set(answer.faults)


async def test_another_accounts_automation_is_not_there(caller: Caller, stranger: Caller) -> None:
    path = f"/v1/automations/{(await caller.made_of('/v1/automations', an_automation()))['id']}"
    assert (await stranger.get(path)).status == 404
    assert (await stranger.post(f"{path}/disable")).status == 404
    assert (await stranger.delete(path)).status == 404
    assert (await stranger.delete(f"/v1/automations/{new_id()}")).status == 404
    assert (await caller.read(path))["enabled"] is True
