"""A hook's life: subscribed, filtered, failing and tried again, rotated, redelivered, recovered, ended."""

from __future__ import annotations

from typing import Any

from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.listener import Endpoint, Listener


async def subscribe(caller: Caller, endpoint: Endpoint, *triggers: str, **fields: Any) -> dict[str, Any]:
    return await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": list(triggers)} | fields)


async def delivery(caller: Caller, hook: dict[str, Any], state: str) -> dict[str, Any]:
    """The hook's only delivery, once it is in this state."""

    async def settled() -> dict[str, Any] | None:
        found = await caller.items(f"/v1/deliveries?hook_id={hook['id']}")
        return found[0] if [one["state"] for one in found] == [state] else None

    listed = await eventually(settled)
    assert listed
    return dict(await caller.read(f"/v1/deliveries/{listed['id']}"))


async def test_only_what_passes_the_filters_is_reported(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint()
    await subscribe(
        caller, endpoint, "sale.posted", filters={"sale_type": ["sales_estimate"], "currency": ["EUR", "USD"]}
    )
    client = await caller.client()
    await caller.sale(client["id"])
    await caller.sale(client["id"], sale_type="sales_estimate", currency="GBP")
    wanted = await caller.sale(client["id"], sale_type="sales_estimate", currency="USD")
    await endpoint.receives(1)
    assert [one.body["data"]["id"] for one in endpoint.received] == [wanted["id"]]


async def test_a_new_hook_gets_nothing_of_the_past_unless_it_recovers_it(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint()
    before = await caller.client(name="Before")
    hook = await subscribe(caller, endpoint, "client.created")
    after = await caller.client(name="After")
    await endpoint.receives(1)
    assert [one.body["data"]["id"] for one in endpoint.received] == [after["id"]]
    asked = {"since": "2026-01-01T00:00:00Z"}
    assert (await caller.post(f"/v1/hooks/{hook['id']}/recover", asked | {"dry_run": True})).json["count"] == 1
    assert (await caller.post(f"/v1/hooks/{hook['id']}/recover", asked)).json["count"] == 1
    await endpoint.receives(2)
    assert endpoint.received[1].body["data"]["id"] == before["id"]


async def test_a_receiver_that_fails_is_tried_again_with_the_same_event(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint()
    endpoint.answers.extend([500, 302])
    hook = await subscribe(caller, endpoint, "client.created")
    await caller.client()
    await endpoint.receives(3)
    assert len({one.event_id for one in endpoint.received}) == len({one.raw for one in endpoint.received}) == 1
    done = await delivery(caller, hook, "succeeded")
    assert [attempt["status_code"] for attempt in done["attempts"]] == [500, 302, 204]
    assert (done["attempt_count"], done["event_id"]) == (3, endpoint.received[0].event_id)


async def test_a_redelivery_is_the_same_event_once_more(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint()
    hook = await subscribe(caller, endpoint, "client.created")
    await caller.client()
    done = await delivery(caller, hook, "succeeded")
    again = await caller.post(f"/v1/deliveries/{done['id']}/redeliver")
    assert again.status == 200, again.text
    first, second = (await endpoint.receives(2))[:2]
    assert (second.event_id, second.raw) == (first.event_id, first.raw)
    assert second.is_signed_with(hook["secret"])


async def test_the_event_right_after_a_rotation_is_signed_with_both_secrets(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint()
    hook = await subscribe(caller, endpoint, "client.created")
    await caller.client()
    await endpoint.receives(1)
    rotated = await caller.made_of(f"/v1/hooks/{hook['id']}/rotate-secret", None)
    await caller.client()
    later = (await endpoint.receives(2))[1]
    assert later.is_signed_with(rotated["secret"])
    assert later.is_signed_with(hook["secret"])


async def test_the_event_right_after_a_change_of_target_goes_to_the_new_one(caller: Caller, listener: Listener) -> None:
    old, new = listener.endpoint(), listener.endpoint()
    hook = await subscribe(caller, old, "client.created")
    await caller.client()
    await old.receives(1)
    changed = await caller.patch(f"/v1/hooks/{hook['id']}", {"target_url": new.url})
    assert changed.status == 200, changed.text
    await caller.client()
    await new.receives(1)
    assert len(old.received) == 1


async def test_a_removed_hook_gets_no_more_events(caller: Caller, listener: Listener) -> None:
    endpoint, other = listener.endpoint(), listener.endpoint()
    hook = await subscribe(caller, endpoint, "client.created")
    await subscribe(caller, other, "client.created")
    await caller.client(name="First")
    await endpoint.receives(1)
    assert (await caller.delete(f"/v1/hooks/{hook['id']}")).status == 200
    await caller.client(name="Second")
    await other.receives(2)
    assert len(endpoint.received) == 1


async def test_a_receiver_that_is_gone_ends_its_hook(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint(usual=410)
    hook = await subscribe(caller, endpoint, "client.created")
    await caller.client()
    await endpoint.receives(1)

    async def ended() -> bool:
        return (await caller.get(f"/v1/hooks/{hook['id']}")).status == 404

    await eventually(ended)


async def test_a_hook_can_be_tried_before_anything_happens(caller: Caller, listener: Listener) -> None:
    endpoint = listener.endpoint()
    hook = await subscribe(caller, endpoint, "sale.posted", "payment.posted")
    tried = await caller.post(f"/v1/hooks/{hook['id']}/test", {"trigger": "payment.posted"})
    assert tried.status == 200, tried.text
    (received,) = await endpoint.receives(1)
    assert received.trigger == "payment.posted"
    assert received.is_signed_with(hook["secret"])
    assert (await caller.read(f"/v1/deliveries/{tried.json['delivery_id']}"))["hook_id"] == hook["id"]


async def test_deliveries_are_found_by_event_and_state_and_only_in_their_account(
    caller: Caller, listener: Listener
) -> None:
    endpoint, deaf = listener.endpoint(), listener.endpoint(usual=503)
    good, bad = await subscribe(caller, endpoint, "client.created"), await subscribe(caller, deaf, "client.created")
    await caller.client()
    done, failing = await delivery(caller, good, "succeeded"), await delivery(caller, bad, "pending")
    by_event = await caller.items(f"/v1/deliveries?event_id={done['event_id']}")
    assert {one["id"] for one in by_event} == {done["id"], failing["id"]}
    assert [one["id"] for one in await caller.items("/v1/deliveries?state=succeeded")] == [done["id"]]
