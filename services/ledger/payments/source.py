"""What can settle invoices or be refunded, a payment or a credit note, handled alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from contracts.command_errors import NotFound
from contracts.resources.document_kinds import Command, Status
from ledger.journal.rules import Party
from ledger.payments.allocate import Source
from ledger.payments.payment import Payment
from ledger.payments.state import LoadedPayments, PaymentChanges
from ledger.sales import lookup, transitions
from ledger.sales.document_state import DocumentState
from ledger.sales.state import SaleChanges
from ledger.sales.transitions import Facts, Kind
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState


@dataclass(frozen=True, slots=True)
class SourceBalance:
    """A payment or credit note as a source of settlements and refunds."""

    thing: Payment | DocumentState

    @property
    def id(self) -> UUID:
        """Its id."""
        return self.thing.id if isinstance(self.thing, Payment) else self.thing.sale_id

    @property
    def kind(self) -> Kind:
        """Its kind in the table of states."""
        return "payment" if isinstance(self.thing, Payment) else self.thing.sale_type

    @property
    def status(self) -> Status:
        """Its state."""
        return self.thing.status

    @property
    def date(self) -> date:
        """The day from which it counts."""
        return self.thing.date if isinstance(self.thing, Payment) else self.thing.document_date

    @property
    def party(self) -> Party:
        """Its party in the journal."""
        return Party(self.thing.client_id, self.thing.currency)

    @property
    def source(self) -> Source:
        """What of it can be allocated."""
        return Source(self.id, self.thing.client_id, self.thing.currency, self.thing.unapplied_minor)

    @property
    def named(self) -> dict[str, UUID]:
        """How settlements and refunds name it."""
        return {"payment_id" if isinstance(self.thing, Payment) else "credit_note_id": self.id}

    def asked_to(self, command: Command) -> None:
        """Check that its state allows a command.

        Raises:
            StateForbids: it does not, or nothing is left of it.
        """
        transitions.decide_transition(
            self.kind, self.status, command, Facts(unapplied_minor=self.thing.unapplied_minor)
        )

    def applied(self, minor: int, *, now: datetime) -> SourceBalance:
        """Return it after settlements, or below 0 after reversals."""
        return SourceBalance(replace(self.thing, settled_minor=self.thing.settled_minor + minor, updated_at=now))

    def refunded(self, minor: int, *, now: datetime) -> SourceBalance:
        """Return it after a refund, or below 0 after a reversal."""
        return SourceBalance(replace(self.thing, refunded_minor=self.thing.refunded_minor + minor, updated_at=now))

    def put(self, changes: ChangeSet) -> None:
        """Set its new state within `changes`."""
        if isinstance(self.thing, Payment):
            changes[PaymentChanges].payments[self.id] = self.thing
        else:
            changes[SaleChanges].set_document_state(self.thing)

    def tell_updated(self, changes: ChangeSet) -> None:
        """Fire the event that something else of it is applied or refunded now."""
        changes.emit("payment.updated" if isinstance(self.thing, Payment) else "sale.updated", self.status, self.thing)


SourceKind = Literal["payment", "sale"]


def held(thing: Payment | DocumentState) -> SourceBalance:
    """A payment or credit note as a source."""
    return SourceBalance(thing)


def held_named(kind: SourceKind, ctx: CommandContext[Any], state: LoadedState) -> SourceBalance:
    """The payment or credit note that a command is about.

    Raises:
        NotFound: this account has none with this id.
    """
    if kind == "sale":
        return SourceBalance(lookup.state_of(ctx, state, ctx.input.id))
    return SourceBalance(payment_of(ctx, state, ctx.input.id))


def payment_of(ctx: CommandContext[Any], state: LoadedState, payment_id: UUID) -> Payment:
    """The payment.

    Raises:
        NotFound: this account has none with this id.
    """
    payment = state[LoadedPayments].payments.get(ctx.key(payment_id))
    if payment is None:
        raise NotFound("There is no payment with this id.")
    return payment
