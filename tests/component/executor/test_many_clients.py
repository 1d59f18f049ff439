"""One account with very many clients waiting in an ordered hook: a claim looks at a bounded number of them."""

from __future__ import annotations

from action_executor.deliveries import queue_store
from action_executor.deliveries.records import ClaimRequest
from tests.support.executor import ExecutorHarness, MadeHook

WAITING = 5_000


async def fill(executor: ExecutorHarness, hook: MadeHook, *, clients: int, due: str = "now()") -> None:
    """Let deliveries wait, each client's in turn."""
    await executor.owner.execute(
        "INSERT INTO execution.delivery (account_id, id, event_id, hook_id, client_id, correlation_id, trigger, body,"  # noqa: S608
        " ordered, state, due_at) SELECT $1, i.id, i.id, $2, md5((n % $3)::text)::uuid, i.id, 'sale.posted', '', true,"
        f" 'pending', {due} FROM generate_series(1, $4) AS n,"
        " LATERAL (SELECT overlay(storage.uuid7_floor(now())::text placing lpad(to_hex(n), 12, '0') from 25)::uuid"
        " AS id) i",
        hook.account_id, hook.id, clients, WAITING,
    )  # fmt: skip


async def claimed(executor: ExecutorHarness, hook: MadeHook, many: int) -> int:
    take = ClaimRequest((hook.account_id, hook.id), many, 1, ordered=True)
    async with executor.pool.acquire() as conn, conn.transaction():
        return len(await queue_store.claim(conn, [take], lease_seconds=40, now=0.0))


async def test_a_claim_takes_what_it_asked_for_of_many_clients(executor: ExecutorHarness) -> None:
    hook = await executor.make_hook("https://receiver.example/", ordered="client")
    await fill(executor, hook, clients=WAITING)
    assert await claimed(executor, hook, 50) == 50
    assert await executor.owner.fetchval("SELECT count(*) FROM execution.delivery WHERE due_at > now()") == 0


async def test_a_claim_looks_at_a_bounded_number_of_what_waits_behind_one_client(executor: ExecutorHarness) -> None:
    hook = await executor.make_hook("https://receiver.example/", ordered="client")
    await fill(executor, hook, clients=1)
    assert await claimed(executor, hook, 50) == 1
    put_off = await executor.owner.fetchval("SELECT count(*) FROM execution.delivery WHERE due_at > now()")
    assert put_off == queue_store.CANDIDATES_MAX - 1


async def test_what_is_not_due_costs_a_claim_nothing(executor: ExecutorHarness) -> None:
    hook = await executor.make_hook("https://receiver.example/", ordered="client")
    await fill(executor, hook, clients=WAITING, due="now() + interval '1 hour'")
    assert await claimed(executor, hook, 50) == 0
