"""A blob store that counts what each account stores, exactly, and refuses what is over its limit.

A file's row and its account's counter are committed around the move of the file to its place, so a row always has its
file. A crash in between leaves a file without a row: nothing names it, and the same bytes again are the same file.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

from storage.blobs import BlobStore, StoredBlob, Upload
from storage.pool import Pool

NO_LIMIT: Final = -1


class StorageLimitReached(Exception):
    """The account's files have as many bytes as they may have. `limit` is in bytes."""

    def __init__(self, *, limit: int, size: int) -> None:
        super().__init__(f"a file of {size} bytes is over the account's storage of {limit} bytes")
        self.limit, self.size = limit, size


class CountedBlobs:
    """Wraps the store of a service; `default_max` is the bytes of an account without a limit of its own."""

    def __init__(self, files: BlobStore, pool: Pool, *, default_max: int) -> None:
        self._files, self._pool, self._default_max = files, pool, default_max

    @asynccontextmanager
    async def receive(self, account_id: UUID) -> AsyncIterator[Upload]:
        """As the store does; `keep` of the upload raises `StorageLimitReached`, and nothing is stored then."""
        async with self._files.receive(account_id) as upload:
            yield _CountedUpload(upload, account_id, self._pool, self._default_max)

    def read(self, account_id: UUID, sha256: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """As the store does."""
        return self._files.read(account_id, sha256)

    async def sweep(self, *, older_than_seconds: float) -> int:
        """As the store does: incomplete uploads are not counted."""
        return await self._files.sweep(older_than_seconds=older_than_seconds)

    async def remove(self, account_id: UUID, sha256: str, *, before: datetime) -> bool:
        """Remove the file and give its bytes back, both or neither."""
        async with self._pool.acquire() as conn:
            transaction = conn.transaction()
            await transaction.start()
            gone = False
            try:
                await conn.execute("SELECT ingress_api.forget_file($1, $2)", account_id, sha256)
                gone = await self._files.remove(account_id, sha256, before=before)
            finally:
                await (transaction.commit() if gone else transaction.rollback())
        return gone


class _CountedUpload:
    """An upload that is counted as it is kept."""

    def __init__(self, upload: Upload, account_id: UUID, pool: Pool, default_max: int) -> None:
        self._upload, self._account_id, self._pool, self._default_max = upload, account_id, pool, default_max

    @property
    def size(self) -> int:
        return self._upload.size

    async def write(self, chunk: bytes) -> None:
        await self._upload.write(chunk)

    async def content(self) -> bytes:
        return await self._upload.content()

    async def finish(self) -> StoredBlob:
        return await self._upload.finish()

    async def keep(self) -> StoredBlob:
        blob = await self._upload.finish()  # the account's counter is not held while its bytes are synced
        async with self._pool.acquire() as conn, conn.transaction():
            limit: int | None = await conn.fetchval(
                "SELECT ingress_api.record_file($1, $2, $3, $4)",
                self._account_id, blob.sha256, blob.size, self._default_max,
            )  # fmt: skip
            if limit is not None:
                raise StorageLimitReached(limit=limit, size=blob.size)
            return await self._upload.keep()
