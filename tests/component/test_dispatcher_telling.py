"""Telling a hook by hand, to try it or to recover what it missed: on a real Postgres."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts import commands
from contracts.catalog import TRIGGERS
from contracts.envelope import Envelope
from outbox.hop import Effects
from tests.support.dispatcher import Answer, DispatcherHarness, ago, body_of, jobs_of, open_dispatcher
from trigger_dispatcher.hooks import telling


@pytest.fixture
async def dispatcher(database_dsn: str) -> AsyncIterator[DispatcherHarness]:
    async with open_dispatcher(database_dsn) as harness:
        yield harness


async def test_a_test_sends_the_newest_event_that_passes_under_an_id_of_its_own(dispatcher: DispatcherHarness) -> None:
    hook = await dispatcher.subscribe("sale.posted", filters={"currency": ["EUR"]}, ordered="client")
    euro = dispatcher.happened("sale.posted", object={"number": "INV-1", "currency": "EUR"})
    await dispatcher.tell(euro, dispatcher.happened("sale.posted", object={"currency": "USD"}))
    answer, (job,) = await _test(dispatcher, {"id": hook.id})
    assert answer.body == {"delivery_id": str(job.id)}
    assert (job.name, job.data["hook_id"], job.data["test"], job.data["ordered"]) == ("deliver", hook.id, True, None)
    body = body_of(job)
    assert body["data"] == {"number": "INV-1", "currency": "EUR"}
    assert body["id"] == job.data["event_id"] != str(euro.id)


async def test_a_test_without_events_sends_the_sample(dispatcher: DispatcherHarness) -> None:
    hook = await dispatcher.subscribe("sale.posted", "payment.posted")
    _, (job,) = await _test(dispatcher, {"id": hook.id, "trigger": "payment.posted"})
    assert body_of(job)["data"] == TRIGGERS["payment.posted"].sample
    assert (await dispatcher.ask(commands.TEST_HOOK, {"id": hook.id, "trigger": "sale.paid"})).status == 422


async def test_recovery_tells_what_was_missed_and_only_that(dispatcher: DispatcherHarness) -> None:
    early = dispatcher.happened("sale.posted", object={"currency": "EUR"})
    await dispatcher.tell(early, dispatcher.happened("payment.posted"))
    hook = await dispatcher.subscribe("sale.posted", filters={"currency": ["EUR"]})
    got = dispatcher.happened("sale.posted", object={"currency": "EUR"})
    await dispatcher.tell(got)
    await dispatcher.ask(commands.UPDATE_HOOK, {"id": hook.id, "state": "disabled"})
    missed = dispatcher.happened("sale.posted", object={"currency": "EUR"})
    await dispatcher.tell(missed, dispatcher.happened("sale.posted", object={"currency": "USD"}))
    asked = {"id": hook.id, "since": ago(hours=1).isoformat()}
    counted = await dispatcher.ask(commands.RECOVER_HOOK, {**asked, "dry_run": True})
    assert counted.body == {"count": 2}
    refused = await dispatcher.ask(commands.RECOVER_HOOK, asked)
    assert (refused.status, refused.body["code"]) == (409, "hook_not_active")
    await dispatcher.ask(commands.UPDATE_HOOK, {"id": hook.id, "state": "active"})
    command = dispatcher.command(commands.RECOVER_HOOK, asked)
    jobs = jobs_of(await dispatcher.handle(command))
    assert (await dispatcher.outcome(command.id)).body == {"count": 2}
    assert [job.data["event_id"] for job in jobs] == sorted([str(early.id), str(missed.id)])
    # The late delivery belongs to the journey of what happened.
    assert {job.correlation_id for job in jobs} == {early.correlation_id, missed.correlation_id}
    assert (await dispatcher.ask(commands.RECOVER_HOOK, asked)).body["count"] == 0


async def test_recovery_leaves_out_what_happened_before_its_time(dispatcher: DispatcherHarness) -> None:
    await dispatcher.tell(dispatcher.happened("sale.posted", at=ago(hours=2)), dispatcher.happened("sale.posted"))
    hook = await dispatcher.subscribe("sale.posted")
    answer = await dispatcher.ask(commands.RECOVER_HOOK, {"id": hook.id, "since": ago(hours=1).isoformat()})
    assert answer.body["count"] == 1


@pytest.mark.parametrize(
    ("since", "count"),
    [("0001-01-01T00:00:00Z", 1), ("1970-01-01T00:00:00Z", 1), ("9999-12-31T23:59:59Z", 0)],
)
async def test_recovery_takes_any_time_there_is(dispatcher: DispatcherHarness, since: str, count: int) -> None:
    await dispatcher.tell(dispatcher.happened("sale.posted"))
    hook = await dispatcher.subscribe("sale.posted")
    assert (await dispatcher.ask(commands.RECOVER_HOOK, {"id": hook.id, "since": since})).body == {"count": count}


async def test_a_long_recovery_goes_on_by_itself(
    dispatcher: DispatcherHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "RECOVERED_AT_ONCE_MAX", 4)
    await dispatcher.tell(*(dispatcher.happened("sale.posted") for _ in range(10)))
    hook = await dispatcher.subscribe("sale.posted")
    command = dispatcher.command(commands.RECOVER_HOOK, {"id": hook.id, "since": ago(hours=1).isoformat()})
    told, turns, more = 0, 0, [command]
    while more:
        effects = await dispatcher.handle(*more)
        told, turns, more = told + len(jobs_of(effects)), turns + 1, _commands_of(effects)
    assert (await dispatcher.outcome(command.id)).body["count"] == 10
    assert (told, turns) == (10, 3)


async def _test(dispatcher: DispatcherHarness, data: dict[str, Any]) -> tuple[Answer, list[Envelope]]:
    command = dispatcher.command(commands.TEST_HOOK, data)
    effects = await dispatcher.handle(command)
    return await dispatcher.outcome(command.id), jobs_of(effects)


def _commands_of(effects: Effects) -> list[Envelope]:
    return [Envelope.decode(message.body) for message in effects.messages if message.queue == "dispatcher.commands"]
