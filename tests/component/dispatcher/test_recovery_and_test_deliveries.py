"""Test deliveries, and recovery of what a hook missed: on a real Postgres."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.catalog import TRIGGERS
from contracts.wire import commands
from contracts.wire.envelope import Envelope
from outbox.pipeline import BatchEffects
from tests.support.dispatcher import Answer, DispatcherHarness, ago, body_of, jobs_of
from trigger_dispatcher.events import store as events
from trigger_dispatcher.hooks import replay


async def test_a_test_sends_the_newest_event_that_passes_under_an_id_of_its_own(dispatcher: DispatcherHarness) -> None:
    hook = await dispatcher.subscribe("sale.posted", filters={"currency": ["EUR"]}, ordered="client")
    euro = dispatcher.happened("sale.posted", object={"number": "INV-1", "currency": "EUR"})
    await dispatcher.handle_events(euro, dispatcher.happened("sale.posted", object={"currency": "USD"}))
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


async def test_recovery_sends_what_was_missed_and_only_that(dispatcher: DispatcherHarness) -> None:
    early = dispatcher.happened("sale.posted", object={"currency": "EUR"})
    await dispatcher.handle_events(early, dispatcher.happened("payment.posted"))
    hook = await dispatcher.subscribe("sale.posted", filters={"currency": ["EUR"]})
    got = dispatcher.happened("sale.posted", object={"currency": "EUR"})
    await dispatcher.handle_events(got)
    await dispatcher.ask(commands.UPDATE_HOOK, {"id": hook.id, "state": "disabled"})
    missed = dispatcher.happened("sale.posted", object={"currency": "EUR"})
    await dispatcher.handle_events(missed, dispatcher.happened("sale.posted", object={"currency": "USD"}))
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
    await dispatcher.handle_events(
        dispatcher.happened("sale.posted", at=ago(hours=2)), dispatcher.happened("sale.posted")
    )
    hook = await dispatcher.subscribe("sale.posted")
    answer = await dispatcher.ask(commands.RECOVER_HOOK, {"id": hook.id, "since": ago(hours=1).isoformat()})
    assert answer.body["count"] == 1


@pytest.mark.parametrize(
    "since",
    [
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z",
        "0",
        "2026-03-02",
        "2026-03-02T09:30:00",
        0,
    ],
)
async def test_recovery_refuses_what_is_no_time_in_the_past(dispatcher: DispatcherHarness, since: object) -> None:
    hook = await dispatcher.subscribe("sale.posted")
    answer = await dispatcher.ask(commands.RECOVER_HOOK, {"id": hook.id, "since": since})
    assert (answer.status, list(answer.faults)) == (422, ["since"])


async def test_recovery_takes_the_first_time_there_is(dispatcher: DispatcherHarness) -> None:
    await dispatcher.handle_events(dispatcher.happened("sale.posted"))
    hook = await dispatcher.subscribe("sale.posted")
    asked = {"id": hook.id, "since": "1970-01-01T00:00:00Z"}
    assert (await dispatcher.ask(commands.RECOVER_HOOK, asked)).body == {"count": 1}


async def _delivery(dispatcher: DispatcherHarness, job: Envelope, state: str, *, attempts: int = 1) -> None:
    """Put a job's delivery where the executor keeps it."""
    await dispatcher.owner.execute(
        "INSERT INTO execution.delivery (account_id, id, event_id, hook_id, correlation_id, trigger, body, ordered,"
        " state, attempts, due_at, leased_until, finished_at) VALUES ($1, $2, $3, $4, $5, 'sale.posted', '', false, $6,"
        " $7, CASE WHEN $6 = 'pending' THEN now() END, CASE WHEN $6 = 'in_flight' THEN now() END,"
        " CASE WHEN $6 NOT IN ('pending', 'in_flight') THEN now() END)",
        job.account_id, job.id, job.data["event_id"], job.data["hook_id"], job.correlation_id, state, attempts,
    )  # fmt: skip


