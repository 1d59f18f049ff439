"""An automation chooses by conditions and repeats its steps for each line of a document."""

from __future__ import annotations

from typing import Any

from tests.flow.test_an_automation import run_of
from tests.support.caller import Caller
from tests.support.listener import Listener


def chat_message(url: str, text: str) -> dict[str, Any]:
    return {"action": "post_chat_message", "input": {"url": url, "text": text}}


async def test_each_line_of_a_large_invoice_is_posted_to_the_chat_and_a_small_invoice_once(
    caller: Caller, listener: Listener
) -> None:
    endpoint = listener.endpoint(usual=200)
    lines = {
        "action": "for_each",
        "input": {
            "items": "{{ trigger.data.lines }}",
            "steps": [chat_message(endpoint.url, "{{ index }}: {{ item.description }} of {{ trigger.data.number }}")],
        },
    }
    large = {"where": "{{ trigger.data.total }}", "op": "gte", "value": "1000", "steps": [lines]}
    small = {"steps": [chat_message(endpoint.url, "small: {{ trigger.data.number }}")]}
    automation = await caller.made_of(
        "/v1/automations",
        {
            "name": "Lines to chat",
            "enabled": True,
            "trigger": {"key": "sale.posted"},
            "steps": [{"action": "branch", "input": {"branches": [large, small]}}],
        },
    )
    client = await caller.client()
    parts = [{"description": name, "quantity": "1", "unit_price": "600.00"} for name in ("Desk", "Chair")]
    sale = await caller.sale(client["id"], lines=parts)
    run = await run_of(caller, automation, "succeeded")
    (outermost,) = run["steps"]
    assert outermost["output"] == {"branch": 0}
    assert [one["path"] for one in outermost["steps"]] == [
        "0.branches.0.steps.0",
        "0.branches.0.steps.0.items.0.steps.0",
        "0.branches.0.steps.0.items.1.steps.0",
    ]
    assert {one["state"] for one in outermost["steps"]} == {"succeeded"}
    texts = [f"{at}: {name} of {sale['number']}" for at, name in enumerate(("Desk", "Chair"))]
    assert [one.body["text"] for one in endpoint.received] == texts
    cheap = await caller.sale(client["id"], lines=[parts[0]])
    await endpoint.receives(3)
    assert endpoint.received[2].body["text"] == f"small: {cheap['number']}"
    journey = await caller.read(f"/v1/journey/{run['id']}")
    paths = [entry["detail"]["path"] for entry in journey["entries"] if entry["step"] == "step_succeeded"]
    assert "0.branches.0.steps.0.items.1.steps.0" in paths
