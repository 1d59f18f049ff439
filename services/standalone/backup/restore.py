"""`ledgerwire restore FILE`: into an empty installation, all of it or nothing."""

from __future__ import annotations

import asyncio
import os
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from uuid import UUID

import asyncpg

from contracts.wire.topology import QUEUES, SCHEMAS
from standalone.backup.archive import (
    COPY_BYTES,
    DATABASE,
    END,
    FILES,
    KEYS,
    MANIFEST,
    BackupError,
    DumpCheck,
    Manifest,
    Member,
    read_members,
)
from standalone.backup.fence import are_services_running
from standalone.backup.programs import SCHEMAS as ALL_SCHEMAS
from standalone.backup.programs import Target, find_program, restore_arguments, run_program
from storage.blobs import DirectoryBlobs
from storage.migrations import create_roles

UNPACKED_BYTES_MAX: Final = 1024 * 1024  # handed to psql at a time, whatever a damaged file unpacks to
NEWER_SETTING: Final = b"SET transaction_timeout = 0;\n"
_CONSUMERS: Final = {queue.name: SCHEMAS[queue.consumer] for queue in QUEUES}


@dataclass(frozen=True, slots=True)
class RestoreTarget:
    """Where to restore: the database, the directory of files, and what keeps the keys that the backup has."""

    dsn: str
    files: Path
    keep_keys: Callable[[str], None]


class Script:
    """Unpacks the dump's SQL, in parts of bounded size."""

    def __init__(self) -> None:
        self._unpacker, self._is_head = zlib.decompressobj(), True

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        """The SQL of the next bytes.

        Raises:
            BackupError: they are damaged.
        """
        while packed:
            try:
                unpacked = self._unpacker.decompress(packed, UNPACKED_BYTES_MAX)
            except zlib.error:
                raise BackupError("the file is damaged: its database cannot be unpacked") from None
            packed = self._unpacker.unconsumed_tail
            if self._is_head and unpacked:
                # Servers before 17 know no such setting.
                unpacked, self._is_head = unpacked.replace(NEWER_SETTING, b"", 1), False
            yield unpacked

    def end(self) -> bytes:
        """What is left of the SQL.

        Raises:
            BackupError: it ends too early.
        """
        left = self._unpacker.flush()
        if not self._unpacker.eof:
            raise BackupError("the file is damaged: its database ends too early")
        return left


async def restore(
    place: RestoreTarget, source: Path, *, known: dict[str, list[str]], report: Callable[[str], None]
) -> Manifest:
    """Restore the file at `source` (`-`: standard input); `known` are this version's migrations of each service.

    Raises:
        BackupError: the installation is not empty or in use, or the file is damaged, cut off or of a newer version.
    """
    await _require_empty(place.dsn)
    try:
        with sys.stdin.buffer if str(source) == "-" else source.open("rb") as stream:
            manifest = await _restore(place, stream, known=known, report=report)
    except tarfile.TarError as error:
        raise BackupError(f"{source} is cut off, and nothing was restored: {error}") from None
    await _settle_messages(place.dsn)
    return manifest


def check_source(source: Path) -> None:
    """Refuse a file that is not there before a database is started for it.

    Raises:
        BackupError: it is no file that can be read.
    """
    if str(source) == "-":
        return
    try:
        source.open("rb").close()
    except OSError as error:
        raise BackupError(f"{source} cannot be read: {error.strerror}") from None


async def _require_empty(dsn: str) -> None:
    """Refuse an installation with accounts; remove what an empty one has, and create the roles."""
    conn = await asyncpg.connect(dsn)
    try:
        if await are_services_running(conn):
            raise BackupError("services use this database: stop them before you restore")
        if await conn.fetchval("SELECT to_regclass('ingress.account') IS NOT NULL"):
            accounts = await conn.fetchval("SELECT count(*) FROM ingress.account")
            if accounts:
                raise BackupError(
                    f"this installation has {accounts} accounts: restore into an empty one, with a new --home or a new"
                    " database in LEDGERWIRE_POSTGRES_DSN"
                )
        async with conn.transaction():
            for schema in ALL_SCHEMAS:
                await conn.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
            await create_roles(conn)
    finally:
        await conn.close()


