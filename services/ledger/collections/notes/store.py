"""SQL on notes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from ledger.collections.notes.models import Note
from ledger.unit_of_work.state import Key
from storage.pool import Connection

_FIND: Final = """
SELECT n.account_id, n.id, n.client_id, n.sale_id, n.kind, n.body, n.pinned, n.needs_response, n.resolved_at, n.origin,
       n.author, n.created_at, n.updated_at
  FROM ledger.note n
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON n.account_id = w.account_id AND n.id = w.id
"""


async def find(conn: Connection, *, keys: Collection[Key]) -> dict[Key, Note]:
    """Read notes."""
    if not keys:
        return {}
    rows = await conn.fetch(_FIND, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["account_id"], row["id"]): Note(**row) for row in rows}


_WRITE: Final = """
INSERT INTO ledger.note
       (account_id, id, client_id, sale_id, kind, body, pinned, needs_response, resolved_at, origin, author, created_at,
        updated_at)
SELECT account_id, id, client_id, sale_id, kind, body, pinned, needs_response, resolved_at, origin, author, created_at,
       updated_at
  FROM jsonb_populate_recordset(NULL::ledger.note, $1)
 ORDER BY account_id, id
    ON CONFLICT (account_id, id) DO UPDATE
   SET body = excluded.body, pinned = excluded.pinned, needs_response = excluded.needs_response,
       resolved_at = excluded.resolved_at, updated_at = excluded.updated_at
"""


async def write(conn: Connection, *, notes: Sequence[Note]) -> None:
    """Insert new notes, and update others: one statement for all."""
    if notes:
        await conn.execute(_WRITE, notes)
