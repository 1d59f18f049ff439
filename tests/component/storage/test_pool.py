"""A pool on a real Postgres: connections go back without a round trip, and without an open transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from storage.pool import Pool, open_pool
from tests.faults.proxy import address_of, cutting_proxy, through
from tests.support.pipeline import open_pipeline


@pytest.fixture
async def pool(pipeline_dsn: str) -> AsyncIterator[Pool]:
    async with (
        open_pipeline(pipeline_dsn) as harness,
        await open_pool(harness.dsn, role=owner_of(harness.dsn), name="test", size_max=1) as pool,
    ):
        yield pool


def owner_of(dsn: str) -> str:
    return urlsplit(dsn).username or ""


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


async def test_half_open_sessions_are_replaced_after_one_statement(
    pipeline_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sessions of the pool go nowhere and neither side is notified; new ones work."""
    monkeypatch.setattr("storage.pool.STATEMENT_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr("storage.pool.CANCEL_SECONDS_MAX", 0.1)
    async with (
        open_pipeline(pipeline_dsn) as harness,
        cutting_proxy(address_of(harness.dsn)) as proxy,
        await open_pool(
            through(harness.dsn, proxy.port), role=owner_of(harness.dsn), name="test", size_min=4, size_max=4
        ) as pool,
    ):
        proxy.half_open()
        with pytest.raises(TimeoutError):
            await pool.execute("SELECT 1")
        async with asyncio.timeout(5):
            await asyncio.gather(*(pool.execute("SELECT pg_sleep(0.01)") for _ in range(8)))
