"""When a document is to be paid, and when it becomes overdue: dates alone, between a command and its document."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from typing import Final
from zoneinfo import ZoneInfo

from ledger.errors import Faults

DAYS_MAX: Final = 3650
DEFAULT_DAYS: Final = 14
"""Days to pay by default: an invoice without a term must not be overdue the next day."""


class PayTermType(IntEnum):
    """PayTraq's pay terms."""

    OTHER_DATE = 0
    DUE_DAYS = 1
    END_OF_MONTH_PLUS = 2
    CASH_ON_DELIVERY = 3
    OPEN = 4


_WITH_DAYS: Final = (PayTermType.DUE_DAYS, PayTermType.END_OF_MONTH_PLUS)


@dataclass(frozen=True, slots=True)
class PayTerm:
    """A pay term; `days` only with types 1 and 2, from 0 to `DAYS_MAX`."""

    type: int
    days: int | None = None


FALLBACK: Final = PayTerm(PayTermType.DUE_DAYS, DEFAULT_DAYS)
"""Where neither the document, its client nor the account has a term."""


def due_date(
    document_date: date,
    *,
    date_due: date | None = None,
    term: PayTerm | None = None,
    default: PayTerm | None = None,
    fallback: PayTerm = FALLBACK,
    at_once: bool = False,
) -> date | None:
    """Return when a document is due; None is open (never).

    `date_due` and `term` are the document's own; `default` is the client's term, used without either if it says when.
    Without that it is due by the account's term, `fallback`, or on its own date if it is one to be settled `at_once`.
    A due date before the document's date is accepted: documents are often entered late.

    Raises:
        InvalidInput: the term and the date contradict each other, or the days are missing or out of bounds.
    """
    if term is None and date_due is not None:
        return date_due
    if term is None:
        unsaid = PayTerm(PayTermType.CASH_ON_DELIVERY) if at_once else fallback
        term = default if default and _dates_every_document(default) else unsaid
    _check(document_date, date_due, term)
    match term.type:
        case PayTermType.OTHER_DATE:
            return date_due
        case PayTermType.DUE_DAYS:
            return document_date + timedelta(days=term.days or 0)
        case PayTermType.END_OF_MONTH_PLUS:
            return _end_of_month(document_date) + timedelta(days=term.days or 0)
        case PayTermType.CASH_ON_DELIVERY:
            return document_date
        case _:
            return None


def _dates_every_document(term: PayTerm) -> bool:
    return term.type != PayTermType.OTHER_DATE and (term.type != PayTermType.DUE_DAYS or term.days is not None)


def is_overdue(date_due: date | None, today: date) -> bool:
    """Whether the due date is over; `today` in the account's time zone. The due day itself is still in time."""
    return date_due is not None and today > date_due


def overdue_at(date_due: date, zone: ZoneInfo) -> datetime | None:
    """The moment (UTC) at which something due on this date becomes overdue: the end of that day in the zone.

    None when that is beyond the calendar.
    """
    if date_due >= date.max - timedelta(days=1):  # the zone may lie a day behind UTC
        return None
    return datetime.combine(date_due + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)


def _check(document_date: date, date_due: date | None, term: PayTerm) -> None:
    faults = Faults()
    if term.type not in set(PayTermType):
        faults.add("pay_term.type", "must be 0, 1, 2, 3 or 4")
    if term.type == PayTermType.OTHER_DATE and date_due is None:
        faults.add("date_due", "is required with pay_term.type 0 (other date)")
    if term.type != PayTermType.OTHER_DATE and date_due is not None:
        faults.add("date_due", "can be used only with pay_term.type 0 (other date)")
    if term.type == PayTermType.DUE_DAYS and term.days is None:
        faults.add("pay_term.days", "is required with pay_term.type 1 (due days)")
    if term.days is not None and term.type not in _WITH_DAYS:
        faults.add("pay_term.days", "can be used only with pay_term.type 1 and 2")
    if term.days is not None and not 0 <= term.days <= DAYS_MAX:
        faults.add("pay_term.days", f"must be from 0 to {DAYS_MAX}")
    elif (date.max - document_date).days < (term.days or 0) + 31:
        faults.add("document_date", "is too late for the calendar")
    faults.refuse_if_any()


def _end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
