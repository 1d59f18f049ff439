"""Decide the commands on payments: from `record_payment` to money booked, invoices settled and their events.

A payment that is recorded has come in: it is confirmed at once. What it does not settle stays with the client.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from contracts.ids import new_id
from contracts.money import MoneyError, to_minor
from contracts.objects import PaymentIn
from ledger.books import Asked, Booking, Books, Changes, Happening, Needs
from ledger.decision import Decision
from ledger.errors import Conflict, Fault, Faults, NotFound, at
from ledger.journal import rules as journal
from ledger.parties import handlers as parties
from ledger.payments.allocate import Allocation, Owed, Source, allocate
from ledger.payments.payment import Payment, Settlement


def _needs(asked: Asked[PaymentIn], needs: Needs) -> None:
    needs.clients.add(asked.key(asked.input.client_id))
    needs.sales.update(asked.key(allocation.sale_id) for allocation in asked.input.allocations)
    if asked.input.external_id is not None:
        needs.payment_external_ids.add((asked.account.id, asked.input.external_id))


def _record(asked: Asked[PaymentIn], books: Books) -> Changes:
    _check_references(asked, books)
    payment, allocations = _read(asked)
    source = Source(payment.id, payment.client_id, payment.currency, payment.amount_minor)
    allocated = allocate(source, allocations, _owed(asked, books))
    changes = Changes(("payment", payment.id), payments=[payment])
    party = journal.Party(payment.client_id, payment.currency)
    entry = journal.payment(party, payment.id, amount_minor=payment.amount_minor)
    changes.bookings.append(Booking(entry, payment.id, payment.date))
    changes.happenings.append(
        Happening("payment.posted", "payment", payment.id, payment.client_id, (None, payment.status))
    )
    _settle(asked, books, changes, payment, allocated.allocations)
    return changes


RECORD_PAYMENT = Decision(PaymentIn, _needs, _record)


def _check_references(asked: Asked[PaymentIn], books: Books) -> None:
    parties.named(asked, books, asked.input.client_id)
    unknown = [
        Fault(at("allocations", index, "sale_id"), "is no sale of this account")
        for index, allocation in enumerate(asked.input.allocations)
        if asked.key(allocation.sale_id) not in books.standings
    ]
    if unknown:
        raise NotFound(faults=unknown)
    if asked.input.external_id is not None:
        there = books.payment_external_ids.get((asked.account.id, asked.input.external_id))
        if there is not None:
            fault = Fault("external_id", f"is that of the payment {there}")
            raise Conflict(code="external_id_taken", faults=[fault])


def _read(asked: Asked[PaymentIn]) -> tuple[Payment, list[Allocation]]:
    """The payment and what it is to settle, in minor units."""
    given, faults = asked.input, Faults()

    def minor(path: str, amount: object) -> int:
        try:
            return to_minor(amount, given.currency)  # type: ignore[arg-type]  # a Decimal by its model
        except MoneyError as error:
            faults.add(path, str(error))
            return 1

    payment = Payment(
        account_id=asked.account.id,
        id=new_id(),
        client_id=given.client_id,
        status="confirmed",
        amount_minor=minor("amount", given.amount),
        currency=given.currency,
        date=given.date or asked.today,
        method=given.method,
        reference=given.reference,
        external_id=given.external_id,
        created_at=asked.now,
        updated_at=asked.now,
    )
    allocations = [
        Allocation(one.sale_id, minor(at("allocations", index, "amount"), one.amount))
        for index, one in enumerate(given.allocations)
    ]
    if payment.amount_minor == 0:
        faults.add("amount", "must be more than 0")
    faults.refuse_if_any()
    return payment, allocations


def _owed(asked: Asked[PaymentIn], books: Books) -> dict[UUID, Owed]:
    """The named documents that can be owed: what is no invoice is left out, and refused for that."""
    standings = (books.standings[asked.key(allocation.sale_id)] for allocation in asked.input.allocations)
    return {
        one.id: Owed(one.id, one.client_id, one.currency, one.status, one.open_minor, one.date_due)
        for one in standings
        if one.sale_type == "sales_invoice"
    }


def _settle(
    asked: Asked[PaymentIn], books: Books, changes: Changes, payment: Payment, allocations: Sequence[Allocation]
) -> None:
    """Book each allocation, on the later of the two documents' dates; a `sale.paid` for what is paid with it."""
    party = journal.Party(payment.client_id, payment.currency)
    for allocation in allocations:
        invoice = books.standings[asked.key(allocation.invoice_id)]
        entry = journal.settle(party, invoice_id=invoice.id, source_id=payment.id, amount_minor=allocation.amount_minor)
        booking = Booking(entry, payment.id, max(payment.date, invoice.document_date))
        changes.bookings.append(booking)
        changes.settlements.append(Settlement(new_id(), invoice.id, payment.id, allocation.amount_minor, booking.id))
        if allocation.amount_minor == invoice.open_minor:
            changes.happenings.append(
                Happening("sale.paid", "sale", invoice.id, invoice.client_id, (invoice.status, invoice.status))
            )
