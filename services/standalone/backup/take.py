"""`ledgerwire backup FILE`: one consistent file of the database, the files beside it and the keys."""

from __future__ import annotations

import asyncio
import os
import sys
import zlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from contracts.version import VERSION
from standalone.backup import fence
from standalone.backup.archive import FORMAT, PIECE_BYTES, ArchiveWriter, BackupError, Manifest
from standalone.backup.programs import Target, dump_arguments, find_program, run_program
from storage.pool import Connection

ARRIVING: Final = "arriving"  # uploads under way, of the blob store


@dataclass(frozen=True, slots=True)
class Backup:
    """What to back up: the database, whether a broker carries its messages, the directory of files, and the keys."""

    dsn: str
    broker: bool
    files: Path
    keys: str | None


async def take(wanted: Backup, place: Path, *, report: Callable[[str], None]) -> Manifest:
    """Write the backup to `place`, which must not exist; `-` is standard output.

    Raises:
        BackupError: it cannot be taken; nothing is left at `place`.
    """
    if str(place) == "-":
        return await _take(wanted, sys.stdout.buffer, report=report)
    partial = place.with_name(f"{place.name}.partial")
    if await asyncio.to_thread(os.path.lexists, place):
        raise BackupError(f"{place} exists: name a new file")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            manifest = await _take(wanted, stream, report=report)
            stream.flush()
            os.fsync(stream.fileno())
        partial.rename(place)
    except OSError as error:
        raise BackupError(f"{place} cannot be written: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)
    return manifest


async def _take(wanted: Backup, stream: IO[bytes], *, report: Callable[[str], None]) -> Manifest:
    archive = ArchiveWriter(stream)
    async with fence.snapshot(wanted.dsn, broker=wanted.broker, report=report) as (conn, snapshot):
        manifest = await _describe(conn)
        archive.manifest(manifest)
        if wanted.keys is not None:
            archive.keys(wanted.keys)
        report("  copying the files ...")
        await asyncio.to_thread(_copy_files, archive, wanted.files)
        report("  dumping the database ...")
        await _dump(wanted.dsn, archive, snapshot=snapshot, server_major=manifest.postgres_major)
    await asyncio.to_thread(archive.finish)
    return manifest


async def _describe(conn: Connection) -> Manifest:
    migrations = defaultdict(list)
    for row in await conn.fetch("SELECT service, name FROM storage.migration ORDER BY service, name"):
        migrations[row["service"]].append(row["name"])
    return Manifest(
        format=FORMAT,
        version=VERSION,
        taken_at=datetime.now(tz=UTC).isoformat(),
        accounts=await conn.fetchval("SELECT count(*) FROM ingress.account"),
        postgres_major=conn.get_server_version().major,
        migrations=dict(migrations),
    )


def _copy_files(archive: ArchiveWriter, root: Path) -> None:
    """Copy what the snapshot may name: files are written before their rows, and never change."""
    for directory, folders, names in os.walk(root):
        if Path(directory) == root:
            folders[:] = sorted(name for name in folders if name != ARRIVING)
        for name in sorted(names):
            path = Path(directory, name)
            archive.file(path, str(path.relative_to(root)))


async def _dump(dsn: str, archive: ArchiveWriter, *, snapshot: str, server_major: int) -> None:
    target = Target.of(dsn)
    program = await asyncio.to_thread(find_program, "pg_dump", server_major=server_major)
    arguments = dump_arguments(program, target, snapshot=snapshot)
    async with run_program(arguments, target, writes=True) as running:
        packer = zlib.compressobj(level=1)
        while piece := await _read_piece(running.output):
            await asyncio.to_thread(_write, archive, packer, piece)
        archive.piece(packer.flush())
        await running.require_success("pg_dump failed")


def _write(archive: ArchiveWriter, packer: zlib._Compress, piece: bytes) -> None:
    if packed := packer.compress(piece):
        archive.piece(packed)


async def _read_piece(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readexactly(PIECE_BYTES)
    except asyncio.IncompleteReadError as ended:
        return ended.partial
