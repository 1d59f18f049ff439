"""At start: prove that the keys fit, and seal connections again where a newer key has come."""

from __future__ import annotations

import structlog

from action_executor.connections import store
from chassis.sealing import Sealer, check_canary, renew_canary
from storage.pool import Pool

log = structlog.get_logger(__name__)


async def ensure_sealed(pool: Pool, sealer: Sealer, *, schema: str) -> None:
    """Check the canary; where an older key sealed it, seal everything with the newest, so that the old can be dropped.

    Raises:
        SettingsError: the key that sealed this database's secrets is not among the keys.
    """
    if await check_canary(pool, sealer, schema=schema):
        return
    async with pool.acquire() as conn, conn.transaction():
        rows = await store.lock_all_sealed(conn)
        anew = [row for row in rows if not sealer.is_newest(row["sealed"])]
        await store.replace_sealed(
            conn, [(row["account_id"], row["id"], sealer.seal(sealer.open(row["sealed"]))) for row in anew]
        )
        await renew_canary(conn, sealer, schema=schema)
    log.info("secrets_sealed_again", count=len(anew), key_id=sealer.key_ids[0])
