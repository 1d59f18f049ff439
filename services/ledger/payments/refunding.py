"""Decide refunds: what is left of a payment or credit note is given back, and that is taken back again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from contracts.ids import new_id
from contracts.money import from_minor
from contracts.transitions import Refund as RefundAsked
from contracts.transitions import Unrefund
from ledger.books import Asked, Books, Changes, Needs
from ledger.decision import Decision
from ledger.errors import Fault, Faults, NotFound
from ledger.journal import rules as journal
from ledger.journal.booking import Booking, undone
from ledger.payments.payment import Refund
from ledger.payments.settling import minor_of, need_source
from ledger.payments.source import Held, SourceKind, held_named


def refunding(kind: SourceKind) -> Decision[RefundAsked]:
    """Give back of what a payment or credit note has left."""

    def needs(asked: Asked[RefundAsked], wanted: Needs) -> None:
        need_source(kind, asked, wanted)

    def decide(asked: Asked[RefundAsked], books: Books) -> Changes:
        changes = Changes((kind, asked.input.id))
        source = held_named(kind, asked, books)
        source.asked_to("refund")
        amount, day = _asked_for(asked, source)
        booking = Booking(journal.refund(source.party, source.id, amount_minor=amount), source.id, day)
        changes.bookings.append(booking)
        changes.refunds.append(Refund(new_id(), amount, day, asked.input.reference, booking.id, **source.named))
        _told(changes, source.refunded(amount, now=asked.now))
        return changes

    return Decision(RefundAsked, needs, decide)


def unrefunding(kind: SourceKind) -> Decision[Unrefund]:
    """Take a refund back, whole: it did not take place after all."""

    def needs(asked: Asked[Unrefund], wanted: Needs) -> None:
        need_source(kind, asked, wanted)
        wanted.undoable.add(asked.key(asked.input.id))

    def decide(asked: Asked[Unrefund], books: Books) -> Changes:
        changes = Changes((kind, asked.input.id))
        source = held_named(kind, asked, books)
        source.asked_to("unrefund")
        live = {refund.id: refund for refund in books.refunds.get(asked.key(source.id), ())}
        refund = live.get(asked.input.refund_id)
        if refund is None:
            raise NotFound(faults=[Fault("refund_id", "is no refund of it that stands")])
        booked = next(one for one in books.booked[asked.key(source.id)] if one.id == refund.entry_id)
        mirror = undone(booked, today=asked.today, on=asked.input.date)
        changes.bookings.append(mirror)
        changes.refunds.append(
            replace(
                refund,
                id=new_id(),
                amount_minor=-refund.amount_minor,
                date=mirror.booked_on,
                entry_id=mirror.id,
                mirror_of=refund.id,
            )
        )
        _told(changes, source.refunded(-refund.amount_minor, now=asked.now))
        return changes

    return Decision(Unrefund, needs, decide)


def _asked_for(asked: Asked[RefundAsked], source: Held) -> tuple[int, date]:
    """How much is given back, and when.

    Raises:
        BadInput: it is more than what is left, or before the payment or credit note itself.
    """
    faults, left = Faults(), source.source.unapplied_minor
    amount = left
    if asked.input.amount is not None:
        amount = minor_of(asked.input.amount, source.party.currency, "amount", faults)
    if amount > left:
        faults.add("amount", f"is more than what is left of it: {from_minor(left, source.party.currency)}")
    day = asked.input.date or max(asked.today, source.date)
    if day < source.date:
        faults.add("date", f"is before that of what is refunded: {source.date}")
    faults.refuse_if_any()
    return amount, day


def _told(changes: Changes, after: Held) -> None:
    after.put(changes)
    after.tell_updated(changes)
