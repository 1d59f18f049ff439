"""A note on a client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.resources.note import NoteKind, Origin


@dataclass(frozen=True, slots=True)
class Note:
    """A row of `ledger.note`; one that needs a response blocks automatic steps until `resolved_at`."""

    account_id: UUID
    id: UUID
    client_id: UUID
    sale_id: UUID | None
    kind: NoteKind
    body: str
    pinned: bool
    needs_response: bool
    resolved_at: datetime | None
    origin: Origin
    author: Mapping[str, Any] | None  # {kind, id, name}
    created_at: datetime
    updated_at: datetime
