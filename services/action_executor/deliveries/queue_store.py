"""SQL on delivery queues, and claims through them: the holder of a queue's lock alone chooses among its deliveries.

Locks are taken in one order everywhere: queues first, sorted, then deliveries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import Record

from action_executor.deliveries.records import ClaimedDelivery, ClaimRequest, HookLimits, Key, QueueRow, QueueUpdate
from storage.pool import Connection, Pool

_UPDATE_QUEUES = """
INSERT INTO execution.delivery_queue AS l (account_id, hook_id, ordered, due_at, open_until, failures,
                                       failing_since, version)
SELECT account_id, hook_id, ordered, now() + make_interval(secs => due_in),
       CASE WHEN open_seconds > 0 THEN now() + make_interval(secs => open_seconds) END,
       failures, CASE WHEN failures > 0 THEN now() END, version
  FROM unnest($1::uuid[], $2::uuid[], $3::boolean[], $4::float8[], $5::float8[], $6::int[], $7::bigint[])
    AS n(account_id, hook_id, ordered, due_in, open_seconds, failures, version)
 ORDER BY account_id, hook_id
    ON CONFLICT (account_id, hook_id) DO UPDATE SET
       ordered = l.ordered OR EXCLUDED.ordered,
       due_at = least(l.due_at, EXCLUDED.due_at),
       open_until = CASE WHEN EXCLUDED.version > l.version THEN EXCLUDED.open_until
                         WHEN EXCLUDED.version = l.version THEN greatest(l.open_until, EXCLUDED.open_until)
                         ELSE l.open_until END,
       failures = CASE WHEN EXCLUDED.version > l.version THEN EXCLUDED.failures
                       WHEN EXCLUDED.version = l.version THEN l.failures + EXCLUDED.failures ELSE l.failures END,
       failing_since = CASE WHEN EXCLUDED.version > l.version THEN EXCLUDED.failing_since
                            WHEN EXCLUDED.version = l.version THEN coalesce(l.failing_since, EXCLUDED.failing_since)
                            ELSE l.failing_since END,
       version = greatest(l.version, EXCLUDED.version)
RETURNING account_id, hook_id, failures, extract(epoch FROM now() - failing_since)::float8 AS failing_seconds
"""


async def update_queues(conn: Connection, notes: Sequence[QueueUpdate]) -> list[Record]:
    """Store the state of receivers and when their next delivery is due, one update for each hook.

    Returns `account_id, hook_id, failures` (in a row) and `failing_seconds` (null while it does not fail) of each.
    """
    if not notes:
        return []
    return await conn.fetch(
        _UPDATE_QUEUES,
        [note.key[0] for note in notes],
        [note.key[1] for note in notes],
        [note.ordered for note in notes],
        [note.due_in for note in notes],
        [note.open_seconds for note in notes],
        [note.failures for note in notes],
        [note.version for note in notes],
    )


async def limits_of_idle_hooks(conn: Connection, keys: Sequence[Key]) -> dict[Key, HookLimits]:
    """The limits of existing hooks whose queue holds nothing that a claim has to read first: no backlog, no failure."""
    rows = await conn.fetch(
        "SELECT h.account_id, h.id, h.rate_per_second, h.concurrency"
        "  FROM unnest($1::uuid[], $2::uuid[]) AS k(account_id, id)"
        "  JOIN dispatch_api.hook h ON h.account_id = k.account_id AND h.id = k.id"
        "  LEFT JOIN execution.delivery_queue l ON l.account_id = k.account_id AND l.hook_id = k.id"
        " WHERE l.hook_id IS NULL OR (l.failures = 0 AND l.due_at IS NULL)",
        [key[0] for key in keys],
        [key[1] for key in keys],
    )
    return {(row["account_id"], row["id"]): HookLimits(row["rate_per_second"], row["concurrency"]) for row in rows}


async def lock(conn: Connection, keys: Iterable[Key]) -> None:
    """Lock queues in their order, at the beginning of a transaction that uses several."""
    ordered = sorted(set(keys))
    await conn.execute(
        "SELECT FROM execution.delivery_queue"
        " WHERE (account_id, hook_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))"
        " ORDER BY account_id, hook_id FOR UPDATE",
        [key[0] for key in ordered],
        [key[1] for key in ordered],
    )


_RESET_QUEUES = """
UPDATE execution.delivery_queue l SET failures = 0, failing_since = NULL, open_until = NULL, version = k.version
  FROM (SELECT l.account_id, l.hook_id, k.version
          FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS k(account_id, hook_id, version)
          JOIN execution.delivery_queue l ON l.account_id = k.account_id AND l.hook_id = k.hook_id
         WHERE l.version <= k.version
           AND (l.failures > 0 OR l.failing_since IS NOT NULL OR l.open_until IS NOT NULL)
         ORDER BY l.account_id, l.hook_id FOR UPDATE OF l) k
 WHERE l.account_id = k.account_id AND l.hook_id = k.hook_id
