"""Read the steps of a run from Postgres: the current ones with their data, the others without."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from action_executor.runs.places import list_of
from action_executor.runs.records import Run, Step
from storage.pool import Connection, Pool
from templates.filling import DATA_BYTES_MAX

# An item's steps may have as much data as a run's outermost ones, so that only those of the current list are loaded.
_STEPS = r"""
SELECT path, number, action, state, CASE WHEN l.loaded THEN input END AS input,
       CASE WHEN l.loaded THEN output END AS output, attempts, started_at, template_kills, replay_no
  FROM execution.step s
 CROSS JOIN LATERAL (
       SELECT regexp_replace(s.path, '\.?\d+$', '') = ANY($3::text[]) OR s.path = ANY($4::text[])
           OR $5 AND (s.action IN ('branch', 'for_each') OR s.state = 'failed')) l (loaded)
 WHERE account_id = $1 AND run_id = $2
"""


async def find_steps(
    conn: Connection | Pool, account_id: UUID, run_id: UUID, *, at: str = "0", to_replay: bool = False
) -> dict[str, Step]:
    """Return the steps that a run has so far, by path; none before its first step was begun.

    Inputs and outputs are those of the outermost list, of the list that `at` is in, and of the containers around it; of
    a run to replay also those of all containers and failed steps.
    """
    around = [at[: found.start()] for found in _CONTAINED.finditer(at)]
    rows = await conn.fetch(_STEPS, account_id, run_id, ["", list_of(at)], around, to_replay)
    return {row["path"]: Step(**dict(row)) for row in rows}


_DRY_CHANGES: Final = """
SELECT output -> 'dry_run' -> 'changes' FROM execution.step
 WHERE account_id = $1 AND run_id = $2 AND state = 'succeeded' AND output ? 'dry_run' ORDER BY finished_at, number
"""


async def find_dry_changes(pool: Pool, run: Run) -> list[dict[str, Any]]:
    """Return what the steps of a dry run would have changed so far, in order: `{"type", "data"}` each."""
    rows = await pool.fetch(_DRY_CHANGES, run.account_id, run.id)
    return [change for row in rows for change in row[0] or ()]


_CONTAINED: Final = re.compile(r"\.(branches|items)\.")


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one item of a `for_each`: the output of its last step, and its size as JSON."""

    number: int
    failed: bool
    output: Any
    bytes: int


# The output is left out once those before it are too large together: nothing is shown then.
_ITEM_RESULTS = r"""
WITH step AS (
    SELECT substring(path FROM length($3) + 8)::text AS rest, state, output
      FROM execution.step WHERE account_id = $1 AND run_id = $2 AND starts_with(path, $3 || '.items.')
), item AS (
    SELECT split_part(rest, '.', 1)::int AS number, bool_or(state = 'failed') AS failed,
           max(split_part(rest, '.', 3)::int) FILTER (WHERE rest ~ '^\d+\.steps\.\d+$') AS last
      FROM step GROUP BY 1
)
SELECT i.number, i.failed, coalesce(octet_length(s.output::text), 0) AS bytes,
       CASE WHEN sum(octet_length(s.output::text)) OVER (ORDER BY i.number) <= $4 THEN s.output END AS output
  FROM item i JOIN step s ON s.rest = i.number || '.steps.' || i.last
 ORDER BY i.number
"""


async def find_item_results(pool: Pool, run: Run, path: str) -> list[ItemResult]:
    """The results of the items of the `for_each` at a path, in their order."""
    rows = await pool.fetch(_ITEM_RESULTS, run.account_id, run.id, path, DATA_BYTES_MAX)
    return [ItemResult(**dict(row)) for row in rows]
