"""SQL on the counters of quotas; the account's lock excludes other writers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from ledger.quotas.rules import Quota, Usage
from storage.pool import Connection

UsageKey = tuple[UUID, Quota]
"""Account and what is counted."""

# The limits are ingress's: what it publishes is read here, and its absence coped with.
_READ: Final = """
SELECT w.account_id, w.quota, coalesce(c.used, 0) AS used, c.told_for, c.used IS NULL AS missing,
       CASE w.quota WHEN 'clients' THEN a.clients_max ELSE a.products_max END AS "limit"
  FROM unnest($1::uuid[], $2::text[]) AS w (account_id, quota)
  LEFT JOIN ledger.usage_counter c ON c.account_id = w.account_id AND c.quota = w.quota
  LEFT JOIN ingress_api.account a ON a.account_id = w.account_id
"""

_MAKE: Final = """
INSERT INTO ledger.usage_counter (account_id, quota)
SELECT w.account_id, w.quota FROM unnest($1::uuid[], $2::text[]) AS w (account_id, quota)
    ON CONFLICT DO NOTHING
"""


async def read(conn: Connection, *, wanted: Collection[UsageKey]) -> dict[UsageKey, Usage]:
    """How much is used and may be, making the counters of new accounts."""
    if not wanted:
        return {}
    ordered = sorted(wanted)
    rows = await conn.fetch(_READ, [account_id for account_id, _ in ordered], [quota for _, quota in ordered])
    missing = [row for row in rows if row["missing"]]
    if missing:
        await conn.execute(_MAKE, [row["account_id"] for row in missing], [row["quota"] for row in missing])
    return {(row["account_id"], row["quota"]): Usage(row["used"], row["limit"], row["told_for"]) for row in rows}


_WRITE: Final = """
UPDATE ledger.usage_counter c SET used = w.used, told_for = w.told_for
  FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::date[])
       AS w (account_id, quota, before, used, most, told_for)
 WHERE c.account_id = w.account_id AND c.quota = w.quota AND c.used = w.before
   AND (w.used <= w.before OR w.most IS NULL OR w.used <= w.most)
RETURNING c.used
"""


class UsageMoved(Exception):
    """A counter changed despite the account's lock, or exceeds the limit: a bug; nothing is committed."""


async def write(conn: Connection, *, moved: Mapping[UsageKey, tuple[Usage, Usage]]) -> None:
    """Move counters (before, after), each only from where it was read and not past its limit.

    Raises:
        UsageMoved: one could not be moved.
    """
    if not moved:
        return
    ordered = sorted(moved.items(), key=lambda one: one[0])
    rows = await conn.fetch(
        _WRITE,
        [account_id for (account_id, _), _ in ordered],
        [quota for (_, quota), _ in ordered],
        [before.used for _, (before, _) in ordered],
        [after.used for _, (_, after) in ordered],
        [after.limit for _, (_, after) in ordered],
        [after.told_for for _, (_, after) in ordered],
    )
    if len(rows) != len(ordered):
        raise UsageMoved
