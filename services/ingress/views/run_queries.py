"""Read what hangs below one automation, delivery or run: its versions, attempts or steps."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from ingress.views.batches import Row
from storage.pool import Pool

ATTEMPTS_MAX = 1_000
STEPS_MAX = 2_100  # of one run, as the executor bounds it
STEPS_BYTES_MAX = 8 * 1024 * 1024  # of inputs and outputs in one answer


async def automation_versions(
    pool: Pool, *, account_id: UUID, automation_id: UUID, before: int | None, limit: int
) -> list[Row]:
    """The versions of an automation, newest first, those below the number `before`."""
    rows = await pool.fetch(
        "SELECT version, definition, created_at, published_version FROM dispatch_api.automation_version"
        " WHERE account_id = $1 AND automation_id = $2 AND version < coalesce($3::bigint, 2147483647)"
        " ORDER BY version DESC LIMIT $4",
        account_id, automation_id, before, limit,
    )  # fmt: skip
    return cast("list[Row]", rows)


async def attempts(pool: Pool, *, account_id: UUID, delivery_id: UUID) -> list[Row]:
    """A delivery's attempts, first to last."""
    rows = await pool.fetch(
        "SELECT * FROM execution_api.attempt WHERE account_id = $1 AND delivery_id = $2 ORDER BY number LIMIT $3",
        account_id, delivery_id, ATTEMPTS_MAX,
    )  # fmt: skip
    return cast("list[Row]", rows)


async def steps(pool: Pool, *, account_id: UUID, run_id: UUID) -> list[Row]:
    """A run's steps, the outermost first; inputs and outputs past `STEPS_BYTES_MAX` are left out."""
    rows = await pool.fetch(_STEPS, account_id, run_id, STEPS_MAX, STEPS_BYTES_MAX)
    return cast("list[Row]", rows)


_STEPS = """
WITH measured AS (
    SELECT s.*, sum(coalesce(octet_length(input::text), 0) + coalesce(octet_length(output::text), 0))
           OVER (ORDER BY path LIKE '%.%', number, path) AS bytes
      FROM execution_api.step s WHERE account_id = $1 AND run_id = $2
     ORDER BY path LIKE '%.%', number, path LIMIT $3
)
SELECT path, number, action, guarantee, state, attempts, warnings, error, started_at, finished_at,
       CASE WHEN bytes <= $4 THEN input END AS input, CASE WHEN bytes <= $4 THEN output END AS output
  FROM measured
"""
