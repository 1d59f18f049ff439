"""Check the encryption keys at start, and re-encrypt connections when a newer key was added."""

from __future__ import annotations

import structlog

from action_executor.connections import store
from chassis.encryption import Encryptor, check_key, renew_key_check
from storage.pool import Pool

log = structlog.get_logger(__name__)


async def ensure_encrypted_with_newest_key(pool: Pool, encryptor: Encryptor, *, schema: str) -> None:
    """Check the keys; re-encrypt everything with the newest key where an older one was used.

    Raises:
        SettingsError: the key that encrypted this database's secrets is not among the keys.
    """
    if await check_key(pool, encryptor, schema=schema):
        return
    async with pool.acquire() as conn, conn.transaction():
        rows = await store.lock_all_encrypted(conn)
        anew = [row for row in rows if not encryptor.is_newest(row["encrypted"])]
        await store.replace_encrypted(
            conn, [(row["account_id"], row["id"], encryptor.encrypt(encryptor.open(row["encrypted"]))) for row in anew]
        )
        await renew_key_check(conn, encryptor, schema=schema)
    log.info("secrets_sealed_again", count=len(anew), key_id=encryptor.key_ids[0])
