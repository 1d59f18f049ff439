"""`branch`, `for_each` and `approve` at `POST /v1/actions/{key}`: a run of one step, with its steps inside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, Reply, open_receiver

ALWAYS = {"where": 1, "value": 1}
NEVER = {"where": 1, "value": 2}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


def says(receiver: Receiver, text: str, **fields: Any) -> dict[str, Any]:
    return {"action": "post_chat_message", "input": {"url": receiver.url(), "text": text}, **fields}


def texts(receiver: Receiver) -> list[str]:
    return [one.json["text"] for one in receiver.received]


async def ended(caller: Caller, location: str) -> dict[str, Any]:
    async def operation() -> dict[str, Any] | None:
        found = dict(await caller.read(location))
        return found if found["state"] != "pending" else None

    return await eventually(operation) or {}


async def waiting_run(caller: Caller, run_id: str) -> dict[str, Any]:
    async def waits() -> dict[str, Any] | None:
        answer = await caller.get(f"/v1/runs/{run_id}")
        return dict(answer.json) if answer.status == 200 and answer.json["state"] == "waiting" else None

    return await eventually(waits) or {}


async def test_a_branch_takes_the_steps_of_the_first_one_that_holds(caller: Caller, receiver: Receiver) -> None:
    arms = [
        {**NEVER, "steps": [says(receiver, "first")]},
        {
            "not": NEVER,
            "steps": [says(receiver, "second"), says(receiver, "answered {{ inner[0].output.status }}")],
        },
        {"steps": [says(receiver, "third")]},
    ]
    assert await caller.made_of("/v1/actions/branch", {"branches": arms}) == {"branch": 1}
    assert texts(receiver) == ["second", "answered 204"]
    (run,) = await caller.items("/v1/runs")
    assert (run["automation_id"], run["state"]) == (None, "succeeded")
    (step,) = (await caller.read(f"/v1/runs/{run['id']}"))["steps"]
    assert [one["path"] for one in step["steps"]] == ["0.branches.1.steps.0", "0.branches.1.steps.1"]
    assert await caller.made_of("/v1/actions/branch", {"branches": arms[:1]}) == {"branch": None}


async def test_what_a_call_gives_is_taken_as_it_is_and_only_inside_are_templates(
    caller: Caller, receiver: Receiver
) -> None:
    text = "{{ item }}"
    given = {"items": [text, {"n": text}], "steps": [says(receiver, "{{ index }}: {{ item.n }}{{ item }}")]}
    assert (await caller.made_of("/v1/actions/for_each", given))["count"] == 2
    assert texts(receiver)[0] == "0: {{ item }}"
    assert '"n":"{{ item }}"' in texts(receiver)[1]
    compared = {"where": "{{ 1 }}", "value": "1", "steps": [says(receiver, "x")]}
    assert await caller.made_of("/v1/actions/branch", {"branches": [compared]}) == {"branch": None}


async def test_for_each_answers_what_its_items_gave_and_which_failed(caller: Caller, receiver: Receiver) -> None:
    receiver.always["/B"] = Reply(404)
    made = {"action": "create_client", "input": {"name": "{{ item }}"}}
    call = {"action": "http_request", "input": {"url": receiver.url("/{{ item }}")}, "continue_on_error": True}
    answer = await caller.made_of("/v1/actions/for_each", {"items": ["A", "B"], "steps": [call, made]})
    assert (answer["count"], answer["failed"]) == (2, [1])
    assert [one["name"] for one in answer["outputs"]] == ["A", "B"]
    assert {one["name"] for one in await caller.items("/v1/clients")} == {"A", "B"}
    empty = await caller.made_of("/v1/actions/for_each", {"items": [], "steps": [made]})
    assert empty == {"count": 0, "failed": [], "outputs": []}


async def test_a_filter_inside_ends_the_steps_as_wished(caller: Caller, receiver: Receiver) -> None:
    steps = [{"action": "filter", "input": NEVER}, says(receiver, "never")]
    assert await caller.made_of("/v1/actions/branch", {"branches": [{"steps": steps}]}) == {"branch": 0}
    assert receiver.received == []


async def test_a_failure_inside_names_the_step(caller: Caller, receiver: Receiver) -> None:
    receiver.always["/hook"] = Reply(400, {"Content-Type": "text/plain"}, b"not you")
    answer = await caller.post("/v1/actions/for_each", {"items": [1], "steps": [says(receiver, "x")]})
    assert (answer.status, answer.json.get("code")) == (422, "action_failed"), answer.text
    assert answer.json["detail"] == "step 0.items.0.steps.0 (post_chat_message): answered 400: not you"


async def test_a_dry_run_takes_the_steps_and_changes_nothing(caller: Caller, receiver: Receiver) -> None:
    made = {"action": "create_client", "input": {"name": "{{ item }}", "external_id": "n-{{ index }}"}}
    found = {"action": "find_client", "input": {"external_id": "n-{{ index }}"}}
    steps = [made, found, says(receiver, "{{ inner[1].output.client.name }}")]
    shown = await caller.made_of("/v1/actions/for_each?dry_run=true", {"items": ["Ann", "Bob"], "steps": steps})
    assert shown["dry_run"] is True
    would = shown["would"]
    assert (would["count"], would["failed"], would["outputs"]) == (2, [], [{"status": 200}] * 2)
    assert [one["would"]["message"]["text"] for one in would["steps"] if one["would"]] == ["Ann", "Bob"]
    assert [(one["type"], one["data"]["name"]) for one in shown["changes"]] == [
        ("client.created", "Ann"),
        ("client.created", "Bob"),
    ]
    chosen = await caller.made_of("/v1/actions/branch?dry_run=true", {"branches": [{"steps": [says(receiver, "x")]}]})
    assert chosen["would"]["branch"] == 0
    assert chosen["would"]["steps"][0]["would"]["message"] == {"text": "x"}
    assert (receiver.received, await caller.items("/v1/runs"), await caller.items("/v1/clients")) == ([], [], [])


async def test_a_dry_run_that_fails_says_where(caller: Caller) -> None:
    step = {"action": "update_client", "input": {"id": "{{ item }}", "name": "x"}}
    answer = await caller.post("/v1/actions/for_each?dry_run=true", {"items": ["no id"], "steps": [step]})
    assert (answer.status, answer.json["code"]) == (422, "action_failed")
    assert answer.json["detail"].startswith("step 0.items.0.steps.0 (update_client): input.id")
    assert await caller.items("/v1/runs") == []


DELAY = {"action": "delay", "input": {"duration": "PT1H"}}


@pytest.mark.parametrize(
    ("key", "sent", "path"),
    [
        ("branch", {}, "branches"),
        ("branch", {"branches": [{"steps": []}]}, "branches[0].steps"),
        ("branch", {"branches": [{"steps": [{"action": "fly"}]}]}, "branches[0].steps[0].action"),
        ("for_each", {"items": "{{ trigger.data.lines }}", "steps": [DELAY]}, "items"),
        ("for_each", {"items": [1] * 101, "steps": [DELAY]}, "items"),
        ("for_each", {"items": [1]}, "steps"),
        ("for_each", {"items": [1], "steps": [{**DELAY, "input": {}}]}, "steps[0].input"),
        ("for_each", {"items": [1], "steps": [{"action": "send_sms", "input": {"to": "{{ itm }}", "body": "x"}}]},
         "steps[0].input.to"),
        ("for_each", {"items": [1], "steps": [{"action": "http_request", "input": {"url": "http://192.0.2.1/{{ item }}",
         "bdy": 1}}]}, "steps[0].input.bdy"),
        ("for_each", {"items": [1], "steps": [{"action": "http_request", "input": {"url": "http://192.0.2.1/"}}]},
         "steps[0].input.url"),
        ("for_each", {"items": [1], "steps": [{"action": "http_request", "input": {"url": "a", "method": "GET"},
         "connection_id": "0198f7c4-5a00-7c3e-9d1b-6f2a4b8c0d1e"}]}, "steps[0].connection_id"),
        ("for_each", {"items": [1], "steps": [{"action": "add_note", "input": {"text": "{{ trigger.data.nput }}"}}]},
         "steps[0].input.client_id"),
        ("for_each", {"items": [1], "steps": [{"action": "create_client", "input": {
         "name": "{{ trigger.data.nput }}"}}]}, "steps[0].input.name"),
        ("for_each", {"items": [1], "steps": [{"action": "branch", "input": {"branches": [{"steps": [{"action":
         "for_each", "input": {"items": [1], "steps": [{"action": "branch", "input": {"branches": [{"steps": [DELAY]}]
         }}]}}]}]}}]}, "steps[0].input.branches[0].steps[0].input.steps[0].input.branches[0].steps[0]"),
        ("for_each", {"items": [1], "steps": [{"action": "for_each", "input": {"items": [1], "steps": [DELAY] * 20}}]},
         "steps"),
        ("for_each", {"items": [1], "steps": [DELAY] * 20}, "steps"),
        ("branch", {"branches": [{"steps": [DELAY] * 20}]}, "branches"),
        ("approve", {}, "message"),
        ("approve", {"message": "Pay?", "expires_in": "P31D"}, "expires_in"),
        ("approve", {"message": "Pay?", "to": ["nowhere"]}, "to[0]"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("query", ["", "?dry_run=true"])
async def test_a_wrong_step_inside_is_refused_by_its_path(
    caller: Caller, key: str, sent: dict[str, Any], path: str, query: str
) -> None:
    answer = await caller.post(f"/v1/actions/{key}{query}", sent)
    assert (answer.status, answer.json["code"]) == (422, "invalid_input"), answer.text
    assert path in answer.faults
    assert await caller.items("/v1/runs") == []


@pytest.mark.parametrize("verb", ["approve", "refuse"])
async def test_an_approval_is_an_operation_that_ends_with_the_decision(caller: Caller, verb: str) -> None:
    answer = await caller.post("/v1/actions/approve", {"message": "Pay {{ 1 }}?"})
    assert answer.status == 202
    run = await waiting_run(caller, answer.json["id"])
    assert run["steps"][0]["input"]["message"] == "Pay {{ 1 }}?"
    assert (await caller.post(f"/v1/runs/{run['id']}/{verb}", {"comment": "as agreed"})).status == 200
    operation = await ended(caller, answer.headers["Location"])
    assert (operation["state"], operation["status"]) == ("succeeded", 200)
    result = operation["result"]
    assert (result["approved"], result["comment"]) == (verb == "approve", "as agreed")
    assert (result["by"]["kind"], result["at"] < result["expires_at"]) == ("access_token", True)
    state = (await caller.read(f"/v1/runs/{run['id']}"))["state"]
    assert state == ("succeeded" if verb == "approve" else "cancelled")


async def test_a_dry_run_of_an_approval_shows_who_would_be_asked(caller: Caller) -> None:
    asked = {"message": "Pay?", "to": ["boss@office.example"]}
    shown = await caller.made_of("/v1/actions/approve?dry_run=true", asked)
    assert (shown["dry_run"], shown["would"]["asks"]) == (True, ["boss@office.example"])
    assert await caller.items("/v1/runs") == []


async def test_a_refusal_inside_is_a_failure_of_what_is_around_it(caller: Caller, receiver: Receiver) -> None:
    ask = {"action": "approve", "input": {"message": "Send to {{ item }}?"}}
    sent = {"items": ["Ann"], "steps": [ask, says(receiver, "to {{ item }}")]}
    answer = await caller.post("/v1/actions/for_each", sent, headers={"Prefer": "respond-async"})
    run = await waiting_run(caller, answer.json["id"])
    assert (await caller.post(f"/v1/runs/{run['id']}/refuse", {"comment": "no"})).status == 200
    operation = await ended(caller, answer.headers["Location"])
    assert (operation["state"], operation["status"]) == ("failed", 422)
    assert "step 0.items.0.steps.0 (approve): refused by" in operation["problem"]["detail"]
    assert receiver.received == []


async def test_a_call_that_waits_can_be_cancelled(caller: Caller) -> None:
    sent = {"branches": [{"steps": [DELAY]}]}
    answer = await caller.post("/v1/actions/branch", sent, headers={"Prefer": "respond-async"})
    run = await waiting_run(caller, answer.json["id"])
    assert (await caller.post(f"/v1/runs/{run['id']}/cancel")).status == 200
    operation = await ended(caller, answer.headers["Location"])
    assert (operation["state"], operation["problem"]["detail"]) == ("failed", "cancelled on request")


async def test_a_repeated_call_has_one_effect(caller: Caller, receiver: Receiver) -> None:
    sent = {"items": [1, 2], "steps": [says(receiver, "no. {{ item }}")]}
    first = await caller.post("/v1/actions/for_each", sent, headers={"Idempotency-Key": "each-1"})
    again = await caller.post("/v1/actions/for_each", sent, headers={"Idempotency-Key": "each-1"})
    assert (first.status, again.status, again.json) == (200, 200, first.json)
    assert texts(receiver) == ["no. 1", "no. 2"]


async def test_another_accounts_connection_is_unknown_inside(
    caller: Caller, stranger: Caller, receiver: Receiver
) -> None:
    chat = await stranger.made_of("/v1/connections", {"name": "Chat", "kind": "chat", "url": receiver.url()})
    step = {"action": "post_chat_message", "input": {"text": "hello"}, "connection_id": chat["id"]}
    answer = await caller.post("/v1/actions/branch", {"branches": [{"steps": [step]}]})
    assert (answer.status, answer.faults) == (422, {"branches[0].steps[0].connection_id": "unknown connection"})
    assert receiver.received == []
