"""Decide the moves of issued documents from state to state: accepted, declined, closed, void, written off and back.

What a move books is the mirror of what issuing booked, or the write-off; what it refers to moves along.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from contracts.transitions import MoveOne, MoveOneOn, SendSale
from ledger.books import Asked, Books, Changes, Needs
from ledger.decision import Decision
from ledger.documents import lookup, states
from ledger.documents.issuing import unlinked
from ledger.documents.standing import Standing
from ledger.documents.states import Command, Facts
from ledger.errors import BadInput, Fault, StateForbids
from ledger.journal import rules as journal
from ledger.journal.booking import Booking, undone


def _need_one(asked: Asked[Any], needs: Needs) -> None:
    needs.sales.add(asked.key(asked.input.id))


def _need_undoable(asked: Asked[MoveOneOn], needs: Needs) -> None:
    needs.sales.add(asked.key(asked.input.id))
    needs.undoable.add(asked.key(asked.input.id))


def _moved(standing: Standing, command: Command, asked: Asked[Any], facts: Facts | None = None) -> Standing:
    """It after a command.

    Raises:
        StateForbids: its state does not take the command, or a guard does not hold.
    """
    status = states.decide(standing.sale_type, standing.status, command, facts)
    return replace(standing, status=status, status_reason=asked.input.reason, updated_at=asked.now)


def _moving(command: Command, facts: Callable[[Standing], Facts] | None = None) -> Decision[MoveOne]:
    """A move that books nothing."""

    def decide(asked: Asked[MoveOne], books: Books) -> Changes:
        before = lookup.standing_of(asked, books, asked.input.id)
        after = _moved(before, command, asked, facts(before) if facts else None)
        changes = Changes(("sale", before.sale_id))
        changes.stand(after)
        changes.tell("sale.updated", before.status, after)
        return changes

    return Decision(MoveOne, _need_one, decide)


ACCEPT_SALE = _moving("accept")
DECLINE_SALE = _moving("decline")
EXPIRE_SALE = _moving("expire")
CLOSE_SALE = _moving("close")
CANCEL_SALE = _moving("cancel", lambda standing: Facts(invoiced=standing.converted_to is not None))


def _need_what_it_refers_to(asked: Asked[MoveOneOn], books: Books, needs: Needs) -> None:
    standing = books.standings.get(asked.key(asked.input.id))
    if standing is not None:
        others = (standing.invoice_id, standing.converted_from)
        needs.sales.update(asked.key(other) for other in others if other is not None)


def _void(asked: Asked[MoveOneOn], books: Books) -> Changes:
    before = lookup.standing_of(asked, books, asked.input.id)
    facts = Facts(
        settled_minor=before.settled_minor,
        credited_minor=before.credited_minor,
        applied_minor=before.settled_minor + before.refunded_minor,
    )
    after = _moved(before, "void", asked, facts)
    changes = Changes(("sale", before.sale_id))
    changes.stand(after)
    for booking in books.booked.get(asked.key(before.sale_id), ()):
        if booking.entry.kind in {"issue", "credit_note"}:
            changes.bookings.append(undone(booking, today=asked.today, on=asked.input.date))
    if before.invoice_id is not None:
        invoice = books.standings[asked.key(before.invoice_id)]
        credited = invoice.credited_minor - before.total_minor
        changes.stand(replace(invoice, credited_minor=credited, updated_at=asked.now))
    unlinked(changes, before.sale_id, before.converted_from, asked, books)
    changes.tell("sale.voided", before.status, after)
    return changes


VOID_SALE = Decision(MoveOneOn, _need_undoable, _void, _need_what_it_refers_to)


def _write_off(asked: Asked[MoveOneOn], books: Books) -> Changes:
    before = lookup.standing_of(asked, books, asked.input.id)
    after = _moved(before, "write_off", asked, Facts(open_minor=before.open_minor))
    day = asked.input.date or max(asked.today, before.document_date)
    if day < before.document_date:
        raise BadInput(faults=[Fault("date", f"is before that of the invoice: {before.document_date}")])
    party = journal.Party(before.client_id, before.currency)
    entry = journal.write_off(party, before.sale_id, open_minor=before.open_minor)
    changes = Changes(("sale", before.sale_id), bookings=[Booking(entry, before.sale_id, day)])
    after = replace(after, written_off_minor=before.open_minor)
    changes.stand(after)
    changes.tell("sale.updated", before.status, after)
    return changes


WRITE_OFF_SALE = Decision(MoveOneOn, _need_one, _write_off)


def _write_back(asked: Asked[MoveOneOn], books: Books) -> Changes:
    before = lookup.standing_of(asked, books, asked.input.id)
    after = replace(_moved(before, "write_back", asked), written_off_minor=0)
    booked = next(one for one in books.booked[asked.key(before.sale_id)] if one.entry.kind == "write_off")
    mirror = undone(booked, today=asked.today, on=asked.input.date)
    changes = Changes(("sale", before.sale_id), bookings=[mirror])
    changes.stand(after)
    changes.tell("sale.updated", before.status, after)
    return changes


WRITE_BACK_SALE = Decision(MoveOneOn, _need_undoable, _write_back)


def _send(asked: Asked[SendSale], books: Books) -> Changes:
    """Refuse to send: nothing here can hand a mail over, and `sale.sent` is fired on hand-over only.

    Raises:
        StateForbids: always.
    """
    before = lookup.standing_of(asked, books, asked.input.id)
    states.decide(before.sale_type, before.status, "send")
    said = "No mail can leave this installation: none of its services sends mail yet. Send the PDF (pdf_url) yourself."
    raise StateForbids(said, code="not_configured")


SEND_SALE = Decision(SendSale, _need_one, _send)
