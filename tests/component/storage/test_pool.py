"""A pool on a real Postgres: connections go back without a round trip, and without an open transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from storage.pool import Pool, open_pool
from tests.support.pipeline import open_pipeline


@pytest.fixture
async def pool(pipeline_dsn: str) -> AsyncIterator[Pool]:
    async with open_pipeline(pipeline_dsn) as harness:
        owner = await asyncpg.connect(harness.dsn)
        role = await owner.fetchval("SELECT current_user")
        await owner.close()
        async with await open_pool(harness.dsn, role=role, name="test", size_max=1) as pool:
            yield pool


async def test_a_connection_goes_back_without_a_statement(pool: Pool) -> None:
    statements: list[str] = []
    async with pool.acquire() as conn:
        await conn.fetchval("SELECT 1")
        conn.add_query_logger(lambda record: statements.append(record.query))
    assert statements == []


async def test_a_transaction_left_open_is_rolled_back(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await conn.execute("BEGIN")
    async with pool.acquire() as conn:
        assert not conn.is_in_transaction()
        assert await conn.fetchval("SELECT pg_current_xact_id_if_assigned() IS NULL")
