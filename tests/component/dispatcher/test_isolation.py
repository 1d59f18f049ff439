"""No fault of one account changes what another one gets: bad events, commands and subscriptions in the same batch."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.primitives.ids import new_id
from contracts.wire import commands
from contracts.wire.envelope import Envelope
from messaging.handling import Ack, InFlightMessage, handle
from messaging.port import BatchHandler, ConsumerOptions, Incoming
from tests.support.dispatcher import TARGET, DispatcherHarness, subscribers
from trigger_dispatcher.consumer import command_handler
from trigger_dispatcher.events.handlers import event_handler

OTHER = new_id()


@pytest.mark.parametrize("filters", ["5", "[1]", '"text"', '{"client_id": 7}', '{"client_id": null}'])
async def test_a_subscription_that_cannot_be_read_blocks_no_other(dispatcher: DispatcherHarness, filters: str) -> None:
    bad = await dispatcher.subscribe("sale.posted", target_url=f"{TARGET}/bad")
    good = await dispatcher.subscribe("sale.posted")
    other = await dispatcher.subscribe("sale.posted", account_id=OTHER)
    await dispatcher.owner.execute("UPDATE dispatch.hook SET filters = $2::jsonb WHERE id = $1", bad.id, filters)
    events = [dispatcher.happened("sale.posted"), dispatcher.happened("sale.posted", account_id=OTHER)]
    assert subscribers(await dispatcher.handle_events(*events)) == sorted([good.id, other.id])


async def settled(handler: BatchHandler, *bodies: bytes) -> list[Any]:
    """What becomes of the messages of one batch."""
    batch = [InFlightMessage(Incoming("queue", body), None) for body in bodies]
    return await handle(handler, batch, ConsumerOptions())


def poisons(envelope: Envelope) -> list[bytes]:
    """Bodies of one account that cannot be read, kept or understood."""
    body = envelope.encode()
    return [
        b"",
        b"\xff\xfe not JSON",
        body[: len(body) // 2],
        body.replace(b'"data":{', b'"data":{"x":"\\ud800",'),
        body.replace(b'"data":{', b'"data":{"x":' + b"[" * 300 + b"]" * 300 + b","),
        body.replace(b'"depth":0', b'"depth":99999999999'),
        body.replace(b'"name":"', b'"name":"\\u0000'),
    ]


@pytest.mark.parametrize("number", range(7))
async def test_an_event_that_cannot_be_handled_leaves_the_other_accounts_delivery(
    dispatcher: DispatcherHarness, number: int
) -> None:
    await dispatcher.subscribe("sale.posted")
    other = await dispatcher.subscribe("sale.posted", account_id=OTHER)
    good = dispatcher.happened("sale.posted", account_id=OTHER)
    poison = poisons(dispatcher.happened("sale.posted"))[number]
    handler = dispatcher.pipeline.handler(event_handler(dispatcher.replica.index))
    assert (await settled(handler, poison, good.encode(), poison))[1] == Ack()
    rows = await dispatcher.rows("SELECT subscriber_id::text FROM dispatch.dispatch WHERE account_id = $1", OTHER)
    assert [row["subscriber_id"] for row in rows] == [other.id]


@pytest.mark.parametrize("number", range(7))
async def test_a_command_that_cannot_be_handled_leaves_the_other_accounts_answer(
    dispatcher: DispatcherHarness, number: int
) -> None:
    data = {"target_url": TARGET, "triggers": ["sale.posted"]}
    good = dispatcher.command(commands.CREATE_HOOK, data, account_id=OTHER)
    poison = poisons(dispatcher.command(commands.CREATE_HOOK, data))[number]
    handler = dispatcher.pipeline.handler(command_handler(dispatcher.ctx))
    assert (await settled(handler, poison, good.encode(), poison))[1] == Ack()
    assert (await dispatcher.outcome(good.id)).status == 201
