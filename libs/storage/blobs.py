"""Keep files outside the database, by what they hold: before the row that speaks of them is committed.

A file is kept for one account under the SHA-256 of its bytes, so the same bytes are there once and a name that a
sender made up never becomes a path. What `keep` has answered survives a crash: the file and its directory are synced.
A file whose row was never committed stays behind unnamed; it does no harm, and the same bytes again are the same file.
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
from pathlib import Path
from typing import BinaryIO, Final, Protocol
from uuid import UUID, uuid4

CHUNK_BYTES: Final = 256 * 1024

_UPLOADS: Final = "arriving"
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A file that is kept: the SHA-256 of its bytes in hexadecimal, and how many they are."""

    sha256: str
    size: int


class Upload(Protocol):
    """A file on its way in; unless `keep` is called, nothing of it stays."""

    @property
    def size(self) -> int:
        """How many bytes have come."""
        ...

    async def write(self, chunk: bytes) -> None:
        """Add bytes at the end."""
        ...

    async def content(self) -> bytes:
        """All that has come so far; the caller has looked at `size`."""
        ...

    async def keep(self) -> StoredBlob:
        """Make it durable; nothing can be added afterwards."""
        ...


class BlobStore(Protocol):
    """The port: what any keeper of files must do. All of it raises OSError when the store cannot be reached."""

    def receive(self, account_id: UUID) -> AbstractAsyncContextManager[Upload]:
        """Take a file in, as long as the block runs."""
        ...

    def read(self, account_id: UUID, sha256: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Give a kept file's bytes in pieces.

        Raises:
            FileNotFoundError: the account has no such file.
        """
        ...

    async def sweep(self, *, older_than_seconds: float) -> int:
        """Remove what a crash left half arrived; answer how many."""
        ...


class BlobStoreUnavailable(OSError):
    """The store cannot be written: make room or repair its folder; the same upload may pass later."""


class DirectoryBlobs:
    """The adapter for a directory: of this machine, or one that several machines share."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @asynccontextmanager
    async def receive(self, account_id: UUID) -> AsyncIterator[Upload]:
        """Write beside the kept files first, under a name of our own."""
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
        """Open the file; the pieces are read while they are asked for."""
        file = await asyncio.to_thread(_place(self._root, account_id, sha256).open, "rb")
        try:
            yield _pieces(file)
        finally:
            await asyncio.to_thread(file.close)

    async def sweep(self, *, older_than_seconds: float) -> int:
        """Look through the directory of what arrives."""
        return await asyncio.to_thread(_sweep, self._root / _UPLOADS, time.time() - older_than_seconds)


class _UploadFile:
    """One file being written. Bytes are gathered so that a thread is asked for once in a while, not for each packet."""

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

    def _keep(self) -> StoredBlob:
        self._flush()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        sha256 = self._hash.hexdigest()
        place = _place(self._root, self._account_id, sha256)
        _make_durable_folder(place.parent)
        # Also over the same bytes kept before: nobody else has to have synced them, and they are mended if damaged.
        self._path.replace(place)
        _sync_folder(place.parent)
        return StoredBlob(sha256, self._size)


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
