"""Read a file of lines within bounded memory: its bytes to the disk, its lines in chunks to the database."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

import orjson

from contracts.primitives.problem import FieldError
from contracts.resources.imports import BATCH_LINES_MAX, FAULTS_KEPT_MAX, ImportKind, OnError
from ingress.errors import InvalidInput, TooSlow
from ingress.http.incoming import chunks
from ingress.http.route import Request
from ingress.imports import store as imports
from ingress.imports.headers import Unreadable
from ingress.imports.records import BadRecord, Record
from storage.pool import Connection

FILE_BYTES_MAX: Final = 20 * 1024 * 1024
IN_MEMORY_BYTES_MAX: Final = 256 * 1024  # the rest of a file is on disk while it is read
CHUNK_LINES: Final = 200  # about a twentieth of a second of the ledger's time
CHUNK_BYTES: Final = 256 * 1024
TOGETHER_BYTES_MAX: Final = 4 * 1024 * 1024
CHUNKS_TOGETHER: Final = 16  # inserted at once: 4 MiB at most
STEP_RECORDS: Final = 50  # about two milliseconds
PAUSE_SECONDS_MAX: Final = 0.05
REFUSED_MAX: Final = 100_000  # a file with more bad lines is probably the wrong file
FAULTS_PER_LINE_MAX: Final = 20
FAULTS_SHOWN_MAX: Final = 50
CHECK_SECONDS_MAX: Final = 300.0
READ_SECONDS_MAX: Final = 300.0


@asynccontextmanager
async def spooled(call: Request) -> AsyncIterator[BinaryIO]:
    """The body as a file, mostly on disk; the comparison of repeated requests uses its digest."""
    digest = hashlib.sha256()
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES_MAX) as file:
        async for chunk in chunks(call.request, bytes_max=FILE_BYTES_MAX, seconds_max=READ_SECONDS_MAX):
            digest.update(chunk)
            file.write(chunk)
        call.raw = digest.digest()
        file.seek(0)
        yield cast("BinaryIO", file)


@dataclass(slots=True)
class Reading:
    """Reads and validates a file's lines, and spools the good ones in chunks on disk until they are stored."""

    import_id: UUID
    kind: ImportKind
    on_error: OnError
    spool: BinaryIO
    lines: int = 0
    refused: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)  # bytes of each chunk
    waiting: list[bytes] = field(default_factory=list)  # good lines, as JSON
    waiting_bytes: int = 0

    @property
    def state(self) -> imports.State:
        """The import's, once all is read."""
        return "running" if self.sizes else "aborted" if self.on_error == "abort" else "done"

    async def read(self, records: Iterator[Record | BadRecord | None]) -> None:
        """Read all of them, in steps that yield to other requests.

        Raises:
            InvalidInput: there are none, too many bad ones, too many for one transaction, or a table's header is wrong;
            TooSlow.
        """
        try:
            async with asyncio.timeout(CHECK_SECONDS_MAX):
                more = True
                while more:
                    began = time.perf_counter()
                    more = await asyncio.to_thread(self._step, records)
                    # As long as the step took: threads share one interpreter, and requests have priority.
                    await asyncio.sleep(min(time.perf_counter() - began, PAUSE_SECONDS_MAX))
        except Unreadable as error:
            raise _not_taken(*error.faults) from None
        except TimeoutError:
            raise TooSlow(f"the file takes more than {CHECK_SECONDS_MAX:g} s to check: divide it") from None
        if not self.lines:
            raise _not_taken(FieldError("", "holds no lines"))

    async def store(self, conn: Connection, account_id: UUID) -> None:
        """Insert the chunks of an import that was begun."""
        self.spool.seek(0)
        number = 0
        while sizes := self.sizes[number : number + CHUNKS_TOGETHER]:
            bodies = [self.spool.read(size) for size in sizes]
            await imports.add_chunks(
                conn, account_id=account_id, import_id=self.import_id, first_number=number, bodies=bodies
            )
            number += len(sizes)

    def _step(self, records: Iterator[Record | BadRecord | None]) -> bool:
        """Read a bounded number of records; False at the end."""
        batch = list(islice(records, STEP_RECORDS))
        for record in batch:
            if isinstance(record, Record):
                self._add(record)
            elif record is not None:
                self._refuse(record)
        together = self.on_error == "abort"
        if together:
            self._check_together()
        if (not batch and not (together and self.refused)) or (not together and len(self.waiting) >= CHUNK_LINES):
            self._spool()
        return bool(batch)

    def _add(self, record: Record) -> None:
        self.lines += 1
        encoded = orjson.dumps({"line": record.line, "given": record.given})
        self.waiting.append(encoded)
        self.waiting_bytes += len(encoded)

    def _refuse(self, record: BadRecord) -> None:
        self.lines += 1
        self.refused += 1
        if len(self.faults) < FAULTS_KEPT_MAX:
            self.faults += [
                {"line": record.line, "path": fault.path, "message": fault.message}
                for fault in record.faults[:FAULTS_PER_LINE_MAX]
            ]
        if self.refused > REFUSED_MAX:
            named = [
                FieldError(f"lines[{one['line']}].{one['path']}".rstrip("."), one["message"]) for one in self.faults
            ]
            most = FieldError(
                "", f"more than {REFUSED_MAX} lines are bad: check that it is the right file. These are the first"
            )
            raise _not_taken(most, *named[:FAULTS_SHOWN_MAX])

    def _check_together(self) -> None:
        if self.lines > BATCH_LINES_MAX or self.waiting_bytes > TOGETHER_BYTES_MAX:
            most = f"{BATCH_LINES_MAX} lines or {TOGETHER_BYTES_MAX} bytes"
            raise _not_taken(FieldError("on_error", f"abort takes at most {most}"))

    def _spool(self) -> None:
        """Spool the buffered lines in chunks; fewer lines when they are long."""
        head = orjson.dumps({"import_id": self.import_id, "on_error": self.on_error})
        for lines in self._groups():
            body = b'%s,"%s":[%s]}' % (head[:-1], self.kind.encode(), b",".join(lines))
            self.spool.write(body)
            self.sizes.append(len(body))
        self.waiting.clear()
        self.waiting_bytes = 0

    def _groups(self) -> Iterator[list[bytes]]:
        if self.on_error == "abort":
            yield from [self.waiting] if self.waiting else []
            return
        group, size = list[bytes](), 0
        for encoded in self.waiting:
            if group and (size + len(encoded) > CHUNK_BYTES or len(group) == CHUNK_LINES):
                yield group
                group, size = [], 0
            group.append(encoded)
            size += len(encoded)
        if group:
            yield group


def _not_taken(*faults: FieldError) -> InvalidInput:
    return InvalidInput("the file was not accepted", faults=faults)
