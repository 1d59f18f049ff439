"""A message that the bus itself dead-lettered fails its operation until it is replayed and handled."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from contracts.primitives.ids import new_id
from contracts.wire.envelope import Envelope
from contracts.wire.topology import DISPATCHER_EVENTS, LEDGER_COMMANDS, Queue
from outbox.dead_letters import replay_dead_letters
from storage.pool import open_pool
from tests.support.api_installation import House
from tests.support.caller import Caller
from tests.support.eventually import eventually

pytestmark = pytest.mark.long


async def give_up(house: House, queue: Queue, envelope: Envelope) -> None:
    """Put a message on its queue that was delivered as often as it may be."""
    owner = await asyncpg.connect(house.dsn)
    try:
        await owner.execute(
            "INSERT INTO bus.message (queue, stable_id, body, deliveries) VALUES ($1, $2, $3, $4)",
            queue.name, envelope.id, envelope.encode(), queue.delivery_limit + 1,
        )  # fmt: skip
    finally:
        await owner.close()


async def replay(house: House, schema: str, message_id: UUID) -> None:
    pool = await open_pool(house.dsn, role=f"ledgerwire_{schema}", name="test-replay", size_max=1)
    try:
        found = await pool.fetchval(f"SELECT id FROM {schema}.dead_letter WHERE message_id = $1", message_id)  # noqa: S608
        assert await replay_dead_letters(pool, schema=schema, ids=[found]) == [found]
    finally:
        await pool.close()


async def failed_operation(caller: Caller, path: str) -> dict[str, Any]:
    async def failed() -> bool:
        return bool((await caller.read(path))["state"] == "failed")

    await eventually(failed, deadline_seconds=30)
    shown: dict[str, Any] = await caller.read(path)
    assert shown["problem"]["code"] == "dead_lettered"
    return shown


async def test_an_event_given_up_by_the_bus_fails_its_request_and_keeps_its_result(
    caller: Caller, stranger: Caller, house: House
) -> None:
    answer = await caller.post("/v1/clients", {"name": "Leo"}, headers={"Prefer": "respond-async"})
    path = answer.headers["Location"].removeprefix(caller.url)

    async def state() -> str:
        return str((await caller.read(path))["state"])

    async def succeeded() -> bool:
        return await state() == "succeeded"

    await eventually(succeeded)
    request, data = UUID(path.rpartition("/")[2]), {"subject_id": str(new_id()), "object": {"id": "1"}}
    event = Envelope(name="client.created", account_id=caller.account_id, correlation_id=request, data=data)
    await give_up(house, DISPATCHER_EVENTS, event)
    failed = await failed_operation(caller, path)
    assert "delivered too often" in failed["problem"]["detail"]
    assert failed["result"]["name"] == "Leo"
    assert (await stranger.get(path)).status == 404
    await replay(house, "dispatch", event.id)
    assert await state() == "succeeded"
    events = await caller.get("/v1/triggers/client.created/events")
    assert str(event.id) in events.text or await eventually(lambda: _is_recorded(caller, event.id))


async def _is_recorded(caller: Caller, event_id: UUID) -> bool:
    return str(event_id) in (await caller.get("/v1/triggers/client.created/events")).text


@pytest.mark.parametrize("name", ["Ana", ""])
async def test_a_command_given_up_by_the_bus_reports_its_own_result_after_its_replay(
    caller: Caller, house: House, name: str
) -> None:
    request = new_id()
    await house.pool.execute(
        "INSERT INTO ingress.operation (account_id, id, command, method, path)"
        " VALUES ($1, $2, 'create_client', 'POST', '/v1/clients')",
        caller.account_id, request,
    )  # fmt: skip
    command = Envelope(
        id=request, name="create_client", account_id=caller.account_id, correlation_id=request, data={"name": name}
    )
    await give_up(house, LEDGER_COMMANDS, command)
    path = f"/v1/operations/{request}"
    assert (await failed_operation(caller, path))["result"] is None
    await replay(house, "ledger", command.id)

    async def is_recorded() -> bool:
        shown = await caller.read(path)
        if name:
            return bool(shown["state"] == "succeeded" and shown["result"]["name"] == name)
        return bool(shown["state"] == "failed" and shown["problem"]["code"] == "invalid_input")

    await eventually(is_recorded, deadline_seconds=30)
