"""A document's mutable state: its status, and what is settled, refunded and credited of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from contracts.resources.document_kinds import KINDS, Role, SaleType, Status
from ledger.sales.sale import Sale


@dataclass(frozen=True, slots=True)
class DocumentState:
    """A row of `ledger.sale_state`, and the fields of its document that rules need. Amounts in minor units.

    `settled_minor` is the paid part of an invoice, or the used part of a credit note.
    """

    entity: ClassVar = "sale"
    account_id: UUID
    sale_id: UUID
    sale_type: SaleType
    role: Role
    status: Status
    client_id: UUID
    currency: str
    date_due: date | None
    total_minor: int
    due_minor: int
    updated_at: datetime
    document_date: date
    invoice_id: UUID | None = None
    payment_id: UUID | None = None
    converted_from: UUID | None = None
    settled_minor: int = 0
    refunded_minor: int = 0
    written_off_minor: int = 0
    credited_minor: int = 0
    converted_to: UUID | None = None
    status_reason: str | None = None
    send_requested_at: datetime | None = None
    overdue_check_at: datetime | None = None
    overdue_notified_at: datetime | None = None

    @property
    def subject_id(self) -> UUID:
        """The id of the document."""
        return self.sale_id

    @property
    def open_minor(self) -> int:
        """What is still to be paid of an invoice."""
        return self.due_minor - self.settled_minor - self.written_off_minor

    @property
    def unapplied_minor(self) -> int:
        """What is left of a credit note."""
        return self.total_minor - self.settled_minor - self.refunded_minor

    @property
    def creditable_minor(self) -> int:
        """The maximum of further credit notes against an invoice."""
        return self.total_minor - self.credited_minor

    @property
    def is_receivable(self) -> bool:
        """Whether something is to be paid, so that it can become overdue."""
        return self.role == "receivable" and self.status == "issued" and self.open_minor > 0

    def settled_by(self, amount_minor: int, *, now: datetime) -> DocumentState:
        """The state after a settlement, or below 0 after a reversal."""
        return replace(self, settled_minor=self.settled_minor + amount_minor, updated_at=now)


def standing_of(sale: Sale, *, now: datetime) -> DocumentState:
    """The state of a draft."""
    return DocumentState(
        account_id=sale.account_id,
        sale_id=sale.id,
        sale_type=sale.sale_type,
        role=KINDS[sale.sale_type].role,
        status="draft",
        client_id=sale.client_id,
        currency=sale.currency,
        date_due=sale.date_due,
        total_minor=sale.total_minor,
        due_minor=sale.total_minor - sale.deposit_minor,
        updated_at=now,
        document_date=sale.document_date,
        invoice_id=sale.invoice_id,
        payment_id=sale.payment_id,
        converted_from=sale.converted_from,
    )
