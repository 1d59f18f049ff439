"""Store files outside the database, addressed by content, before the row that refers to them is committed.

A file is stored for one account under the SHA-256 of its bytes, so the same bytes are stored once and a sender's file
name never becomes a path. A file survives a crash once `keep` has returned: the file and its directory are synced. A
file whose row was never committed remains without a reference; it does no harm, and the same bytes again are the same
file.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, Protocol
from uuid import UUID, uuid4

CHUNK_BYTES: Final = 256 * 1024

_UPLOADS: Final = "arriving"
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A stored file: the SHA-256 of its bytes in hexadecimal, and their number."""

    sha256: str
    size: int


class Upload(Protocol):
    """A file being written; it is discarded unless `keep` is called."""

    @property
    def size(self) -> int:
        """Bytes written so far."""
        ...

    async def write(self, chunk: bytes) -> None:
        """Add bytes at the end."""
        ...

    async def content(self) -> bytes:
        """All bytes written so far; the caller checks `size` first."""
        ...

    async def finish(self) -> StoredBlob:
        """Sync the bytes, which are not stored yet; nothing can be added afterwards."""
        ...

    async def keep(self) -> StoredBlob:
        """Make it durable; nothing can be added afterwards."""
        ...


class BlobStore(Protocol):
    """The port: what any blob store must do. Every method raises OSError when the store cannot be reached."""

    def receive(self, account_id: UUID) -> AbstractAsyncContextManager[Upload]:
        """Open an upload for the block."""
        ...

    def read(self, account_id: UUID, sha256: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Return a stored file's bytes in pieces.

        Raises:
            FileNotFoundError: the account has no such file.
        """
        ...

    async def sweep(self, *, older_than_seconds: float) -> int:
        """Remove incomplete uploads that a crash left behind; return how many."""
        ...

    async def remove(self, account_id: UUID, sha256: str, *, before: datetime) -> bool:
        """Remove a file unless it was stored again since `before`; return whether it is gone."""
        ...


class BlobStoreUnavailable(OSError):
    """The store cannot be written: make room or repair its folder; the same upload may pass later."""


class DirectoryBlobs:
    """The adapter for a directory: of this machine, or one that several machines share."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @asynccontextmanager
    async def receive(self, account_id: UUID) -> AsyncIterator[Upload]:
        """Write beside the stored files first, under a temporary name."""
        try:
            arriving = await asyncio.to_thread(_UploadFile, self._root, account_id)
        except OSError as error:
            raise BlobStoreUnavailable(str(error)) from error
        try:
            yield arriving
        finally:
            await asyncio.to_thread(arriving.discard)

    @asynccontextmanager
    async def read(self, account_id: UUID, sha256: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open the file; the pieces are read on demand."""
        file = await asyncio.to_thread(_place(self._root, account_id, sha256).open, "rb")
        try:
            yield _pieces(file)
        finally:
            await asyncio.to_thread(file.close)

    async def sweep(self, *, older_than_seconds: float) -> int:
        """Scan the directory of incomplete uploads."""
        return await asyncio.to_thread(_sweep, self._root / _UPLOADS, time.time() - older_than_seconds)

    async def remove(self, account_id: UUID, sha256: str, *, before: datetime) -> bool:
        """Go by the time at which the file was written: the same bytes again replace it."""
        return await asyncio.to_thread(_remove, _place(self._root, account_id, sha256), before.timestamp())


class _UploadFile:
    """One file being written. Bytes are buffered, so that a thread is used once for many packets."""

    def __init__(self, root: Path, account_id: UUID) -> None:
        self._root, self._account_id = root, account_id
        self._path = root / _UPLOADS / uuid4().hex
        _make_durable_folder(self._path.parent)
        self._file = open(self._path, "x+b", opener=_open_private)  # noqa: SIM115  closed by keep or discard
        self._hash = hashlib.sha256()
        self._waiting = bytearray()
        self._size = 0

    @property
    def size(self) -> int:
        return self._size

    async def write(self, chunk: bytes) -> None:
        self._waiting += chunk
        self._size += len(chunk)
        if len(self._waiting) >= CHUNK_BYTES:
            await asyncio.to_thread(self._flush)

    async def content(self) -> bytes:
        return await asyncio.to_thread(self._content)

    async def finish(self) -> StoredBlob:
        return await asyncio.to_thread(self._finish)

    async def keep(self) -> StoredBlob:
        return await asyncio.to_thread(self._keep)

    def discard(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _flush(self) -> None:
        written, self._waiting = self._waiting, bytearray()
        self._hash.update(written)
        self._file.write(written)

    def _content(self) -> bytes:
        self._flush()
        self._file.seek(0)
        return self._file.read()

    def _finish(self) -> StoredBlob:
        if not self._file.closed:
            self._flush()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        return StoredBlob(self._hash.hexdigest(), self._size)

    def _keep(self) -> StoredBlob:
        blob = self._finish()
        place = _place(self._root, self._account_id, blob.sha256)
        _make_durable_folder(place.parent)
        # Also over the same bytes stored before: they may be unsynced or damaged.
        self._path.replace(place)
        _sync_folder(place.parent)
        return blob


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _place(root: Path, account_id: UUID, sha256: str) -> Path:
    if not _SHA256.fullmatch(sha256):
        raise FileNotFoundError(sha256)
    return root / str(account_id) / sha256[:2] / sha256


def _make_durable_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_durable_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, CHUNK_BYTES):
        yield piece


def _remove(path: Path, before: float) -> bool:
    try:
        if path.stat().st_mtime >= before:
            return False
        path.unlink()
    except FileNotFoundError:
        return True
    _sync_folder(path.parent)
    return True


def _sweep(folder: Path, before: float) -> int:
    removed = 0
    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            if path.stat().st_mtime < before:
                path.unlink()
                removed += 1
        except FileNotFoundError:  # it arrived, or another sweeper was first
            continue
    return removed