"""


async def reset_queues(conn: Connection | Pool, versions: Mapping[Key, int]) -> None:
    """Forget the failures of receivers that answered well, at the hook's version that was called or an older one."""
    if versions:
        await conn.execute(
            _RESET_QUEUES, [key[0] for key in versions], [key[1] for key in versions], list(versions.values())
        )


_RENEW_QUEUES = """
UPDATE execution.delivery_queue l
   SET failures = 0, failing_since = NULL, open_until = NULL, version = k.version,
       due_at = least(l.due_at, CASE WHEN l.due_at IS NOT NULL THEN now() END)
  FROM (SELECT l.account_id, l.hook_id, h.version FROM execution.delivery_queue l
          JOIN dispatch_api.hook h ON h.account_id = l.account_id AND h.id = l.hook_id
         WHERE l.failures > 0 AND h.version > l.version
         ORDER BY l.account_id, l.hook_id LIMIT $1 FOR UPDATE OF l SKIP LOCKED) k
 WHERE l.account_id = k.account_id AND l.hook_id = k.hook_id
RETURNING l.hook_id
"""


async def renew_queues(pool: Pool, *, queues_max: int) -> int:
    """Reset the queues of changed hooks; return how many."""
    return len(await pool.fetch(_RENEW_QUEUES, queues_max))


_LOCK_DUE_QUEUES = """
SELECT l.account_id, l.hook_id, l.ordered, l.failures, l.version, h.version AS hook_version,
       h.rate_per_second, h.concurrency,
       greatest(extract(epoch FROM l.open_until - now())::float8, 0) AS open_seconds_left
  FROM execution.delivery_queue l
  LEFT JOIN dispatch_api.hook h ON h.account_id = l.account_id AND h.id = l.hook_id
 WHERE l.due_at <= now() ORDER BY l.due_at LIMIT $1 FOR UPDATE OF l SKIP LOCKED
"""

_LOCK_QUEUES = """
SELECT l.account_id, l.hook_id, l.ordered, l.failures, l.version, h.version AS hook_version,
       h.rate_per_second, h.concurrency,
       greatest(extract(epoch FROM l.open_until - now())::float8, 0) AS open_seconds_left
  FROM unnest($1::uuid[], $2::uuid[]) AS w(account_id, hook_id)
  JOIN execution.delivery_queue l ON l.account_id = w.account_id AND l.hook_id = w.hook_id
  LEFT JOIN dispatch_api.hook h ON h.account_id = l.account_id AND h.id = l.hook_id
 WHERE l.due_at IS NOT NULL
   FOR UPDATE OF l SKIP LOCKED
"""


async def lock_queues(conn: Connection, *, also: Iterable[Key], queues_max: int) -> list[QueueRow]:
    """Lock unlocked queues that are due, and those of `also` with pending deliveries."""
    rows = await conn.fetch(_LOCK_DUE_QUEUES, queues_max)
    wanted = sorted(set(also) - {(row["account_id"], row["hook_id"]) for row in rows})[:queues_max]
    if wanted:
        rows += await conn.fetch(_LOCK_QUEUES, [key[0] for key in wanted], [key[1] for key in wanted])
    return [
        QueueRow(
            (row["account_id"], row["hook_id"]),
            row["ordered"],
            row["open_seconds_left"] or 0.0,
            row["failures"],
            row["version"],
            row["hook_version"] or 0,
            HookLimits(row["rate_per_second"], row["concurrency"]),
        )
        for row in rows
    ]


_LEASE = """
UPDATE execution.delivery d
   SET state = 'in_flight', due_at = NULL, leased_until = now() + make_interval(secs => $1),
       lease_epoch = d.lease_epoch + 1
  FROM picked p
 WHERE d.account_id = p.account_id AND d.id = p.id AND d.state = 'pending'
RETURNING d.account_id, d.id, d.event_id, d.hook_id, d.correlation_id, d.trigger, d.body, d.ordered, d.is_retry,
       d.tries,
          d.lease_epoch, p.due_at
"""

