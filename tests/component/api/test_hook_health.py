"""How a hook does: figures of its receiver, what failed delivered again, filters by ranges, and its end by failures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts.resources.hook import Hook
from tests.component.api.test_openapi import fits
from tests.support.api_installation import open_house
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.listener import Endpoint, Listener, listening
from tests.support.receiver import Receiver, Reply, open_receiver
from tests.support.smtp_server import smtp_server

SINCE = {"since": "2026-01-01T00:00:00Z"}


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening() as running:
        yield running


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


async def subscribe(caller: Caller, endpoint: Endpoint, *triggers: str, **fields: Any) -> dict[str, Any]:
    made = {"target_url": endpoint.url, "triggers": list(triggers or ("client.created",))} | fields
    return await caller.made_of("/v1/hooks", made)


async def settled(caller: Caller, hook: dict[str, Any], states: list[str]) -> list[dict[str, Any]]:
    async def found() -> list[dict[str, Any]]:
        items = await caller.items(f"/v1/deliveries?hook_id={hook['id']}")
        return items if sorted(one["state"] for one in items) == sorted(states) else []

    return await eventually(found)


async def test_a_hook_shows_how_its_receiver_does(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint()
    hook = await subscribe(caller, endpoint)
    fresh = (await caller.read(f"/v1/hooks/{hook['id']}"))["health"]
    assert hook["health"] == fresh
    assert (fresh["deliveries"], fresh["success_rate"], fresh["failures_in_a_row"]) == (0, None, 0)
    for number in range(3):
        await caller.client(name=f"Client {number}")
    await settled(caller, hook, ["succeeded"] * 3)
    read = await caller.get(f"/v1/hooks/{hook['id']}")
    fits(Hook, read.json)
    health = read.json["health"]
    assert (health["deliveries"], health["succeeded"], health["success_rate"]) == (3, 3, 1.0)
    assert health["last_success_at"] is not None
    assert health["duration_p50_ms"] <= health["duration_p95_ms"]
    changed = await caller.send(
        "PATCH", f"/v1/hooks/{hook['id']}", json={"name": "New"}, headers={"If-Match": read.headers["ETag"]}
    )
    assert changed.status == 200, changed.text


async def test_what_failed_is_delivered_again_on_request_and_counted_first(
    database_dsn: str, receiver: Receiver
) -> None:
    async with open_house(database_dsn, hook_schedule_seconds="0,0.05") as house:
        caller = await house.account()
        made = {"target_url": receiver.url(), "triggers": ["client.created"]}
        await caller.client(name="Before the hook")
        hook = await caller.made_of("/v1/hooks", made)
        receiver.script(500, 500, 204, 500, 500)
        await caller.client(name="First")
        await settled(caller, hook, ["failed"])
        await caller.client(name="Second")
        await settled(caller, hook, ["failed", "succeeded"])
        await caller.client(name="Third")
        await settled(caller, hook, ["failed", "failed", "succeeded"])
        path = f"/v1/hooks/{hook['id']}/recover"
        assert await caller.made_of(path, SINCE | {"dry_run": True}) == {"count": 3}
        failed = SINCE | {"only": "failed"}
        assert await caller.made_of(path, failed | {"dry_run": True}) == {"count": 2}
        seen = len(receiver.received)
        assert await caller.made_of(path, failed) == {"count": 2}
        await settled(caller, hook, ["succeeded"] * 3)
        names = [one.json["data"]["name"] for one in receiver.received[seen:]]
        assert sorted(names) == ["First", "Third"]
        health = (await caller.read(f"/v1/hooks/{hook['id']}"))["health"]
        assert (health["deliveries"], health["failed"], health["failures_in_a_row"]) == (3, 0, 0)


async def test_only_amounts_within_a_range_are_reported(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint()
    filters = {"total": {"gte": "200"}, "document_date": {"lte": "2199-12-31"}, "currency": ["EUR", "USD"]}
    hook = await subscribe(caller, endpoint, "sale.posted", filters=filters)
    assert hook["filters"] == filters
    again = await caller.post(
        "/v1/hooks", {"target_url": endpoint.url, "triggers": ["sale.posted"], "filters": filters}
    )
    assert (again.status, again.json["id"]) == (200, hook["id"])
    client = await caller.client()
    await caller.sale(client["id"])
    line = {"description": "Consulting", "quantity": "2", "unit_price": "138.66", "tax_rate": "19"}
    large = await caller.sale(client["id"], lines=[line])
    await endpoint.receives(1)
    assert [one.body["data"]["id"] for one in endpoint.received] == [large["id"]]
    wrong = await caller.post(
        "/v1/hooks", {"target_url": endpoint.url, "triggers": ["sale.posted"], "filters": {"total": {}}}
    )
    assert wrong.status == 422


async def test_a_hook_that_only_fails_is_disabled_reported_mailed_and_its_target_gets_a_delete(
    database_dsn: str, receiver: Receiver
) -> None:
    receiver.always["/hook"] = Reply(500)
    with smtp_server() as mail:
        async with open_house(
            database_dsn,
            hook_schedule_seconds="0,0.05,0.05,0.05,0.05,0.05,0.05,0.05",
            hook_disable_after_seconds=0.2,
            smtp_url=mail.url,
        ) as house:
            caller = await house.account()
            await caller.patch("/v1/account", {"email": "books@baltic.example"})
            made = {"target_url": receiver.url(), "triggers": ["client.created"], "name": "Accounting"}
            hook = await caller.made_of("/v1/hooks", made)
            reported = await caller.made_of(
                "/v1/hooks", {"target_url": receiver.url("/ok"), "triggers": ["hook.disabled"]}
            )
            await caller.client()

            async def disabled() -> dict[str, Any]:
                read = dict(await caller.read(f"/v1/hooks/{hook['id']}"))
                return read if read["state"] == "disabled" else {}

            shown = await eventually(disabled)
            assert shown["reason"].startswith("only failures for")
            await eventually(lambda: [one for one in receiver.on("/hook") if one.method == "DELETE"])
            (event,) = await eventually(lambda: receiver.on("/ok"))
            assert (event.json["type"], event.json["data"]["id"]) == ("hook.disabled", hook["id"])
            (sent,) = await eventually(lambda: mail.mails)
            assert sent.recipients == ["books@baltic.example"]
            assert "Accounting" in sent.text
            assert (await caller.read(f"/v1/hooks/{reported['id']}"))["state"] == "active"
