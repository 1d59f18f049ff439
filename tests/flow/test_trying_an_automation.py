"""Automations are tried before they run: on past events, without effects, and on the last days."""

from __future__ import annotations

from typing import Any

from contracts.primitives.ids import new_id
from contracts.resources.automation import BacktestResult
from contracts.resources.run import Trial
from tests.flow.conftest import Deployment
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.listener import Endpoint, Listener


async def recorded(caller: Caller, trigger: str, count: int) -> None:
    """Wait until the log has so many events of a trigger."""

    async def there() -> bool:
        return len(await caller.items(f"/v1/events?trigger={trigger}")) >= count

    await eventually(there)


def copying(endpoint: Endpoint, **fields: Any) -> dict[str, Any]:
    """A client is made, invoiced and reported: each step needs what the one before it made."""
    line = {"description": "Work", "quantity": "1", "unit_price": "100.00"}
    call = {"action": "http_request", "input": {"url": endpoint.url, "body": {"line": "{{ item.description }}"}}}
    document = {
        "sale_type": "sales_invoice", "client_id": "{{ steps[0].output.id }}", "currency": "EUR", "lines": [line],
        "issue": True,
    }  # fmt: skip
    return {
        "name": "Copies",
        "trigger": {"key": "client.created", "filters": {}},
        "steps": [
            {"action": "create_client", "input": {"name": "{{ trigger.data.name }} too"}},
            {"action": "create_document", "input": document},
            {"action": "send_document", "input": {"id": "{{ steps[1].output.id }}", "to": "a@office.example"}},
            {
                "action": "for_each",
                "input": {"items": "{{ steps[1].output.lines }}", "steps": [call]},
            },
        ],
    } | fields


async def test_a_dry_run_shows_what_would_change_step_by_step_and_changes_nothing(
    caller: Caller, listener: Listener
) -> None:
    endpoint = listener.endpoint(usual=200)
    automation = await caller.made_of("/v1/automations", copying(endpoint))
    client = await caller.client(name="Aya")
    await recorded(caller, "client.created", 1)
    before = await caller.items("/v1/clients"), await caller.items("/v1/sales"), await caller.items("/v1/runs")
    shown = await caller.post(f"/v1/automations/{automation['id']}/dry-run", {"version": "published"})
    assert shown.status == 200, shown.text
    trial = Trial.model_validate(shown.json)
    assert (trial.dry_run, trial.run_id, trial.state, trial.error) == (True, None, "succeeded", None)
    made, invoiced, sent, lines = shown.json["steps"]
    assert made["output"]["name"] == "Aya too"
    assert invoiced["output"]["client"]["id"] == made["output"]["id"]
    assert invoiced["output"]["status"] == "issued"
    assert sent["output"]["id"] == invoiced["output"]["id"]
    (call,) = lines["steps"]
    assert call["would"]["body"] == {"line": "Work"}
    assert [change["type"] for change in shown.json["changes"]][:2] == ["client.created", "sale.created"]
    assert endpoint.received == []
    after = await caller.items("/v1/clients"), await caller.items("/v1/sales"), await caller.items("/v1/runs")
    assert after == before
    assert client["id"] in {one["id"] for one in after[0]}


async def test_a_step_of_a_dry_run_finds_what_the_steps_before_it_would_have_made(caller: Caller) -> None:
    there = await caller.client(name="Aya", email="aya@before.example")
    steps = [
        {"action": "find_client", "input": {"email": "NEW@client.example"}},
        {"action": "create_client", "input": {"name": "New", "email": "new@client.example", "external_id": "N-1"}},
        {"action": "find_client", "input": {"email": "NEW@client.example"}},
        {"action": "find_client", "input": {"external_id": "N-1"}},
        {"action": "update_client", "input": {"id": there["id"], "email": "aya@after.example"}},
        {"action": "find_client", "input": {"email": "aya@after.example"}},
        {"action": "find_client", "input": {"email": "aya@before.example"}},
        {"action": "create_product", "input": {"code": "P-1", "name": "Paper"}},
        {"action": "find_product", "input": {"query": "pap"}},
    ]
    trigger = {"key": "client.created", "filters": {}}
    automation = await caller.made_of("/v1/automations", {"name": "Finds", "trigger": trigger, "steps": steps})
    shown = await caller.post(f"/v1/automations/{automation['id']}/dry-run", {"version": "published"})
    assert (shown.status, shown.json["state"], shown.json["error"]) == (200, "succeeded", None), shown.text
    outputs = [step["output"] for step in shown.json["steps"]]
    assert outputs[0] == {"found": False, "client": None}
    assert outputs[2]["client"]["id"] == outputs[3]["client"]["id"] == outputs[1]["id"]
    assert (outputs[5]["found"], outputs[5]["client"]["id"]) == (True, there["id"])
    assert outputs[6] == {"found": False, "client": None}
    assert outputs[8]["product"]["id"] == outputs[7]["id"]


