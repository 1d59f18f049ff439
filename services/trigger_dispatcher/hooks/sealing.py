"""At start: prove that the keys fit, and seal the hooks' secrets again where a newer key has come."""

from __future__ import annotations

from uuid import UUID

import structlog

from chassis.sealing import Sealer, check_canary, renew_canary
from storage.pool import Connection, Pool
from trigger_dispatcher.hooks import store

log = structlog.get_logger(__name__)


async def ensure_sealed(pool: Pool, sealer: Sealer, *, schema: str) -> None:
    """Check the canary; where an older key sealed it, seal everything with the newest, so that the old can be dropped.

    Raises:
        SettingsError: the key that sealed this database's secrets is not among the keys.
    """
    if await check_canary(pool, sealer, schema=schema):
        return
    async with pool.acquire() as conn, conn.transaction():
        count = await _seal_again(conn, sealer)
        await renew_canary(conn, sealer, schema=schema)
    log.info("secrets_sealed_again", count=count, key_id=sealer.key_ids[0])


async def _seal_again(conn: Connection, sealer: Sealer) -> int:
    def anew(sealed: bytes | None) -> bytes | None:
        return sealed if sealed is None or sealer.is_newest(sealed) else sealer.seal(sealer.open(sealed))

    rows: list[tuple[UUID, UUID, bytes, bytes | None]] = [
        (row["account_id"], row["id"], anew(row["secret"]) or row["secret"], anew(row["previous_secret"]))
        for row in await store.sealed_secrets(conn)
    ]
    await store.replace_secrets(conn, rows)
    return len(rows)
