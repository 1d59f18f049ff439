"""SQL on deliveries and attempts: each query a constant and a function, batches by `unnest`.

Times are Postgres's own (`now()`), so that processes agree on what is due.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from action_executor.deliveries.records import ClaimedDelivery, DeliveryResult, Key, NewDelivery
from storage.pool import Connection, Pool

CANCEL_MAX: Final = 2_000
"""How many deliveries one transaction cancels: others wait for it."""

CANCEL_PAUSE_SECONDS: Final = 1.0

_INSERT = """
INSERT INTO execution.delivery (account_id, id, event_id, hook_id, client_id, correlation_id, trigger, body, ordered,
                                after_id, state, due_at, leased_until, lease_epoch)
SELECT account_id, id, event_id, hook_id, client_id, correlation_id, trigger, body, ordered, after_id,
       CASE WHEN leased THEN 'in_flight' ELSE 'pending' END,
       CASE WHEN leased THEN NULL ELSE now() END,
       CASE WHEN leased THEN now() + make_interval(secs => $12) END,
       leased::int
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::bytea[],
              $9::boolean[], $10::uuid[], $11::boolean[])
    AS d(account_id, id, event_id, hook_id, client_id, correlation_id, trigger, body, ordered, after_id, leased)
    ON CONFLICT DO NOTHING
RETURNING id
"""


async def insert(conn: Connection, items: Sequence[NewDelivery], *, lease_seconds: float) -> set[UUID]:
    """Insert deliveries, due now or leased; return the new ids."""
    rows = await conn.fetch(
        _INSERT,
        [item.account_id for item in items],
        [item.id for item in items],
        [item.event_id for item in items],
        [item.hook_id for item in items],
        [item.client_id for item in items],
        [item.correlation_id for item in items],
        [item.trigger for item in items],
        [item.body for item in items],
        [item.ordered for item in items],
        [item.after for item in items],
        [item.leased for item in items],
        lease_seconds,
    )
    return {row["id"] for row in rows}


_SAVE_RESULTS = """
WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::float8[], $6::text[], $7::timestamptz[],
                         $8::timestamptz[], $9::int[], $10::text[])
        AS g(account_id, id, epoch, state, due_in, error, started_at, finished_at, status_code, response)
), settled AS (
    UPDATE execution.delivery d
       SET state = g.state,
           is_retry = true,
           due_at = now() + make_interval(secs => g.due_in),
           leased_until = NULL,
           lease_epoch = d.lease_epoch + 1,
           lost_workers = 0,
           attempts = d.attempts + (g.started_at IS NOT NULL)::int,
           tries = d.tries + (g.started_at IS NOT NULL)::int,
           status_code = CASE WHEN g.started_at IS NULL THEN d.status_code ELSE g.status_code END,
           error = g.error,
           finished_at = CASE WHEN g.state <> 'pending' THEN coalesce(g.finished_at, now()) END
      FROM given g
     WHERE d.account_id = g.account_id AND d.id = g.id AND d.lease_epoch = g.epoch
    RETURNING d.account_id, d.id, d.attempts, g.error, g.started_at, g.finished_at, g.status_code, g.response
), tried AS (
    INSERT INTO execution.attempt (account_id, delivery_id, number, started_at, finished_at, duration_ms, status_code,
                                   error, response)
    SELECT account_id, id, attempts, started_at, finished_at,
           extract(epoch FROM finished_at - started_at) * 1000, status_code, error, response
      FROM settled WHERE started_at IS NOT NULL
)
SELECT id FROM settled
"""


async def save_results(conn: Connection | Pool, results: Sequence[DeliveryResult]) -> set[UUID]:
    """Store results; return the ids whose lease still held. The epoch fences off stale workers."""
    rows = await conn.fetch(
        _SAVE_RESULTS,
        [result.item.account_id for result in results],
        [result.item.id for result in results],
        [result.item.epoch for result in results],
        [result.state for result in results],
        [result.due_in for result in results],
        [result.error for result in results],
        [result.started_at for result in results],
        [result.finished_at for result in results],
        [result.status_code for result in results],
        [result.response for result in results],
    )
    return {row["id"] for row in rows}


_RELEASE = """
UPDATE execution.delivery d
   SET state = 'pending', due_at = now() + make_interval(secs => $4), leased_until = NULL,
       lease_epoch = d.lease_epoch + 1
  FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS g(account_id, id, epoch)
 WHERE d.account_id = g.account_id AND d.id = g.id AND d.lease_epoch = g.epoch
"""


async def release(conn: Connection, items: Sequence[ClaimedDelivery], *, due_in: float) -> None:
    """Release deliveries that were leased but not started: due again in so many seconds."""
    await conn.execute(
        _RELEASE,
        [item.account_id for item in items],
        [item.id for item in items],
        [item.epoch for item in items],
        due_in,
    )


# Uses the partial indexes of pending deliveries: a hook's history may be long.
_CANCEL = """
WITH hook AS MATERIALIZED (
    SELECT NOT EXISTS (SELECT FROM dispatch_api.hook
                        WHERE account_id = $1 AND id = $2 AND state = 'active' AND version > $6) AS ended
), waiting AS MATERIALIZED (
    (SELECT account_id, id FROM execution.delivery
      WHERE hook_id = $2 AND account_id = $1 AND state = 'pending' AND NOT ordered AND (SELECT ended FROM hook)
      LIMIT $4)
    UNION ALL
    (SELECT account_id, id FROM execution.delivery
      WHERE hook_id = $2 AND account_id = $1 AND state = 'pending' AND ordered AND (SELECT ended FROM hook) LIMIT $4)
), cancelled AS (
    UPDATE execution.delivery d
       SET state = 'cancelled', due_at = NULL, error = $3, finished_at = now(), lease_epoch = lease_epoch + 1
      FROM (SELECT account_id, id FROM waiting LIMIT $4) w
     WHERE d.account_id = w.account_id AND d.id = w.id AND d.state = 'pending'
), counted AS (SELECT count(*) >= $4 AS more FROM waiting), lane AS (
    UPDATE execution.delivery_queue
       SET due_at = CASE WHEN more THEN now() + make_interval(secs => $5) END,
           failures = 0, failing_since = NULL, open_until = NULL
      FROM counted, hook WHERE account_id = $1 AND hook_id = $2 AND ended
)
SELECT more FROM counted
"""


async def cancel_pending(conn: Connection, key: Key, *, reason: str, version: int = 0) -> bool:
    """Cancel pending deliveries of an ended hook, and reset its queue.

    `version` is the hook's last ended one: a hook that is active at a later version keeps its deliveries. Returns
    whether more are left than fit in one statement's time: its queue is then due again soon.
    """
    await conn.execute("SELECT FROM execution.delivery_queue WHERE account_id = $1 AND hook_id = $2 FOR UPDATE", *key)
    more: bool = await conn.fetchval(_CANCEL, *key, reason, CANCEL_MAX, CANCEL_PAUSE_SECONDS, version)
    return more
