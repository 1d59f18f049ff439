"""Decide the commands on payments themselves: recorded, confirmed, failed, reversed.

A payment that is recorded has come in unless it is said to be pending: what is pending books nothing. What a payment
does not settle stays with the client.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from contracts.ids import new_id
from contracts.objects import PaymentIn
from contracts.transitions import ConfirmPayment, MoveOne, MoveOneOn
from ledger.books import Asked, Books, Changes, Needs
from ledger.decision import Decision
from ledger.documents import states
from ledger.documents.states import Facts
from ledger.errors import Conflict, Fault, Faults
from ledger.journal import rules as journal
from ledger.journal.booking import Booking, undone
from ledger.parties import handlers as parties
from ledger.payments import settling
from ledger.payments.allocate import Allocation
from ledger.payments.payment import Payment
from ledger.payments.source import held, payment_of


def _needs(asked: Asked[PaymentIn], needs: Needs) -> None:
    needs.clients.add(asked.key(asked.input.client_id))
    settling.need_allocated(asked, needs, asked.input.allocations)
    if asked.input.external_id is not None:
        needs.payment_external_ids.add((asked.account.id, asked.input.external_id))


def _record(asked: Asked[PaymentIn], books: Books) -> Changes:
    parties.named(asked, books, asked.input.client_id)
    settling.check_known(asked, books, asked.input.allocations)
    _check_external_id(asked, books)
    payment, wanted = _read(asked)
    changes = Changes(("payment", payment.id), http_status=201)
    if payment.status == "pending":
        changes.payments[payment.id] = payment
        changes.tell("payment.created", None, payment)
    else:
        changes.tell("payment.posted", None, payment)
        _post_within(changes, payment, wanted, asked, books)
    return changes


RECORD_PAYMENT = Decision(PaymentIn, _needs, _record)


def _check_external_id(asked: Asked[PaymentIn], books: Books) -> None:
    if asked.input.external_id is not None:
        there = books.payment_external_ids.get((asked.account.id, asked.input.external_id))
        if there is not None:
            fault = Fault("external_id", f"is that of the payment {there}")
            raise Conflict(code="external_id_taken", faults=[fault])


def _read(asked: Asked[PaymentIn]) -> tuple[Payment, list[Allocation]]:
    """The payment and what it is to settle, in minor units."""
    given, faults = asked.input, Faults()
    payment = Payment(
        account_id=asked.account.id,
        id=new_id(),
        client_id=given.client_id,
        status=given.status,
        amount_minor=settling.minor_of(given.amount, given.currency, "amount", faults),
        currency=given.currency,
        date=given.date or asked.today,
        method=given.method,
        reference=given.reference,
        external_id=given.external_id,
        created_at=asked.now,
        updated_at=asked.now,
    )
    wanted = settling.wanted_of(given.allocations, given.currency, faults)
    faults.refuse_if_any()
    return payment, wanted


def _post_within(
    changes: Changes, payment: Payment, wanted: Sequence[Allocation], asked: Asked[Any], books: Books
) -> None:
    """Book a payment that came in, and settle with it what is asked for."""
    party = journal.Party(payment.client_id, payment.currency)
    entry = journal.payment(party, payment.id, amount_minor=payment.amount_minor)
    changes.bookings.append(Booking(entry, payment.id, payment.date))
    settling.apply_within(changes, held(payment), wanted, asked, books)


def _need_one(asked: Asked[MoveOne], needs: Needs) -> None:
    needs.payments.add(asked.key(asked.input.id))


def _need_confirmed(asked: Asked[ConfirmPayment], needs: Needs) -> None:
    needs.payments.add(asked.key(asked.input.id))
    settling.need_allocated(asked, needs, asked.input.allocations)


def _confirm(asked: Asked[ConfirmPayment], books: Books) -> Changes:
    before = payment_of(asked, books, asked.input.id)
    status = states.decide("payment", before.status, "confirm")
    settling.check_known(asked, books, asked.input.allocations)
    faults = Faults()
    wanted = settling.wanted_of(asked.input.allocations, before.currency, faults)
    faults.refuse_if_any()
    payment = replace(
        before, status=status, date=asked.input.date or before.date, status_reason=None, updated_at=asked.now
    )
    changes = Changes(("payment", payment.id))
    changes.tell("payment.posted", before.status, payment)
    _post_within(changes, payment, wanted, asked, books)
    return changes


CONFIRM_PAYMENT = Decision(ConfirmPayment, _need_confirmed, _confirm)


def _fail(asked: Asked[MoveOne], books: Books) -> Changes:
    before = payment_of(asked, books, asked.input.id)
    status = states.decide("payment", before.status, "fail")
    payment = replace(before, status=status, status_reason=asked.input.reason, updated_at=asked.now)
    changes = Changes(("payment", payment.id), payments={payment.id: payment})
    changes.tell("payment.failed", before.status, payment)
    return changes


FAIL_PAYMENT = Decision(MoveOne, _need_one, _fail)


def _need_reversible(asked: Asked[MoveOneOn], needs: Needs) -> None:
    needs.payments.add(asked.key(asked.input.id))
    needs.undoable.add(asked.key(asked.input.id))


def _need_what_it_settled(asked: Asked[MoveOneOn], books: Books, needs: Needs) -> None:
    settling.need_settled(asked, books, needs)
    payment = books.payments.get(asked.key(asked.input.id))
    if payment is not None and payment.receipt_id is not None:
        needs.sales.add(asked.key(payment.receipt_id))


def _reverse(asked: Asked[MoveOneOn], books: Books) -> Changes:
    """Take a payment back: what it settled is open again, and its receipt is void."""
    before = payment_of(asked, books, asked.input.id)
    status = states.decide("payment", before.status, "reverse", Facts(refunded_minor=before.refunded_minor))
    changes = Changes(("payment", before.id))
    live = books.settlements.get(asked.key(before.id), [])
    taken_back = settling.unsettle_within(changes, held(before), live, asked, books, on=asked.input.date)
    booked = next(one for one in books.booked[asked.key(before.id)] if one.entry.kind == "payment")
    changes.bookings.append(undone(booked, today=asked.today, on=asked.input.date))
    payment = replace(
        before,
        status=status,
        settled_minor=before.settled_minor - taken_back,
        receipt_id=None,
        status_reason=asked.input.reason,
        updated_at=asked.now,
    )
    changes.payments[payment.id] = payment
    changes.tell("payment.reversed", before.status, payment)
    if before.receipt_id is not None:
        _void_receipt(changes, asked, books, before)
    return changes


def _void_receipt(changes: Changes, asked: Asked[MoveOneOn], books: Books, payment: Payment) -> None:
    if payment.receipt_id is None:
        return
    before = books.standings[asked.key(payment.receipt_id)]
    status = states.decide(before.sale_type, before.status, "reverse")
    after = replace(before, status=status, status_reason=asked.input.reason, updated_at=asked.now)
    changes.stand(after)
    changes.tell("sale.voided", before.status, after)


REVERSE_PAYMENT = Decision(MoveOneOn, _need_reversible, _reverse, _need_what_it_settled)
