"""Automations that start by a clock, on a real Postgres with several dispatchers."""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial
from typing import Any

from chassis.encryption import new_key
from contracts.wire import commands
from contracts.wire.envelope import Envelope
from tests.support.dispatcher import Answer, DispatcherHarness, body_of
from tests.support.eventually import eventually
from tests.support.servers import free_port
from trigger_dispatcher.automations.scheduler import SCHEDULES_MAX, Scheduler

WEEKLY = {"key": "schedule", "cron": "0 8 * * 1", "time_zone": "Europe/Riga"}


async def scheduled(dispatcher: DispatcherHarness, **fields: Any) -> Answer:
    steps = [{"action": "http_request", "input": {"url": "https://receiver.example/hook"}}]
    given = {"name": "Weekly", "trigger": WEEKLY, "enabled": True, "steps": steps} | fields
    return await dispatcher.ask(commands.CREATE_AUTOMATION, given)


def scheduler(dispatcher: DispatcherHarness) -> Scheduler:
    return Scheduler(dispatcher.pool, dispatcher.pipeline.relay, schema="dispatch")


async def make_due(dispatcher: DispatcherHarness, ago: str = "1 second") -> None:
    await dispatcher.owner.execute("UPDATE dispatch.schedule SET tick_at = now() - $1::text::interval", ago)


async def jobs(dispatcher: DispatcherHarness) -> list[Envelope]:
    query = "SELECT body FROM dispatch.outbox WHERE queue = 'executor.jobs' ORDER BY created_at, id"
    rows = await dispatcher.rows(query)
    return [Envelope.decode(row["body"]) for row in rows]


async def test_a_tick_is_one_event_and_one_run_with_many_dispatchers_looking_at_once(
    dispatcher: DispatcherHarness,
) -> None:
    made = await scheduled(dispatcher)
    await make_due(dispatcher)
    fired = await asyncio.gather(*[scheduler(dispatcher).fire_due() for _ in range(5)])
    assert sum(fired) == 1
    (job,) = await jobs(dispatcher)
    assert (job.data["automation_id"], job.data["version"], job.data["trigger"]) == (made.id, 1, "schedule")
    assert body_of(job)["data"]["cron"] == "0 8 * * 1"
    (event,) = await dispatcher.rows("SELECT event_id, subject_id FROM dispatch.event WHERE trigger = 'schedule'")
    assert (str(event["event_id"]), str(event["subject_id"])) == (job.data["event_id"], made.id)
    (row,) = await dispatcher.rows("SELECT tick_at > now() AS later FROM dispatch.schedule")
    assert row["later"]


async def test_two_processes_of_which_one_is_killed_fire_each_tick_once(dispatcher: DispatcherHarness) -> None:
    made = {(await scheduled(dispatcher, name=f"Weekly {number}")).id for number in range(SCHEDULES_MAX * 3)}
    await make_due(dispatcher)
    key = new_key()
    first, second = [await a_process(dispatcher, key) for _ in range(2)]
    try:
        await eventually(partial(has_fired, dispatcher, 1), deadline_seconds=150)
        first.kill()
        await eventually(partial(has_fired, dispatcher, len(made)), deadline_seconds=150)
    finally:
        for process in (first, second):
            if process.returncode is None:
                process.kill()
            await process.wait()
    rows = await dispatcher.rows("SELECT subject_id, count(*) AS n FROM dispatch.event GROUP BY 1")
    assert {str(row["subject_id"]): row["n"] for row in rows} == dict.fromkeys(made, 1)
    assert await dispatcher.rows("SELECT count(*) AS n FROM dispatch.dispatch") == [{"n": len(made)}]


async def a_process(dispatcher: DispatcherHarness, key: str) -> asyncio.subprocess.Process:
    environment = os.environ | {
        "LEDGERWIRE_POSTGRES_DSN": dispatcher.dsn,
        "LEDGERWIRE_SECRET_KEYS": key,
        "LEDGERWIRE_HEALTH_PORT": str(free_port()),
    }
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "trigger_dispatcher", env=environment)


async def has_fired(dispatcher: DispatcherHarness, many: int) -> bool:
    (row,) = await dispatcher.rows("SELECT count(*) AS n FROM dispatch.event WHERE trigger = 'schedule'")
    return int(row["n"]) >= many


async def test_the_same_tick_fires_once_even_when_its_row_is_put_back(dispatcher: DispatcherHarness) -> None:
    await scheduled(dispatcher)
    (before,) = await dispatcher.rows("SELECT now() - interval '1 day' AS at")
    for _ in range(2):
        await dispatcher.owner.execute("UPDATE dispatch.schedule SET tick_at = $1", before["at"])
        await scheduler(dispatcher).fire_due()
    assert len(await jobs(dispatcher)) == 1


async def test_ticks_that_were_missed_are_caught_up_with_one(dispatcher: DispatcherHarness) -> None:
    await scheduled(dispatcher)
    await make_due(dispatcher, "40 days")
    assert [await scheduler(dispatcher).fire_due() for _ in range(2)] == [1, 0]
    (job,) = await jobs(dispatcher)
    data = body_of(job)["data"]
    assert data["caught_up"] is True
    assert data["scheduled_at"][11:16] == "08:00"


async def test_only_an_enabled_and_published_schedule_fires(dispatcher: DispatcherHarness) -> None:
    made = await scheduled(dispatcher, enabled=False)
    kept = {name: made.body[name] for name in ("name", "steps")}

    async def count() -> int:
        return len(await dispatcher.rows("SELECT 1 FROM dispatch.schedule"))

    assert await count() == 0
    await dispatcher.ask(commands.SET_AUTOMATION_STATE, {"id": made.id, "enabled": True})
    assert await count() == 1
    await dispatcher.ask(commands.UPDATE_AUTOMATION, {"id": made.id, "trigger": {"key": "sale.posted"}} | kept)
    assert await count() == 1
    await dispatcher.ask(commands.PUBLISH_AUTOMATION, {"id": made.id})
    assert await count() == 0
    again = {"id": made.id, "trigger": WEEKLY, "publish": True} | kept
    assert (await dispatcher.ask(commands.UPDATE_AUTOMATION, again)).body["version"] == 3
    assert await dispatcher.rows("SELECT version FROM dispatch.schedule") == [{"version": 3}]
    await dispatcher.ask(commands.DELETE_AUTOMATION, {"id": made.id})
    assert await count() == 0


async def test_a_schedule_that_cannot_be_is_refused_when_it_is_made(dispatcher: DispatcherHarness) -> None:
    refused = await scheduled(dispatcher, trigger={"key": "schedule", "cron": "0 25 * * *"})
    assert refused.status == 422
    assert "trigger.cron" in refused.faults
