"""SQL on promises."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from ledger.collections.promises.models import Paid, Promise
from ledger.unit_of_work.state import Key
from storage.pool import Connection, Pool

_FIND: Final = """
SELECT p.account_id, p.id, p.client_id, p.date, p.amount_minor, p.currency, p.sale_ids, p.state, p.ends_at, p.check_at,
       p.created_at, p.ended_at, p.updated_at
  FROM ledger.promise p
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON p.account_id = w.account_id AND p.id = w.id
"""


async def find(conn: Connection, *, keys: Collection[Key]) -> dict[Key, Promise]:
    """Read promises."""
    if not keys:
        return {}
    rows = await conn.fetch(_FIND, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["account_id"], row["id"]): Promise(**row) for row in rows}


# Earlier promises about the same debt are paid first, as long as they were not over when this one was made. A promise
# about invoices counts what payments settled of them; one about the client counts what came in, applied or not.
_PAID: Final = """
SELECT p.account_id, p.id, p.amount_minor + e.minor AS needed_minor,
       CASE WHEN cardinality(p.sale_ids) > 0 THEN s.minor ELSE i.minor END AS paid_minor, o.minor AS open_minor
  FROM ledger.promise p
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON p.account_id = w.account_id AND p.id = w.id
 CROSS JOIN LATERAL (
    SELECT coalesce(sum(q.amount_minor), 0)::bigint AS minor,
           least(p.created_at, min(q.created_at)) AS since
      FROM ledger.promise q
     WHERE q.account_id = p.account_id AND q.client_id = p.client_id AND q.currency = p.currency
       AND q.state IN ('open', 'kept') AND (q.date, q.id) < (p.date, p.id)
       AND (q.ended_at IS NULL OR q.ended_at >= p.created_at)
       AND (q.sale_ids && p.sale_ids OR cardinality(q.sale_ids) = 0 AND cardinality(p.sale_ids) = 0)
 ) e
 CROSS JOIN LATERAL (
    SELECT coalesce(sum(x.amount_minor), 0)::bigint AS minor FROM ledger.settlement x
     WHERE x.account_id = p.account_id AND x.sale_id = ANY(p.sale_ids) AND x.payment_id IS NOT NULL
       AND x.created_at >= e.since
 ) s
 CROSS JOIN LATERAL (
    SELECT coalesce(sum(y.amount_minor - y.refunded_minor), 0)::bigint AS minor FROM ledger.payment y
     WHERE y.account_id = p.account_id AND y.client_id = p.client_id AND y.currency = p.currency
       AND y.status = 'confirmed' AND y.updated_at >= e.since
       AND EXISTS (SELECT FROM ledger.entry b
                    WHERE b.account_id = y.account_id AND b.document_id = y.id AND b.kind = 'payment'
                      AND b.created_at >= e.since)
 ) i
 CROSS JOIN LATERAL (
    SELECT coalesce(sum(t.open_minor), 0)::bigint AS minor FROM ledger.sale_state t
     WHERE t.account_id = p.account_id AND t.client_id = p.client_id AND t.currency = p.currency
       AND t.role = 'receivable' AND t.status = 'issued' AND t.open_minor > 0
       AND (cardinality(p.sale_ids) = 0 OR t.sale_id = ANY(p.sale_ids))
 ) o
"""


async def paid(conn: Connection, *, keys: Collection[Key]) -> dict[Key, Paid]:
    """Read what came in for promises."""
    if not keys:
        return {}
    rows = await conn.fetch(_PAID, [key[0] for key in keys], [key[1] for key in keys])
    return {
        (row["account_id"], row["id"]): Paid(row["needed_minor"], row["paid_minor"], row["open_minor"]) for row in rows
    }


_WRITE: Final = """
INSERT INTO ledger.promise
       (account_id, id, client_id, date, amount_minor, currency, sale_ids, state, ends_at, check_at, created_at,
        ended_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    ON CONFLICT (account_id, id) DO UPDATE
   SET state = excluded.state, ends_at = excluded.ends_at, check_at = excluded.check_at, ended_at = excluded.ended_at,
       updated_at = excluded.updated_at
"""


async def write(conn: Connection, *, promises: Sequence[Promise]) -> None:
    """Insert new promises, and what became of others."""
    if not promises:
        return
    await conn.executemany(
        _WRITE,
        [
            (
                one.account_id, one.id, one.client_id, one.date, one.amount_minor, one.currency, one.sale_ids,
                one.state, one.ends_at, one.check_at, one.created_at, one.ended_at, one.updated_at,
            )
            for one in sorted(promises, key=lambda one: (one.account_id, one.id))
        ],
    )  # fmt: skip


_CHECK: Final = """
UPDATE ledger.promise p SET check_at = $3
  FROM unnest($1::uuid[], $2::uuid[]) AS w (account_id, client_id)
 WHERE p.account_id = w.account_id AND p.client_id = w.client_id
   AND (p.state = 'open' OR p.state = 'kept' AND p.ends_at > $3)
RETURNING true
"""


async def check_now(conn: Connection, *, clients: Collection[Key], now: datetime) -> bool:
    """Let the promises of clients that paid be looked at; whether there are any."""
    if not clients:
        return False
    ordered = sorted(clients)
    rows = await conn.fetch(_CHECK, [key[0] for key in ordered], [key[1] for key in ordered], now)
    return bool(rows)


# Moved on by a lease: a row whose claimant dies is claimed again. No lock is waited for.
_CLAIM: Final = """
UPDATE ledger.promise p SET check_at = $1 + $2
  FROM (
    SELECT account_id, id FROM ledger.promise
     WHERE check_at <= $1 ORDER BY check_at LIMIT $3
       FOR UPDATE SKIP LOCKED
  ) d
 WHERE p.account_id = d.account_id AND p.id = d.id
RETURNING p.account_id, p.id
"""


async def claim(pool: Pool, *, now: datetime, lease: timedelta, most: int) -> list[Key]:
    """Claim promises that are due to be looked at."""
    return [(row["account_id"], row["id"]) for row in await pool.fetch(_CLAIM, now, lease, most)]


_NEXT: Final = "SELECT min(check_at) FROM ledger.promise WHERE check_at IS NOT NULL"


async def next_at(pool: Pool) -> datetime | None:
    """When the next one is to be looked at."""
    moment: datetime | None = await pool.fetchval(_NEXT)
    return moment
