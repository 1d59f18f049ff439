"""Hold what a batch has read of the books and what its commands change: between the reading and the writing.

A command is decided purely: from `Books` to `Changes`, or a refusal instead of them. Only `Books.take` makes changes
count, so a refused command leaves nothing behind and the next one of the batch sees what those before it did.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Generic, Literal, TypeVar
from uuid import UUID

from contracts.envelope import Envelope
from contracts.ids import new_id
from contracts.money import MINOR_MAX
from contracts.objects import Model
from ledger.account import Account
from ledger.documents.numbers import Series
from ledger.documents.sale import Sale, Standing, standing_of
from ledger.documents.states import Status
from ledger.errors import BadInput
from ledger.journal.rules import Entry
from ledger.parties.rules import Client, Identity, identities_of
from ledger.payments.payment import Payment, Settlement

M = TypeVar("M", bound=Model)
Key = tuple[UUID, UUID]
"""An account's id and the id of something of it."""

ThingKind = Literal["client", "sale", "payment"]
"""What answers and events show; each kind has a view."""

ZERO: Final = (0, 0)


@dataclass(frozen=True, slots=True)
class Asked(Generic[M]):
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
class Needs:
    """What the commands of a batch want to be read for them."""

    clients: set[Key] = field(default_factory=set)
    identities: set[tuple[UUID, Identity]] = field(default_factory=set)
    sales: set[Key] = field(default_factory=set)
    sale_external_ids: set[tuple[UUID, str, str]] = field(default_factory=set)  # account, sale type, external id
    payment_external_ids: set[tuple[UUID, str]] = field(default_factory=set)
    counters: set[tuple[UUID, Series]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Booking:
    """A journal entry on its way in: for which document, and on which day it counts."""

    entry: Entry
    document_id: UUID
    booked_on: date
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Happening:
    """One outgoing event. `status` is (before, after) for a document or payment; before is None: it was not there."""

    trigger: str
    kind: ThingKind
    id: UUID
    client_id: UUID
    status: tuple[Status | None, Status] | None = None


@dataclass(slots=True)
class Changes:
    """What one command changes, and the thing that its answer shows."""

    shown: tuple[ThingKind, UUID]
    http_status: int = 201
    clients: list[Client] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    bookings: list[Booking] = field(default_factory=list)
    counted: list[tuple[Series, int]] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)


@dataclass(slots=True)
class Books:
    """The part of the books that a batch works on, under lock, as it stands after the commands taken so far.

    `balances` are (receivable, unapplied) in minor units by account, client and currency.
    """

    clients: dict[Key, Client] = field(default_factory=dict)
    found: dict[tuple[UUID, Identity], Client] = field(default_factory=dict)
    standings: dict[Key, Standing] = field(default_factory=dict)
    sale_external_ids: dict[tuple[UUID, str, str], UUID] = field(default_factory=dict)
    payment_external_ids: dict[tuple[UUID, str], UUID] = field(default_factory=dict)
    counters: dict[tuple[UUID, Series], int] = field(default_factory=dict)
    balances: dict[tuple[UUID, UUID, str], tuple[int, int]] = field(default_factory=dict)
    taken: list[tuple[Asked[Any], Changes]] = field(default_factory=list)
    counted: dict[tuple[UUID, Series], int] = field(default_factory=dict)  # where each moved counter stood before
    rebalanced: set[tuple[UUID, UUID, str]] = field(default_factory=set)

    def know(self, client: Client) -> None:
        """Let a client be found; where two answer to one identity, the one known first stays."""
        self.clients[client.account_id, client.id] = client
        for identity in identities_of(client):
            self.found.setdefault((client.account_id, identity), client)

    def next_counter(self, account_id: UUID, series: Series) -> int:
        """What the next document of a series is numbered."""
        return self.counters[account_id, series] + 1

    def take(self, asked: Asked[Any], changes: Changes) -> None:
        """Make a command's changes count.

        Raises:
            BadInput: a client's balance would grow larger than the books can hold; nothing is taken then.
        """
        account_id = asked.account.id
        balances = self._rebalanced(account_id, changes.bookings)
        self.balances.update(balances)
        self.rebalanced.update(balances)
        for client in changes.clients:
            self.know(client)
        for sale in changes.sales:
            self.standings[account_id, sale.id] = standing_of(sale)
            if sale.external_id is not None:
                self.sale_external_ids[account_id, sale.sale_type, sale.external_id] = sale.id
        for payment in changes.payments:
            if payment.external_id is not None:
                self.payment_external_ids[account_id, payment.external_id] = payment.id
        for settlement in changes.settlements:
            key = (account_id, settlement.sale_id)
            self.standings[key] = self.standings[key].settled_by(settlement.amount_minor)
        for series, counter in changes.counted:
            self.counted.setdefault((account_id, series), self.counters[account_id, series])
            self.counters[account_id, series] = counter
        self.taken.append((asked, changes))

    def _rebalanced(self, account_id: UUID, bookings: list[Booking]) -> dict[tuple[UUID, UUID, str], tuple[int, int]]:
        """The balances that bookings lead to, by the postings to what is owed and what is to spare."""
        after: dict[tuple[UUID, UUID, str], tuple[int, int]] = {}
        for booking in bookings:
            for posting in booking.entry.postings:
                key = (account_id, posting.client_id, posting.currency)
                receivable, unapplied = after.get(key) or self.balances.get(key, ZERO)
                if posting.account == "receivable":
                    after[key] = receivable + posting.amount_minor, unapplied
                elif posting.account == "unapplied":
                    after[key] = receivable, unapplied - posting.amount_minor
        if any(max(balance) > MINOR_MAX for balance in after.values()):
            raise BadInput("With this, the client's balance would be larger than the books can hold.", code="overflow")
        return after