_CLAIM = f"""
WITH picked AS MATERIALIZED (
    SELECT d.account_id, d.id, d.due_at
      FROM unnest($2::uuid[], $3::uuid[], $4::boolean[], $5::int[]) AS t(account_id, hook_id, is_retry, many)
     CROSS JOIN LATERAL (
            SELECT account_id, id, due_at FROM execution.delivery
             WHERE hook_id = t.hook_id AND account_id = t.account_id AND state = 'pending' AND NOT ordered
               AND is_retry = t.is_retry AND due_at <= now()
             ORDER BY due_at, id LIMIT t.many) d
)
{_LEASE}
"""  # noqa: S608  constants

BEHIND_SECONDS_MAX: Final = 600.0
"""How long an ordered delivery waits for its predecessor, which is dead-lettered or lost after that."""

CANDIDATES_MAX: Final = 200
"""Due deliveries of one ordered hook that one claim reads: its cost does not grow with the backlog."""

BLOCKED_SECONDS: Final = 60.0
"""When a delivery behind another of its client is due for a check, unless that one's end makes it due earlier."""

# Of the deliveries that are due, the first open one of each client may go. One behind another of its client, or behind
# one in progress, is postponed until that one is due (its end makes it due at once: see `release_next`). One
# whose predecessor has not arrived waits for it for a bounded time.
_CLAIM_ORDERED = f"""
WITH candidate AS MATERIALIZED (
    SELECT account_id, id, coalesce(client_id, id) AS client, due_at, after_id, created_at FROM execution.delivery
     WHERE hook_id = $3 AND account_id = $2 AND ordered AND state = 'pending' AND due_at <= now()
     ORDER BY due_at, id LIMIT {CANDIDATES_MAX}
), judged AS MATERIALIZED (
    SELECT c.account_id, c.id, c.due_at, CASE
               WHEN under_way.id IS NOT NULL THEN now() + interval '{BLOCKED_SECONDS} seconds'
               WHEN first.id <> c.id
               THEN greatest(first.due_at, now() + interval '{BLOCKED_SECONDS} seconds')
               WHEN c.after_id IS NULL OR EXISTS (SELECT FROM execution.delivery b
                                                   WHERE b.account_id = c.account_id AND b.id = c.after_id)
               THEN c.due_at
               ELSE greatest(c.due_at, c.created_at + interval '{BEHIND_SECONDS_MAX} seconds') END AS free_at
      FROM candidate c
     CROSS JOIN LATERAL (
            SELECT id, due_at FROM execution.delivery
             WHERE hook_id = $3 AND account_id = $2 AND ordered AND state IN ('pending', 'in_flight')
               AND coalesce(client_id, id) = c.client ORDER BY event_id LIMIT 1) first
      LEFT JOIN LATERAL (
            SELECT id FROM execution.delivery
             WHERE hook_id = $3 AND account_id = $2 AND ordered AND state = 'in_flight'
               AND coalesce(client_id, id) = c.client LIMIT 1) under_way ON true
), put_off AS (
    UPDATE execution.delivery d SET due_at = j.free_at FROM judged j
     WHERE d.account_id = j.account_id AND d.id = j.id AND d.state = 'pending' AND j.free_at > now()
), picked AS MATERIALIZED (
    SELECT account_id, id, due_at FROM judged WHERE free_at <= now() ORDER BY due_at, id LIMIT $4
)
{_LEASE}
"""  # noqa: S608  constants

# A delivery that waits for its own retry keeps its time.
_RELEASE_NEXT = """
UPDATE execution.delivery d SET due_at = now()
  FROM (SELECT DISTINCT n.account_id, n.id
          FROM unnest($1::uuid[], $2::uuid[]) AS g(account_id, id)
          JOIN execution.delivery ended ON ended.account_id = g.account_id AND ended.id = g.id
         CROSS JOIN LATERAL (
                SELECT account_id, id, tries FROM execution.delivery
                 WHERE hook_id = ended.hook_id AND account_id = ended.account_id AND ordered
                   AND state IN ('pending', 'in_flight')
                   AND coalesce(client_id, id) = coalesce(ended.client_id, ended.id)
                 ORDER BY event_id LIMIT 1) n
         WHERE n.tries = 0) n
 WHERE d.account_id = n.account_id AND d.id = n.id AND d.state = 'pending' AND d.due_at > now()
"""


