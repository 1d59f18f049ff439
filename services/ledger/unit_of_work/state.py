"""Hold what a batch has read of the books and what its commands change: between the reading and the writing.

A command is decided purely: from `Books` to `Changes`, or a refusal instead of them. Only `Books.take` makes changes
count, so a refused command leaves nothing behind and the next one of the batch sees what those before it did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, Final, Generic, Literal, Protocol, TypeVar
from uuid import UUID

from contracts.primitives.money import MINOR_MAX
from contracts.resources.schemas import Model
from contracts.wire.envelope import Envelope
from ledger.account import Account
from ledger.clients.rules import Client, Identity, identities_of
from ledger.errors import BadInput, FieldError
from ledger.inbox.inbox_state import InboxChanges, InboxReadPlan, InboxState
from ledger.journal.booking import Booking
from ledger.payments.payment import Payment, Refund, Settlement
from ledger.sales.crediting import TaxRows
from ledger.sales.document_state import DocumentState
from ledger.sales.numbers import Series
from ledger.sales.sale import Sale
from ledger.sales.send import SendRequest
from ledger.sales.transitions import Status
from ledger.unit_of_work.reference_data import ReferenceChanges, ReferenceData, ReferenceReadPlan

M = TypeVar("M", bound=Model)
Key = tuple[UUID, UUID]
"""An account's id and the id of something of it."""

BalanceKey = tuple[UUID, UUID, str]
"""Account, client, currency."""

EntityKind = Literal["client", "product", "sale", "payment", "inbox_message", "inbox_rule"]
"""What answers and events show; each kind has a view."""

Shown = dict[tuple[EntityKind, Key], dict[str, Any]]
"""Things as everybody sees them."""

ZERO: Final = (0, 0)


@dataclass(frozen=True, slots=True)
class CommandContext(Generic[M]):
    """A command that was read: its input, the account it is for, and when it is handled."""

    envelope: Envelope
    input: M
    account: Account
    now: datetime

    @property
    def today(self) -> date:
        """The account's date when the caller asked, however late the command is handled."""
        return self.account.day(self.envelope.at)

    def key(self, thing_id: UUID) -> Key:
        """The key of a thing of this account."""
        return self.account.id, thing_id


