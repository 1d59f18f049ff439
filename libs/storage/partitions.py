"""Keep time-partitioned tables ahead of the clock and drop what is past its keep: at start and once a day.

A service's role owns no table, so each schema offers `maintain_partitions()`, made by its migrations with
`SECURITY DEFINER` out of the functions in `functions.sql`.
"""

from __future__ import annotations

import structlog

from storage.pool import Pool

log = structlog.get_logger(__name__)

EVERY_SECONDS = 86_400.0
AGAIN_SECONDS = 300.0  # partitions are made two weeks ahead: there is time until a long read has ended
STEP_SECONDS_MAX = 120.0  # one change; none waits longer than a second for a lock, but much may be deleted
STEPS_MAX = 200  # changes in one run: years without maintenance


async def maintain(pool: Pool, *, schema: str) -> bool:
    """Make what changes are needed, each in a transaction of its own; answer whether none was postponed.

    A long transaction of somebody else (a backup, a report) postpones a change: to wait for it would let all writers
    wait behind us.
    """
    for _ in range(STEPS_MAX):
        said = await pool.fetchval(f"SELECT {schema}.maintain_partitions()", timeout=STEP_SECONDS_MAX)
        if said != "changed":
            if said is not None:
                log.warning("partitions_postponed", schema=schema)
            return said is None
    return False
