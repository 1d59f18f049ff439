"""Read a file of lines within bounded memory: its bytes to the disk, its lines in chunks to the database."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO, Final, cast

import orjson
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from contracts.imports import FAULTS_KEPT_MAX, LINES_TOGETHER_MAX, ImportKind, OnError
from contracts.problem import Fault
from ingress.errors import BodyTooLarge, InvalidInput, Malformed, TooSlow
from ingress.http.route import Call
from ingress.imports.records import BadRecord, Record, Unreadable
from ingress.store import imports
from storage.pool import Connection

FILE_BYTES_MAX: Final = 20 * 1024 * 1024
IN_MEMORY_BYTES_MAX: Final = 256 * 1024  # the rest of a file is on the disk while it is read
CHUNK_LINES: Final = 200  # about a twentieth of a second of the books' time
CHUNK_BYTES: Final = 256 * 1024
TOGETHER_BYTES_MAX: Final = 4 * 1024 * 1024
READ_SECONDS_MAX: Final = 300.0
IDLE_SECONDS_MAX: Final = 30.0


@asynccontextmanager
async def spooled(call: Call) -> AsyncIterator[BinaryIO]:
    """The body as a file, most of it on the disk; its digest stands for it where the request is compared."""
    digest, size = hashlib.sha256(), 0
    if (call.request.content_length or 0) > FILE_BYTES_MAX:
        raise BodyTooLarge(f"a file has at most {FILE_BYTES_MAX} bytes")
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES_MAX) as file:
        async for chunk in _chunks(call.request):
            size += len(chunk)
            if size > FILE_BYTES_MAX:
                raise BodyTooLarge(f"a file has at most {FILE_BYTES_MAX} bytes")
            digest.update(chunk)
            file.write(chunk)
        call.raw = digest.digest()
        file.seek(0)
        yield cast("BinaryIO", file)


async def _chunks(request: web.Request) -> AsyncIterator[bytes]:
    try:
        async with asyncio.timeout(READ_SECONDS_MAX):
            while True:
                async with asyncio.timeout(IDLE_SECONDS_MAX):
                    chunk = await request.content.readany()
                if not chunk:
                    return
                yield chunk
    except TimeoutError:
        raise TooSlow("the body did not arrive in time") from None
    except (HttpProcessingError, web.RequestPayloadError) as error:
        raise Malformed(f"the body cannot be read: {error}") from None


@dataclass(slots=True)
class Storing:
    """Stores a file's lines as they are read."""

    conn: Connection
    call: Call
    kind: ImportKind
    on_error: OnError
    lines: int = 0
    refused: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)
    chunks: int = 0
    waiting: list[bytes] = field(default_factory=list)  # good lines, as JSON
    waiting_bytes: int = 0

    async def store(self, read: Iterator[Record | BadRecord]) -> None:
        """Store all of them.

        Raises:
            InvalidInput: there are none, or too many to be taken together, or a table's head is wrong.
        """
        together = self.on_error == "abort"
        try:
            # In a thread: reading a thousand lines takes as long as answering many requests.
            while batch := await asyncio.to_thread(lambda: list(islice(read, CHUNK_LINES))):
                for record in batch:
                    self._add(record)
                if together:
                    self._check_together()
                else:
                    await self._send()
        except Unreadable as error:
            raise InvalidInput("the file was not taken", faults=error.faults) from None
        if not self.lines:
            raise InvalidInput("the file was not taken", faults=[Fault("", "holds no lines")])
        if not (together and self.refused):
            await self._send()
        await imports.set_read(
            self.conn,
            account_id=self.call.account_id,
            import_id=self.call.id,
            state="running" if self.chunks else "aborted" if together else "done",
            lines=self.lines,
            refused=self.refused,
            faults=self.faults,
        )

    def _add(self, record: Record | BadRecord) -> None:
        self.lines += 1
        if isinstance(record, BadRecord):
            self.refused += 1
            if len(self.faults) < FAULTS_KEPT_MAX:
                self.faults += [
                    {"line": record.line, "path": fault.path, "message": fault.message} for fault in record.faults
                ]
            return
        encoded = orjson.dumps({"line": record.line, "given": record.given})
        self.waiting.append(encoded)
        self.waiting_bytes += len(encoded)

    def _check_together(self) -> None:
        if self.lines > LINES_TOGETHER_MAX or self.waiting_bytes > TOGETHER_BYTES_MAX:
            most = f"{LINES_TOGETHER_MAX} lines or {TOGETHER_BYTES_MAX} bytes"
            raise InvalidInput("the file was not taken", faults=[Fault("on_error", f"abort takes at most {most}")])

    async def _send(self) -> None:
        """Store the lines that wait, in chunks; long lines in smaller ones."""
        head = orjson.dumps({"import_id": self.call.id, "on_error": self.on_error})
        for lines in self._groups():
            body = b'%s,"%s":[%s]}' % (head[:-1], self.kind.encode(), b",".join(lines))
            await imports.add_chunk(
                self.conn, account_id=self.call.account_id, import_id=self.call.id, number=self.chunks, body=body
            )
            self.chunks += 1
        self.waiting.clear()
        self.waiting_bytes = 0

    def _groups(self) -> Iterator[list[bytes]]:
        if self.on_error == "abort":
            yield from [self.waiting] if self.waiting else []
            return
        group, size = list[bytes](), 0
        for encoded in self.waiting:
            if group and size + len(encoded) > CHUNK_BYTES:
                yield group
                group, size = [], 0
            group.append(encoded)
            size += len(encoded)
        if group:
            yield group
