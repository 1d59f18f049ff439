"""Partitions on a real Postgres: made ahead, dropped behind, also by replicas that look at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.support.pipeline import PipelineHarness, open_pipeline


@pytest.fixture
async def pipeline(pipeline_dsn: str) -> AsyncIterator[PipelineHarness]:
    async with open_pipeline(pipeline_dsn) as harness:
        yield harness


async def _age(pipeline: PipelineHarness, weeks: int) -> None:
    """Leave partitions of weeks long gone."""
    for week in range(weeks):
        await pipeline.owner.execute(
            f"CREATE TABLE pipeline.processed_message_202001{week + 10} PARTITION OF pipeline.processed_message"
            f" FOR VALUES FROM (storage.uuid7_floor('2020-01-{week + 10}Z'))"
            f" TO (storage.uuid7_floor('2020-01-{week + 11}Z'))"
        )


async def _maintain(conn: asyncpg.Connection[asyncpg.Record]) -> None:
    while await conn.fetchval("SELECT storage.maintain_messaging_tables('pipeline')") == "changed":
        pass


async def test_replicas_that_maintain_at_the_same_moment_do_not_disturb_one_another(pipeline: PipelineHarness) -> None:
    replicas = [await asyncpg.connect(pipeline.dsn) for _ in range(4)]
    try:
        for _ in range(5):
            await _age(pipeline, 9)
            await asyncio.gather(*(_maintain(one) for one in replicas))
            old = "SELECT count(*) FROM pg_class WHERE relname LIKE 'processed_message_2020%'"
            assert await pipeline.owner.fetchval(old) == 0
    finally:
        for one in replicas:
            await one.close()
