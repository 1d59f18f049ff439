"""A call with a client as it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from contracts.resources.call import CallOutcome
from contracts.resources.note import Origin


@dataclass(frozen=True, slots=True)
class Call:
    """A row of `ledger.call`."""

    account_id: UUID
    id: UUID
    client_id: UUID
    outcome: CallOutcome
    note: str | None
    snooze_until: date | None
    advance: bool
    sale_ids: list[UUID]
    promise_id: UUID | None
    dispute_ids: list[UUID]
    origin: Origin
    created_at: datetime
