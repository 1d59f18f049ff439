"""SQL on the clients that are due."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from ledger.unit_of_work.state import Key
from storage.pool import Connection

_MARK: Final = """
INSERT INTO ledger.collected_client AS c (account_id, client_id, due_at)
SELECT w.account_id, w.client_id, $3 FROM unnest($1::uuid[], $2::uuid[]) AS w (account_id, client_id)
  JOIN ledger.client x ON x.account_id = w.account_id AND x.id = w.client_id
 ORDER BY 1, 2
    ON CONFLICT (account_id, client_id) DO UPDATE
   SET due_at = least(c.due_at, excluded.due_at), revision = c.revision + 1
"""


async def mark(conn: Connection, *, clients: Collection[Key], now: datetime) -> None:
    """Make clients due; one that is due earlier stays so, one that was removed is left out."""
    if clients:
        await conn.execute(_MARK, [key[0] for key in clients], [key[1] for key in clients], now)
