"""The dispatcher as a running service on the bus in Postgres: events and commands in, jobs and results out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from chassis.encryption import new_key
from chassis.health import problems_of
from chassis.settings import SettingsError
from contracts.wire import commands
from contracts.wire.envelope import Envelope
from contracts.wire.topology import DISPATCHER_COMMANDS, DISPATCHER_EVENTS, EXECUTOR_JOBS, QUEUES, Queue
from messaging.port import Done, Incoming, Outcome, Outgoing
from messaging.postgres import LocalNotifier, PostgresBus, open_bus
from outbox.pipeline import NEWER_CODE_MAX
from tests.support.dispatcher import TARGET, DispatcherHarness, open_dispatcher
from tests.support.eventually import eventually
from trigger_dispatcher.app import open_service
from trigger_dispatcher.settings import DispatcherSettings

REPLIES = "ingress.replies.test"


@dataclass(slots=True)
class Neighbours:
    """The dispatcher's neighbours: they send it events and commands, and receive its jobs and notifications."""

    dispatcher: DispatcherHarness
    bus: PostgresBus
    jobs: list[Envelope] = field(default_factory=list)
    notifications: list[bytes] = field(default_factory=list)

    async def send(self, queue: Queue, *envelopes: Envelope) -> None:
        assert all(await self.bus.publish([Outgoing(one.id, queue.name, one.encode()) for one in envelopes]))

    async def receive(self, messages: Sequence[Incoming]) -> Sequence[Outcome]:
        self.jobs.extend(Envelope.decode(message.body) for message in messages)
        return [Done() for _ in messages]


@pytest.fixture
async def around(dispatcher_dsn: str) -> AsyncIterator[Neighbours]:
    async with open_dispatcher(dispatcher_dsn) as dispatcher:
        wakeups = LocalNotifier()
        bus = await open_bus(dispatcher.pool, queues=QUEUES, name="neighbours", wakeups=wakeups)
        neighbours = Neighbours(dispatcher, bus)

        async def dead_letter(message: Incoming, reason: str) -> None:
            raise AssertionError(reason, message)

        try:
            await bus.listen(REPLIES, neighbours.notifications.append)
            for one in EXECUTOR_JOBS.with_subqueues():
                await bus.consume(one.name, neighbours.receive, dead_letter=dead_letter)
            async with open_service(_settings(dispatcher_dsn), wakeups=wakeups) as running:
                assert await problems_of(running) == {}
                yield neighbours
        finally:
            await bus.close()


async def test_a_subscription_and_an_event_become_an_answer_and_a_job(around: Neighbours) -> None:
    data = {"target_url": TARGET, "triggers": ["sale.posted"]}
    subscribe = around.dispatcher.command(commands.CREATE_HOOK, data, reply_to=REPLIES)
    await around.send(DISPATCHER_COMMANDS, subscribe)
    await eventually(lambda: around.notifications == [subscribe.id.bytes])
    deliverable = [around.dispatcher.happened("sale.posted") for _ in range(300)]
    await around.send(DISPATCHER_EVENTS, *deliverable)
    await around.send(DISPATCHER_EVENTS, *deliverable[:100])
    await eventually(lambda: len(around.jobs) >= 300)
    await eventually(lambda: _outbox_is_empty(around))
    assert sorted(job.data["event_id"] for job in around.jobs) == sorted(str(one.id) for one in deliverable)
    hook_id = (await around.dispatcher.pool.fetchval("SELECT id FROM dispatch.hook")).hex
    assert {job.data["hook_id"].replace("-", "") for job in around.jobs} == {hook_id}


async def test_what_can_never_be_handled_is_parked_with_its_reason(around: Neighbours) -> None:
    bad = around.dispatcher.happened("sale.posted").model_copy(update={"data": {}})
    await around.send(DISPATCHER_EVENTS, bad)
    await around.send(
        DISPATCHER_COMMANDS, around.dispatcher.command("dance", {}, at=datetime.now(tz=UTC) - 2 * NEWER_CODE_MAX)
    )
    await eventually(lambda: _count(around, "dead_letter", 2))


async def test_keys_that_are_not_this_databases_stop_it_at_the_start(dispatcher_dsn: str) -> None:
    async with open_dispatcher(dispatcher_dsn):
        async with open_service(_settings(dispatcher_dsn)):
            pass
        with pytest.raises(SettingsError, match="Put that key back"):
            async with open_service(_settings(dispatcher_dsn, secret_keys=new_key())):
                pass


async def test_the_log_is_kept_as_long_as_the_settings_say(dispatcher_dsn: str) -> None:
    async with open_dispatcher(dispatcher_dsn) as dispatcher:
        async with open_service(_settings(dispatcher_dsn, event_keep_days=90)):
            pass
        assert await dispatcher.owner.fetchval("SELECT event_days FROM dispatch.retention_setting") == 90


KEY = new_key()


def _settings(dsn: str, **given: Any) -> DispatcherSettings:
    return DispatcherSettings.read(postgres_dsn=dsn, **({"secret_keys": KEY} | given))


async def _outbox_is_empty(around: Neighbours) -> bool:
    return await _count(around, "outbox", 0)


async def _count(around: Neighbours, table: str, number: int) -> bool:
    return bool(await around.dispatcher.owner.fetchval(f"SELECT count(*) = {number} FROM dispatch.{table}"))  # noqa: S608
