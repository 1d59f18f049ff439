"""A hook's life: subscribed, filtered, failing and tried again, rotated, redelivered, recovered, ended."""

from __future__ import annotations

from typing import Any

from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.listener import Ear, Listener


async def subscribe(caller: Caller, ear: Ear, *triggers: str, **fields: Any) -> dict[str, Any]:
    return await caller.made_of("/v1/hooks", {"target_url": ear.url, "triggers": list(triggers)} | fields)


async def delivery(caller: Caller, hook: dict[str, Any], state: str) -> dict[str, Any]:
    """The hook's only delivery, once it is in this state."""

    async def settled() -> dict[str, Any] | None:
        found = await caller.items(f"/v1/deliveries?hook_id={hook['id']}")
        return found[0] if [one["state"] for one in found] == [state] else None

    listed = await eventually(settled, deadline_seconds=15)
    assert listed
    return dict(await caller.read(f"/v1/deliveries/{listed['id']}"))


async def test_only_what_passes_the_filters_is_told(caller: Caller, listener: Listener) -> None:
    ear = listener.ear()
    await subscribe(caller, ear, "sale.posted", filters={"sale_type": ["sales_estimate"], "currency": ["EUR", "USD"]})
    client = await caller.client()
    await caller.sale(client["id"])
    await caller.sale(client["id"], sale_type="sales_estimate", currency="GBP")
    wanted = await caller.sale(client["id"], sale_type="sales_estimate", currency="USD")
    await ear.hears(1)
    assert [one.body["data"]["id"] for one in ear.heard] == [wanted["id"]]


async def test_a_new_hook_hears_nothing_of_the_past_unless_it_recovers_it(caller: Caller, listener: Listener) -> None:
    ear = listener.ear()
    before = await caller.client(name="Before")
    hook = await subscribe(caller, ear, "client.created")
    after = await caller.client(name="After")
    await ear.hears(1)
    assert [one.body["data"]["id"] for one in ear.heard] == [after["id"]]
    asked = {"since": "2026-01-01T00:00:00Z"}
    assert (await caller.post(f"/v1/hooks/{hook['id']}/recover", asked | {"dry_run": True})).json["count"] == 1
    assert (await caller.post(f"/v1/hooks/{hook['id']}/recover", asked)).json["count"] == 1
    await ear.hears(2)
    assert ear.heard[1].body["data"]["id"] == before["id"]


async def test_a_receiver_that_fails_is_tried_again_with_the_same_event(caller: Caller, listener: Listener) -> None:
    ear = listener.ear()
    ear.answers.extend([500, 302])
    hook = await subscribe(caller, ear, "client.created")
    await caller.client()
    await ear.hears(3)
    assert len({one.event_id for one in ear.heard}) == len({one.raw for one in ear.heard}) == 1
    done = await delivery(caller, hook, "succeeded")
    assert [attempt["status_code"] for attempt in done["attempts"]] == [500, 302, 204]
    assert (done["attempt_count"], done["event_id"]) == (3, ear.heard[0].event_id)


async def test_a_redelivery_is_the_same_event_once_more(caller: Caller, listener: Listener) -> None:
    ear = listener.ear()
    hook = await subscribe(caller, ear, "client.created")
    await caller.client()
    done = await delivery(caller, hook, "succeeded")
    again = await caller.post(f"/v1/deliveries/{done['id']}/redeliver")
    assert again.status == 200, again.text
    first, second = (await ear.hears(2))[:2]
    assert (second.event_id, second.raw) == (first.event_id, first.raw)
    assert second.is_signed_with(hook["secret"])


async def test_after_a_rotation_both_secrets_sign(caller: Caller, listener: Listener) -> None:
    ear = listener.ear()
    hook = await subscribe(caller, ear, "client.created")
    rotated = await caller.made_of(f"/v1/hooks/{hook['id']}/rotate-secret", None)

    async def signed_with_both() -> bool:
        await caller.client()
        await ear.hears(len(ear.heard) + 1)
        return ear.heard[-1].is_signed_with(rotated["secret"]) and ear.heard[-1].is_signed_with(hook["secret"])

    await eventually(signed_with_both)


async def test_who_unsubscribes_hears_no_more(caller: Caller, listener: Listener) -> None:
    ear, other = listener.ear(), listener.ear()
    hook = await subscribe(caller, ear, "client.created")
    await subscribe(caller, other, "client.created")
    await caller.client(name="First")
    await ear.hears(1)
    assert (await caller.delete(f"/v1/hooks/{hook['id']}")).status == 200
    await caller.client(name="Second")
    await other.hears(2)
    assert len(ear.heard) == 1


async def test_a_receiver_that_is_gone_ends_its_hook(caller: Caller, listener: Listener) -> None:
    ear = listener.ear(usual=410)
    hook = await subscribe(caller, ear, "client.created")
    await caller.client()
    await ear.hears(1)

    async def ended() -> bool:
        return (await caller.get(f"/v1/hooks/{hook['id']}")).status == 404

    await eventually(ended)


async def test_a_hook_can_be_tried_before_anything_happens(caller: Caller, listener: Listener) -> None:
    ear = listener.ear()
    hook = await subscribe(caller, ear, "sale.posted", "payment.posted")
    tried = await caller.post(f"/v1/hooks/{hook['id']}/test", {"trigger": "payment.posted"})
    assert tried.status == 200, tried.text
    (heard,) = await ear.hears(1)
    assert heard.trigger == "payment.posted"
    assert heard.is_signed_with(hook["secret"])
    assert (await caller.read(f"/v1/deliveries/{tried.json['delivery_id']}"))["hook_id"] == hook["id"]


async def test_deliveries_are_found_by_event_and_state_and_by_nobody_else(caller: Caller, listener: Listener) -> None:
    ear, deaf = listener.ear(), listener.ear(usual=503)
    good, bad = await subscribe(caller, ear, "client.created"), await subscribe(caller, deaf, "client.created")
    await caller.client()
    done, failing = await delivery(caller, good, "succeeded"), await delivery(caller, bad, "pending")
    by_event = await caller.items(f"/v1/deliveries?event_id={done['event_id']}")
    assert {one["id"] for one in by_event} == {done["id"], failing["id"]}
    assert [one["id"] for one in await caller.items("/v1/deliveries?state=succeeded")] == [done["id"]]
