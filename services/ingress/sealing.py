"""At start: prove that the keys fit, and seal the channels' secrets again where a newer key has come."""

from __future__ import annotations

import structlog

from chassis.sealing import Sealer, check_canary, renew_canary
from contracts.topology import SCHEMAS
from ingress.store import channels
from storage.pool import Pool

log = structlog.get_logger(__name__)


async def ensure_sealed(pool: Pool, sealer: Sealer) -> None:
    """Check the canary; where an older key sealed it, seal everything with the newest, so that the old can be dropped.

    Raises:
        SettingsError: the key that sealed this database's secrets is not among the keys.
    """
    if await check_canary(pool, sealer, schema=SCHEMAS["ingress"]):
        return
    async with pool.acquire() as conn, conn.transaction():
        rows = await channels.sealed_secrets(conn)
        anew = [row for row in rows if not sealer.is_newest(row[2])]
        await channels.replace_sealed(
            conn, [(account_id, channel_id, sealer.seal(sealer.open(old))) for account_id, channel_id, old in anew]
        )
        await renew_canary(conn, sealer, schema=SCHEMAS["ingress"])
    log.info("secrets_sealed_again", count=len(anew), key_id=sealer.key_ids[0])