async def _restore(
    place: RestoreTarget, stream: IO[bytes], *, known: dict[str, list[str]], report: Callable[[str], None]
) -> Manifest:
    members = read_members(stream)
    manifest = await asyncio.to_thread(_first, members)
    _require_known(manifest, known)
    report(f"  a backup of {manifest.accounts} accounts, taken at {manifest.taken_at} by version {manifest.version}")
    program = await asyncio.to_thread(find_program, "psql", server_major=0)
    target = Target.of(place.dsn)
    check, script = DumpCheck(), Script()
    async with run_program(restore_arguments(program, target), target, writes=False) as running:
        # A program that ended says why: its own error is better than that of the pipe.
        with suppress(BrokenPipeError, ConnectionResetError):
            while (member := await asyncio.to_thread(next, members, None)) is not None:
                await _take(member, place, running.input, check, script)
            check.require_end()
            running.input.write(script.end())
            await running.input.drain()
            running.input.close()
        await running.require_success("psql failed, and nothing was restored")
    return manifest


def _first(members: Iterator[Member]) -> Manifest:
    first = next(members, None)
    if first is None or first.name != MANIFEST:
        raise BackupError("it has no manifest: this is no file of `ledgerwire backup`")
    return Manifest.read(first.small())


def _require_known(manifest: Manifest, known: dict[str, list[str]]) -> None:
    for service, names in manifest.migrations.items():
        if unknown := sorted(set(names).difference(known.get(service, []))):
            raise BackupError(
                f"it was taken by a newer version ({manifest.version}): {service} has no {unknown[0]} here;"
                " restore it with that version"
            )


async def _take(
    member: Member, place: RestoreTarget, dump: asyncio.StreamWriter, check: DumpCheck, script: Script
) -> None:
    if member.name == KEYS:
        place.keep_keys((await asyncio.to_thread(member.small)).decode("ascii"))
    elif member.name == END:
        check.end(await asyncio.to_thread(member.small))
    elif member.name.startswith(FILES):
        check.file()
        await _take_file(member, place.files)
    elif member.name.startswith(DATABASE):
        check.next_piece()
        while part := await asyncio.to_thread(member.content.read, COPY_BYTES):
            check.piece(part)
            for unpacked in script.unpack(part):
                dump.write(unpacked)
                await dump.drain()
    else:
        raise BackupError(f"it holds {member.name}, which this version does not know: use a newer version")


async def _take_file(member: Member, root: Path) -> None:
    """Store a file again: its name is account id, two digits, SHA-256."""
    account, sha256 = member.name.removeprefix(FILES).partition("/")[0], member.name.rpartition("/")[2]
    try:
        account_id = UUID(account)
    except ValueError:
        raise BackupError(f"{member.name} is no stored file: this is no file of `ledgerwire backup`") from None
    async with DirectoryBlobs(root).receive(account_id) as upload:
        while part := await asyncio.to_thread(member.content.read, COPY_BYTES):
            await upload.write(part)
        if (await upload.keep()).sha256 != sha256:
            raise BackupError(f"{member.name} is damaged: its bytes are not those of its SHA-256")


async def _settle_messages(dsn: str) -> None:
    """Put every message that is not handled yet into an outbox, from where any bus takes it.

    What its consumer has handled by the snapshot is left out, because marks of processed messages end with time.
    """
    conn = await asyncpg.connect(dsn)
    try:
        async with conn.transaction():
            await conn.execute(
                "INSERT INTO ingress.outbox (id, queue, body) SELECT stable_id, queue, body FROM bus.message"
                " ON CONFLICT DO NOTHING"
            )
            await conn.execute("DELETE FROM bus.message")
            for schema in SCHEMAS.values():
                await conn.execute(
                    f"INSERT INTO {schema}.outbox (id, queue, body) SELECT id, queue, body FROM {schema}.outbox_kept"  # noqa: S608
                    " ON CONFLICT DO NOTHING"
                )
                await conn.execute(f"DELETE FROM {schema}.outbox_kept")  # noqa: S608
                for queue, consumer in _CONSUMERS.items():
                    await conn.execute(
                        f"DELETE FROM {schema}.outbox o USING {consumer}.processed_message p"  # noqa: S608
                        " WHERE o.queue = $1 AND p.message_id = o.id",
                        queue,
                    )
    finally:
        await conn.close()


def keep_keys_in(home: Path, name: str) -> Callable[[str], None]:
    """Write the backup's keys into a data directory, for its owner alone, unless it has keys."""

    def keep(keys: str) -> None:
        path = home / name
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            if path.read_text(encoding="ascii").strip() != keys:
                raise BackupError(f"{path} holds other keys than the backup: restore into a new --home") from None
            return
        with os.fdopen(descriptor, "w") as file:
            file.write(keys)
            file.flush()
            os.fsync(file.fileno())

    return keep
