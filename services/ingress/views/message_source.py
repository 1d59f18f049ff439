"""Read mails as they were sent, which the executor keeps compressed."""

from __future__ import annotations

import asyncio
import zlib
from typing import Final
from uuid import UUID

from storage.pool import Pool

SOURCE_BYTES_MAX: Final = 30 * 1024 * 1024  # above the largest mail that is sent

_FIND: Final = "SELECT source FROM execution_api.mail_source WHERE account_id = $1 AND message_id = $2"


async def find(pool: Pool, *, account_id: UUID, message_id: UUID) -> bytes | None:
    """The mail's MIME; None where none is kept."""
    compressed: bytes | None = await pool.fetchval(_FIND, account_id, message_id)
    if compressed is None:
        return None
    return await asyncio.to_thread(zlib.decompressobj().decompress, compressed, SOURCE_BYTES_MAX)
