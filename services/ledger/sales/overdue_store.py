"""SQL of the overdue scheduler: which invoices are due for a check, and when the next is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from ledger.unit_of_work.state import Key
from storage.pool import Connection, Pool

# Postponed by a lease: the row of a dead claimer is claimed again. No lock is waited for.
_CLAIM: Final = """
UPDATE ledger.sale_state t SET overdue_check_at = $1 + $2
  FROM (
    SELECT account_id, sale_id FROM ledger.sale_state
     WHERE owed AND NOT late AND overdue_check_at <= $1
     ORDER BY overdue_check_at LIMIT $3
       FOR UPDATE SKIP LOCKED
  ) d
 WHERE t.account_id = d.account_id AND t.sale_id = d.sale_id
RETURNING t.account_id, t.sale_id
"""


async def claim(pool: Pool, *, now: datetime, lease: timedelta, most: int) -> list[Key]:
    """Claim invoices whose due day is over and whose event was not fired."""
    return [(row["account_id"], row["sale_id"]) for row in await pool.fetch(_CLAIM, now, lease, most)]


_NEXT: Final = "SELECT min(overdue_check_at) FROM ledger.sale_state WHERE owed AND NOT late"


async def next_at(pool: Pool) -> datetime | None:
    """When the next one is due for a check; None when nothing is owed."""
    moment: datetime | None = await pool.fetchval(_NEXT)
    return moment


_MOVED_ZONES: Final = """
SELECT b.account_id FROM ledger.book b
  JOIN ingress_api.account a ON a.account_id = b.account_id
 WHERE a.time_zone <> b.time_zone LIMIT $1
"""


async def moved_zones(conn: Connection, *, most: int) -> list[UUID]:
    """The accounts whose time zone changed since their row was last locked."""
    return [row["account_id"] for row in await conn.fetch(_MOVED_ZONES, most)]
