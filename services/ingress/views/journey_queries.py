"""Find what a resource's requests caused, in the journey entries that all four services publish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast
from uuid import UUID

from ingress.views.batches import Row
from storage.pool import Pool

REQUESTS_MAX: Final = 100
ENTRIES_MAX: Final = 2_000

# Each branch is one index lookup. An id may be a request's, an event's, or that of an entry's resource.
_REQUESTS_OF: Final = """
SELECT DISTINCT correlation_id FROM (
    SELECT correlation_id FROM ingress_api.journey_entry WHERE account_id = $1 AND correlation_id = $2
    UNION ALL
    SELECT correlation_id FROM ingress_api.journey_entry WHERE account_id = $1 AND subject_id = $2
    UNION ALL
    SELECT correlation_id FROM ledger_api.journey_entry WHERE account_id = $1 AND subject_id = $2
    UNION ALL
    SELECT correlation_id FROM dispatch_api.event WHERE account_id = $1 AND event_id = $2
    UNION ALL
    SELECT correlation_id FROM dispatch_api.event WHERE account_id = $1 AND subject_id = $2
    UNION ALL
    SELECT correlation_id FROM execution_api.delivery WHERE account_id = $1 AND id = $2
    UNION ALL
    SELECT correlation_id FROM execution_api.run WHERE account_id = $1 AND id = $2
) known
ORDER BY correlation_id DESC
LIMIT $3
"""

# A run's end is committed with that of its last step, and comes after it.
_ENTRIES: Final = """
SELECT at, service, step, subject_id, message_id, cause_id, correlation_id, detail FROM (
    SELECT 1 AS place, * FROM ingress_api.journey_entry WHERE account_id = $1 AND correlation_id = ANY($2::uuid[])
    UNION ALL
    SELECT 2, * FROM ledger_api.journey_entry WHERE account_id = $1 AND correlation_id = ANY($2::uuid[])
    UNION ALL
    SELECT 3, * FROM dispatch_api.journey_entry WHERE account_id = $1 AND correlation_id = ANY($2::uuid[])
    UNION ALL
    SELECT 4, * FROM execution_api.journey_entry WHERE account_id = $1 AND correlation_id = ANY($2::uuid[])
    UNION ALL
    SELECT 5, p.account_id, p.correlation_id, p.dead_lettered_at, p.service, 'dead_lettered', NULL, p.message_id, NULL,
           jsonb_build_object('queue', p.queue, 'reason', p.reason, 'replayed', p.replayed_at IS NOT NULL)
      FROM (
        SELECT 'ledger' AS service, * FROM ledger_api.dead_letter
        UNION ALL
        SELECT 'trigger_dispatcher', * FROM dispatch_api.dead_letter
        UNION ALL
        SELECT 'action_executor', * FROM execution_api.dead_letter
      ) p
     WHERE p.account_id = $1 AND p.correlation_id = ANY($2::uuid[])
) entries
ORDER BY at, place, step IN ('run_succeeded', 'run_filtered', 'run_failed'), message_id, step
LIMIT $3
"""


async def requests_of(pool: Pool, *, account_id: UUID, identifier: UUID) -> list[UUID]:
    """The ids of the requests that concern a resource, the newest `REQUESTS_MAX` of them, oldest first."""
    rows = await pool.fetch(_REQUESTS_OF, account_id, identifier, REQUESTS_MAX)
    return [row["correlation_id"] for row in reversed(rows)]


async def entries_of(pool: Pool, *, account_id: UUID, correlation_ids: Sequence[UUID]) -> list[Row]:
    """What these requests caused, in order: at most `ENTRIES_MAX` entries and one more, if there are more."""
    return cast("list[Row]", await pool.fetch(_ENTRIES, account_id, list(correlation_ids), ENTRIES_MAX + 1))
