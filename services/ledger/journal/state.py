"""What a batch reads, holds and changes of the journal and of the clients' balances that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from contracts.command_errors import InvalidInput
from contracts.primitives.money import MINOR_MAX
from contracts.primitives.problem import FieldError
from ledger.clients.rules import BalanceKey
from ledger.journal.booking import Booking
from ledger.unit_of_work.state import ChangeSet, CommandContext, Key, LoadedState

ZERO: Final = (0, 0)


@dataclass(slots=True)
class JournalPlan:
    """Sales and payments whose entries, settlements and refunds may be reversed."""

    reversible: set[Key] = field(default_factory=set)


@dataclass(slots=True)
class JournalChanges:
    """The entries of one command."""

    bookings: list[Booking] = field(default_factory=list)


@dataclass(slots=True)
class LoadedJournal:
    """The live entries of documents and payments, and clients' balances (receivable, unapplied) in minor units."""

    booked: dict[Key, list[Booking]] = field(default_factory=dict)
    balances: dict[BalanceKey, tuple[int, int]] = field(default_factory=dict)
    rebalanced: set[BalanceKey] = field(default_factory=set)


def check(ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Check that the ledger can hold the balances that a command leads to.

    Raises:
        InvalidInput: a client's balance would be too large.
    """
    after = _rebalanced(ctx, changes, state)
    if any(max(balance) > MINOR_MAX for balance in after.values()):
        field = next((name for name in ("lines", "amount") if hasattr(ctx.input, name)), "id")
        raise InvalidInput(faults=[FieldError(field, "makes the client's balance larger than the ledger can hold")])


def take(ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> None:
    """Apply a command's entries to the loaded state."""
    journal, after = state[LoadedJournal], _rebalanced(ctx, changes, state)
    journal.balances.update(after)
    journal.rebalanced.update(after)
    keep_live(journal.booked, ctx.account.id, changes[JournalChanges].bookings, lambda one: one.document_id)


def _rebalanced(ctx: CommandContext[Any], changes: ChangeSet, state: LoadedState) -> dict[BalanceKey, tuple[int, int]]:
    """The balances that bookings lead to, by the postings to what is receivable and what is unapplied."""
    balances = state[LoadedJournal].balances
    after: dict[BalanceKey, tuple[int, int]] = {}
    for booking in changes[JournalChanges].bookings:
        for posting in booking.entry.postings:
            if posting.client_id is None:
                continue  # a supplier's
            key = (ctx.account.id, posting.client_id, posting.currency)
            receivable, unapplied = after.get(key) or balances.get(key, ZERO)
            if posting.account == "receivable":
                after[key] = receivable + posting.amount_minor, unapplied
            elif posting.account == "unapplied":
                after[key] = receivable, unapplied - posting.amount_minor
    return after


class _Reversible(Protocol):
    @property
    def id(self) -> UUID: ...
    @property
    def reversal_of(self) -> UUID | None: ...


R = TypeVar("R", bound=_Reversible)


def keep_live(live: dict[Key, list[R]], account_id: UUID, rows: Iterable[R], belongs_to: Callable[[R], UUID]) -> None:
    """Add new rows to the live ones, and remove those that are reversed."""
    for row in rows:
        there = live.setdefault((account_id, belongs_to(row)), [])
        if row.reversal_of is None:
            there.append(row)
        else:
            there[:] = [one for one in there if one.id != row.reversal_of]
