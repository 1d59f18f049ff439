"""Keep time-partitioned tables ahead of the clock and drop what is past its keep: at start and once a day.

A service's role owns no table, so each schema offers `maintain_partitions()`, made by its migrations with
`SECURITY DEFINER` out of the functions in `functions.sql`.
"""

from __future__ import annotations

import asyncio

import structlog

from storage.pool import Pool
from storage.weather import is_weather

log = structlog.get_logger(__name__)

EVERY_SECONDS = 86_400.0
AGAIN_SECONDS = 60.0
WORK_SECONDS_MAX = 900.0  # it may wait for a long read of a partition that goes, and for another replica's turn


async def maintain_forever(pool: Pool, *, schema: str) -> None:
    """Make the coming periods' partitions and drop the old ones, now and every day; runs until cancelled."""
    while True:
        pause = EVERY_SECONDS
        try:
            await pool.execute(f"SELECT {schema}.maintain_partitions()", timeout=WORK_SECONDS_MAX)
        except Exception as error:
            if not is_weather(error):
                raise
            log.warning("partitions_not_maintained", schema=schema, error=repr(error))
            pause = AGAIN_SECONDS
        await asyncio.sleep(pause)
