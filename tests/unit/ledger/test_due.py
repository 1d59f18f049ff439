"""Due dates and the moment something becomes overdue."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from contracts.command_errors import InvalidInput
from ledger.sales.due import DAYS_MAX, PayTerm, due_date, is_overdue, overdue_at

DAY = date(2028, 1, 31)


@pytest.mark.parametrize(
    ("term", "due"),
    [
        (PayTerm(1, 14), date(2028, 2, 14)),
        (PayTerm(1, 0), DAY),
        (PayTerm(2, 0), date(2028, 1, 31)),
        (PayTerm(2, 15), date(2028, 2, 15)),
        (PayTerm(2), date(2028, 1, 31)),
        (PayTerm(3), DAY),
        (PayTerm(4), None),
    ],
)
def test_a_pay_term_gives_the_due_date(term: PayTerm, due: date | None) -> None:
    assert due_date(DAY, term=term) == due


def test_the_end_of_the_month_knows_leap_years() -> None:
    assert due_date(date(2028, 2, 3), term=PayTerm(2, 1)) == date(2028, 3, 1)


def test_another_date_is_taken_as_given_also_when_it_is_past() -> None:
    assert due_date(DAY, term=PayTerm(0), date_due=date(2027, 12, 1)) == date(2027, 12, 1)
    assert due_date(DAY, date_due=date(2028, 3, 1), default=PayTerm(1, 7)) == date(2028, 3, 1)


def test_a_document_that_says_nothing_is_due_as_its_client_usually_pays() -> None:
    assert due_date(DAY, default=PayTerm(1, 7)) == date(2028, 2, 7)
    assert due_date(DAY, default=PayTerm(4)) is None


def test_without_a_payment_term_it_is_due_after_14_days_or_at_once() -> None:
    assert due_date(DAY) == DAY + timedelta(days=14)
    assert due_date(DAY, at_once=True) == DAY
    assert due_date(DAY, default=PayTerm(0)) == DAY + timedelta(days=14)
    assert due_date(DAY, default=PayTerm(1), fallback=PayTerm(1, 30)) == DAY + timedelta(days=30)


@pytest.mark.parametrize(
    ("term", "given", "paths"),
    [
        (PayTerm(0), None, ["date_due"]),
        (PayTerm(1), None, ["pay_term.days"]),
        (PayTerm(1, -1), None, ["pay_term.days"]),
        (PayTerm(2, DAYS_MAX + 1), None, ["pay_term.days"]),
        (PayTerm(1, 7), DAY, ["date_due"]),
        (PayTerm(3, 7), DAY, ["date_due", "pay_term.days"]),
        (PayTerm(5), None, ["pay_term.type"]),
    ],
)
def test_a_term_that_contradicts_itself_is_refused_with_every_fault(
    term: PayTerm, given: date | None, paths: list[str]
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        due_date(DAY, term=term, date_due=given)
    assert [fault.path for fault in refusal.value.faults] == paths


@pytest.mark.parametrize("term", [PayTerm(1, DAYS_MAX), PayTerm(2, 1)])
def test_a_due_date_beyond_the_calendar_is_refused(term: PayTerm) -> None:
    with pytest.raises(InvalidInput, match="document_date"):
        due_date(date(9999, 12, 30), term=term)


def test_the_due_day_itself_is_still_in_time() -> None:
    assert not is_overdue(DAY, DAY)
    assert is_overdue(DAY, date(2028, 2, 1))
    assert not is_overdue(None, date.max)


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("UTC", datetime(2028, 2, 1, tzinfo=UTC)),
        ("Europe/Riga", datetime(2028, 1, 31, 22, tzinfo=UTC)),
        ("America/New_York", datetime(2028, 2, 1, 5, tzinfo=UTC)),
    ],
)
def test_a_day_ends_where_the_account_is(zone: str, moment: datetime) -> None:
    assert overdue_at(DAY, ZoneInfo(zone)) == moment


def test_the_end_of_the_calendar_never_comes() -> None:
    assert overdue_at(date.max, ZoneInfo("America/New_York")) is None
