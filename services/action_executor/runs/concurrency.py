"""Let at most so many runs with one key be under way: the others wait in Postgres, in the order of their making.

A run that ends makes the next one due. Its due time before that is a safety net: no run is ever stuck.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

import orjson

from action_executor.runs.places import ConcurrencySpec
from action_executor.runs.records import Run
from action_executor.runs.store import find_account
from storage.pool import Connection, Pool
from templates.filling import as_text
from templates.renderer import Renderer

KEY_CHARACTERS_MAX: Final = 200  # the rest of a longer one is cut: it is compared, not read
LOOK_AGAIN_SECONDS: Final = 3600.0  # a run that ends wakes the next one; this finds one whose waking was lost

_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text || $2::uuid::text || $3::text, 0))"

# A run that was created earlier and still waits is admitted first, in whatever order they were claimed.
_ADMIT: Final = """
WITH others AS (
    SELECT count(*) FILTER (WHERE admitted) AS admitted, count(*) FILTER (WHERE NOT admitted AND id < $4) AS earlier
      FROM execution.run
     WHERE account_id = $1 AND automation_id = $2 AND queue_key = $3 AND finished_at IS NULL AND id <> $4
)
UPDATE execution.run r
   SET queue_key = $3, admitted = o.admitted + o.earlier < $6,
       state = CASE WHEN o.admitted + o.earlier < $6 THEN 'running' ELSE 'waiting' END,
       leased = o.admitted + o.earlier < $6, lost_workers = 0,
       due_at = CASE WHEN o.admitted + o.earlier < $6 THEN r.due_at ELSE now() + make_interval(secs => $7) END
  FROM others o
 WHERE r.account_id = $1 AND r.id = $4 AND r.lease_epoch = $5 AND r.leased
RETURNING r.admitted
"""

_WAKE_NEXT: Final = """
UPDATE execution.run SET due_at = now()
 WHERE (account_id, id) IN (
       SELECT account_id, id FROM execution.run
        WHERE account_id = $1 AND automation_id = $2 AND queue_key = $3 AND finished_at IS NULL AND NOT admitted
          AND NOT leased AND due_at > now()
        ORDER BY id LIMIT 1)
"""


async def queue_key(pool: Pool, renderer: Renderer, run: Run, spec: ConcurrencySpec) -> str:
    """Fill the key's template in, from the event and the account.

    Raises:
        TemplateFault, WorkerKilled, NoWorker: as the renderer does.
    """
    names = {"trigger": orjson.loads(run.body), "account": await find_account(pool, run.account_id)}
    filled = await renderer.fill(run.account_id, spec.key, names)
    return as_text(filled.value)[:KEY_CHARACTERS_MAX]


async def admit(pool: Pool, run: Run, *, key: str, limit: int) -> bool | None:
    """Whether the run may go on; else it waits. None when its lease is another worker's by now."""
    async with pool.acquire() as conn, conn.transaction():
        await conn.execute(_LOCK, run.account_id, run.automation_id, key)
        admitted: bool | None = await conn.fetchval(
            _ADMIT, run.account_id, run.automation_id, key, run.id, run.epoch, limit, LOOK_AGAIN_SECONDS
        )
    return admitted


async def lock_queue(conn: Connection, *, account_id: UUID, automation_id: UUID | None, key: str | None) -> None:
    """Keep others from being admitted until the transaction ends."""
    if key is not None:
        await conn.execute(_LOCK, account_id, automation_id, key)


async def wake_next(conn: Connection, *, account_id: UUID, automation_id: UUID | None, key: str | None) -> None:
    """Make the run due that waits longest for this key, as one ends in the caller's transaction."""
    # An admission under way counted the run that ends: it commits first, and is found.
    await lock_queue(conn, account_id=account_id, automation_id=automation_id, key=key)
    if key is not None:
        await conn.execute(_WAKE_NEXT, account_id, automation_id, key)
