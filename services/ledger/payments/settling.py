"""Decide what settles what: invoices are paid by payments and credit notes, and that is taken back again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from contracts.ids import new_id
from contracts.money import MoneyError, to_minor
from contracts.objects import AllocationIn
from contracts.transitions import Allocate, Unallocate
from ledger.books import Asked, Books, Changes, Needs
from ledger.decision import Decision
from ledger.documents.standing import Standing
from ledger.errors import BadInput, Fault, Faults, NotFound, StateForbids, at
from ledger.journal import rules as journal
from ledger.journal.booking import Booking, undone
from ledger.payments.allocate import Allocation, Owed, allocate, oldest_first
from ledger.payments.payment import Settlement
from ledger.payments.source import Held, SourceKind, held_named


def need_allocated(asked: Asked[Any], needs: Needs, allocations: Sequence[AllocationIn]) -> None:
    """Ask for the invoices that are to be settled."""
    needs.sales.update(asked.key(allocation.sale_id) for allocation in allocations)


def need_settled(asked: Asked[Any], books: Books, needs: Needs) -> None:
    """Ask for the invoices that the source in hand has settled."""
    needs.sales.update(asked.key(one.sale_id) for one in books.settlements.get(asked.key(asked.input.id), ()))


def need_source(kind: SourceKind, asked: Asked[Any], needs: Needs) -> None:
    """Ask for the payment or credit note that a command is about."""
    (needs.payments if kind == "payment" else needs.sales).add(asked.key(asked.input.id))


def allocating(kind: SourceKind) -> Decision[Allocate]:
    """Settle invoices with what a payment or credit note has left."""

    def needs(asked: Asked[Allocate], wanted: Needs) -> None:
        need_source(kind, asked, wanted)
        need_allocated(asked, wanted, asked.input.allocations or ())

    def then(asked: Asked[Allocate], books: Books, wanted: Needs) -> None:
        found = (books.payments if kind == "payment" else books.standings).get(asked.key(asked.input.id))
        if asked.input.oldest_first and found is not None:
            wanted.open_invoices.add((asked.account.id, found.client_id, found.currency))

    def decide(asked: Asked[Allocate], books: Books) -> Changes:
        changes = Changes((kind, asked.input.id))
        source = held_named(kind, asked, books)
        source.asked_to("allocate")
        wanted = _wanted(source, asked, books)
        apply_within(changes, source, wanted, asked, books).tell_updated(changes)
        return _told_first(changes)

    return Decision(Allocate, needs, decide, then)


def _wanted(source: Held, asked: Asked[Allocate], books: Books) -> Sequence[Allocation]:
    """What is asked for, or the client's open invoices as far as the source reaches.

    Raises:
        NotFound: an invoice is none of this account.
        BadInput: amounts that are none in this currency.
        StateForbids: nothing is open.
    """
    if asked.input.allocations is None:
        open_ones = [_owing(one) for key, one in books.standings.items() if key[0] == asked.account.id and one.owed]
        found = oldest_first(source.source, open_ones)
        if not found:
            raise StateForbids("The client has no open invoice in this currency.", code="nothing_open")
        return found
    check_known(asked, books, asked.input.allocations)
    faults = Faults()
    wanted = wanted_of(asked.input.allocations, source.party.currency, faults)
    faults.refuse_if_any()
    return wanted


def unallocating(kind: SourceKind) -> Decision[Unallocate]:
    """Take a payment or credit note off invoices again, whole settlements at a time."""

    def needs(asked: Asked[Unallocate], wanted: Needs) -> None:
        need_source(kind, asked, wanted)
        wanted.undoable.add(asked.key(asked.input.id))

    def decide(asked: Asked[Unallocate], books: Books) -> Changes:
        changes = Changes((kind, asked.input.id))
        source = held_named(kind, asked, books)
        source.asked_to("unallocate")
        live = _chosen(books.settlements.get(asked.key(source.id), []), asked.input.sale_ids)
        taken_back = unsettle_within(changes, source, live, asked, books)
        after = source.applied(-taken_back, now=asked.now)
        after.put(changes)
        after.tell_updated(changes)
        return changes

    return Decision(Unallocate, needs, decide, need_settled)


def check_known(asked: Asked[Any], books: Books, allocations: Sequence[AllocationIn]) -> None:
    """Find every document that is named.

    Raises:
        NotFound: some are no sales of this account.
    """
    unknown = [
        Fault(at("allocations", index, "sale_id"), "is no sale of this account")
        for index, allocation in enumerate(allocations)
        if asked.key(allocation.sale_id) not in books.standings
    ]
    if unknown:
        raise NotFound(faults=unknown)


def wanted_of(allocations: Sequence[AllocationIn], currency: str, faults: Faults) -> list[Allocation]:
    """What is asked for in minor units, each fault noted with its path."""
    return [
        Allocation(one.sale_id, minor_of(one.amount, currency, at("allocations", index, "amount"), faults))
        for index, one in enumerate(allocations)
    ]


def apply_within(changes: Changes, source: Held, wanted: Sequence[Allocation], asked: Asked[Any], books: Books) -> Held:
    """Settle what is asked for as part of `changes`; give the source as it is then.

    Raises:
        BadInput, StateForbids: see `allocate`.
    """
    allocated = allocate(source.source, wanted, _owed(asked, books, wanted))
    after = source.applied(settle_within(changes, source, allocated.allocations, asked, books), now=asked.now)
    after.put(changes)
    return after


def minor_of(amount: Any, currency: str, path: str, faults: Faults) -> int:
    """An amount in minor units; 1 in place of one that is at fault."""
    try:
        return to_minor(amount, currency)
    except MoneyError as error:
        faults.add(path, str(error))
        return 1


def settle_within(
    changes: Changes, source: Held, allocations: Sequence[Allocation], asked: Asked[Any], books: Books
) -> int:
    """Book each allocation, on the later of the two documents' dates; a `sale.paid` for what is paid with it.

    Gives the minor units that were settled; the source itself is left to the caller.
    """
    for allocation in allocations:
        invoice = changes.standings.get(allocation.invoice_id) or books.standings[asked.key(allocation.invoice_id)]
        entry = journal.settle(
            source.party, invoice_id=invoice.sale_id, source_id=source.id, amount_minor=allocation.amount_minor
        )
        booking = Booking(entry, source.id, max(source.date, invoice.document_date))
        after = invoice.settled_by(allocation.amount_minor, now=asked.now)
        changes.bookings.append(booking)
        changes.settlements.append(
            Settlement(new_id(), invoice.sale_id, allocation.amount_minor, booking.id, **source.named)
        )
        changes.stand(after)
        if after.open_minor == 0:
            changes.tell("sale.paid", after.status, after)
    return sum(allocation.amount_minor for allocation in allocations)


def unsettle_within(
    changes: Changes,
    source: Held,
    live: Sequence[Settlement],
    asked: Asked[Any],
    books: Books,
    *,
    on: date | None = None,
) -> int:
    """Take settlements back: each entry's mirror, and the invoice open again. Gives the minor units taken back.

    They count on the day asked for, else today, and none before its settlement.
    """
    booked = {booking.id: booking for booking in books.booked.get(asked.key(source.id), ())}
    for settlement in live:
        mirror = undone(booked[settlement.entry_id], today=on or asked.today)
        changes.bookings.append(mirror)
        changes.settlements.append(
            replace(
                settlement,
                id=new_id(),
                amount_minor=-settlement.amount_minor,
                entry_id=mirror.id,
                mirror_of=settlement.id,
            )
        )
        invoice = changes.standings.get(settlement.sale_id) or books.standings[asked.key(settlement.sale_id)]
        changes.stand(invoice.settled_by(-settlement.amount_minor, now=asked.now))
    return sum(settlement.amount_minor for settlement in live)


def _chosen(live: Sequence[Settlement], sale_ids: Sequence[UUID] | None) -> Sequence[Settlement]:
    """The live settlements of these invoices; all of them when none are named."""
    if not live:
        raise StateForbids("Nothing of it is applied.", code="nothing_applied")
    if sale_ids is None:
        return live
    settled = {settlement.sale_id for settlement in live}
    faults = [
        Fault(at("sale_ids", index), "is not settled by it")
        for index, sale_id in enumerate(sale_ids)
        if sale_id not in settled
    ]
    if faults:
        raise BadInput(faults=faults)
    return [settlement for settlement in live if settlement.sale_id in sale_ids]


def _owed(asked: Asked[Any], books: Books, wanted: Sequence[Allocation]) -> dict[UUID, Owed]:
    """The named documents that can be owed: what is no invoice is left out, and refused for that."""
    standings = (books.standings[asked.key(allocation.invoice_id)] for allocation in wanted)
    return {one.sale_id: _owing(one) for one in standings if one.sale_type == "sales_invoice"}


def _owing(invoice: Standing) -> Owed:
    return Owed(
        invoice.sale_id, invoice.client_id, invoice.currency, invoice.status, invoice.open_minor, invoice.date_due
    )


def _told_first(changes: Changes) -> Changes:
    """Let the event of the source come before those of what it has paid."""
    changes.happenings.insert(0, changes.happenings.pop())
    return changes
