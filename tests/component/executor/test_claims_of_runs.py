"""Which runs a worker takes next while one account has all the workers that it may have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from action_executor.runs import store
from contracts.primitives.ids import new_id
from tests.support.executor import ExecutorHarness, open_harness

MANY = 2_000


@pytest.fixture
async def executor(executor_dsn: str) -> AsyncIterator[ExecutorHarness]:
    """Over a database of its own: how a statement is planned depends on what the table has held before."""
    async with open_harness(executor_dsn) as harness:
        yield harness


async def runs_of(executor: ExecutorHarness, account_id: UUID, *due_in_seconds: float) -> list[UUID]:
    """Runs of an account, each due in so many seconds."""
    ids = [new_id() for _ in due_in_seconds]
    await executor.owner.execute(
        "INSERT INTO execution.run (account_id, id, automation_id, version, event_id, correlation_id, trigger, body,"
        " depth, state, due_at) SELECT $1, w.id, w.id, 1, w.id, w.id, 'sale.posted', '{}', 0, 'waiting',"
        " now() + make_interval(secs => w.due) FROM unnest($2::uuid[], $3::float8[]) AS w (id, due)",
        account_id, ids, due_in_seconds,
    )  # fmt: skip
    return ids


async def test_runs_of_others_are_taken_longest_due_first_and_those_of_a_busy_account_are_not_read(
    executor: ExecutorHarness,
) -> None:
    busy, first, second = new_id(), new_id(), new_id()
    await runs_of(executor, busy, *[-60.0] * MANY)
    newer, _ = await runs_of(executor, first, -1.0, 600.0)
    oldest, older = await runs_of(executor, second, -30.0, -10.0)
    async with executor.pool.acquire() as conn, conn.transaction():
        taken = await store.claim(conn, known=(), not_of=[busy], runs_max=2, lease_seconds=60)
        read = await conn.fetchval(
            "SELECT sum(pg_stat_get_xact_tuples_returned(c.oid)) FROM pg_class c"
            " LEFT JOIN pg_index i ON i.indexrelid = c.oid WHERE 'execution.run'::regclass IN (c.oid, i.indrelid)"
        )
    assert {run.id for run in taken} == {oldest, older}
    assert 0 < read < 100
    (last,) = await store.claim(executor.pool, known=(), not_of=[busy], runs_max=9, lease_seconds=60)
    assert last.id == newer
    assert len(await store.claim(executor.pool, known=(), not_of=(), runs_max=9, lease_seconds=60)) == 9
