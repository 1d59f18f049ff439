"""What a batch reads, holds and changes of sales documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from ledger.clients.rules import BalanceKey
from ledger.clients.state import LoadedClients
from ledger.sales.crediting import TaxRows
from ledger.sales.document_state import DocumentState
from ledger.sales.numbers import Series
from ledger.sales.sale import Sale
from ledger.unit_of_work.state import ChangeSet, CommandContext, Key, LoadedState


@dataclass(slots=True)
class SalePlan:
    """What is to be read: the state of documents, or (`documents`) what is written on them as well."""

    states: set[Key] = field(default_factory=set)
    documents: set[Key] = field(default_factory=set)
    credited: set[Key] = field(default_factory=set)  # invoices: what their credit notes bear of taxes
    open_invoices: set[BalanceKey] = field(default_factory=set)  # of these clients in these currencies
    external_ids: set[tuple[UUID, str]] = field(default_factory=set)
    counters: set[tuple[UUID, Series]] = field(default_factory=set)


@dataclass(slots=True)
class SaleChanges:
    """The changes of one command: new and changed documents and states."""

    documents: dict[UUID, Sale] = field(default_factory=dict)
    states: dict[UUID, DocumentState] = field(default_factory=dict)
    numbers: list[tuple[Series, int]] = field(default_factory=list)

    def set_document_state(self, document_state: DocumentState) -> None:
        """Set a document's state."""
        self.states[document_state.sale_id] = document_state


@dataclass(slots=True)
class LoadedSales:
    """Documents after the commands handled so far."""

    documents: dict[Key, Sale] = field(default_factory=dict)
    states: dict[Key, DocumentState] = field(default_factory=dict)
    credited: dict[Key, dict[UUID, TaxRows]] = field(default_factory=dict)  # an invoice's live credit notes
    external_ids: dict[tuple[UUID, str, str], UUID] = field(default_factory=dict)  # account, sale type, id
    counters: dict[tuple[UUID, Series], int] = field(default_factory=dict)
    counters_before: dict[tuple[UUID, Series], int] = field(default_factory=dict)  # of those that moved
    new: set[Key] = field(default_factory=set)  # that the tables do not have
    written: dict[Key, None] = field(default_factory=dict)  # whose document was written
    moved: dict[Key, None] = field(default_factory=dict)  # whose state changed
    gone: dict[Key, None] = field(default_factory=dict)  # drafts that were there

    def next_counter(self, account_id: UUID, series: Series) -> int:
        """What the next document of a series is numbered."""
        return self.counters[account_id, series] + 1

    def write(self, sale: Sale) -> None:
        """Write a document."""
        key = (sale.account_id, sale.id)
        before = self.documents.get(key)
        if before is None:
            self.new.add(key)
        self._rename(before, sale)
        self.documents[key] = sale
        self.written[key] = None

    def move(self, document_state: DocumentState) -> None:
        """Set a document's state."""
        key = (document_state.account_id, document_state.sale_id)
        self.states[key] = document_state
        self.moved[key] = None
        self._credit(key, document_state)

    def delete(self, key: Key) -> None:
        """Delete a draft."""
        self._rename(self.documents.pop(key), None)
        del self.states[key]
        self.written.pop(key, None)
        self.moved.pop(key, None)
        self.gone[key] = None

    def _credit(self, key: Key, note: DocumentState) -> None:
        """Count a credit note among those of its invoice while it is live."""
        notes = None if note.invoice_id is None else self.credited.get((note.account_id, note.invoice_id))
        if notes is None:
            return
        if note.status == "issued" and key in self.documents:
            notes[note.sale_id] = self.documents[key].taxes
        elif note.status == "void":
            notes.pop(note.sale_id, None)

    def _rename(self, before: Sale | None, after: Sale | None) -> None:
        if before is not None and before.external_id is not None:
            self.external_ids.pop((before.account_id, before.sale_type, before.external_id), None)
        if after is not None and after.external_id is not None:
            self.external_ids[after.account_id, after.sale_type, after.external_id] = after.id


def take(ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Apply a command's changes to the loaded state."""
    mine, sales, account_id = changes[SaleChanges], state[LoadedSales], ctx.account.id
    for sale in mine.documents.values():
        sales.write(sale)
        state[LoadedClients].referred.add((account_id, sale.client_id))
    for document_state in mine.states.values():
        sales.move(document_state)
    for kind, sale_id in changes.deleted:
        if kind == "sale":
            sales.delete((account_id, sale_id))
    for series, counter in mine.numbers:
        sales.counters_before.setdefault((account_id, series), sales.counters[account_id, series])
        sales.counters[account_id, series] = counter


def next_overdue_check(state: LoadedState) -> datetime | None:
    """The earliest moment at which one of the documents that moved becomes overdue."""
    sales = state[LoadedSales]
    moved = (sales.states[key] for key in sales.moved)
    checks = (one.overdue_check_at for one in moved if one.is_receivable and not one.overdue_notified_at)
    return min((check for check in checks if check), default=None)
