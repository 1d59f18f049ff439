"""A payment and its settlements as they are stored: what was decided, on its way into the tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.documents.states import Status


@dataclass(frozen=True, slots=True)
class Payment:
    """A row of `ledger.payment`; the amount in minor units of its currency."""

    account_id: UUID
    id: UUID
    client_id: UUID
    status: Status
    amount_minor: int
    currency: str
    date: date
    method: str
    reference: str | None
    external_id: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Settlement:
    """A row of `ledger.settlement`: so much of one payment for one invoice, booked by the entry `entry_id`."""

    id: UUID
    sale_id: UUID
    payment_id: UUID
    amount_minor: int
    entry_id: UUID
