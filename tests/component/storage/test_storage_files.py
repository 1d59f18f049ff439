"""Files outside the database: whole or not at all, once, for their account alone."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from contracts.primitives.ids import new_id
from storage.blobs import CHUNK_BYTES, DirectoryBlobs, StoredBlob

ACCOUNT = new_id()


async def kept(files: DirectoryBlobs, content: bytes, *, piece: int = 10_000) -> StoredBlob:
    async with files.receive(ACCOUNT) as arriving:
        for start in range(0, len(content), piece):
            await arriving.write(content[start : start + piece])
        assert arriving.size == len(content)
        return await arriving.keep()


async def read(files: DirectoryBlobs, sha256: str) -> bytes:
    async with files.read(ACCOUNT, sha256) as pieces:
        return b"".join([piece async for piece in pieces])


def stored(root: Path) -> list[Path]:
    return [path for path in everything(root) if path.is_file()]


def everything(root: Path) -> list[Path]:
    return list(root.rglob("*"))


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 3 * CHUNK_BYTES + 7])
async def test_a_kept_file_is_read_back_byte_by_byte(tmp_path: Path, size: int) -> None:
    files, content = DirectoryBlobs(tmp_path / "files"), os.urandom(size)
    reported = await kept(files, content)
    assert reported == StoredBlob(hashlib.sha256(content).hexdigest(), size)
    assert await read(files, reported.sha256) == content


async def test_the_same_bytes_again_are_one_file(tmp_path: Path) -> None:
    files = DirectoryBlobs(tmp_path)
    reported = await asyncio.gather(*(kept(files, b"the same") for _ in range(16)))
    assert len(set(reported)) == 1
    assert len(stored(tmp_path)) == 1


async def test_a_damaged_file_is_mended_when_it_comes_again(tmp_path: Path) -> None:
    files = DirectoryBlobs(tmp_path)
    reported = await kept(files, b"an invoice")
    stored(tmp_path)[0].write_bytes(b"rot")
    await kept(files, b"an invoice")
    assert await read(files, reported.sha256) == b"an invoice"


async def test_what_is_not_kept_leaves_nothing(tmp_path: Path) -> None:
    files = DirectoryBlobs(tmp_path)
    async with files.receive(ACCOUNT) as arriving:
        await arriving.write(b"x" * CHUNK_BYTES)
    assert stored(tmp_path) == []


async def test_what_has_come_so_far_can_be_looked_at_before_it_is_kept(tmp_path: Path) -> None:
    files = DirectoryBlobs(tmp_path)
    async with files.receive(ACCOUNT) as arriving:
        await arriving.write(b"<Sale>")
        assert await arriving.content() == b"<Sale>"
        await arriving.write(b"</Sale>")
        assert await arriving.content() == b"<Sale></Sale>"
        reported = await arriving.keep()
    assert await read(files, reported.sha256) == b"<Sale></Sale>"


async def test_another_account_has_no_such_file(tmp_path: Path) -> None:
    files = DirectoryBlobs(tmp_path)
    reported = await kept(files, b"mine")
    with pytest.raises(FileNotFoundError):
        async with files.read(new_id(), reported.sha256):
            pass


@pytest.mark.parametrize("name", ["../" * 10 + "etc/passwd", "", "A" * 64, "a" * 63, "a" * 64 + "/"])
async def test_what_is_no_digest_is_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        async with DirectoryBlobs(tmp_path).read(ACCOUNT, name):
            pass


async def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    files = DirectoryBlobs(tmp_path / "files")
    await kept(files, b"private")
    assert {path.stat().st_mode & 0o077 for path in everything(tmp_path)} == {0}


async def test_a_sweep_removes_what_a_crash_left_and_not_what_arrives(tmp_path: Path) -> None:
    files = DirectoryBlobs(tmp_path)
    assert await files.sweep(older_than_seconds=3600) == 0
    left = tmp_path / "arriving" / "left-behind"
    async with files.receive(ACCOUNT) as arriving:
        left.write_bytes(b"half")
        os.utime(left, (1, 1))
        assert await files.sweep(older_than_seconds=3600) == 1
        await arriving.write(b"whole")
        reported = await arriving.keep()
    assert await read(files, reported.sha256) == b"whole"


async def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("not a directory")
    with pytest.raises(OSError, match="files"):
        async with DirectoryBlobs(tmp_path / "files").receive(ACCOUNT):
            pass
