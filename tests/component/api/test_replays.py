"""A failed run is noticed and repaired over HTTP: `run.failed` reaches a hook, and a replay repeats nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts.primitives.ids import new_id
from contracts.resources.run import ReplayedRun
from tests.component.api.test_openapi import fits
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.listener import Listener, listening


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening() as running:
        yield running


async def run_in(caller: Caller, automation: dict[str, Any], state: str) -> dict[str, Any]:
    async def found() -> dict[str, Any] | None:
        items = await caller.items(f"/v1/runs?automation_id={automation['id']}")
        return items[0] if items and items[0]["state"] == state else None

    run = await eventually(found)
    assert isinstance(run, dict)
    return run


async def test_a_failed_run_reaches_a_hook_and_its_replay_repeats_no_step_on_the_ledger(
    caller: Caller, stranger: Caller, listener: Listener
) -> None:
    receiver, endpoint = listener.endpoint(usual=404), listener.endpoint()
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["run.failed"]})
    automation = await caller.made_of(
        "/v1/automations",
        {
            "name": "Copy clients",
            "enabled": True,
            "trigger": {"key": "client.created", "filters": {"name": ["Aya"]}},
            "steps": [
                {"action": "create_client", "input": {"name": "{{ trigger.data.name }} too"}},
                {"action": "http_request", "input": {"url": receiver.url, "body": {"id": "{{ steps[0].output.id }}"}}},
            ],
        },
    )
    await caller.client(name="Aya")
    failed = await run_in(caller, automation, "failed")
    await eventually(lambda: endpoint.received)
    reported = endpoint.received[0].body
    assert (reported["type"], reported["data"]) == ("run.failed", failed | {"automation_name": "Copy clients"})
    path = f"/v1/runs/{failed['id']}/replay"
    assert (await stranger.post(path, {})).status == 404
    preview = await caller.post(path, {"preview": True})
    fits(ReplayedRun, preview.json)
    assert [one["reused"] for one in preview.json["preview"]["steps"]] == [True, False]
    receiver.usual = 200
    key = {"Idempotency-Key": str(new_id())}
    answer, repeated = [await caller.post(path, {}, headers=key) for _ in range(2)]
    assert (answer.status, answer.json["replays"]) == (200, 1), answer.text
    assert repeated.json == answer.json
    done = await run_in(caller, automation, "succeeded")
    assert (done["id"], done["replays"]) == (failed["id"], 1)
    assert [one.body for one in receiver.received] == [{"id": receiver.received[0].body["id"]}] * 2
    assert sorted(one["name"] for one in await caller.items("/v1/clients")) == ["Aya", "Aya too"]
    assert len(endpoint.received) == 1
    assert (await caller.post(f"/v1/runs/{failed['id']}/cancel")).status == 409