async def release_next(conn: Connection, items: Sequence[ClaimedDelivery]) -> None:
    """Make due what waited behind these ordered deliveries, which have ended: the next one of each client."""
    if items:
        await conn.execute(_RELEASE_NEXT, [item.account_id for item in items], [item.id for item in items])


async def claim(
    conn: Connection, requests: Sequence[ClaimRequest], *, lease_seconds: float, now: float
) -> list[ClaimedDelivery]:
    """Lease pending deliveries of locked queues, oldest due first; of ordered ones only the first of each client."""
    rows: list[Record] = []
    if requests:
        keys = [request.key for request in requests] * 2
        rows += await conn.fetch(
            _CLAIM,
            lease_seconds,
            [key[0] for key in keys],
            [key[1] for key in keys],
            [False] * len(requests) + [True] * len(requests),
            [request.fresh for request in requests] + [request.retries for request in requests],
        )
    for request in requests:
        if request.ordered:
            rows += await conn.fetch(_CLAIM_ORDERED, lease_seconds, *request.key, request.fresh)
    rows.sort(key=_by_due)
    return [_claimed(row, now + lease_seconds) for row in rows]


def _by_due(row: Record) -> tuple[datetime, UUID]:
    return row["due_at"], row["id"]


def _claimed(row: Record, lease_ends: float) -> ClaimedDelivery:
    return ClaimedDelivery(
        account_id=row["account_id"],
        id=row["id"],
        event_id=row["event_id"],
        hook_id=row["hook_id"],
        correlation_id=row["correlation_id"],
        trigger=row["trigger"],
        body=row["body"],
        ordered=row["ordered"],
        is_retry=row["is_retry"],
        schedule_position=row["tries"],
        epoch=row["lease_epoch"],
        lease_ends=lease_ends,
    )


_SET_DUE = """
UPDATE execution.delivery_queue l
   SET due_at = CASE WHEN t.next_due IS NOT NULL THEN greatest(t.next_due, now() + make_interval(secs => t.wait)) END
  FROM (SELECT t.account_id, t.hook_id, t.wait, (
            SELECT min(due_at) FROM (
                (SELECT due_at FROM execution.delivery
                  WHERE hook_id = t.hook_id AND account_id = t.account_id AND state = 'pending' AND NOT ordered
                    AND is_retry = false
                  ORDER BY due_at LIMIT 1)
                UNION ALL
                (SELECT due_at FROM execution.delivery
                  WHERE hook_id = t.hook_id AND account_id = t.account_id AND state = 'pending' AND NOT ordered
                    AND is_retry = true
                  ORDER BY due_at LIMIT 1)
                UNION ALL
                (SELECT due_at FROM execution.delivery
                  WHERE hook_id = t.hook_id AND account_id = t.account_id AND state = 'pending' AND ordered
                  ORDER BY due_at LIMIT 1)) firsts) AS next_due
          FROM unnest($1::uuid[], $2::uuid[], $3::float8[]) AS t(account_id, hook_id, wait)) t
 WHERE l.account_id = t.account_id AND l.hook_id = t.hook_id
RETURNING l.account_id, l.hook_id, coalesce(t.next_due <= now(), false) AS more
"""


async def set_due(conn: Connection, scheduler: Sequence[tuple[QueueRow, float]]) -> dict[Key, bool]:
    """After a claim: set when each locked queue is next due, at the earliest in so many seconds.

    Returns the queues that have more due deliveries.
    """
    rows = await conn.fetch(
        _SET_DUE,
        [queue.key[0] for queue, _ in scheduler],
        [queue.key[1] for queue, _ in scheduler],
        [wait for _, wait in scheduler],
    )
    return {(row["account_id"], row["hook_id"]): row["more"] for row in rows}


async def next_due_seconds(pool: Pool) -> float | None:
    """Seconds until the next queue is due; negative when it is overdue, None when nothing is pending."""
    found: float | None = await pool.fetchval(
        "SELECT extract(epoch FROM min(due_at) - now())::float8 FROM execution.delivery_queue WHERE due_at IS NOT NULL"
    )
    return found