@dataclass(slots=True)
class ReadPlan:
    """What the commands of a batch want to be read for them."""

    clients: set[Key] = field(default_factory=set)
    identities: set[tuple[UUID, Identity]] = field(default_factory=set)
    references: set[Key] = field(default_factory=set)  # clients: whether something refers to them
    reference: ReferenceReadPlan = field(default_factory=ReferenceReadPlan)
    inbox: InboxReadPlan = field(default_factory=InboxReadPlan)
    sales: set[Key] = field(default_factory=set)  # where they stand
    documents: set[Key] = field(default_factory=set)  # what is written on them
    credited: set[Key] = field(default_factory=set)  # invoices: what their credit notes bear of taxes
    payments: set[Key] = field(default_factory=set)
    undoable: set[Key] = field(default_factory=set)  # sales and payments whose entries, settlements, refunds may go
    open_invoices: set[BalanceKey] = field(default_factory=set)  # of these clients in these currencies
    sale_external_ids: set[tuple[UUID, str]] = field(default_factory=set)
    payment_external_ids: set[tuple[UUID, str]] = field(default_factory=set)
    counters: set[tuple[UUID, Series]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """One outgoing event. `status` is (before, after) for a document or payment; before is None: it was not there."""

    trigger: str
    kind: EntityKind
    id: UUID
    client_id: UUID | None
    status: tuple[Status | None, Status] | None = None


@dataclass(slots=True)
class ChangeSet:
    """What one command changes, and the thing that its answer shows. Sales and payments are new or written anew.

    Where no thing is there to be shown, `said` is the answer, on the thing `subject_id`.
    """

    result_entity: tuple[EntityKind, UUID] | None
    http_status: int = 200
    result_body: dict[str, Any] | None = None
    subject_id: UUID | None = None
    clients: list[Client] = field(default_factory=list)
    clients_changed: list[Client] = field(default_factory=list)
    clients_removed: list[Client] = field(default_factory=list)
    reference: ReferenceChanges = field(default_factory=ReferenceChanges)
    inbox: InboxChanges = field(default_factory=InboxChanges)
    sales: dict[UUID, Sale] = field(default_factory=dict)
    document_states: dict[UUID, DocumentState] = field(default_factory=dict)
    gone: list[UUID] = field(default_factory=list)  # drafts
    payments: dict[UUID, Payment] = field(default_factory=dict)
    settlements: list[Settlement] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    send_requests: list[SendRequest] = field(default_factory=list)
    bookings: list[Booking] = field(default_factory=list)
    number_assignments: list[tuple[Series, int]] = field(default_factory=list)
    domain_events: list[DomainEvent] = field(default_factory=list)

    def join(self, others: ChangeSet) -> None:
        """Change the clients, products and usage that others change as well."""
        self.clients += others.clients
        self.clients_changed += others.clients_changed
        self.reference.join(others.reference)
        self.domain_events += others.domain_events

    def set_document_state(self, document_state: DocumentState) -> None:
        """Let a document stand so."""
        self.document_states[document_state.sale_id] = document_state

    def emit(self, trigger: str, before: Status | None, after: DocumentState | Payment) -> None:
        """Fire the event of a document's or payment's move."""
        kind: EntityKind = "sale" if isinstance(after, DocumentState) else "payment"
        thing_id = after.sale_id if isinstance(after, DocumentState) else after.id
        self.domain_events.append(DomainEvent(trigger, kind, thing_id, after.client_id, (before, after.status)))


class _Undoable(Protocol):
    @property
    def id(self) -> UUID: ...
    @property
    def reversal_of(self) -> UUID | None: ...


U = TypeVar("U", bound=_Undoable)


class StaleBatch(Exception):
    """A command of this batch depends on what one before it changed: by itself, each finds what it needs."""


@dataclass(slots=True)
class LoadedState:
    """The part of the books that a batch works on, under lock, as it stands after the commands taken so far.

    `booked`, `settlements` and `refunds` hold what is live, by the document or payment it was booked for or came from.
    `balances` are (receivable, unapplied) in minor units.
    """

    clients: dict[Key, Client] = field(default_factory=dict)
    found: dict[tuple[UUID, Identity], Client] = field(default_factory=dict)
    lost: set[tuple[UUID, Identity]] = field(default_factory=set)  # what a client no longer answers to
    referred: set[Key] = field(default_factory=set)  # clients to whom something refers
    reference: ReferenceData = field(default_factory=ReferenceData)
    inbox: InboxState = field(default_factory=InboxState)
    documents: dict[Key, Sale] = field(default_factory=dict)
    document_states: dict[Key, DocumentState] = field(default_factory=dict)
    credited: dict[Key, dict[UUID, TaxRows]] = field(default_factory=dict)  # an invoice's live credit notes
    payments: dict[Key, Payment] = field(default_factory=dict)
    booked: dict[Key, list[Booking]] = field(default_factory=dict)
    settlements: dict[Key, list[Settlement]] = field(default_factory=dict)
    refunds: dict[Key, list[Refund]] = field(default_factory=dict)
    sale_external_ids: dict[tuple[UUID, str, str], UUID] = field(default_factory=dict)  # account, sale type, id
    payment_external_ids: dict[tuple[UUID, str], UUID] = field(default_factory=dict)
    counters: dict[tuple[UUID, Series], int] = field(default_factory=dict)
    balances: dict[BalanceKey, tuple[int, int]] = field(default_factory=dict)
    taken: list[tuple[CommandContext[Any], ChangeSet]] = field(default_factory=list)
    new: set[Key] = field(default_factory=set)  # sales and payments that the tables do not have
    written: dict[Key, None] = field(default_factory=dict)  # sales whose paper was written
    moved: dict[Key, None] = field(default_factory=dict)  # sales and payments that stand otherwise
    gone: dict[Key, None] = field(default_factory=dict)  # drafts that were there
    number_assignments: dict[tuple[UUID, Series], int] = field(
        default_factory=dict
    )  # where each moved counter stood before
    rebalanced: set[BalanceKey] = field(default_factory=set)

    def branch(self) -> LoadedState:
        """A copy on which commands about clients and products can be tried, without a trace in these books."""
        copied = {one.name: copy(getattr(self, one.name)) for one in fields(self)}
        return LoadedState(**(copied | {"reference": self.reference.branch()}))

    def know(self, client: Client) -> None:
        """Let a client be found as it now is; where two answer to one identity, the one known first stays."""
        self.forget(client.account_id, client.id)
        self.clients[client.account_id, client.id] = client
        for identity in identities_of(client):
            self.found.setdefault((client.account_id, identity), client)

    def forget(self, account_id: UUID, client_id: UUID) -> None:
        """Let a client no longer be found."""
        before = self.clients.pop((account_id, client_id), None)
        for identity in identities_of(before) if before else ():
            found = self.found.get((account_id, identity))
            if found is not None and found.id == client_id:
                del self.found[account_id, identity]
                self.lost.add((account_id, identity))

    def recall(self, account_id: UUID, identity: Identity) -> Client | None:
        """The client who answers to an identity.

        Raises:
            ReadAgain: somebody did until a moment ago, and who does now was not read.
        """
        found = self.found.get((account_id, identity))
        if found is None and (account_id, identity) in self.lost:
            raise StaleBatch
        return found

    @property
    def overdue_check_at(self) -> datetime | None:
        """The earliest moment at which one of the documents that moved becomes overdue."""
        moved = (self.document_states[key] for key in self.moved if key in self.document_states)
        return min(
            (
                one.overdue_check_at
                for one in moved
                if one.overdue_check_at and one.is_receivable and not one.overdue_notified_at
            ),
            default=None,
        )

    def next_counter(self, account_id: UUID, series: Series) -> int:
        """What the next document of a series is numbered."""
        return self.counters[account_id, series] + 1

    def take(self, ctx: CommandContext[Any], changes: ChangeSet) -> None:
        """Make a command's changes count.

        Raises:
            BadInput: a client's balance would grow larger than the books can hold; nothing is taken then.
        """
        account_id = ctx.account.id
        balances = self._rebalanced(ctx, changes.bookings)
        self.balances.update(balances)
        self.rebalanced.update(balances)
        for client in (*changes.clients, *changes.clients_changed):
            self.know(client)
        for client in changes.clients_removed:
            self.forget(account_id, client.id)
        self.referred.update((account_id, sale.client_id) for sale in changes.sales.values())
        self.referred.update((account_id, payment.client_id) for payment in changes.payments.values())
        self.reference.take(changes.reference, account_id, ctx.envelope.id, today=ctx.account.day(ctx.now))
        self.inbox.take(changes.inbox, account_id)
        self._take_sales(account_id, changes)
        for payment in changes.payments.values():
            self._take_payment((account_id, payment.id), payment)
        _keep(self.booked, account_id, changes.bookings, lambda one: one.document_id)
        _keep(self.settlements, account_id, changes.settlements, lambda one: one.source_id)
        _keep(self.refunds, account_id, changes.refunds, lambda one: one.source_id)
        for series, counter in changes.number_assignments:
            self.number_assignments.setdefault((account_id, series), self.counters[account_id, series])
            self.counters[account_id, series] = counter
        self.taken.append((ctx, changes))

    def _take_sales(self, account_id: UUID, changes: ChangeSet) -> None:
        for sale in changes.sales.values():
            key = (account_id, sale.id)
            before = self.documents.get(key)
            if before is None:
                self.new.add(key)
            self._rename(before, sale)
            self.documents[key] = sale
            self.written[key] = None
        for document_state in changes.document_states.values():
            self.document_states[account_id, document_state.sale_id] = document_state
            self.moved[account_id, document_state.sale_id] = None
            self._credit((account_id, document_state.sale_id), document_state)
        for sale_id in changes.gone:
            key = (account_id, sale_id)
            self._rename(self.documents.pop(key), None)
            del self.document_states[key]
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
            self.sale_external_ids.pop((before.account_id, before.sale_type, before.external_id), None)
        if after is not None and after.external_id is not None:
            self.sale_external_ids[after.account_id, after.sale_type, after.external_id] = after.id

    def _take_payment(self, key: Key, payment: Payment) -> None:
        if key not in self.payments:
            self.new.add(key)
        self.payments[key] = payment
        self.moved[key] = None
        if payment.external_id is not None:
            self.payment_external_ids[payment.account_id, payment.external_id] = payment.id

    def _rebalanced(self, ctx: CommandContext[Any], bookings: list[Booking]) -> dict[BalanceKey, tuple[int, int]]:
        """The balances that bookings lead to, by the postings to what is owed and what is to spare."""
        account_id = ctx.account.id
        after: dict[BalanceKey, tuple[int, int]] = {}
        for booking in bookings:
            for posting in booking.entry.postings:
                key = (account_id, posting.client_id, posting.currency)
                receivable, unapplied = after.get(key) or self.balances.get(key, ZERO)
                if posting.account == "receivable":
                    after[key] = receivable + posting.amount_minor, unapplied
                elif posting.account == "unapplied":
                    after[key] = receivable, unapplied - posting.amount_minor
        if any(max(balance) > MINOR_MAX for balance in after.values()):
            field = next((name for name in ("lines", "amount") if hasattr(ctx.input, name)), "id")
            raise BadInput(faults=[FieldError(field, "makes the client's balance larger than the ledger can hold")])
        return after


def _keep(live: dict[Key, list[U]], account_id: UUID, rows: Iterable[U], belongs_to: Callable[[U], UUID]) -> None:
    """Let new rows be live, and those no longer that others of them undo."""
    for row in rows:
        there = live.setdefault((account_id, belongs_to(row)), [])
        if row.reversal_of is None:
            there.append(row)
        else:
            there[:] = [one for one in there if one.id != row.reversal_of]
