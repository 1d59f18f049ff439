"""Store the files inside an e-invoice, each typed by its bytes, before the message that names them is accepted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Final
from uuid import UUID

from contracts.primitives.problem import FieldError
from documents.filetype import HEAD_BYTES, safe_name, sniffed
from documents.parsed import Parsed, ReadingWarning
from documents.received import StoredFile
from ingress.errors import QuotaExceeded
from ingress.http.body import LARGE_BYTES
from ingress.http.context import Api
from storage.counted_blobs import StorageLimitReached

PDF_TURN: Final = asyncio.Lock()
"""Held while the bytes of an uploaded PDF are in memory."""

_LARGE: Final = asyncio.Lock()


@asynccontextmanager
async def one_at_a_time(raw: bytes) -> AsyncIterator[None]:
    """Read large documents and store their files one after another: decoded, they are as large again."""
    if len(raw) <= LARGE_BYTES:
        yield
        return
    async with _LARGE:
        yield


async def keep(api: Api, account_id: UUID, parsed: Parsed) -> tuple[Parsed, list[StoredFile]]:
    """Store the files of a document; a file of an unaccepted type leaves a warning instead.

    Returns the document without their bytes. Raises as `store`.
    """
    kept, warnings = [], list(parsed.warnings)
    for number, attachment in enumerate(parsed.attachments):
        media_type = sniffed(attachment.content[:HEAD_BYTES], attachment.name)
        if media_type is None:
            message = "is of an unaccepted type: it was left in the document"
            warnings.append(ReadingWarning(f"attachments[{number}]", "attachment_ignored", message))
        else:
            field = f"attachments[{number}]"
            kept.append(await store(api, account_id, attachment.content, attachment.name, media_type, field=field))
    return replace(parsed, attachments=(), warnings=tuple(warnings)), kept


async def store(
    api: Api, account_id: UUID, content: bytes, name: str | None, media_type: str, *, field: str
) -> StoredFile:
    """Store one file under a safe name; `field` is where the request has it.

    Raises:
        QuotaExceeded: the account's storage has no room for it; OSError: the file store cannot be written.
    """
    async with api.uploads.files.receive(account_id) as arriving:
        await arriving.write(content)
        with counted_as(field):
            blob = await arriving.keep()
    return StoredFile(safe_name(name, media_type), media_type, blob.size, blob.sha256)


@contextmanager
def counted_as(field: str) -> Iterator[None]:
    """Name the field of a file that the account's storage has no room for.

    Raises:
        QuotaExceeded: the block raised `StorageLimitReached`.
    """
    try:
        yield
    except StorageLimitReached as reached:
        message = (
            f"has {reached.size} bytes, and the account's files have at most {reached.limit} together:"
            " erase what is not needed any more, or ask the operator for more"
        )
        raise QuotaExceeded("the account's storage is full", faults=[FieldError(field, message)]) from None
