"""Subscribing, changing, testing, recovering: the dispatcher's commands on a real Postgres."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.encryption import Encryptor, new_key
from chassis.settings import SettingsError
from contracts.primitives.ids import new_id
from contracts.wire import commands
from messaging.port import Done, Incoming, Refused
from outbox.pipeline import NEWER_CODE_MAX
from tests.support.dispatcher import TARGET, DispatcherHarness, open_dispatcher
from trigger_dispatcher.consumer import command_handler
from trigger_dispatcher.hooks import commands as hooks
from trigger_dispatcher.hooks.key_rotation import ensure_encrypted_with_newest_key


@pytest.fixture
async def dispatcher(dispatcher_dsn: str) -> AsyncIterator[DispatcherHarness]:
    async with open_dispatcher(dispatcher_dsn, egress_allow="127.0.0.0/8") as harness:
        yield harness


async def test_a_new_hook_is_answered_with_its_secret_once(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.subscribe("sale.posted", "sale.paid", filters={"sale_type": ["sales_invoice"]}, name="Zap")
    assert made.status == 201
    assert made.body["secret"].startswith("whsec_")
    assert 24 <= len(base64.b64decode(made.body["secret"].removeprefix("whsec_"), validate=True)) <= 64
    assert made.body["state"] == "active"
    assert made.body["triggers"] == ["sale.posted", "sale.paid"]
    assert (made.body["name"], made.body["ordered"], made.body["reason"]) == ("Zap", None, None)
    assert (made.body["rate_per_second"], made.body["concurrency"]) == (None, None)
    again = await dispatcher.subscribe(
        "sale.paid", "sale.posted", "sale.paid", filters={"sale_type": ["sales_invoice"]}
    )
    assert again.status == 200
    assert again.id == made.id
    assert "secret" not in again.body


async def test_secrets_are_nowhere_in_clear(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.subscribe("sale.posted")
    rotated = await dispatcher.ask(commands.ROTATE_HOOK_SECRET, {"id": made.id})
    stored = await dispatcher.rows("SELECT * FROM dispatch.hook")
    outcomes = await dispatcher.rows("SELECT body FROM dispatch.outcome")
    for secret in (made.body["secret"], rotated.body["secret"]):
        bare = secret.removeprefix("whsec_")
        assert bare not in repr(stored)
        assert bare not in repr(outcomes)
    assert dispatcher.ctx.encryptor.open(stored[0]["secret"]) == rotated.body["secret"]


async def test_rotation_keeps_the_old_secret_signing_for_a_day(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.subscribe("sale.posted")
    rotated = await dispatcher.ask(commands.ROTATE_HOOK_SECRET, {"id": made.id})
    (row,) = await dispatcher.rows("SELECT *, previous_until - now() AS left FROM dispatch_api.hook")
    assert rotated.status == 200
    assert dispatcher.ctx.encryptor.open(row["previous_secret"]) == made.body["secret"]
    assert timedelta(hours=23, minutes=59) < row["left"] <= timedelta(hours=24)


async def test_subscribing_again_takes_up_a_disabled_hook(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.subscribe("sale.posted")
    await dispatcher.ask(
        commands.END_HOOK, {"id": made.id, "version": 1, "state": "disabled", "reason": "only failures for 5 days"}
    )
    assert await dispatcher.handle_events(dispatcher.happened("sale.posted")) == []
    again = await dispatcher.subscribe("sale.posted")
    assert (again.status, again.id, again.body["state"], again.body["reason"]) == (200, made.id, "active", None)
    assert len(await dispatcher.handle_events(dispatcher.happened("sale.posted"))) == 1


async def test_many_at_once_make_one_hook(dispatcher: DispatcherHarness) -> None:
    asked = [dispatcher.command(commands.CREATE_HOOK, _hook()) for _ in range(16)]
    await asyncio.gather(*(dispatcher.handle(command) for command in asked))
    answers = [await dispatcher.outcome(command.id) for command in asked]
    assert sorted(answer.status for answer in answers) == [200] * 15 + [201]
    assert len({answer.id for answer in answers}) == 1


async def test_a_removed_hook_may_be_made_anew(dispatcher: DispatcherHarness) -> None:
    first = await dispatcher.subscribe("sale.posted")
    await dispatcher.ask(commands.DELETE_HOOK, {"id": first.id})
    second = await dispatcher.subscribe("sale.posted")
    assert second.status == 201
    assert second.id != first.id


async def test_unsubscribing_is_answered_also_when_it_is_gone_already(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.subscribe("sale.posted")
    for _ in range(2):
        gone = await dispatcher.ask(commands.DELETE_HOOK, {"id": made.id})
        assert (gone.status, gone.body["state"]) == (200, "removed")
    assert await dispatcher.handle_events(dispatcher.happened("sale.posted")) == []
    for name in (commands.UPDATE_HOOK, commands.ROTATE_HOOK_SECRET, commands.TEST_HOOK):
        assert (await dispatcher.ask(name, {"id": made.id})).status == 404


async def test_another_accounts_hook_is_as_unknown_as_any(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.subscribe("sale.posted")
    for identifier in (made.id, str(new_id())):
        for name, more in (
            (commands.UPDATE_HOOK, {"name": "mine"}),
            (commands.DELETE_HOOK, {}),
            (commands.ROTATE_HOOK_SECRET, {}),
            (commands.TEST_HOOK, {}),
            (commands.RECOVER_HOOK, {"since": "2026-01-01T00:00:00Z", "dry_run": True}),
        ):
            answer = await dispatcher.ask(name, {"id": identifier, **more}, account_id=new_id())
            assert (answer.status, answer.body["code"]) == (404, "not_found")
    assert len(await dispatcher.handle_events(dispatcher.happened("sale.posted"))) == 1


async def test_every_fault_of_a_subscription_is_listed(dispatcher: DispatcherHarness) -> None:
    answer = await dispatcher.subscribe(
        "sale.posted", "sale.happened", "nonsense", target_url="http://10.0.0.1/x", filters={"colour": ["red"]}
    )
    assert (answer.status, answer.body["code"]) == (422, "invalid_input")
    assert set(answer.faults) == {"target_url", "triggers[1]", "triggers[2]", "filters.colour"}
    assert "sale.posted, sale.sent" in answer.faults["triggers[1]"]
    assert "client.created, client.updated" in answer.faults["triggers[2]"]
    assert await dispatcher.rows("SELECT * FROM dispatch.hook") == []


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"triggers": ["sale.posted"]}, "target_url"),
        ({"target_url": TARGET, "triggers": []}, "triggers"),
        ({"target_url": TARGET, "triggers": ["sale.posted"], "colour": 1}, "colour"),
        ({"target_url": TARGET, "triggers": ["sale.posted"], "filters": {"sale_type": []}}, "filters.sale_type"),
        ({"target_url": TARGET, "triggers": ["sale.posted"], "ordered": "always"}, "ordered"),
        ({"target_url": TARGET, "triggers": ["sale.posted"], "rate_per_second": 0}, "rate_per_second"),
        ({"target_url": TARGET, "triggers": ["sale.posted"], "concurrency": 101}, "concurrency"),
    ],
)
async def test_a_malformed_subscription_is_answered(
    dispatcher: DispatcherHarness, data: dict[str, Any], path: str
) -> None:
    answer = await dispatcher.ask(commands.CREATE_HOOK, data)
    assert answer.status == 422
    assert path in answer.faults


async def test_text_that_postgres_cannot_keep_is_refused_not_parked(dispatcher: DispatcherHarness) -> None:
    answer = await dispatcher.subscribe("sale.posted", name="a\x00b")
    assert answer.status == 422
    automation = await dispatcher.automate("sale.posted", name="a\x00b")
    assert automation.status == 422


async def test_a_listed_private_target_may_be_plain_http(dispatcher: DispatcherHarness) -> None:
    assert (await dispatcher.subscribe("sale.posted", target_url="http://127.0.0.1:9/hook")).status == 201


async def test_an_account_has_a_bounded_number_of_hooks(
    dispatcher: DispatcherHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "HOOKS_MAX", 1)
    await dispatcher.subscribe("sale.posted")
    answer = await dispatcher.subscribe("sale.paid")
    assert (answer.status, answer.body["code"]) == (409, "limit_reached")
    assert (await dispatcher.subscribe("sale.posted")).status == 200


async def test_only_what_was_sent_of_a_hook_changes(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.subscribe(
        "sale.posted",
        name="Before",
        ordered="client",
        filters={"currency": ["EUR"]},
        rate_per_second=2.5,
        concurrency=3,
    )
    assert (made.body["rate_per_second"], made.body["concurrency"]) == (2.5, 3)
    renamed = await dispatcher.ask(commands.UPDATE_HOOK, {"id": made.id, "name": "After"})
    assert renamed.status == 200
    assert renamed.body["name"] == "After"
    for field in ("target_url", "triggers", "filters", "ordered", "rate_per_second", "concurrency", "state"):
        assert renamed.body[field] == made.body[field]
    plain = await dispatcher.ask(commands.UPDATE_HOOK, {"id": made.id, "ordered": None, "filters": {}})
    assert (plain.body["ordered"], plain.body["filters"], plain.body["name"]) == (None, {}, "After")
    default = await dispatcher.ask(commands.UPDATE_HOOK, {"id": made.id, "rate_per_second": None, "concurrency": 1})
    assert (default.body["rate_per_second"], default.body["concurrency"]) == (None, 1)
    again = await dispatcher.subscribe("sale.posted")
    assert again.id == made.id


async def test_a_change_is_checked_like_a_subscription(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.subscribe("sale.posted")
    for change, path in (
        ({"triggers": ["nonsense"]}, "triggers[0]"),
        ({"target_url": "https://10.0.0.1/"}, "target_url"),
        ({"filters": {"colour": ["red"]}}, "filters.colour"),
        ({"target_url": None}, "target_url"),
        ({"state": "removed"}, "state"),
    ):
        answer = await dispatcher.ask(commands.UPDATE_HOOK, {"id": made.id, **change})
        assert answer.status == 422
        assert path in answer.faults


async def test_a_hook_cannot_be_changed_into_another(dispatcher: DispatcherHarness) -> None:
    await dispatcher.subscribe("sale.posted")
    other = await dispatcher.subscribe("sale.paid")
    answer = await dispatcher.ask(commands.UPDATE_HOOK, {"id": other.id, "triggers": ["sale.posted"]})
    assert (answer.status, answer.body["code"]) == (409, "hook_exists")


async def test_a_hook_is_disabled_and_enabled_by_its_owner(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.subscribe("sale.posted")
    off = await dispatcher.ask(commands.UPDATE_HOOK, {"id": made.id, "state": "disabled"})
    assert off.body["state"] == "disabled"
    assert await dispatcher.handle_events(dispatcher.happened("sale.posted")) == []
    on = await dispatcher.ask(commands.UPDATE_HOOK, {"id": made.id, "state": "active"})
    assert on.body["state"] == "active"
    assert len(await dispatcher.handle_events(dispatcher.happened("sale.posted"))) == 1


async def test_a_receiver_that_is_gone_ends_its_hook(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.subscribe("sale.posted")
    data = {"id": made.id, "version": 1, "state": "removed", "reason": "answered 410"}
    ended = await dispatcher.ask(commands.END_HOOK, data)
    assert (ended.status, ended.body) == (200, {"id": made.id, "state": "removed"})
    (row,) = await dispatcher.rows("SELECT state, reason FROM dispatch_api.hook")
    assert row == {"state": "removed", "reason": "answered 410"}


@pytest.mark.parametrize("change", ["target", "secret", "off and on"])
async def test_what_an_older_version_of_a_hook_was_answered_ends_nothing(
    dispatcher: DispatcherHarness, change: str
) -> None:
    made = await dispatcher.subscribe("sale.posted")
    match change:
        case "target":
            await dispatcher.ask(commands.UPDATE_HOOK, {"id": made.id, "target_url": f"{TARGET}/new"})
        case "secret":
            await dispatcher.ask(commands.ROTATE_HOOK_SECRET, {"id": made.id})
        case _:
            for state in ("disabled", "active"):
                await dispatcher.ask(commands.UPDATE_HOOK, {"id": made.id, "state": state})
    data = {"id": made.id, "version": 1, "state": "removed", "reason": "answered 410"}
    assert (await dispatcher.ask(commands.END_HOOK, data)).body["state"] == "active"
    assert len(await dispatcher.handle_events(dispatcher.happened("sale.posted"))) == 1
    assert (await dispatcher.ask(commands.END_HOOK, data | {"version": 2})).body["state"] == "removed"


async def test_a_hooks_new_name_does_not_outdate_its_receivers_answer(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.subscribe("sale.posted")
    await dispatcher.ask(commands.UPDATE_HOOK, {"id": made.id, "name": "Books"})
    data = {"id": made.id, "version": 1, "state": "removed", "reason": "answered 410"}
    assert (await dispatcher.ask(commands.END_HOOK, data)).body["state"] == "removed"


async def test_an_automation_is_made_turned_off_and_removed(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.automate("sale.posted", filters={"sale_type": ["sales_invoice"]})
    assert made.status == 201
    assert (made.body["enabled"], made.body["version"], made.body["name"]) == (True, 1, "Tell the chat")
    assert made.body["trigger"] == {"key": "sale.posted", "filters": {"sale_type": ["sales_invoice"]}}
    assert made.body["steps"][0]["action"] == "post_chat_message"
    off = await dispatcher.ask(commands.SET_AUTOMATION_STATE, {"id": made.id, "enabled": False})
    assert (off.status, off.body["enabled"]) == (200, False)
    for _ in range(2):
        assert (await dispatcher.ask(commands.DELETE_AUTOMATION, {"id": made.id})).status == 200
    assert await dispatcher.rows("SELECT * FROM dispatch_api.automation") == []
    (pinned,) = await dispatcher.rows("SELECT version, enabled FROM dispatch_api.automation_version")
    assert pinned == {"version": 1, "enabled": False}
    on = await dispatcher.ask(commands.SET_AUTOMATION_STATE, {"id": made.id, "enabled": True})
    assert on.status == 404


async def test_every_fault_of_an_automation_is_listed(dispatcher: DispatcherHarness) -> None:
    steps = [
        {"action": "nonsense"},
        {"action": "record_promise", "input": {}},
        {"action": "create_client", "input": {"nom": "{{ trigger.data.name }}"}},
        {"action": "create_client", "input": {"name": "Ozola", "type": "club"}},
        {"action": "http_request", "input": {"url": "https://10.0.0.1/", "body": "{{ trigger.data }}"}},
        {"action": "delay", "input": {"duration": "P1Y"}},
        {"action": "delay", "input": {"duration": "PT"}},
        {"action": "delay", "input": {"duration": "PT1H"}, "connection_id": str(new_id())},
    ]
    answer = await dispatcher.automate("sale.happened", steps=steps)
    assert answer.status == 422
    assert set(answer.faults) == {
        "trigger.key",
        "steps[0].action",
        "steps[1].input.date",
        "steps[1].input.client_id",
        "steps[2].input.nom",
        "steps[2].input.name",
        "steps[3].input.type",
        "steps[4].input.url",
        "steps[5].input.duration",
        "steps[6].input.duration",
        "steps[7].connection_id",
    }
    assert await dispatcher.rows("SELECT * FROM dispatch.automation") == []


async def test_templates_are_left_to_the_run(dispatcher: DispatcherHarness) -> None:
    steps = [
        {"action": "filter", "input": {"where": "{{ trigger.data.total }}", "op": "gte", "value": "1000"}},
        {"action": "http_request", "input": {"url": "https://example.com/{{ trigger.data.id }}", "method": "PUT"}},
        {"action": "create_client", "input": {"name": "{{ trigger.data.client.name }}", "type": "company"}},
    ]
    assert (await dispatcher.automate("sale.posted", steps=steps)).status == 201


async def test_what_is_no_command_is_parked_and_the_others_are_answered(dispatcher: DispatcherHarness) -> None:
    handler = dispatcher.pipeline.handler(command_handler(dispatcher.ctx))
    good, bad = (
        dispatcher.command(commands.CREATE_HOOK, _hook()),
        dispatcher.command("dance", {}, at=datetime.now(tz=UTC) - 2 * NEWER_CODE_MAX),
    )
    outcomes = await handler([Incoming("dispatcher.commands", one.encode()) for one in (bad, good)])
    assert isinstance(outcomes[0], Refused)
    assert isinstance(outcomes[1], Done)
    assert (await dispatcher.outcome(good.id)).status == 201


async def test_commands_of_one_batch_are_carried_out_in_their_order(dispatcher: DispatcherHarness) -> None:
    make = dispatcher.command(commands.CREATE_HOOK, _hook())
    again = dispatcher.command(commands.CREATE_HOOK, _hook())
    await dispatcher.handle(make, again)
    assert [(await dispatcher.outcome(one.id)).status for one in (make, again)] == [201, 200]


async def test_a_command_that_comes_again_changes_nothing(dispatcher: DispatcherHarness) -> None:
    made = await dispatcher.subscribe("sale.posted")
    rotate = dispatcher.command(commands.ROTATE_HOOK_SECRET, {"id": made.id})
    await dispatcher.handle(rotate)
    before = await dispatcher.rows("SELECT secret FROM dispatch.hook")
    await dispatcher.handle(rotate)
    assert await dispatcher.rows("SELECT secret FROM dispatch.hook") == before


async def test_a_newer_key_seals_everything_again_and_the_old_one_may_go(dispatcher: DispatcherHarness) -> None:
    old, new = new_key(), new_key()
    pool = dispatcher.pool
    await ensure_encrypted_with_newest_key(pool, Encryptor.parse(old), schema="dispatch")
    dispatcher.ctx = type(dispatcher.ctx)(Encryptor.parse(old), dispatcher.ctx.egress)
    made = await dispatcher.subscribe("sale.posted")
    rotated = await dispatcher.ask(commands.ROTATE_HOOK_SECRET, {"id": made.id})
    with pytest.raises(SettingsError, match="LEDGERWIRE_SECRET_KEYS does not open"):
        await ensure_encrypted_with_newest_key(pool, Encryptor.parse(new), schema="dispatch")
    await ensure_encrypted_with_newest_key(pool, Encryptor.parse(f"{new},{old}"), schema="dispatch")
    encryptor = Encryptor.parse(new)
    await ensure_encrypted_with_newest_key(pool, encryptor, schema="dispatch")
    (row,) = await dispatcher.rows("SELECT secret, previous_secret FROM dispatch.hook")
    assert encryptor.open(row["secret"]) == rotated.body["secret"]
    assert encryptor.open(row["previous_secret"]) == made.body["secret"]


def _hook() -> dict[str, Any]:
    return {"target_url": TARGET, "triggers": ["sale.posted"]}
