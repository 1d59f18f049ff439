"""A journal entry: what it is for, its posting date, and its reversal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from contracts.command_errors import InvalidInput
from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
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
    """The exact reversal: posted on the requested day, else today, and never before the entry that it reverses.

    Raises:
        InvalidInput: the requested day is before the reversed entry's.
    """
    if on is not None and on < booking.booked_on:
        raise InvalidInput(faults=[FieldError("date", f"is before the day of what it undoes: {booking.booked_on}")])
    day = on or max(today, booking.booked_on)
    return Booking(mirror(booking.entry), booking.document_id, day, reversal_of=booking.id)