async def test_a_dry_run_ends_where_the_ledger_refuses_or_a_filter_does_not_hold(
    caller: Caller, listener: Listener
) -> None:
    missing = {"action": "issue_document", "input": {"id": str(new_id())}}
    never = {"action": "filter", "input": {"where": "{{ trigger.data.name }}", "op": "eq", "value": "Nobody"}}
    states = {}
    for name, step in (("missing", missing), ("never", never)):
        given = copying(listener.endpoint(usual=200), name=name, steps=[step, missing])
        automation = await caller.made_of("/v1/automations", given)
        shown = await caller.post(f"/v1/automations/{automation['id']}/dry-run", {})
        states[name] = shown.json["state"]
        assert [one["state"] for one in shown.json["steps"]][1:] == ["skipped"]
    assert states == {"missing": "failed", "never": "filtered"}


async def test_one_step_is_tried_with_samples_of_those_before_it_and_really_only_when_asked(
    caller: Caller, listener: Listener
) -> None:
    endpoint = listener.endpoint(usual=200)
    call = {"action": "http_request", "input": {"url": endpoint.url, "body": {"id": "{{ steps[0].output.id }}"}}}
    automation = await caller.made_of("/v1/automations", copying(endpoint, steps=[copying(endpoint)["steps"][0], call]))
    path = f"/v1/automations/{automation['id']}/test-action"
    shown = await caller.post(path, {"step": 1})
    assert shown.status == 200, shown.text
    assert shown.json["steps"][1]["would"]["body"]["id"]
    assert endpoint.received == []
    real = await caller.post(path, {"step": 1, "really": True})
    assert (real.status, real.json["state"], real.json["dry_run"]) == (200, "succeeded", False)
    assert len(await endpoint.receives(1)) == 1
    run = await caller.read(f"/v1/runs/{real.json['run_id']}")
    assert run["steps"][1]["output"]["status"] == 200
    assert "step" in (await caller.post(path, {"step": 7})).faults


async def test_a_trigger_is_tested_with_real_events_or_the_sample(
    caller: Caller, deployment: Deployment, listener: Listener
) -> None:
    automation = await caller.made_of("/v1/automations", copying(listener.endpoint()))
    path = f"/v1/automations/{automation['id']}/test-trigger"
    sample = await caller.post(path)
    clients = [await caller.client(name=f"Client {number}") for number in range(4)]
    await recorded(caller, "client.created", 4)
    real = await caller.post(path)
    assert (sample.status, sample.json["sample"], len(sample.json["events"])) == (200, True, 1)
    assert [one["data"]["id"] for one in real.json["events"]] == [client["id"] for client in clients[:0:-1]]
    assert (await (await deployment.account()).post(path)).status == 404
    event = real.json["events"][0]["id"]
    shown = await caller.post(f"/v1/automations/{automation['id']}/dry-run", {"event_id": event})
    assert shown.json["event_id"] == event
    unknown = await caller.post(f"/v1/automations/{automation['id']}/dry-run", {"event_id": str(new_id())})
    assert "event_id" in unknown.faults
    assert "version" in (await caller.post(f"/v1/automations/{automation['id']}/dry-run", {"version": "draft"})).faults


async def test_a_backtest_counts_by_day_and_says_how_a_draft_differs(caller: Caller, listener: Listener) -> None:
    call = {"action": "http_request", "input": {"url": listener.endpoint().url}}

    def named(text: str) -> dict[str, Any]:
        return {"action": "filter", "input": {"where": "{{ trigger.data.name }}", "op": "starts_with", "value": text}}

    automation = await caller.made_of("/v1/automations", copying(listener.endpoint(), steps=[named("A"), call]))
    path = f"/v1/automations/{automation['id']}"
    for name in ("Aya", "Ann", "Bob", "Cay"):
        await caller.client(name=name)
    await recorded(caller, "client.created", 4)
    published = await caller.post(f"{path}/backtest", {"days": 2})
    assert published.status == 200, published.text
    BacktestResult.model_validate(published.json)
    counted = [published.json[name] for name in ("events", "would_run", "would_filter", "truncated")]
    assert counted == [4, 2, 2, False]
    assert sum(day["would_run"] for day in published.json["per_day"]) == 2
    assert published.json["differs_from_published"] is None
    upper = {"where": "{{ trigger.data.name | upcase }}", "op": "in", "value": ["ANN", "BOB"]}
    changed = copying(listener.endpoint(), steps=[{"action": "filter", "input": upper}, call])
    assert (await caller.put(path, changed)).json["draft"] is not None
    draft = await caller.post(f"{path}/backtest", {"days": 2, "version": "draft"})
    differs = draft.json["differs_from_published"]
    assert (draft.json["would_run"], differs["only_here"], differs["only_published"]) == (2, 1, 1)
    assert {one["would_run"] for one in differs["examples"]} == {True, False}
