"""Files that steps fetch: kept beside their run, named by its outputs, and sent as they are by later steps."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from action_executor.runs.records import Run
from contracts.primitives.ids import new_id, parse_id
from storage.pool import Pool

FILE_BYTES_MAX: Final = 20 * 1024 * 1024  # what the inboxes take too
INLINE_BYTES_MAX: Final = 64 * 1024  # result in base64 as well, for receivers that want it inside JSON

_FIELDS: Final = frozenset({"id", "name", "content_type", "size", "sha256", "content_base64"})
_INSERT: Final = "INSERT INTO execution.file (account_id, run_id, id, content_type, bytes) VALUES ($1, $2, $3, $4, $5)"
_FIND: Final = "SELECT content_type, bytes FROM execution.file WHERE account_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class File:
    """Bytes and what they are."""

    content_type: str
    content: bytes


async def keep(pool: Pool, run: Run, file: File, name: str) -> dict[str, Any]:
    """Keep a file as long as its run; answer what stands for it in an output.

    `{"file": {"id", "name", "content_type", "size", "sha256", "content_base64"}}`; the last is null for a large one.
    """
    identifier = new_id()
    await pool.execute(_INSERT, run.account_id, run.id, identifier, file.content_type, file.content)
    size = len(file.content)
    result = {
        "id": str(identifier),
        "name": name,
        "content_type": file.content_type,
        "size": size,
        "sha256": hashlib.sha256(file.content).hexdigest(),
        "content_base64": b64encode(file.content).decode() if size <= INLINE_BYTES_MAX else None,
    }
    return {"file": result}


def is_file(value: Any) -> bool:
    """Whether a value is exactly what `keep` answered."""
    if not isinstance(value, dict) or value.keys() != {"file"} or not isinstance(value["file"], dict):
        return False
    return value["file"].keys() == _FIELDS


async def find(pool: Pool, account_id: UUID, value: dict[str, Any]) -> File | None:
    """The file that a value stands for; None when it is gone, or another account's."""
    identifier = parse_id(str(value["file"]["id"]))
    row = await pool.fetchrow(_FIND, account_id, identifier) if identifier else None
    return File(row["content_type"], row["bytes"]) if row else None
