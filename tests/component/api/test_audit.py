"""The audit log: who changed what, and from where."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.component.api.test_hooks import a_hook
from tests.support.api_installation import House
from tests.support.caller import Caller


@pytest.fixture
async def caller(house: House) -> Caller:
    return await house.account()


async def test_changes_of_access_channels_hooks_and_the_account_are_kept(caller: Caller) -> None:
    token = await caller.made_of("/v1/tokens", {"name": "Zapier"})
    await caller.channel()
    hook = await caller.made_of("/v1/hooks", a_hook())
    await caller.patch("/v1/account", {"phone": "+371 20000000"})
    await caller.get("/v1/clients/export")
    await caller.delete(f"/v1/hooks/{hook['id']}")
    await caller.delete(f"/v1/tokens/{token['id']}")
    entries = await caller.items("/v1/audit")
    assert [entry["action"] for entry in reversed(entries)] == [
        "createToken", "createChannel", "createHook", "updateAccount", "exportClients", "deleteHook", "deleteToken",
    ]  # fmt: skip
    me = (await caller.read("/v1/me"))["caller"]
    assert {entry["address"] for entry in entries} == {"127.0.0.1"}
    assert all(entry["actor"] == me for entry in entries)
    assert entries[0]["subject_id"] == token["id"]
    assert [entry["status"] for entry in entries] == [200, 200, 200, 200, 201, 201, 201]


async def test_what_was_refused_is_kept_with_its_status(caller: Caller) -> None:
    refused = await caller.post("/v1/hooks", a_hook(triggers=["no.such"]))
    assert refused.status == 422
    [entry] = await caller.items("/v1/audit")
    assert (entry["action"], entry["status"], entry["id"]) == ("createHook", 422, refused.headers["X-Request-Id"])


async def test_a_path_without_an_id_of_ours_is_404_and_kept(caller: Caller) -> None:
    assert (await caller.delete("/v1/hooks/no-id")).status == 404
    [entry] = await caller.items("/v1/audit")
    assert (entry["action"], entry["status"], entry["subject_id"]) == ("deleteHook", 404, None)


async def test_ledger_commands_and_reading_are_not_in_it(caller: Caller) -> None:
    await caller.client()
    await caller.read("/v1/tokens")
    assert await caller.items("/v1/audit") == []


async def test_a_sign_in_is_kept_with_its_person(caller: Caller) -> None:
    login = caller.made["login"]
    answer = await caller.anonymous("POST", "/v1/session", json={"name": login["name"], "password": login["password"]})
    assert answer.status == 201
    [entry] = await caller.items("/v1/audit")
    assert (entry["action"], entry["status"]) == ("createSession", 201)
    assert (entry["actor"]["kind"], entry["actor"]["name"]) == ("user", login["name"])


async def test_the_log_is_filtered_and_paged(caller: Caller) -> None:
    for number in range(3):
        await caller.made_of("/v1/tokens", {"name": f"Token {number}"})
    await caller.channel()
    assert len(await caller.items("/v1/audit?action=createToken")) == 3
    first = await caller.read("/v1/audit?action=createToken&limit=2")
    second = await caller.read(f"/v1/audit?action=createToken&limit=2&cursor={first['next_cursor']}")
    assert len(first["items"] + second["items"]) == 3
    ahead = (datetime.now(tz=UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert await caller.items(f"/v1/audit?since={ahead}") == []


async def test_another_accounts_log_is_not_shown(caller: Caller, stranger: Caller) -> None:
    await caller.channel()
    assert await stranger.items("/v1/audit") == []


async def test_an_entry_cannot_be_changed_by_the_service(house: House, caller: Caller) -> None:
    await caller.channel()
    for statement in ("DELETE FROM ingress.audit_entry", "UPDATE ingress.audit_entry SET actor = NULL"):
        with pytest.raises(Exception, match="permission denied"):
            await house.pool.execute(statement)
