"""Which clients a batch makes due: what every command calls that changes what collections depend on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ledger.clients.state import ClientChanges
from ledger.collections.collectors.state import CollectorChanges
from ledger.collections.disputes.state import DisputeChanges
from ledger.collections.notes.state import NoteChanges
from ledger.collections.promises.state import PromiseChanges
from ledger.messages.state import MessageChanges
from ledger.payments.state import PaymentChanges
from ledger.sales.state import SaleChanges
from ledger.unit_of_work.state import ChangeSet, Key, LoadedState


@dataclass(slots=True)
class DueChanges:
    """The clients whose cases one command makes due."""

    clients: set[UUID] = field(default_factory=set)


def make_due(changes: ChangeSet, client_id: UUID) -> None:
    """Let a client's cases be decided on again right after the commit.

    Changes of clients, documents, settlements, notes and disputes do so by themselves.
    """
    changes[DueChanges].clients.add(client_id)


def due_clients(state: LoadedState) -> set[Key]:
    """Every client of whom a command taken so far changed what collections depend on."""
    return {ctx.key(client_id) for ctx, changes in state.taken for client_id in _of(changes)}


def settled_sales(changes: ChangeSet) -> Iterator[UUID]:
    """The invoices of which a command changed what is to be paid."""
    yield from (settlement.sale_id for settlement in changes[PaymentChanges].settlements)
    yield from (one.sale_id for one in changes[SaleChanges].states.values() if one.status not in {"draft", "issued"})


def held_clients(changes: ChangeSet) -> Iterator[UUID]:
    """The clients of whom a command changed something that may hold back what was to be sent to them."""
    yield from (client.id for client in changes[ClientChanges].changed)
    for message in changes[MessageChanges].messages.values():
        if message.direction == "received" and message.client_id is not None:
            yield message.client_id
    yield from (dispute.client_id for dispute in changes[DisputeChanges].disputes.values())
    yield from (promise.client_id for promise in changes[PromiseChanges].promises.values())
    yield from (note.client_id for note in changes[NoteChanges].notes.values() if note.needs_response)
    yield from _credited(changes)


def _credited(changes: ChangeSet) -> Iterator[UUID]:
    """The clients of whose payments or credit notes something is left to allocate."""
    for payment in changes[PaymentChanges].payments.values():
        if payment.status == "confirmed" and payment.unapplied_minor > 0:
            yield payment.client_id
    for one in changes[SaleChanges].states.values():
        if one.role == "credit" and one.status == "issued" and one.unapplied_minor > 0:
            yield one.client_id


def _of(changes: ChangeSet) -> Iterator[UUID]:
    yield from changes[DueChanges].clients
    yield from held_clients(changes)
    for one in changes[SaleChanges].states.values():
        if one.role in {"receivable", "credit"} and one.status != "draft":
            yield one.client_id
    yield from (payment.client_id for payment in changes[PaymentChanges].payments.values())
    for message in changes[MessageChanges].messages.values():  # a contact, which lets the next step wait
        if message.client_id is not None and message.state == "requested" and message.purpose != "notification":
            yield message.client_id


def next_due(state: LoadedState) -> datetime | None:
    """When the scheduler has to look: at once where a client is due, or becomes due by what is saved."""
    if not due_clients(state) and not any(_makes_clients_due(changes) for _, changes in state.taken):
        return None
    return max(ctx.now for ctx, _ in state.taken)


def _makes_clients_due(changes: ChangeSet) -> bool:
    """Whether cases get another version, another collector or a step back; the stores mark their clients."""
    mine = changes[CollectorChanges]
    is_replaced = any(one.replaced_by is not None for one in mine.collectors.values())
    return bool(mine.applied) or is_replaced or bool(changes[MessageChanges].never_sent)
