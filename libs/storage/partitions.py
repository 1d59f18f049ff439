"""Create the coming partitions of time-partitioned tables and drop those past their retention: at start and once a day.

A service's role owns no table, so each schema offers `maintain_partitions()`, made by its migrations with
`SECURITY DEFINER` out of the functions in `functions.sql`.
"""

from __future__ import annotations

import structlog

from storage.pool import Pool

log = structlog.get_logger(__name__)

EVERY_SECONDS = 86_400.0
AGAIN_SECONDS = 300.0  # partitions are made two weeks ahead: a long read has ended by then
STEP_SECONDS_MAX = 120.0  # one change; none waits longer than a second for a lock, but much may be deleted
STEPS_MAX = 200  # changes in one run: years without maintenance


async def maintain(pool: Pool, *, schema: str) -> bool:
    """Make the needed changes, each in a transaction of its own; return whether none was postponed.

    Another session's long transaction (a backup, a report) postpones a change: waiting for it would block all writers.
    """
    for _ in range(STEPS_MAX):
        outcome = await pool.fetchval(f"SELECT {schema}.maintain_partitions()", timeout=STEP_SECONDS_MAX)
        if outcome != "changed":
            if outcome is not None:
                log.warning("partitions_postponed", schema=schema)
            return outcome is None
    return False