async def test_recovery_sends_again_what_was_not_delivered_and_nothing_else(dispatcher: DispatcherHarness) -> None:
    hook = await dispatcher.subscribe("sale.posted")
    jobs = [(await dispatcher.handle_events(dispatcher.happened("sale.posted")))[0] for _ in range(7)]
    states = ("failed", "cancelled", "pending", "pending", "in_flight", "succeeded")  # the last is on its way
    for number, (job, state) in enumerate(zip(jobs, states, strict=False)):
        await _delivery(dispatcher, job, state, attempts=0 if number == 3 else 1)
    asked = {"id": hook.id, "since": ago(hours=1).isoformat()}
    assert (await dispatcher.ask(commands.RECOVER_HOOK, {**asked, "dry_run": True})).body == {"count": 3}
    command = dispatcher.command(commands.RECOVER_HOOK, asked)
    effects = await dispatcher.handle(command)
    assert (await dispatcher.outcome(command.id)).body == {"count": 3}
    again = [Envelope.decode(message.body) for message in effects.messages if message.queue == "executor.commands"]
    assert [(one.name, one.data) for one in again] == [
        (commands.REDELIVER, {"id": str(job.id), "undelivered_only": True}) for job in jobs[:3]
    ]
    assert jobs_of(effects) == []


async def test_a_recovery_whose_hook_goes_meanwhile_is_answered_so(
    dispatcher: DispatcherHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "RECOVERED_AT_ONCE_MAX", 2)
    await dispatcher.handle_events(*(dispatcher.happened("sale.posted") for _ in range(3)))
    hook = await dispatcher.subscribe("sale.posted")
    command = dispatcher.command(commands.RECOVER_HOOK, {"id": hook.id, "since": ago(hours=1).isoformat()})
    more = _commands_of(await dispatcher.handle(command))
    await dispatcher.ask(commands.DELETE_HOOK, {"id": hook.id})
    await dispatcher.handle(*more)
    assert (await dispatcher.outcome(command.id)).status == 404


async def test_a_recovery_looks_at_a_bounded_number_of_events_at_a_time_whatever_became_of_them(
    dispatcher: DispatcherHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "RECOVERED_AT_ONCE_MAX", 3)
    hook = await dispatcher.subscribe("sale.posted")
    for _ in range(8):
        (job,) = await dispatcher.handle_events(dispatcher.happened("sale.posted"))
        await _delivery(dispatcher, job, "succeeded")
    asked = {"id": hook.id, "since": ago(hours=1).isoformat(), "dry_run": True}
    command = dispatcher.command(commands.RECOVER_HOOK, asked)
    turns, more = 0, [command]
    while more:
        more, turns = _commands_of(await dispatcher.handle(*more)), turns + 1
    assert turns == 3
    assert (await dispatcher.outcome(command.id)).body == {"count": 0}


async def test_a_recovery_holds_a_bounded_number_of_bytes_at_a_time(
    dispatcher: DispatcherHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LOOKED_BYTES_MAX", 100)
    await dispatcher.handle_events(*(dispatcher.happened("sale.posted", object={"id": "x" * 90}) for _ in range(4)))
    hook = await dispatcher.subscribe("sale.posted")
    command = dispatcher.command(commands.RECOVER_HOOK, {"id": hook.id, "since": ago(hours=1).isoformat()})
    turns, more, deliverable = 0, [command], 0
    while more:
        effects = await dispatcher.handle(*more)
        more, turns, deliverable = _commands_of(effects), turns + 1, deliverable + len(jobs_of(effects))
    assert (deliverable, turns) == (4, 4)


async def test_a_long_recovery_goes_on_by_itself(
    dispatcher: DispatcherHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "RECOVERED_AT_ONCE_MAX", 4)
    await dispatcher.handle_events(*(dispatcher.happened("sale.posted") for _ in range(10)))
    hook = await dispatcher.subscribe("sale.posted")
    command = dispatcher.command(commands.RECOVER_HOOK, {"id": hook.id, "since": ago(hours=1).isoformat()})
    deliverable, turns, more = 0, 0, [command]
    while more:
        effects = await dispatcher.handle(*more)
        deliverable, turns, more = deliverable + len(jobs_of(effects)), turns + 1, _commands_of(effects)
    assert (await dispatcher.outcome(command.id)).body["count"] == 10
    assert (deliverable, turns) == (10, 3)


async def _test(dispatcher: DispatcherHarness, data: dict[str, Any]) -> tuple[Answer, list[Envelope]]:
    command = dispatcher.command(commands.TEST_HOOK, data)
    effects = await dispatcher.handle(command)
    return await dispatcher.outcome(command.id), jobs_of(effects)


def _commands_of(effects: BatchEffects) -> list[Envelope]:
    return [Envelope.decode(message.body) for message in effects.messages if message.queue == "dispatcher.commands"]
