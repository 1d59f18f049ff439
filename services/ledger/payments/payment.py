"""A payment, its settlements and refunds, as stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from contracts.resources.document_kinds import Status


@dataclass(frozen=True, slots=True)
class Payment:
    """A row of `ledger.payment`; amounts in minor units of its currency."""

    entity: ClassVar = "payment"
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
    settled_minor: int = 0
    refunded_minor: int = 0
    receipt_id: UUID | None = None
    status_reason: str | None = None

    @property
    def subject_id(self) -> UUID:
        """The id of the payment."""
        return self.id

    @property
    def unapplied_minor(self) -> int:
        """What is left of it."""
        return self.amount_minor - self.settled_minor - self.refunded_minor


@dataclass(frozen=True, slots=True)
class Settlement:
    """A row of `ledger.settlement`: an amount of one payment or credit note for one invoice, posted by `entry_id`.

    A reversal (`reversal_of`) has its amount below 0.
    """

    id: UUID
    sale_id: UUID
    amount_minor: int
    entry_id: UUID
    payment_id: UUID | None = None
    credit_note_id: UUID | None = None
    reversal_of: UUID | None = None

    @property
    def source_id(self) -> UUID:
        """The payment or credit note."""
        return _either(self.payment_id, self.credit_note_id)


@dataclass(frozen=True, slots=True)
class Refund:
    """A row of `ledger.refund`: an amount refunded of one payment or credit note; below 0 for a reversal."""

    id: UUID
    amount_minor: int
    date: date
    reference: str | None
    entry_id: UUID
    payment_id: UUID | None = None
    credit_note_id: UUID | None = None
    reversal_of: UUID | None = None

    @property
    def source_id(self) -> UUID:
        """The payment or credit note."""
        return _either(self.payment_id, self.credit_note_id)


def _either(one: UUID | None, other: UUID | None) -> UUID:
    found = one or other
    if found is None:
        raise ValueError("neither a payment nor a credit note is named")
    return found
