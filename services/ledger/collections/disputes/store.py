"""SQL on disputes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from ledger.collections.disputes.models import Dispute
from ledger.unit_of_work.state import Key
from storage.pool import Connection

_FIND: Final = """
SELECT d.account_id, d.id, d.client_id, d.sale_id, d.reason, d.state, d.resolution, d.created_at, d.resolved_at
  FROM ledger.dispute d
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON d.account_id = w.account_id AND d.id = w.id
UNION
SELECT d.account_id, d.id, d.client_id, d.sale_id, d.reason, d.state, d.resolution, d.created_at, d.resolved_at
  FROM ledger.dispute d
  JOIN unnest($3::uuid[], $4::uuid[]) AS w (account_id, sale_id)
    ON d.account_id = w.account_id AND d.sale_id = w.sale_id AND d.state = 'open'
UNION
SELECT d.account_id, d.id, d.client_id, d.sale_id, d.reason, d.state, d.resolution, d.created_at, d.resolved_at
  FROM ledger.dispute d
  JOIN unnest($5::uuid[], $6::uuid[]) AS w (account_id, client_id)
    ON d.account_id = w.account_id AND d.client_id = w.client_id AND d.state = 'open'
"""


async def find(
    conn: Connection, *, keys: Collection[Key], sales: Collection[Key], clients: Collection[Key]
) -> list[Dispute]:
    """Read disputes by their ids, and the open ones of sales and of clients."""
    if not keys and not sales and not clients:
        return []
    wanted = [[key[place] for key in some] for some in (keys, sales, clients) for place in (0, 1)]
    rows = await conn.fetch(_FIND, *wanted)
    return [Dispute(**row) for row in rows]


_WRITE: Final = """
INSERT INTO ledger.dispute
       (account_id, id, client_id, sale_id, reason, state, resolution, created_at, resolved_at)
SELECT account_id, id, client_id, sale_id, reason, state, resolution, created_at, resolved_at
  FROM jsonb_populate_recordset(NULL::ledger.dispute, $1)
 ORDER BY state DESC, account_id, id
    ON CONFLICT (account_id, id) DO UPDATE
   SET state = excluded.state, resolution = excluded.resolution, resolved_at = excluded.resolved_at
"""


async def write(conn: Connection, *, disputes: Sequence[Dispute]) -> None:
    """Insert new disputes, and update others; resolved ones first, so that an invoice has one open dispute."""
    if disputes:
        await conn.execute(_WRITE, disputes)
