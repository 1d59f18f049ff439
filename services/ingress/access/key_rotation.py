"""Check the encryption keys at start, and re-encrypt secrets when a newer key was added."""

from __future__ import annotations

import structlog

from chassis.encryption import Encryptor, check_key, renew_key_check
from contracts.wire.topology import SCHEMAS
from ingress.access import channel_store, user_store
from storage.pool import Pool

log = structlog.get_logger(__name__)


async def ensure_encrypted_with_newest_key(pool: Pool, encryptor: Encryptor) -> None:
    """Check the keys; re-encrypt everything with the newest key where an older one was used.

    Raises:
        SettingsError: the key that encrypted this database's secrets is not among the keys.
    """
    if await check_key(pool, encryptor, schema=SCHEMAS["ingress"]):
        return
    async with pool.acquire() as conn, conn.transaction():
        rows = await channel_store.encrypted_secrets(conn)
        anew = [row for row in rows if not encryptor.is_newest(row[2])]
        await channel_store.replace_encrypted(
            conn,
            [(account_id, channel_id, encryptor.encrypt(encryptor.open(old))) for account_id, channel_id, old in anew],
        )
        logins = [row for row in await user_store.encrypted_secrets(conn) if not encryptor.is_newest(row[1])]
        await user_store.replace_encrypted(
            conn, [(user_id, encryptor.encrypt(encryptor.open(old))) for user_id, old in logins]
        )
        await renew_key_check(conn, encryptor, schema=SCHEMAS["ingress"])
    log.info("secrets_sealed_again", count=len(anew) + len(logins), key_id=encryptor.key_ids[0])
