"""A hook tells which credential made it, so that an account can choose what becomes of it with the credential."""

from __future__ import annotations

from tests.component.api.test_hooks import a_hook
from tests.support.caller import Caller


async def test_the_hooks_of_a_deleted_token_are_found_by_its_id(caller: Caller) -> None:
    token = await caller.made_of("/v1/tokens", {"name": "Zapier", "scopes": ["read", "write"]})
    zapier = Caller(caller.session, caller.url, caller.made | {"access_token": token["token"]})
    hook = await zapier.made_of("/v1/hooks", a_hook())
    assert hook["created_by"] == {"kind": "access_token", "id": token["id"], "name": "Zapier"}
    assert (await caller.delete(f"/v1/tokens/{token['id']}")).status == 200
    (found,) = await caller.items(f"/v1/hooks?created_by={token['id']}")
    assert (found["id"], found["state"]) == (hook["id"], "active")
    assert await caller.items(f"/v1/hooks?created_by={hook['id']}") == []
