"""Notice when an account's settings of collections change, and let all its clients be decided on again."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

from storage.pool import Pool

FOLLOW_SECONDS: Final = 30.0  # until a new send window counts for steps that are scheduled already
ACCOUNTS_MAX: Final = 200  # in one statement

_FOLLOW: Final = """
WITH moved AS (
    SELECT a.account_id, jsonb_build_array(a.time_zone, a.locale, a.collections) AS settings
      FROM ingress_api.account a
      JOIN ledger.book b ON b.account_id = a.account_id
      LEFT JOIN ledger.collection_settings s ON s.account_id = a.account_id
     WHERE s.settings IS DISTINCT FROM jsonb_build_array(a.time_zone, a.locale, a.collections)
     LIMIT $2
), kept AS (
    INSERT INTO ledger.collection_settings AS s (account_id, settings)
    SELECT account_id, settings FROM moved
        ON CONFLICT (account_id) DO UPDATE SET settings = excluded.settings
    RETURNING s.account_id
)
UPDATE ledger.collected_client c SET due_at = $1
  FROM kept k WHERE c.account_id = k.account_id AND (c.due_at IS NULL OR c.due_at > $1)
"""


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
        await self._pool.execute(_FOLLOW, now, ACCOUNTS_MAX)
