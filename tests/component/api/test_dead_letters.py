"""A message dead-lettered by a service makes the operation of its request fail, until it is replayed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from contracts.wire.envelope import Envelope
from contracts.wire.topology import DISPATCHER_EVENTS, LEDGER_COMMANDS
from messaging.port import Incoming
from outbox.dead_letters import dead_letter_sink, replay_dead_letters
from storage.pool import open_pool
from tests.support.api_installation import House
from tests.support.caller import Caller
from tests.support.eventually import eventually


async def accepted_event(caller: Caller) -> str:
    channel = await caller.channel("hook")
    answer = await caller.anonymous("POST", channel["url"], json={"a": 1})
    return str(answer.json["event_id"])


def envelope(caller: Caller, request: str, name: str) -> bytes:
    return Envelope(name=name, account_id=caller.account_id, correlation_id=UUID(request), data={"id": "x"}).encode()


@pytest.mark.parametrize(
    ("schema", "queue", "broken"),
    [("ledger", LEDGER_COMMANDS, False), ("dispatch", DISPATCHER_EVENTS, False), ("dispatch", DISPATCHER_EVENTS, True)],
)
async def test_a_parked_message_fails_its_operation_until_it_is_replayed(
    caller: Caller, stranger: Caller, house: House, schema: str, queue: Any, *, broken: bool
) -> None:
    request = await accepted_event(caller)
    path = f"/v1/operations/{request}"
    assert (await caller.read(path))["state"] == "succeeded"
    body = envelope(caller, request, "unknown.thing")
    body = body.replace(b'{"id":"x"}', b"[" * 5000) if broken else body  # cut off: nothing can read it
    pool = await open_pool(house.dsn, role=f"ledgerwire_{schema}", name="test-parked", size_max=1)
    try:
        await dead_letter_sink(pool, schema=schema)(Incoming(queue.name, body), "no such thing")
        failed = await caller.read(path)
        assert (failed["state"], failed["status"], failed["problem"]["code"]) == ("failed", 500, "dead_lettered")
        assert "no such thing" in failed["problem"]["detail"]
        assert (await stranger.get(path)).status == 404
        entries = (await caller.read(f"/v1/journey/{request}"))["entries"]
        (entry,) = [entry for entry in entries if entry["step"] == "dead_lettered"]
        assert (entry["detail"]["reason"], entry["detail"]["replayed"]) == ("no such thing", False)
        await replay_dead_letters(pool, schema=schema)
        await pool.execute(f"DELETE FROM {schema}.outbox WHERE queue = $1", queue.name)  # noqa: S608  not handled again
        assert (await caller.read(path))["state"] == "succeeded"
    finally:
        await pool.close()


async def test_an_event_that_the_dispatcher_cannot_read_fails_its_request(caller: Caller, house: House) -> None:
    request = await accepted_event(caller)
    body = envelope(caller, request, "webhook.received")
    async with house.pool.acquire() as conn:
        await conn.execute(
            "INSERT INTO ingress.outbox (id, queue, body, created_at)"
            " VALUES (gen_random_uuid(), $1, $2, now() - interval '1 hour')",
            DISPATCHER_EVENTS.name, body.replace(b'{"id":"x"}', b"[" * 5000),
        )  # fmt: skip

    async def failed() -> bool:
        return bool((await caller.read(f"/v1/operations/{request}"))["state"] == "failed")

    await eventually(failed, deadline_seconds=30)
