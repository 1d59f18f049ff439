"""The actions that leave and those that steer a run, at `POST /v1/actions/{key}`: one step, its output the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.catalog import offered_actions
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.receiver import Receiver, Reply, open_receiver

CONDITION = {"where": "{{ not a template }}", "op": "eq", "value": "{{ not a template }}"}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


async def test_a_request_is_made_once_and_its_answer_is_the_output(caller: Caller, receiver: Receiver) -> None:
    receiver.script(Reply(200, {"Content-Type": "application/json"}, b'{"ticket": 7}'), path="/tickets")
    sent = {"url": receiver.url("/tickets"), "body": {"text": "{{ as it is }}"}}
    answer = await caller.post("/v1/actions/http_request", sent, headers={"Idempotency-Key": "k-1"})
    assert (answer.status, answer.json["status"], answer.json["body"]) == (200, 200, {"ticket": 7})
    again = await caller.post("/v1/actions/http_request", sent, headers={"Idempotency-Key": "k-1"})
    assert (again.status, again.json, again.headers["Idempotency-Replayed"]) == (200, answer.json, "true")
    assert [one.json for one in receiver.received] == [{"text": "{{ as it is }}"}]


async def test_an_action_by_itself_is_a_run_of_one_step_without_an_automation(
    caller: Caller, receiver: Receiver
) -> None:
    await caller.made_of("/v1/actions/post_chat_message", {"url": receiver.url(), "text": "hello"})
    (run,) = await caller.items("/v1/runs")
    assert (run["automation_id"], run["state"], run["trigger_key"]) == (None, "succeeded", "action")
    (step,) = (await caller.read(f"/v1/runs/{run['id']}"))["steps"]
    assert (step["action"], step["input"]["text"], step["output"]) == ("post_chat_message", "hello", {"status": 204})
    replayed = await caller.post(f"/v1/runs/{run['id']}/replay", {})
    assert (replayed.status, replayed.json["code"]) == (409, "not_replayable")


async def test_a_chat_message_goes_through_a_connection(caller: Caller, receiver: Receiver) -> None:
    chat = await caller.made_of("/v1/connections", {"name": "Chat", "kind": "chat", "url": receiver.url("/T0/XYZZY")})
    sent = {"connection_id": chat["id"], "text": "hello"}
    shown = await caller.made_of("/v1/actions/post_chat_message?dry_run=true", sent)
    would = {"server": receiver.url(""), "message": {"text": "hello"}}
    assert shown == {"dry_run": True, "would": would, "changes": []}
    assert receiver.received == []
    await caller.made_of("/v1/actions/post_chat_message", sent)
    assert [one.json for one in receiver.on("/T0/XYZZY")] == [{"text": "hello"}]


async def test_a_dry_run_of_a_request_shows_it_without_secrets_and_sends_nothing(
    caller: Caller, receiver: Receiver
) -> None:
    headers = {"Authorization": "Bearer s3cr3t-and-long"}
    made = {"name": "Shop", "kind": "http", "url": receiver.url("/v2/"), "headers": headers}
    connection = await caller.made_of("/v1/connections", made)
    sent = {"connection_id": connection["id"], "url": "orders", "method": "PUT", "body": {"n": 1}}
    shown = await caller.made_of("/v1/actions/http_request?dry_run=true", sent)
    would = shown["would"]
    assert (would["method"], would["url"], would["body"]) == ("PUT", receiver.url("/v2/orders"), {"n": 1})
    assert "s3cr3t" not in repr(shown)
    assert (receiver.received, await caller.items("/v1/runs")) == ([], [])


async def test_what_the_other_side_refuses_is_a_problem_and_is_tried_once(caller: Caller, receiver: Receiver) -> None:
    receiver.always["/hook"] = Reply(503, {"Content-Type": "text/plain"}, b"closed on Sundays")
    answer = await caller.post("/v1/actions/http_request", {"url": receiver.url()})
    assert (answer.status, answer.json["code"]) == (422, "action_failed")
    assert answer.json["detail"] == "answered 503: closed on Sundays"
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("key", "sent", "path"),
    [
        ("http_request", {}, "url"),
        ("http_request", {"url": "http://192.0.2.1/x"}, "url"),
        ("http_request", {"url": "https://example.com", "headers": {"Host": "x"}}, "headers.Host"),
        ("post_chat_message", {"text": ""}, "text"),
        ("send_sms", {"body": "hello"}, "to"),
        ("filter", {"where": 1, "op": "like"}, "op"),
        ("delay", {"duration": "soon"}, "duration"),
    ],
)
@pytest.mark.parametrize("query", ["", "?dry_run=true"])
async def test_a_wrong_input_is_refused_by_its_field(
    caller: Caller, key: str, sent: dict[str, object], path: str, query: str
) -> None:
    answer = await caller.post(f"/v1/actions/{key}{query}", sent)
    assert (answer.status, answer.json["code"]) == (422, "invalid_input"), answer.text
    assert path in answer.faults


async def test_what_takes_longer_than_its_caller_waits_is_an_operation(caller: Caller, receiver: Receiver) -> None:
    sent = {"url": receiver.url(), "text": "later"}
    answer = await caller.post("/v1/actions/post_chat_message", sent, headers={"Prefer": "respond-async"})
    assert answer.status == 202

    async def ended() -> dict[str, Any]:
        operation = dict(await caller.read(answer.headers["Location"]))
        return operation if operation["state"] != "pending" else {}

    operation = await eventually(ended)
    assert operation == operation | {"state": "succeeded", "status": 200, "result": {"status": 204}}


async def test_a_filter_says_what_it_would_decide_and_a_delay_when_it_would_end(caller: Caller) -> None:
    assert await caller.made_of("/v1/actions/filter", CONDITION) == {"passed": True}
    refused = {"all": [CONDITION, {"not": CONDITION}]}
    assert await caller.made_of("/v1/actions/filter", refused) == {"passed": False}
    shown = await caller.made_of("/v1/actions/filter?dry_run=true", CONDITION)
    assert shown == {"dry_run": True, "would": {"passed": True}, "changes": []}
    until = {"until": (datetime.now(tz=UTC) + timedelta(days=3)).isoformat()}
    assert await caller.made_of("/v1/actions/delay", until) == until
    assert await caller.items("/v1/runs") == []


async def test_a_mail_without_a_server_is_never_claimed_sent(caller: Caller) -> None:
    mail = {"to": ["aija@ozola.example"], "subject": "Hello", "body": "Text"}
    answer = await caller.post("/v1/actions/send_email", mail)
    assert (answer.status, answer.json["code"]) == (422, "action_failed")
    assert "LEDGERWIRE_SMTP_URL" in answer.json["detail"]


async def test_every_offered_action_can_be_called(caller: Caller) -> None:
    for action in offered_actions():
        answer = await caller.post(f"/v1/actions/{action.key}?dry_run=true", {})
        assert answer.status in {200, 422}, (action.key, answer.text)


async def test_another_accounts_connection_is_unknown(caller: Caller, stranger: Caller, receiver: Receiver) -> None:
    chat = await stranger.made_of("/v1/connections", {"name": "Chat", "kind": "chat", "url": receiver.url()})
    answer = await caller.post("/v1/actions/post_chat_message", {"connection_id": chat["id"], "text": "hello"})
    assert (answer.status, answer.faults) == (422, {"connection_id": f"there is no connection {chat['id']}"})
    assert receiver.received == []
