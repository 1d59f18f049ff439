"""Changing automations: a version for each definition, and which events they get from when, on a real Postgres."""

from __future__ import annotations

from typing import Any

from action_executor.__main__ import PROGRAM as EXECUTOR
from chassis.command import prepare_database
from contracts.primitives.ids import new_id
from contracts.wire import commands
from tests.support.dispatcher import Answer, DispatcherHarness, ago, id_made


async def change(dispatcher: DispatcherHarness, made: Answer, **fields: Any) -> Answer:
    """Replace an automation by itself with other `fields`."""
    kept = {name: made.body[name] for name in ("name", "trigger", "steps")}
    return await dispatcher.ask(commands.UPDATE_AUTOMATION, {"id": made.id, "publish": True} | kept | fields)


def saying(text: str) -> list[dict[str, Any]]:
    return [{"action": "post_chat_message", "input": {"url": "https://chat.example/in", "text": text}}]


async def test_other_steps_are_a_new_version_and_the_old_one_stays_for_its_runs(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.automate("sale.posted")
    (before,) = await dispatcher.handle_events(dispatcher.happened("sale.posted"))
    changed = await change(dispatcher, made, steps=saying("other"))
    (after,) = await dispatcher.handle_events(dispatcher.happened("sale.posted"))
    assert (changed.status, changed.body["version"]) == (200, 2)
    assert changed.body["steps"][0]["input"]["text"] == "other"
    assert (before.data["version"], after.data["version"]) == (1, 2)
    kept = await dispatcher.rows("SELECT version, definition FROM dispatch_api.automation_version ORDER BY version")
    assert [row["version"] for row in kept] == [1, 2]


async def test_another_name_alone_is_no_new_version(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.automate("sale.posted")
    changed = await change(dispatcher, made, name="Tell everybody")
    assert (changed.body["name"], changed.body["version"]) == ("Tell everybody", 1)


async def test_an_automation_that_is_off_stays_off_unless_it_is_said(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.automate("sale.posted", enabled=False)
    assert (await change(dispatcher, made, steps=saying("other"))).body["enabled"] is False
    assert await dispatcher.handle_events(dispatcher.happened("sale.posted")) == []
    assert (await change(dispatcher, made, enabled=True)).body["enabled"] is True
    assert len(await dispatcher.handle_events(dispatcher.happened("sale.posted"))) == 1


async def test_another_trigger_counts_from_now_on_and_other_steps_lose_nothing(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.automate("sale.posted")
    await dispatcher.owner.execute("UPDATE dispatch.automation SET effective_from = now() - interval '1 hour'")
    await change(dispatcher, made, steps=saying("other"))
    assert len(await dispatcher.handle_events(_earlier(dispatcher, "sale.posted"))) == 1
    await change(dispatcher, made, trigger={"key": "sale.paid"})
    assert await dispatcher.handle_events(_earlier(dispatcher, "sale.paid"), _earlier(dispatcher, "sale.posted")) == []
    assert len(await dispatcher.handle_events(dispatcher.happened("sale.paid"))) == 1


async def test_a_change_with_faults_changes_nothing(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.automate("sale.posted")
    answer = await change(dispatcher, made, trigger={"key": "sale.exploded"}, steps=[{"action": "make_coffee"}])
    assert answer.status == 422
    assert set(answer.faults) == {"trigger.key", "steps[0].action"}
    (row,) = await dispatcher.rows("SELECT version, name FROM dispatch_api.automation")
    assert row["version"] == 1


async def test_what_is_removed_or_another_accounts_cannot_be_changed(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.automate("sale.posted")
    data = {"id": made.id} | {name: made.body[name] for name in ("name", "trigger", "steps")}
    stranger = await dispatcher.ask(commands.UPDATE_AUTOMATION, data, account_id=new_id())
    await dispatcher.ask(commands.DELETE_AUTOMATION, {"id": made.id})
    removed = await change(dispatcher, made)
    assert (stranger.status, removed.status) == (404, 404)


def _earlier(dispatcher: DispatcherHarness, trigger: str) -> Any:
    """What happened, and was asked for, some minutes ago."""
    request = dispatcher.command("some_command", {}, id=id_made(ago(minutes=5)))
    return dispatcher.happened(trigger, request=request, at=ago(minutes=5))


async def test_a_step_names_a_connection_of_its_account_and_of_its_kind(dispatcher: DispatcherHarness) -> None:
    await prepare_database(dispatcher.dsn, EXECUTOR)  # it keeps them
    chat, http, strange = new_id(), new_id(), new_id()
    await dispatcher.owner.executemany(
        "INSERT INTO execution.connection (account_id, id, name, kind, origin, header_names, encrypted)"
        " VALUES ($1, $2, 'Some application', $3, 'https://chat.example', '{}', 'encrypted')",
        [(dispatcher.account_id, chat, "chat"), (dispatcher.account_id, http, "http"), (new_id(), strange, "chat")],
    )
    steps = [
        {"action": "post_chat_message", "connection_id": str(chat), "input": {"text": "{{ trigger.data.number }}"}},
        {"action": "http_request", "connection_id": str(http), "input": {}},
        {"action": "http_request", "connection_id": str(http), "input": {"url": "/orders"}},
    ]
    assert (await dispatcher.automate("sale.posted", steps=steps)).status == 201
    wrong = [
        {"action": "post_chat_message", "connection_id": str(http), "input": {"text": "hello"}},
        {"action": "post_chat_message", "connection_id": str(strange), "input": {"text": "hello"}},
        {"action": "post_chat_message", "input": {"text": "{{ trigger.data.number }}"}},
        {"action": "http_request", "input": {"url": "/orders"}},
        {"action": "post_chat_message", "connection_id": str(chat), "input": {"text": "a", "url": "https://b.example"}},
    ]
    assert set((await dispatcher.automate("sale.posted", steps=wrong)).faults) == {
        "steps[0].connection_id",
        "steps[1].connection_id",
        "steps[2].input.url",
        "steps[3].input.url",
        "steps[4].input.url",
    }
