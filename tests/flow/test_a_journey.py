"""A journey shows every entry that one request caused, over all four services, in order."""

from __future__ import annotations

from typing import Any

from tests.flow.test_an_automation import run_of, to_chat
from tests.support.caller import Caller, a_sale_xml
from tests.support.eventually import eventually
from tests.support.listener import Listener

SERVICES = ["ingress", "ledger", "trigger_dispatcher", "action_executor"]


async def journey(caller: Caller, identifier: str, *steps: str) -> dict[str, Any]:
    """The journey of a thing once all these steps are on it."""

    async def complete() -> dict[str, Any] | None:
        answer = await caller.get(f"/v1/journey/{identifier}")
        found = [entry["step"] for entry in answer.json.get("entries", ())]
        return dict(answer.json) if set(steps) <= set(found) else None

    return await eventually(complete) or {}


async def test_a_suppliers_invoice_is_followed_to_its_receiver(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint()
    endpoint.answers.append(500)
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": ["inbox.received"]})
    pushed = await caller.push(await caller.channel(), a_sale_xml(), Accept="application/json")
    reported = await journey(caller, pushed.json["message_id"], "accepted", "inbox.received", "delivered")
    entries = reported["entries"]
    assert list(dict.fromkeys(entry["service"] for entry in entries)) == SERVICES
    assert [entry["after_ms"] for entry in entries] == sorted(entry["after_ms"] for entry in entries)
    assert [entry["step"] for entry in entries][-2:] == ["delivery_attempt_failed", "delivered"]
    (received, _) = endpoint.received
    delivery = entries[-1]["subject_id"]
    for identifier in (received.event_id, delivery):
        assert (await caller.read(f"/v1/journey/{identifier}"))["entries"] == entries


async def test_an_invoice_issued_is_followed_through_the_automation_it_started(
    caller: Caller, listener: Listener
) -> None:
    endpoint = listener.endpoint(usual=200)
    automation = await caller.made_of("/v1/automations", to_chat(endpoint, steps=to_chat(endpoint)["steps"][1:]))
    sale = await caller.sale((await caller.client())["id"])
    run = await run_of(caller, automation, "succeeded")
    reported = await journey(caller, sale["id"], "accepted", "create_sale", "sale.posted", "run_succeeded")
    assert (await caller.read(f"/v1/journey/{run['id']}"))["entries"] == reported["entries"]
    assert reported["entries"][-1]["subject_id"] == run["id"]
