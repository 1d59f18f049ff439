"""Check the encryption keys at start, and re-encrypt hooks' secrets when a newer key was added."""

from __future__ import annotations

from uuid import UUID

import structlog

from chassis.encryption import Encryptor, check_key, renew_key_check
from storage.pool import Connection, Pool
from trigger_dispatcher.hooks import store

log = structlog.get_logger(__name__)


async def ensure_encrypted_with_newest_key(pool: Pool, encryptor: Encryptor, *, schema: str) -> None:
    """Check the keys; re-encrypt everything with the newest key where an older one was used.

    Raises:
        SettingsError: the key that encrypted this database's secrets is not among the keys.
    """
    if await check_key(pool, encryptor, schema=schema):
        return
    async with pool.acquire() as conn, conn.transaction():
        count = await _seal_again(conn, encryptor)
        await renew_key_check(conn, encryptor, schema=schema)
    log.info("secrets_sealed_again", count=count, key_id=encryptor.key_ids[0])


async def _seal_again(conn: Connection, encryptor: Encryptor) -> int:
    def anew(encrypted: bytes | None) -> bytes | None:
        return (
            encrypted
            if encrypted is None or encryptor.is_newest(encrypted)
            else encryptor.encrypt(encryptor.open(encrypted))
        )

    rows: list[tuple[UUID, UUID, bytes, bytes | None]] = [
        (row["account_id"], row["id"], anew(row["secret"]) or row["secret"], anew(row["previous_secret"]))
        for row in await store.encrypted_secrets(conn)
    ]
    await store.replace_secrets(conn, rows)
    return len(rows)
