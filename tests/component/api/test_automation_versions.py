"""Drafts and versions of automations over the API: what is changed runs nothing until it is published."""

from __future__ import annotations

from contracts.primitives.ids import new_id
from tests.component.api.test_automations import an_automation
from tests.support.caller import Caller


async def a_path(caller: Caller) -> str:
    return f"/v1/automations/{(await caller.made_of('/v1/automations', an_automation()))['id']}"


async def test_a_new_automation_is_published_and_off(caller: Caller) -> None:
    given = an_automation()
    del given["enabled"]
    made = await caller.made_of("/v1/automations", given)
    assert (made["version"], made["enabled"], made["draft"]) == (1, False, None)


async def test_publishing_without_a_draft_turns_an_automation_on(caller: Caller) -> None:
    path = await a_path(caller)
    await caller.post(f"{path}/disable")
    published = await caller.post(f"{path}/publish")
    assert (published.status, published.json["version"], published.json["enabled"]) == (200, 1, True)


async def test_a_draft_is_kept_beside_what_is_published_until_it_is_published(caller: Caller) -> None:
    path = await a_path(caller)
    steps = an_automation()["steps"]
    changed = await caller.put(
        path, an_automation(name="Huge", steps=[steps[0] | {"continue_on_error": True}, steps[1]])
    )
    assert (changed.status, changed.json["version"], changed.json["name"]) == (200, 1, "Big invoices to chat")
    assert changed.json["draft"]["name"] == "Huge"
    assert changed.json["draft"]["differences"] == [
        {"path": "name", "before": "Big invoices to chat", "after": "Huge"},
        {"path": "steps[0].continue_on_error", "before": False, "after": True},
    ]
    assert await caller.read(path) == changed.json
    published = await caller.post(f"{path}/publish")
    assert (published.status, published.json["version"], published.json["name"]) == (200, 2, "Huge")
    assert published.json["draft"] is None
    again = await caller.post(f"{path}/publish")
    assert (again.status, again.json["code"]) == (409, "no_draft")


async def test_a_draft_that_says_what_is_published_is_dropped(caller: Caller) -> None:
    path = await a_path(caller)
    assert (await caller.put(path, an_automation(name="Huge"))).json["draft"] is not None
    assert (await caller.put(path, an_automation())).json["draft"] is None


async def test_versions_are_listed_newest_first_with_their_differences(caller: Caller, stranger: Caller) -> None:
    path = await a_path(caller)
    for text in ("two", "three"):
        step = {"action": "post_chat_message", "input": {"url": "https://chat.example/in", "text": text}}
        assert (await caller.put(f"{path}?publish=true", an_automation(steps=[step]))).status == 200
    first = await caller.read(f"{path}/versions?limit=2")
    second = await caller.read(f"{path}/versions?limit=2&cursor={first['next_cursor']}")
    shown = [*first["items"], *second["items"]]
    assert [(one["version"], one["published"]) for one in shown] == [(3, True), (2, False), (1, False)]
    assert shown[0]["differences"] == [{"path": "steps[0].input.text", "before": "two", "after": "three"}]
    assert shown[2]["differences"] == []
    assert second["next_cursor"] is None
    assert (await stranger.get(f"{path}/versions")).status == 404
    assert (await caller.post(f"/v1/automations/{new_id()}/publish")).status == 404
