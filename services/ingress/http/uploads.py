"""Read a form with a file: its fields into memory, its file straight to the file store, all of it within bounds.

The file is durable before the message that refers to it is accepted: a 2xx means that both are stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

from aiohttp import web

from contracts.primitives.problem import FieldError
from documents.filetype import HEAD_BYTES
from ingress.errors import BodyTooLarge, InvalidInput, Malformed, TooManyRequests, Unavailable
from ingress.http.incoming import chunks
from ingress.http.multipart import FormBroken, FormParser, Part
from storage.blobs import BlobStore, Upload

FILE_BYTES_MAX: Final = 20 * 1024 * 1024
PARTS_MAX: Final = 16
UPLOADS_MAX: Final = 64
UPLOADS_PER_ACCOUNT_MAX: Final = 16  # one account's slow senders leave room for others
TURN_SECONDS_MAX: Final = 20.0
READ_SECONDS_MAX: Final = 120.0

FILE: Final = "file"
FIELDS: Final[Mapping[str, int]] = {"document": 1024 * 1024, "links": 16 * 1024, "comment": 64 * 1024}
"""The fields beside the file, and how many bytes each may have."""

_ENVELOPE_BYTES_MAX: Final = 256 * 1024  # boundaries, heads of parts, unknown fields
_FORM_BYTES_MAX: Final = FILE_BYTES_MAX + sum(FIELDS.values()) + _ENVELOPE_BYTES_MAX


@dataclass(slots=True)
class Form:
    """A form: fields by name, and the file as its sender names it, not stored yet; `head` is its start."""

    fields: dict[str, bytearray] = field(default_factory=dict)
    filename: str | None = None
    file: Upload | None = None
    head: bytearray = field(default_factory=bytearray)


class Uploads:
    """Reads uploads into the file store, a bounded number at a time."""

    def __init__(self, files: BlobStore) -> None:
        self.files = files
        self._in_hand = 0
        self._turns: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def read(self, request: web.Request, *, boundary: str, account_id: UUID) -> AsyncIterator[Form]:
        """Read a form; its file exists as long as the block runs, and beyond it if it is kept.

        Raises:
            BodyTooLarge: it has more bytes than may be, as a whole, in its file or in a field; Malformed: it is not a
            form; InvalidInput: unknown or repeated fields, all of them; TooSlow, UnsupportedMediaType: as
            `incoming.chunks`; TooManyRequests, Unavailable: too many are being read, of this account or of all.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._turn(account_id))
            stack.enter_context(self._place())
            reader = _Reader(self.files, account_id, stack)
            try:
                await reader.read(request, FormParser(boundary))
            except FormBroken as error:
                raise Malformed(f"the body cannot be read as a form: {error}") from None
            if reader.faults:
                raise InvalidInput(faults=reader.faults)
            yield reader.form

    @asynccontextmanager
    async def _turn(self, account_id: UUID) -> AsyncIterator[None]:
        """Wait until the account has few enough uploads in progress."""
        turn = self._turns.setdefault(account_id, asyncio.Semaphore(UPLOADS_PER_ACCOUNT_MAX))
        try:
            await asyncio.wait_for(turn.acquire(), TURN_SECONDS_MAX)
        except TimeoutError:
            raise TooManyRequests("too many files of this account are being read; try again") from None
        try:
            yield
        finally:
            turn.release()

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self._in_hand >= UPLOADS_MAX:
            raise Unavailable("too many files are being read; try again", headers={"Retry-After": "5"})
        self._in_hand += 1
        try:
            yield
        finally:
            self._in_hand -= 1


class _Reader:
    """Collects the parser's output: fields into memory, the file into the store."""

    def __init__(self, files: BlobStore, account_id: UUID, stack: AsyncExitStack) -> None:
        self.form = Form()
        self.faults: list[FieldError] = []
        self._files, self._account_id, self._stack = files, account_id, stack
        self._parts = 0
        self._into = ""  # the field of the part that is being read; "" for one that is left out

    async def read(self, request: web.Request, parser: FormParser) -> None:
        async for chunk in chunks(request, bytes_max=_FORM_BYTES_MAX, seconds_max=READ_SECONDS_MAX):
            for event in parser.feed(chunk):
                if isinstance(event, Part):
                    await self._begin(event)
                else:
                    await self._add(event)
        parser.end()

    async def _begin(self, part: Part) -> None:
        self._parts += 1
        if self._parts > PARTS_MAX:
            raise Malformed(f"the form has more than {PARTS_MAX} parts")
        self._into = ""
        if part.name != FILE and part.name not in FIELDS:
            self.faults.append(FieldError(part.name[:100], "is not a field of this form: leave it out"))
        elif part.name in self.form.fields or (part.name == FILE and self.form.file is not None):
            self.faults.append(FieldError(part.name, "is repeated: send it once"))
        else:
            self._into = part.name
            if part.name == FILE:
                self.form.file = await self._stack.enter_async_context(self._files.receive(self._account_id))
                self.form.filename = part.filename
            else:
                self.form.fields[part.name] = bytearray()

    async def _add(self, content: bytes) -> None:
        if self._into == FILE and self.form.file is not None:
            if self.form.file.size + len(content) > FILE_BYTES_MAX:
                raise BodyTooLarge(f"a file has at most {FILE_BYTES_MAX} bytes")
            self.form.head += content[: max(HEAD_BYTES - len(self.form.head), 0)]
            await self.form.file.write(content)
        elif self._into:
            gathered = self.form.fields[self._into]
            if len(gathered) + len(content) > FIELDS[self._into]:
                raise BodyTooLarge(f"{self._into} has at most {FIELDS[self._into]} bytes")
            gathered += content
