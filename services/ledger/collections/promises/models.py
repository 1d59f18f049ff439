"""A promise to pay as it is stored, and what the ledger holds of its invoices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from contracts.resources.promise import PromiseState


@dataclass(frozen=True, slots=True)
class Promise:
    """A row of `ledger.promise`, about the invoices `sale_ids`, or all of the client's in its currency.

    `ends_at` is the moment at which its day is over. The scheduler looks at it at `check_at`; None: never again.
    """

    account_id: UUID
    id: UUID
    client_id: UUID
    date: date
    amount_minor: int
    currency: str
    sale_ids: list[UUID]
    state: PromiseState
    ends_at: datetime
    check_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Paid:
    """What came in for a promise, in minor units.

    `needed_minor` is its own amount and those of earlier promises about the same debt, which are paid first;
    `paid_minor` came in since the first of them; `open_minor` is left to pay of what it is about.
    """

    needed_minor: int
    paid_minor: int
    open_minor: int
