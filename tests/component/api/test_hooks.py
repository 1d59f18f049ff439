"""Hooks over HTTP: subscribing, finding, changing, ending them, and the secret that is shown once."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.primitives.ids import new_id
from tests.support.caller import Caller
from tests.support.eventually import eventually

TARGET = "https://receiver.example/hook"


def a_hook(*triggers: str, **fields: Any) -> dict[str, Any]:
    return {"target_url": TARGET, "triggers": list(triggers or ("sale.posted",))} | fields


async def test_a_new_hook_shows_its_secret_this_once(caller: Caller) -> None:
    made = await caller.post("/v1/hooks", a_hook("sale.posted", "payment.posted", name="Books"))
    assert made.status == 201, made.text
    assert made.headers["Location"] == f"/v1/hooks/{made.json['id']}"
    assert made.json["secret"].startswith("whsec_")
    read = await caller.read(f"/v1/hooks/{made.json['id']}")
    assert read == {name: value for name, value in made.json.items() if name != "secret"} | {"health": read["health"]}
    assert read["state"] == "active"


async def test_a_replay_of_the_same_request_shows_the_same_secret(caller: Caller) -> None:
    key = {"Idempotency-Key": "subscribe-1"}
    first, again = [await caller.post("/v1/hooks", a_hook(), headers=key) for _ in range(2)]
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_the_same_subscription_again_is_the_same_hook_without_its_secret(caller: Caller) -> None:
    first, again = [await caller.post("/v1/hooks", a_hook(filters={"sale_type": ["sales_invoice"]})) for _ in range(2)]
    assert (first.status, again.status) == (201, 200)
    assert again.json["id"] == first.json["id"]
    assert "secret" not in again.json


async def test_an_operation_shows_the_secret_to_who_did_not_wait(caller: Caller) -> None:
    answer = await caller.post("/v1/hooks", a_hook(), headers={"Prefer": "respond-async"})
    assert answer.status == 202
    replay = await caller.post("/v1/hooks", a_hook())  # answered behind the first, which is done then
    assert replay.status == 200
    operation = await caller.read(answer.headers["Location"])
    assert operation["result"]["secret"].startswith("whsec_")


async def test_hooks_are_found_by_target_and_by_trigger(caller: Caller) -> None:
    sales = await caller.made_of("/v1/hooks", a_hook("sale.posted", "sale.paid"))
    inbox = await caller.made_of("/v1/hooks", a_hook("inbox.received", target_url="https://other.example/in"))
    assert [one["id"] for one in await caller.items("/v1/hooks")] == [inbox["id"], sales["id"]]
    assert [one["id"] for one in await caller.items("/v1/hooks?trigger=sale.paid")] == [sales["id"]]
    assert [one["id"] for one in await caller.items("/v1/hooks?target_url=https://other.example/in")] == [inbox["id"]]
    assert await caller.items(f"/v1/hooks?trigger=sale.paid&target_url={inbox['target_url']}") == []
    assert not any("secret" in one for one in await caller.items("/v1/hooks"))
    unknown = await caller.get("/v1/hooks?trigger=sale.payed")
    assert (unknown.status, [fault["path"] for fault in unknown.json["errors"]]) == (422, ["trigger"])


async def test_a_hook_changes_only_in_what_is_sent(caller: Caller) -> None:
    hook = await caller.made_of("/v1/hooks", a_hook(name="Before", filters={"currency": ["EUR"]}))
    changed = await caller.patch(f"/v1/hooks/{hook['id']}", {"name": "After"})
    assert changed.status == 200, changed.text
    assert (changed.json["name"], changed.json["filters"]) == ("After", {"currency": ["EUR"]})
    cleared = await caller.patch(f"/v1/hooks/{hook['id']}", {"name": None})
    assert cleared.json["name"] is None
    off = await caller.patch(f"/v1/hooks/{hook['id']}", {"state": "disabled"})
    assert off.json["state"] == "disabled"
    assert (await caller.read(f"/v1/hooks/{hook['id']}"))["state"] == "disabled"


async def test_unsubscribing_is_answered_with_json_also_when_it_is_done_already(caller: Caller) -> None:
    hook = await caller.made_of("/v1/hooks", a_hook())
    for _ in range(2):
        gone = await caller.delete(f"/v1/hooks/{hook['id']}")
        assert (gone.status, gone.json["id"], gone.json["state"]) == (200, hook["id"], "removed")
    assert (await caller.get(f"/v1/hooks/{hook['id']}")).status == 404
    assert await caller.items("/v1/hooks") == []
    assert (await caller.patch(f"/v1/hooks/{hook['id']}", {"name": "x"})).status == 404


async def test_who_unsubscribes_may_send_what_he_subscribed_with(caller: Caller) -> None:
    hook = await caller.made_of("/v1/hooks", a_hook())
    assert (await caller.send("DELETE", f"/v1/hooks/{hook['id']}", json=a_hook())).status == 200


async def test_a_rotated_secret_is_another_one(caller: Caller) -> None:
    hook = await caller.made_of("/v1/hooks", a_hook())
    rotated = await caller.post(f"/v1/hooks/{hook['id']}/rotate-secret")
    assert rotated.status == 200
    assert rotated.json["secret"].startswith("whsec_")
    assert rotated.json["secret"] != hook["secret"]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"target_url": "ftp://receiver.example/x"}, "target_url"),
        ({"target_url": "http://receiver.example/plain"}, "target_url"),
        ({"target_url": "https://169.254.169.254/latest"}, "target_url"),
        ({"triggers": ["sale.exploded"]}, "triggers[0]"),
        ({"triggers": []}, "triggers"),
        ({"filters": {"colour": ["red"]}}, "filters.colour"),
        ({"target": "https://receiver.example"}, "target"),
    ],
)
async def test_a_hook_that_could_never_work_is_refused(caller: Caller, fields: dict[str, Any], path: str) -> None:
    answer = await caller.post("/v1/hooks", a_hook(**fields))
    assert answer.status == 422, answer.text
    assert list(answer.faults) == [path]


async def test_what_a_hook_missed_is_counted_before_it_is_sent(caller: Caller) -> None:
    await caller.client()
    await eventually(lambda: caller.read("/v1/triggers/client.created/events"))  # the event log is behind the answer
    hook = await caller.made_of("/v1/hooks", a_hook("client.created"))
    asked = {"since": "2026-01-01T00:00:00Z", "dry_run": True}
    counted = await caller.post(f"/v1/hooks/{hook['id']}/recover", asked)
    assert (counted.status, counted.json["count"]) == (200, 1)
    assert (await caller.post(f"/v1/hooks/{hook['id']}/recover", {})).faults == {"since": "is required"}


async def test_another_accounts_hook_is_not_there(caller: Caller, stranger: Caller) -> None:
    hook = await caller.made_of("/v1/hooks", a_hook())
    path = f"/v1/hooks/{hook['id']}"
    unknown = f"/v1/hooks/{new_id()}"
    for verb, more, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "mine"}),
        ("DELETE", "", None),
        ("POST", "/rotate-secret", None),
        ("POST", "/test", {}),
    ):
        options = {} if body is None else {"json": body}
        theirs = await stranger.send(verb, path + more, **options)
        nobodys = await stranger.send(verb, unknown + more, **options)
        assert theirs.status == nobodys.status == 404
    assert (await caller.read(path))["state"] == "active"
