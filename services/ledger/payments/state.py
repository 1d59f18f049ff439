"""What a batch reads, holds and changes of payments, settlements and refunds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ledger.clients.state import LoadedClients
from ledger.journal.state import keep_live
from ledger.payments.payment import Payment, Refund, Settlement
from ledger.unit_of_work.state import ChangeSet, CommandContext, Key, LoadedState


@dataclass(slots=True)
class PaymentPlan:
    """Which payments are to be read."""

    ids: set[Key] = field(default_factory=set)
    external_ids: set[tuple[UUID, str]] = field(default_factory=set)


@dataclass(slots=True)
class PaymentChanges:
    """The changes of one command: new and changed payments."""

    payments: dict[UUID, Payment] = field(default_factory=dict)
    settlements: list[Settlement] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)


@dataclass(slots=True)
class LoadedPayments:
    """Payments after the commands handled so far.

    `settlements` and `refunds` hold the live ones, by payment or credit note.
    """

    payments: dict[Key, Payment] = field(default_factory=dict)
    settlements: dict[Key, list[Settlement]] = field(default_factory=dict)
    refunds: dict[Key, list[Refund]] = field(default_factory=dict)
    sources_read: set[Key] = field(default_factory=set)
    external_ids: dict[tuple[UUID, str], UUID] = field(default_factory=dict)
    new: set[Key] = field(default_factory=set)  # that the table does not have
    moved: dict[Key, None] = field(default_factory=dict)

    def move(self, payment: Payment) -> None:
        """Set a payment's state."""
        key = (payment.account_id, payment.id)
        if key not in self.payments:
            self.new.add(key)
        self.payments[key] = payment
        self.moved[key] = None
        if payment.external_id is not None:
            self.external_ids[payment.account_id, payment.external_id] = payment.id


def take(ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Apply a command's changes to the loaded state."""
    mine, payments, account_id = changes[PaymentChanges], state[LoadedPayments], ctx.account.id
    for payment in mine.payments.values():
        payments.move(payment)
        state[LoadedClients].referred.add((account_id, payment.client_id))
    keep_live(payments.settlements, account_id, mine.settlements, lambda one: one.source_id)
    keep_live(payments.refunds, account_id, mine.refunds, lambda one: one.source_id)
