"""Deliveries and runs over HTTP: listed by what they belong to, read with all that was tried, each account its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts.primitives.ids import new_id
from contracts.resources.delivery import Attempt, Delivery, DeliveryWithAttempts
from contracts.resources.run import Run, RunWithSteps, Step
from tests.component.api.test_openapi import fits
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.listener import Endpoint, Listener, listening


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening() as running:
        yield running


async def subscribe(caller: Caller, endpoint: Endpoint) -> dict[str, Any]:
    return await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["client.created"]})


async def settled(caller: Caller, path: str, state: str, *, count: int = 1) -> list[dict[str, Any]]:
    """What a list holds, once it is so many and all in one state."""

    async def found() -> list[dict[str, Any]] | None:
        items = await caller.items(path)
        return items if [one["state"] for one in items] == [state] * count else None

    return await eventually(found) or []


async def test_a_delivery_is_listed_in_short_and_read_with_its_attempts(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint()
    hook = await subscribe(caller, endpoint)
    client = await caller.client()
    (listed,) = await settled(caller, f"/v1/deliveries?hook_id={hook['id']}", "succeeded")
    fits(Delivery, listed)
    whole = await caller.read(f"/v1/deliveries/{listed['id']}")
    fits(DeliveryWithAttempts, whole)
    fits(Attempt, whole["attempts"][0])
    assert {name: value for name, value in whole.items() if name != "attempts"} == listed
    assert whole["attempt_count"] == len(whole["attempts"]) == 1
    assert endpoint.received[0].body["data"] == client


async def test_deliveries_are_paged_newest_first(caller: Caller, listener: Listener) -> None:
    await subscribe(caller, listener.endpoint())
    for number in range(3):
        await caller.client(name=f"Client {number}")
    items = await settled(caller, "/v1/deliveries", "succeeded", count=3)
    first = await caller.read("/v1/deliveries?limit=2")
    second = await caller.read(f"/v1/deliveries?limit=2&cursor={first['next_cursor']}")
    assert first["items"] + second["items"] == items
    assert second["next_cursor"] is None
    assert [item["id"] for item in items] == sorted((item["id"] for item in items), reverse=True)


async def test_a_run_is_listed_in_short_and_read_with_its_steps(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint(usual=200)
    automation = await caller.made_of(
        "/v1/automations",
        {
            "name": "Greet",
            "enabled": True,
            "trigger": {"key": "client.created"},
            "steps": [
                {"action": "post_chat_message", "input": {"url": endpoint.url, "text": "{{ trigger.data.name }}"}}
            ],
        },
    )
    client = await caller.client(name="Aya")
    (listed,) = await settled(caller, f"/v1/runs?automation_id={automation['id']}", "succeeded")
    fits(Run, listed)
    whole = await caller.read(f"/v1/runs/{listed['id']}")
    fits(RunWithSteps, whole)
    fits(Step, whole["steps"][0])
    assert whole["trigger"]["data"] == client
    assert await caller.items(f"/v1/runs?event_id={listed['event_id']}&state=succeeded") == [listed]
    assert await caller.items("/v1/runs?state=failed") == []


async def test_another_accounts_deliveries_and_runs_are_not_there(
    caller: Caller, stranger: Caller, listener: Listener
) -> None:
    hook = await subscribe(caller, listener.endpoint())
    await caller.client()
    (delivery,) = await settled(caller, "/v1/deliveries", "succeeded")
    for identifier in (delivery["id"], str(new_id()), "nonsense"):
        assert (await stranger.get(f"/v1/deliveries/{identifier}")).status == 404
        assert (await stranger.post(f"/v1/deliveries/{identifier}/redeliver")).status == 404
        assert (await stranger.get(f"/v1/runs/{identifier}")).status == 404
    assert await stranger.items(f"/v1/deliveries?hook_id={hook['id']}") == []


@pytest.mark.parametrize("path", ["deliveries?state=lost", "runs?state=lost", "deliveries?hook_id=1", "runs?hook_id=1"])
async def test_a_filter_that_means_nothing_is_refused(caller: Caller, path: str) -> None:
    answer = await caller.get(f"/v1/{path}")
    assert (answer.status, len(answer.faults)) == (422, 1)
