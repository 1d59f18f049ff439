"""Maintenance beside a long read: writers go on within their deadline, readiness says when nothing can be committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from storage.partitions import maintain
from storage.writable import why_not_writable
from tests.support.dispatcher import DispatcherHarness
from tests.support.eventually import eventually

TABLES = ("dispatch.event", "dispatch.dispatch", "dispatch.processed_message", "dispatch.outcome")
WRITE_SECONDS_MAX = 3.0  # what ingress gives a commit


@asynccontextmanager
async def long_transaction(dsn: str, statement: str) -> AsyncIterator[None]:
    conn = await asyncpg.connect(dsn)
    try:
        async with conn.transaction():
            await conn.execute(statement)
            yield
    finally:
        await conn.close()


async def partitions(dispatcher: DispatcherHarness) -> set[str]:
    rows = await dispatcher.rows(
        "SELECT c.oid::regclass::text AS part FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE c.relkind = 'r'"
    )
    return {row["part"] for row in rows if row["part"].startswith("dispatch.")}


async def next_partition(dispatcher: DispatcherHarness, table: str) -> str:
    return max(part for part in await partitions(dispatcher) if part.startswith(f"{table}_2"))


async def test_writers_go_on_while_maintenance_meets_a_long_read(dispatcher: DispatcherHarness) -> None:
    await dispatcher.subscribe("sale.posted")
    before = await partitions(dispatcher)
    missing = [await next_partition(dispatcher, table) for table in TABLES]
    for part in missing:
        await dispatcher.owner.execute(f"DROP TABLE {part}")
    reading = f"LOCK TABLE {', '.join(TABLES)} IN ACCESS SHARE MODE"  # as a backup does
    async with long_transaction(dispatcher.dsn, reading):
        maintaining = asyncio.create_task(maintain(dispatcher.pool, schema="dispatch"))
        await eventually(lambda: dispatcher.owner.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"))
        async with asyncio.timeout(WRITE_SECONDS_MAX):
            assert len(await dispatcher.handle_events(dispatcher.happened("sale.posted"))) == 1
        assert not await maintaining
        assert await why_not_writable(dispatcher.pool, schema="dispatch") is None
    assert await maintain(dispatcher.pool, schema="dispatch")
    assert await partitions(dispatcher) == before


async def test_a_partition_that_is_made_later_is_like_the_first_ones(dispatcher: DispatcherHarness) -> None:
    part = await next_partition(dispatcher, "dispatch.event")
    shape = (
        "SELECT array_agg(pg_get_indexdef(indexrelid) ORDER BY 1) AS indexes,"
        " (SELECT array_agg(pg_get_constraintdef(oid) ORDER BY 1) FROM pg_constraint WHERE conrelid = $1::regclass)"
        " AS constraints FROM pg_index WHERE indrelid = $1::regclass"
    )
    first = dict(await dispatcher.owner.fetchrow(shape, part) or {})
    await dispatcher.owner.execute(f"DROP TABLE {part}")
    assert await maintain(dispatcher.pool, schema="dispatch")
    assert dict(await dispatcher.owner.fetchrow(shape, part) or {}) == first
    parents = "SELECT count(*) FROM pg_inherits JOIN pg_index ON indexrelid = inhrelid WHERE indrelid = $1::regclass"
    assert await dispatcher.owner.fetchval(parents, part) == len(first["indexes"])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await dispatcher.pool.execute(f"TRUNCATE {part}")


async def test_maintenance_holds_no_table_while_it_waits_for_another(dispatcher: DispatcherHarness) -> None:
    for table in TABLES:
        await dispatcher.owner.execute(f"DROP TABLE {await next_partition(dispatcher, table)}")
    async with long_transaction(dispatcher.dsn, "SELECT 1 FROM dispatch.dispatch"):
        assert not await maintain(dispatcher.pool, schema="dispatch")
    assert await next_partition(dispatcher, "dispatch.outcome") > "dispatch.outcome_2"


async def test_readiness_says_when_nothing_can_be_committed(dispatcher: DispatcherHarness) -> None:
    assert await why_not_writable(dispatcher.pool, schema="dispatch") is None
    async with long_transaction(dispatcher.dsn, "LOCK TABLE dispatch.event IN ACCESS EXCLUSIVE MODE"):
        said = await why_not_writable(dispatcher.pool, schema="dispatch")
    assert said is not None
    assert said.startswith("nothing can be committed")
    assert await why_not_writable(dispatcher.pool, schema="dispatch") is None
