"""What the executor does in pieces, so that no other work waits: ending a hook with a long queue, choosing clients."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from action_executor.deliveries import queue_store
from action_executor.deliveries.records import ClaimRequest
from action_executor.deliveries.store import CANCEL_MAX
from contracts.primitives.ids import new_id
from tests.support.eventually import eventually
from tests.support.executor import ExecutorHarness, MadeHook
from tests.support.receiver import Receiver, open_receiver

MUCH = 3 * CANCEL_MAX + 100


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


async def _much_waits(executor: ExecutorHarness, hook: MadeHook, *, due_in: str, ordered: bool = False) -> None:
    await executor.owner.execute(
        "INSERT INTO execution.delivery (account_id, id, event_id, hook_id, correlation_id, trigger, body, ordered,"
        "   state, due_at) SELECT $1, i, i, $2, i, 'sale.posted', '{}', $3, 'pending', now() + $4::text::interval"
        " FROM (SELECT overlay(gen_random_uuid()::text PLACING left(storage.uuid7_floor(now())::text, 13)"
        "       FROM 1 FOR 13)::uuid AS i FROM generate_series(1, $5::int)) AS ids",
        hook.account_id, hook.id, ordered, due_in, MUCH,
    )  # fmt: skip
    await executor.owner.execute(
        "INSERT INTO execution.delivery_queue (account_id, hook_id, ordered, due_at)"
        " VALUES ($1, $2, $3, now() + $4::text::interval)",
        hook.account_id, hook.id, ordered, due_in,
    )  # fmt: skip


async def _cancelled(executor: ExecutorHarness) -> int:
    count: int = await executor.owner.fetchval("SELECT count(*) FROM execution.delivery WHERE state = 'cancelled'")
    return count


@pytest.mark.parametrize("ordered", [False, True])
async def test_all_that_waits_for_a_deleted_hook_is_cancelled_in_pieces(
    executor: ExecutorHarness, receiver: Receiver, *, ordered: bool
) -> None:
    hook = await executor.make_hook(receiver.url(), state="removed")
    await _much_waits(executor, hook, due_in="1 hour", ordered=ordered)
    async with executor.running():
        await eventually(lambda: _all_cancelled(executor))
    assert await executor.owner.fetchval("SELECT count(*) FROM execution.delivery_queue WHERE due_at IS NOT NULL") == 0
    assert receiver.received == []


async def test_a_410_cancels_all_that_waits_in_pieces(executor: ExecutorHarness, receiver: Receiver) -> None:
    hook = await executor.make_hook(receiver.url())
    await _much_waits(executor, hook, due_in="1 hour")
    receiver.script(410)
    job = executor.job(hook)
    async with executor.running():
        await executor.publish(job)
        await executor.becomes(job.id, "failed")
        (command,) = await eventually(lambda: executor.outbox("dispatcher.commands"))
        assert command.data["state"] == "removed"
        await executor.owner.execute("UPDATE dispatch.hook SET state = 'removed'")  # as the dispatcher does on it
        await eventually(lambda: _all_cancelled(executor))
    assert len(receiver.received) == 1


async def _all_cancelled(executor: ExecutorHarness) -> bool:
    return await _cancelled(executor) == MUCH


async def test_of_an_ordered_hooks_clients_those_that_wait_longest_come_first(executor: ExecutorHarness) -> None:
    hook = await executor.make_hook("https://example.com/", ordered="client")
    clients = sorted(new_id() for _ in range(4))
    for age, client in enumerate(clients):
        event = new_id()
        await executor.owner.execute(
            "INSERT INTO execution.delivery (account_id, id, event_id, hook_id, client_id, correlation_id, trigger,"
            " body, ordered, state, due_at) VALUES ($1, $2, $2, $3, $4, $2, 'sale.posted', '{}', true, 'pending',"
            " now() - make_interval(secs => $5))",
            hook.account_id, event, hook.id, client, float(age),
        )  # fmt: skip
    take = ClaimRequest((hook.account_id, hook.id), 2, 0, ordered=True)
    async with executor.pool.acquire() as conn, conn.transaction():
        held = await queue_store.claim(conn, [take], lease_seconds=30, now=time.monotonic())
    rows = await executor.owner.fetch(
        "SELECT client_id FROM execution.delivery WHERE id = ANY($1)", [h.id for h in held]
    )
    assert {row["client_id"] for row in rows} == set(clients[2:])
