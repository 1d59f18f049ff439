"""Decide which invoices a payment or credit note settles, and by how much; settlements post it.

Allocation is explicit: what a caller does not allocate stays unapplied, unless it requests `oldest_first`. All facts
are read under lock in the posting transaction, so that the decision still holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from contracts.command_errors import InvalidInput, StateForbids
from contracts.primitives.money import from_minor
from contracts.primitives.problem import FieldError
from contracts.resources.document_kinds import Status
from ledger.errors import at

_SETTLES: Final = ("issued",)


@dataclass(frozen=True, slots=True)
class Source:
    """A confirmed payment or an issued credit note, and what is left of it in minor units."""

    id: UUID
    client_id: UUID
    currency: str
    unapplied_minor: int


@dataclass(frozen=True, slots=True)
class Owed:
    """An invoice of the account and what is still to be paid of it in minor units."""

    id: UUID
    client_id: UUID
    currency: str
    status: Status
    open_minor: int
    date_due: date | None = None


@dataclass(frozen=True, slots=True)
class Allocation:
    """An amount of the source for this invoice, in minor units: requested, or allowed."""

    invoice_id: UUID
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Allocated:
    """The settlements to post, in the requested order, and what stays unapplied."""

    allocations: tuple[Allocation, ...]
    unapplied_minor: int


def allocate(source: Source, ctx: Sequence[Allocation], is_receivable: Mapping[UUID, Owed]) -> Allocated:
    """Check every allocation against its invoice, and all of them against the source.

    `owed` holds those of the named invoices that this account has.

    Raises:
        InvalidInput: a request is invalid in itself; every error with its path (`allocations[0].amount`).
        StateForbids: all errors are in the invoices' states (void, a draft, paid already).
    """
    wrong: list[FieldError] = []
    forbidden: list[FieldError] = []
    seen: set[UUID] = set()
    for index, allocation in enumerate(ctx):
        invoice = is_receivable.get(allocation.invoice_id)
        mistake = _mistake(source, allocation, invoice, seen)
        seen.add(allocation.invoice_id)
        if mistake:
            wrong.append(FieldError(at("allocations", index, mistake[0]), mistake[1]))
        elif invoice is not None and (obstacle := _obstacle(invoice)):
            forbidden.append(FieldError(at("allocations", index, "sale_id"), obstacle))
        elif invoice is not None and allocation.amount_minor > invoice.open_minor:
            rest = from_minor(invoice.open_minor, invoice.currency)
            wrong.append(FieldError(at("allocations", index, "amount"), f"is more than what is open: {rest}"))
    left = source.unapplied_minor - sum(max(allocation.amount_minor, 0) for allocation in ctx)
    if left < 0:
        rest = from_minor(source.unapplied_minor, source.currency)
        wrong.append(FieldError("allocations", f"exceed what is left to allocate: {rest}"))
    if wrong:
        raise InvalidInput(faults=[*wrong, *forbidden])
    if forbidden:
        raise StateForbids(faults=forbidden, code="not_open")
    return Allocated(tuple(ctx), left)


def oldest_first(source: Source, is_receivable: Iterable[Owed]) -> tuple[Allocation, ...]:
    """Distribute a source: by due date, open-ended ones last, then by creation (id).

    Only to invoices that it may settle (issued, same client and currency); the amounts are valid for `allocate`.
    """
    left = source.unapplied_minor
    allocations = []
    fitting = (
        one
        for one in is_receivable
        if (one.client_id, one.currency) == (source.client_id, source.currency) and _obstacle(one) is None
    )
    for invoice in sorted(fitting, key=lambda one: (one.date_due or date.max, one.id)):
        amount = min(left, invoice.open_minor)
        if amount <= 0:
            break
        allocations.append(Allocation(invoice.id, amount))
        left -= amount
    return tuple(allocations)


def _mistake(source: Source, ctx: Allocation, invoice: Owed | None, seen: set[UUID]) -> tuple[str, str] | None:
    """What is wrong with one allocation in itself: the field and a sentence."""
    if invoice is None:
        return "sale_id", "unknown invoice"
    if ctx.invoice_id in seen:
        return "sale_id", "is named twice"
    if invoice.client_id != source.client_id:
        return "sale_id", "is another client's invoice"
    if invoice.currency != source.currency:
        return "sale_id", f"is in {invoice.currency}, this is in {source.currency}"
    if ctx.amount_minor <= 0:
        return "amount", "must be more than 0"
    return None


def _obstacle(invoice: Owed) -> str | None:
    """Return why the invoice's state forbids settling it."""
    if invoice.status not in _SETTLES:
        return f"is {invoice.status.replace('_', ' ')}: only an issued invoice can be settled"
    return None if invoice.open_minor > 0 else "is paid already"
