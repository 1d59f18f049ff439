"""SQL on collectors and their versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from ledger.collections.collectors.models import Collector
from ledger.collections.collectors.starter import starter_collectors
from ledger.unit_of_work.state import Key
from storage.pool import Connection

_FIND: Final = """
SELECT c.account_id, c.id, c.name, c.kind, c.is_default, c.version, v.steps, c.replaced_by, c.created_at, c.updated_at,
       c.deleted_at
  FROM ledger.collector c
  JOIN ledger.collector_version v
    ON v.account_id = c.account_id AND v.collector_id = c.id AND v.version = c.version
 WHERE c.account_id = ANY($1::uuid[])
 ORDER BY c.account_id, c.id
"""


async def of_accounts(conn: Connection, *, account_ids: Collection[UUID]) -> dict[UUID, dict[UUID, Collector]]:
    """Read all collectors of accounts whose books are locked; one that has none gets those it starts with."""
    found: defaultdict[UUID, dict[UUID, Collector]] = defaultdict(dict)
    if not account_ids:
        return found
    for row in await conn.fetch(_FIND, sorted(account_ids)):
        found[row["account_id"]][row["id"]] = Collector(**row)
    fresh = sorted(set(account_ids) - found.keys())
    if fresh:
        now = datetime.now(tz=UTC)
        made = [one for account_id in fresh for one in starter_collectors(account_id, now=now)]
        await write(conn, collectors=made)
        for one in made:
            found[one.account_id][one.id] = one
    return found


_OPENED: Final = "SELECT DISTINCT account_id FROM ledger.collector WHERE account_id = ANY($1::uuid[])"


async def opened(conn: Connection, *, account_ids: Collection[UUID]) -> set[UUID]:
    """Find which of these accounts have collectors already."""
    return {row["account_id"] for row in await conn.fetch(_OPENED, sorted(account_ids))}


# Who stops being the default comes first: there is one at each moment.
_WRITE: Final = """
INSERT INTO ledger.collector
       (account_id, id, name, kind, is_default, version, replaced_by, created_at, updated_at, deleted_at)
SELECT account_id, id, name, kind, is_default, version, replaced_by, created_at, updated_at, deleted_at
  FROM jsonb_populate_recordset(NULL::ledger.collector, $1)
 ORDER BY is_default, account_id, id
    ON CONFLICT (account_id, id) DO UPDATE
   SET name = excluded.name, kind = excluded.kind, is_default = excluded.is_default, version = excluded.version,
       replaced_by = excluded.replaced_by, updated_at = excluded.updated_at, deleted_at = excluded.deleted_at
"""

_WRITE_VERSIONS: Final = """
INSERT INTO ledger.collector_version (account_id, collector_id, version, steps, created_at)
SELECT account_id, id, version, steps, updated_at
  FROM jsonb_to_recordset($1) AS w (account_id uuid, id uuid, version int, steps jsonb, updated_at timestamptz)
    ON CONFLICT DO NOTHING
"""


async def write(conn: Connection, *, collectors: Sequence[Collector]) -> None:
    """Insert new collectors and versions, and what became of others."""
    if not collectors:
        return
    await conn.execute(_WRITE, collectors)
    await conn.execute(_WRITE_VERSIONS, collectors)


_USED: Final = """
SELECT w.account_id, w.id FROM unnest($1::uuid[], $2::uuid[]) AS w (account_id, id)
 WHERE EXISTS (SELECT FROM ledger.client c WHERE c.account_id = w.account_id AND c.collector_id = w.id)
    OR EXISTS (SELECT FROM ledger.collection_case c
                WHERE c.account_id = w.account_id AND c.collector_id = w.id AND c.state <> 'settled')
    OR EXISTS (SELECT FROM ledger.collected_invoice m
                 JOIN ledger.sale_state t ON t.account_id = m.account_id AND t.sale_id = m.sale_id AND t.owed
                WHERE m.account_id = w.account_id AND m.collector_id = w.id)
"""


async def used(conn: Connection, *, keys: Collection[Key]) -> set[Key]:
    """Of these collectors, those that clients name, open invoices were moved to or cases are under way in."""
    if not keys:
        return set()
    rows = await conn.fetch(_USED, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["account_id"], row["id"]) for row in rows}


_APPLY: Final = """
WITH applied AS (
    UPDATE ledger.collection_case c SET version = w.version
      FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS w (account_id, id, version)
     WHERE c.account_id = w.account_id AND c.collector_id = w.id AND c.state <> 'settled'
    RETURNING c.account_id, c.client_id
)
UPDATE ledger.collected_client d SET due_at = $4, revision = d.revision + 1
  FROM applied a WHERE d.account_id = a.account_id AND d.client_id = a.client_id
"""


async def apply(conn: Connection, *, collectors: Sequence[Collector], now: datetime) -> None:
    """Let the cases under way in these follow their newest version, and be decided on again."""
    if collectors:
        columns = [[one.account_id for one in collectors], [one.id for one in collectors]]
        await conn.execute(_APPLY, *columns, [one.version for one in collectors], now)


_WAKE: Final = """
UPDATE ledger.collected_client d SET due_at = $3, revision = d.revision + 1
  FROM (
    SELECT c.account_id, c.client_id FROM ledger.collection_case c
      JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON c.account_id = w.account_id AND c.collector_id = w.id
     WHERE c.state <> 'settled'
  ) a
 WHERE d.account_id = a.account_id AND d.client_id = a.client_id
"""


async def wake(conn: Connection, *, keys: Collection[Key], now: datetime) -> None:
    """Let the clients with cases under way in these collectors be decided on again."""
    if keys:
        await conn.execute(_WAKE, [key[0] for key in keys], [key[1] for key in keys], now)
