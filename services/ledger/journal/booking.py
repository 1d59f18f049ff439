"""A journal entry on its way in or read back: what it is for, on which day it counts, and what undoes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from contracts.primitives.ids import new_id
from ledger.errors import BadInput, FieldError
from ledger.journal.rules import Entry, mirror


@dataclass(frozen=True, slots=True)
class Booking:
    """A row of `ledger.entry` and its postings; `document_id` is the sale or payment that it was booked for."""

    entry: Entry
    document_id: UUID
    booked_on: date
    id: UUID = field(default_factory=new_id)
    reversal_of: UUID | None = None


def reversed_ids(booking: Booking, *, today: date, on: date | None = None) -> Booking:
    """The exact mirror: it counts on the day asked for, else today, and never before what it undoes.

    Raises:
        BadInput: the day asked for is before that of what it undoes.
    """
    if on is not None and on < booking.booked_on:
        raise BadInput(faults=[FieldError("date", f"is before the day of what it undoes: {booking.booked_on}")])
    day = on or max(today, booking.booked_on)
    return Booking(mirror(booking.entry), booking.document_id, day, reversal_of=booking.id)
