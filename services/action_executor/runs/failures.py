"""Make the event `run.failed` of runs that failed: recorded in the transaction that ends the run."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Record

from contracts.resources.run import from_row as present
from contracts.wire.envelope import Envelope
from contracts.wire.events import RUN_FAILED
from storage.pool import Connection

# The caller of an action gets its failure as the answer.
# An automation on `run.failed` that fails itself fires nothing: it would be its own next trigger.
_FAILED = """
SELECT r.*, v.name AS automation_name
  FROM unnest($1::uuid[], $2::uuid[]) AS k(account_id, id)
  JOIN execution_api.run r USING (account_id, id)
  LEFT JOIN dispatch_api.automation_version v
    ON v.account_id = r.account_id AND v.automation_id = r.automation_id AND v.version = r.version
 WHERE r.state = 'failed' AND r.trigger <> $3 AND r.automation_id IS NOT NULL
"""


async def failure_events(conn: Connection, keys: Sequence[tuple[UUID, UUID]]) -> list[Envelope]:
    """Return the event of each failed run among (account id, run id): what GET gives of it, and `automation_name`."""
    if not keys:
        return []
    rows = await conn.fetch(_FAILED, [key[0] for key in keys], [key[1] for key in keys], RUN_FAILED)
    return [_event(row) for row in rows]


def _event(row: Record) -> Envelope:
    data = present(row) | {"automation_name": row["automation_name"]}
    return Envelope(
        name=RUN_FAILED,
        account_id=row["account_id"],
        correlation_id=row["correlation_id"],
        causation_id=row["id"],
        depth=row["depth"] + 1,
        data={"subject_id": str(row["id"]), "client_id": None, "object": data},
    )
