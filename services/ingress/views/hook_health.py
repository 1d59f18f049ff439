"""Figures of how a hook's receiver does: its state in the executor, and its newest deliveries."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from storage.pool import Pool

DELIVERIES_MAX: Final = 200  # newest ones that count: one page of an index
_FIGURES: Final = """
WITH newest AS (
    SELECT id, state, finished_at FROM execution_api.delivery
     WHERE account_id = $1 AND hook_id = $2 ORDER BY id DESC LIMIT $3
), attempts AS (
    SELECT percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY a.duration_ms) AS durations,
           max(a.finished_at) FILTER (WHERE a.error IS NOT NULL) AS last_failure_at,
           max(a.finished_at) FILTER (WHERE a.error IS NULL) AS last_success_at
      FROM newest n JOIN execution_api.attempt a ON a.account_id = $1 AND a.delivery_id = n.id
)
SELECT count(n.id) AS deliveries,
       count(n.id) FILTER (WHERE n.state = 'succeeded') AS succeeded,
       count(n.id) FILTER (WHERE n.state IN ('failed', 'cancelled')) AS failed,
       count(n.id) FILTER (WHERE n.state IN ('pending', 'in_flight')) AS pending,
       (SELECT durations FROM attempts) AS durations,
       (SELECT last_success_at FROM attempts) AS last_success_at,
       (SELECT last_failure_at FROM attempts) AS last_failure_at
  FROM newest n
"""
_STATE: Final = """
SELECT failures, failing_since, paused_until FROM execution_api.hook_health WHERE account_id = $1 AND hook_id = $2
"""


async def find(pool: Pool, *, account_id: UUID, hook_id: UUID) -> dict[str, Any]:
    """The figures, as `contracts.resources.hook.HookHealth` has them."""
    figures = await pool.fetchrow(_FIGURES, account_id, hook_id, DELIVERIES_MAX)
    state = await pool.fetchrow(_STATE, account_id, hook_id)
    found = dict(figures) if figures else {}
    ended = found["succeeded"] + found["failed"]
    durations = found["durations"] or [None, None]
    return {
        "failures_in_a_row": state["failures"] if state else 0,
        "failing_since": _time(state["failing_since"]) if state else None,
        "paused_until": _time(state["paused_until"]) if state else None,
        "deliveries": found["deliveries"],
        "succeeded": found["succeeded"],
        "failed": found["failed"],
        "pending": found["pending"],
        "success_rate": round(found["succeeded"] / ended, 4) if ended else None,
        "last_success_at": _time(found["last_success_at"]),
        "last_failure_at": _time(found["last_failure_at"]),
        "duration_p50_ms": durations[0],
        "duration_p95_ms": durations[1],
    }


def _time(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
