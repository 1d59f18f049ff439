"""A hook shows which credential made it, so that an account can choose what becomes of it with the credential."""

from __future__ import annotations

from tests.component.api.test_automations import an_automation
from tests.component.api.test_hooks import a_hook
from tests.support.caller import Caller


async def test_the_hooks_of_a_deleted_token_are_found_by_its_id(caller: Caller) -> None:
    token = await caller.made_of("/v1/tokens", {"name": "Zapier", "scopes": ["read", "automate"]})
    zapier = Caller(caller.session, caller.url, caller.made | {"access_token": token["token"]})
    hook = await zapier.made_of("/v1/hooks", a_hook())
    assert hook["created_by"] == {"kind": "access_token", "id": token["id"], "name": "Zapier"}
    assert (await caller.delete(f"/v1/tokens/{token['id']}")).status == 200
    (found,) = await caller.items(f"/v1/hooks?created_by={token['id']}")
    assert (found["id"], found["state"]) == (hook["id"], "active")
    assert await caller.items(f"/v1/hooks?created_by={hook['id']}") == []


async def a_program(caller: Caller) -> tuple[str, Caller]:
    token = await caller.made_of("/v1/tokens", {"name": "Zapier", "scopes": ["read", "automate"]})
    return token["id"], Caller(caller.session, caller.url, caller.made | {"access_token": token["token"]})


async def test_an_automation_says_which_credential_made_it(caller: Caller) -> None:
    token_id, program = await a_program(caller)
    automation = await program.made_of("/v1/automations", an_automation())
    assert automation["created_by"] == {"kind": "access_token", "id": token_id, "name": "Zapier"}
    changed = await caller.put(f"/v1/automations/{automation['id']}", an_automation(name="Renamed"))
    assert changed.json["created_by"] == automation["created_by"]


async def test_deleting_a_token_says_what_it_made_and_keeps_it(caller: Caller) -> None:
    token_id, program = await a_program(caller)
    hook = await program.made_of("/v1/hooks", a_hook())
    await program.made_of("/v1/automations", an_automation())
    deleted = await caller.delete(f"/v1/tokens/{token_id}")
    assert deleted.json == {"id": token_id, "deleted": True, "hooks": 1, "automations": 1, "hooks_deleted": 0}
    assert (await caller.read(f"/v1/hooks/{hook['id']}"))["state"] == "active"


async def test_deleting_a_token_with_its_hooks_leaves_those_of_others(caller: Caller) -> None:
    token_id, program = await a_program(caller)
    hook = await program.made_of("/v1/hooks", a_hook())
    other = await caller.made_of("/v1/hooks", a_hook(triggers=["client.created"]))
    automation = await program.made_of("/v1/automations", an_automation())
    deleted = await caller.delete(f"/v1/tokens/{token_id}?hooks=delete")
    assert deleted.json == {"id": token_id, "deleted": True, "hooks": 1, "automations": 1, "hooks_deleted": 1}
    assert (await program.get("/v1/me")).status == 401
    assert (await caller.get(f"/v1/hooks/{hook['id']}")).status == 404
    assert [one["id"] for one in await caller.items("/v1/hooks")] == [other["id"]]
    assert (await caller.read(f"/v1/automations/{automation['id']}"))["enabled"] is True


async def test_an_unknown_token_takes_no_hooks_with_it(caller: Caller, stranger: Caller) -> None:
    token_id, program = await a_program(caller)
    hook = await program.made_of("/v1/hooks", a_hook())
    assert (await stranger.delete(f"/v1/tokens/{token_id}?hooks=delete")).status == 404
    assert (await caller.delete(f"/v1/tokens/{token_id}?hooks=maybe")).status == 422
    assert (await program.read(f"/v1/hooks/{hook['id']}"))["state"] == "active"
