"""Store the files inside an e-invoice, each typed by its bytes, before the message that names them is accepted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final
from uuid import UUID

from documents.document import Parsed, ReadingWarning
from documents.filetype import HEAD_BYTES, safe_name, sniffed
from documents.received import StoredFile
from ingress.http.body import LARGE_BYTES
from ingress.http.context import Api

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

    Returns the document without their bytes. Raises what the file store raises.
    """
    kept, warnings = [], list(parsed.warnings)
    for number, attachment in enumerate(parsed.attachments):
        media_type = sniffed(attachment.content[:HEAD_BYTES], attachment.name)
        if media_type is None:
            message = "is of an unaccepted type: it was left in the document"
            warnings.append(ReadingWarning(f"attachments[{number}]", "attachment_ignored", message))
        else:
            kept.append(await store(api, account_id, attachment.content, attachment.name, media_type))
    return replace(parsed, attachments=(), warnings=tuple(warnings)), kept


async def store(api: Api, account_id: UUID, content: bytes, name: str | None, media_type: str) -> StoredFile:
    """Store one file under a safe name."""
    async with api.uploads.files.receive(account_id) as arriving:
        await arriving.write(content)
        blob = await arriving.keep()
    return StoredFile(safe_name(name, media_type), media_type, blob.size, blob.sha256)
