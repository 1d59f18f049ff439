"""A dispute: an invoice that its client does not accept as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Dispute:
    """A row of `ledger.dispute`; an invoice has at most one that is open."""

    account_id: UUID
    id: UUID
    client_id: UUID
    sale_id: UUID
    reason: str
    state: Literal["open", "resolved"]
    resolution: str | None
    created_at: datetime
    resolved_at: datetime | None
