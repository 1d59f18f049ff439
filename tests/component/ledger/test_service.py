"""The ledger as a running service on the bus in Postgres: from the queue to result, event and dead letter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from chassis.health import problems_of
from contracts.resources import client, inbox_message, payment, sale, sale_line
from contracts.wire.commands import CREATE_SALE, RECEIVE_INBOX_MESSAGE
from contracts.wire.envelope import Envelope
from contracts.wire.topology import DISPATCHER_EVENTS, LEDGER_COMMANDS, QUEUES
from ledger.app import open_service
from ledger.settings import LedgerSettings
from messaging.port import Done, Incoming, Outcome, Outgoing
from messaging.postgres import LocalNotifier, PostgresBus, open_bus
from outbox.pipeline import NEWER_CODE_MAX
from tests.support.eventually import eventually
from tests.support.ledger import LedgerHarness, a_message, an_invoice, open_harness


@dataclass(slots=True)
class Neighbours:
    """The ledger's neighbours: they send it commands, and receive its events and notifications."""

    ledger: LedgerHarness
    bus: PostgresBus
    events: list[Envelope] = field(default_factory=list)
    notifications: list[bytes] = field(default_factory=list)

    async def send(self, *commands: Envelope, body: bytes | None = None) -> None:
        """Publish commands."""
        messages = [Outgoing(one.id, LEDGER_COMMANDS.name, body or one.encode()) for one in commands]
        assert all(await self.bus.publish(messages))

    async def receive(self, messages: Sequence[Incoming]) -> Sequence[Outcome]:
        """Take events."""
        self.events.extend(Envelope.decode(message.body) for message in messages)
        return [Done() for _ in messages]


@pytest.fixture
async def around(ledger_dsn: str) -> AsyncIterator[Neighbours]:
    async with open_harness(ledger_dsn) as ledger:
        wakeups = LocalNotifier()
        bus = await open_bus(ledger.pool, queues=QUEUES, name="neighbours", wakeups=wakeups)
        neighbours = Neighbours(ledger, bus)

        async def dead_letter(message: Incoming, reason: str) -> None:
            raise AssertionError(reason, message)

        settings = LedgerSettings.read(postgres_dsn=ledger_dsn)
        try:
            await bus.listen("ingress.replies.test", neighbours.notifications.append)
            for one in DISPATCHER_EVENTS.with_subqueues():
                await bus.consume(one.name, neighbours.receive, dead_letter=dead_letter)
            async with open_service(settings, wakeups=wakeups) as running:
                assert await problems_of(running) == {}
                yield neighbours
        finally:
            await bus.close()


async def test_a_command_on_the_queue_becomes_an_outcome_a_hint_and_events(around: Neighbours) -> None:
    command = around.ledger.command(CREATE_SALE, an_invoice(client={"name": "Aya"}), reply_to="ingress.replies.test")

    await around.send(command)

    await eventually(lambda: len(around.events) == 3 and around.notifications)
    assert [event.name for event in around.events] == ["client.created", "sale.created", "sale.posted"]
    assert {(event.causation_id, event.correlation_id) for event in around.events} == {(command.id, command.id)}
    assert around.notifications == [command.id.bytes]
    assert (await around.ledger.outcome(command.id)).body["total"] == "165.01"
    await eventually(lambda: _count(around, "outbox", 0))


async def test_many_messages_are_taken_in_batches_and_each_is_reported_once(around: Neighbours) -> None:
    commands = [around.ledger.command(RECEIVE_INBOX_MESSAGE, a_message()) for _ in range(250)]

    await around.send(*commands)
    await around.send(*commands[:50])

    await eventually(lambda: len(around.events) >= 250)
    await eventually(lambda: _count(around, "outbox", 0))
    assert len({event.id for event in around.events}) == len(around.events) == 250


async def test_what_can_never_be_handled_is_parked_with_its_reason(around: Neighbours) -> None:
    good = around.ledger.command(CREATE_SALE, an_invoice(client={"name": "Aya"}))

    await around.send(around.ledger.command("fold_the_letter", {}, at=datetime.now(tz=UTC) - 2 * NEWER_CODE_MAX), good)
    await around.send(around.ledger.command(CREATE_SALE, {}), body=b"no envelope")

    await eventually(lambda: _count(around, "dead_letter", 2))
    reasons = [row["reason"] for row in await around.ledger.owner.fetch("SELECT reason FROM ledger.dead_letter")]
    assert sorted(reason.split(":")[0] for reason in reasons) == [
        "not an envelope",
        "the ledger knows no command 'fold_the_letter'",
    ]
    await eventually(lambda: len(around.events) == 3)


async def _count(around: Neighbours, table: str, number: int) -> bool:
    return bool(await around.ledger.owner.fetchval(f"SELECT count(*) = {number} FROM ledger.{table}"))  # noqa: S608


async def test_events_have_the_shape_that_the_catalog_promises(around: Neighbours) -> None:
    issued = await around.ledger.sale(await around.ledger.client())
    await around.ledger.pay(issued.body["client_id"], "165.01", (issued.id, "165.01"))
    await around.ledger.handle(around.ledger.command(RECEIVE_INBOX_MESSAGE, a_message()))

    promised: dict[str, dict[str, Any]] = {
        "client.created": client.SAMPLE,
        "sale.posted": sale.SAMPLE,
        "sale.paid": sale.SAMPLE,
        "payment.posted": payment.SAMPLE,
        "inbox.received": inbox_message.SAMPLE,
    }
    reported = {event.name: event.data["object"] for event in await around.ledger.events()}
    assert {name: set(reported[name]) for name in promised} == {name: set(sample) for name, sample in promised.items()}
    assert set(reported["sale.posted"]["lines"][0]) == set(sale_line.SAMPLE)
    assert set(reported["sale.posted"]["taxes"][0]) == set(sale.SAMPLE["taxes"][0])
