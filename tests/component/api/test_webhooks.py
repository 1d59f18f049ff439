"""Anything posted to a channel of kind hook: reported once as `webhook.received`, with what was posted as its body."""

from __future__ import annotations

from typing import Any

import aiohttp
import orjson
import pytest

from contracts.primitives.ids import new_id
from tests.support.caller import Answer, Caller
from tests.support.eventually import eventually


async def a_channel(caller: Caller, **fields: Any) -> dict[str, Any]:
    return await caller.made_of("/v1/channels", {"kind": "hook", "name": "Web shop"} | fields)


async def received_event(caller: Caller, answer: Answer) -> dict[str, Any]:
    """The event of an accepted post, as a poll gives it."""
    assert answer.status == 200, answer.text

    async def there() -> Any:
        events = await caller.read("/v1/triggers/webhook.received/events")
        return next((event for event in events if event["id"] == answer.json["event_id"]), None)

    return dict(await eventually(there))


@pytest.mark.parametrize("body", [{"order": "9001", "lines": [1, 2]}, [1, "two", None], "text", None, 12.5])
async def test_any_json_is_in_the_event_as_it_came(caller: Caller, body: Any) -> None:
    channel = await a_channel(caller)
    posted = {"data": orjson.dumps(body), "headers": {"Content-Type": "application/json"}}
    event = await received_event(caller, await caller.anonymous("POST", channel["url"], **posted))
    assert event["type"] == "webhook.received"
    assert event["data"]["body"] == body
    assert event["data"]["id"] == event["id"]
    assert event["data"]["channel"] == {"id": channel["id"], "kind": "hook", "name": "Web shop"}
    assert event["data"]["content_type"] == "application/json"


async def test_a_form_is_an_object_of_texts(caller: Caller) -> None:
    channel = await a_channel(caller)
    fields = [("name", "Zieme\u013cu Pap\u012brs"), ("tag", "a"), ("tag", "b"), ("empty", "")]
    expected = {"name": "Zieme\u013cu Pap\u012brs", "tag": ["a", "b"], "empty": ""}
    plain = await received_event(caller, await caller.anonymous("POST", channel["url"], data=aiohttp.FormData(fields)))
    assert plain["data"]["body"] == expected
    parts = aiohttp.FormData(fields, default_to_multipart=True)
    multipart = await received_event(caller, await caller.anonymous("POST", channel["url"], data=parts))
    assert multipart["data"]["body"] == expected
    assert multipart["data"]["content_type"] == "multipart/form-data"


async def test_an_automation_and_a_journey_see_what_was_posted(caller: Caller) -> None:
    channel = await a_channel(caller)
    steps = [{"action": "create_client", "input": {"name": "{{ trigger.data.body.customer.name }}"}}]
    trigger = {"key": "webhook.received", "filters": {"channel.name": ["Web shop"], "body.kind": ["signup"]}}
    await caller.made_of("/v1/automations", {"name": "Sign-ups", "enabled": True, "trigger": trigger, "steps": steps})
    posted = [{"kind": kind, "customer": {"name": f"{kind} Ltd"}} for kind in ("order", "signup")]
    answers = [await caller.anonymous("POST", channel["url"], json=body) for body in posted]

    async def made() -> list[str]:
        return [client["name"] for client in await caller.items("/v1/clients")]

    assert await eventually(made) == ["signup Ltd"]
    journey = await caller.read(f"/v1/journey/{answers[1].json['event_id']}")
    steps_seen = [entry["step"] for entry in journey["entries"]]
    assert steps_seen[:2] == ["accepted", "webhook.received"]
    assert "run_accepted" in steps_seen
    operation = await caller.read(f"/v1/operations/{answers[1].json['event_id']}")
    assert (operation["state"], operation["result"]) == ("succeeded", answers[1].json)


async def test_the_same_key_is_reported_once(caller: Caller) -> None:
    channel = await a_channel(caller)
    key = {"Idempotency-Key": str(new_id())}
    first, again = [await caller.anonymous("POST", channel["url"], json={"a": 1}, headers=key) for _ in range(2)]
    other = await caller.anonymous("POST", channel["url"], json={"a": 2}, headers=key)
    assert first.json == again.json
    assert (again.headers["Idempotency-Replayed"], other.status) == ("true", 422)
    await received_event(caller, first)
    assert len(await caller.read("/v1/triggers/webhook.received/events")) == 1


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{", 400),
        ("application/json", b"", 400),
        ("application/json", b'{"a": "\\u0000"}', 422),
        ("application/json", b'"' + b"x" * 1_048_576 + b'"', 413),
        ("text/plain", b"hello", 415),
        ("application/xml", b"<a/>", 415),
        ("application/x-www-form-urlencoded", b"a=%FF", 400),
        ("application/x-www-form-urlencoded", b"a=%00", 422),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(1001)), 400),
        ("multipart/form-data", b"--x--", 400),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1', 400),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"; filename="a.pdf"\r\n\r\n1\r\n--x--\r\n',
            422,
        ),
    ],
)
async def test_what_cannot_become_an_event_is_refused(
    caller: Caller, content_type: str, body: bytes, status: int
) -> None:
    channel = await a_channel(caller)
    headers = {"Content-Type": content_type}
    answer = await caller.anonymous("POST", channel["url"], data=body, headers=headers)
    assert answer.status == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+")
    assert await caller.read("/v1/triggers/webhook.received/events") == []


async def test_only_an_active_channel_of_its_kind_takes_posts(caller: Caller) -> None:
    channel, direct = await a_channel(caller), await a_channel(caller, kind="direct")
    assert (await caller.anonymous("POST", direct["url"].replace("/direct/inbox/", "/hooks/"), json={})).status == 404
    assert (await caller.anonymous("POST", "/ext/hooks/unknown", json={})).status == 404
    await caller.delete(f"/v1/channels/{channel['id']}")
    assert (await caller.anonymous("POST", channel["url"], json={})).status == 404
