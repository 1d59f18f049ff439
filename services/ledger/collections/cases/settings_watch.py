"""Let all clients of an account be decided on again when its settings of collections have changed."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from storage.pool import Connection, Pool

FOLLOW_SECONDS: Final = 30.0  # a command says so at once; this finds what a restored backup or older code left
ACCOUNTS_MAX: Final = 200  # in one statement

_MOVED: Final = """
SELECT a.account_id, jsonb_build_array(a.time_zone, a.locale, a.collections) AS settings
  FROM ingress_api.account a
  JOIN ledger.book b ON b.account_id = a.account_id
  LEFT JOIN ledger.collection_settings s ON s.account_id = a.account_id
 WHERE s.settings IS DISTINCT FROM jsonb_build_array(a.time_zone, a.locale, a.collections)
"""
_FOLLOW: Final = """
), kept AS (
    INSERT INTO ledger.collection_settings AS s (account_id, settings)
    SELECT account_id, settings FROM moved
        ON CONFLICT (account_id) DO UPDATE SET settings = excluded.settings
    RETURNING s.account_id
)
UPDATE ledger.collected_client c SET due_at = $1
  FROM kept k WHERE c.account_id = k.account_id AND (c.due_at IS NULL OR c.due_at > $1)
"""
_FOLLOW_ANY: Final = f"WITH moved AS ({_MOVED} LIMIT $2 {_FOLLOW}"
_FOLLOW_THESE: Final = f"WITH moved AS ({_MOVED} AND a.account_id = ANY($2::uuid[]) {_FOLLOW}"


async def follow(conn: Connection, *, account_ids: Collection[UUID], now: datetime) -> None:
    """Make the clients of these accounts due, where their settings are others than were counted by."""
    if account_ids:
        await conn.execute(_FOLLOW_THESE, now, sorted(account_ids))


class SettingsWatch:
    """Looks at the accounts' settings now and then."""

    def __init__(self, pool: Pool) -> None:
        self._pool, self._at = pool, 0.0

    async def follow(self, now: datetime) -> None:
        """Make the clients of accounts due whose settings are others by now."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._at:
            return
        self._at = loop.time() + FOLLOW_SECONDS
        await self._pool.execute(_FOLLOW_ANY, now, ACCOUNTS_MAX)
