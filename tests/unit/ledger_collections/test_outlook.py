"""What a collection case does next: days, holds, windows, catching up, and a whole year of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.primitives.durations import Duration, read_duration
from ledger.collections.durations import shifted, start_of
from ledger.collections.models import Calendar, CaseFacts, Channel, Outlook, Progress, Step, Window
from ledger.collections.rules import STARTER_STEPS, next_open, outlook

RIGA = ZoneInfo("Europe/Riga")
ZONES = ("UTC", "Europe/Riga", "America/Sao_Paulo", "America/New_York", "Asia/Tehran", "Pacific/Kiritimati")
ENTERED = datetime(2026, 1, 1, tzinfo=UTC)
OWED = CaseFacts(open_minor=16501, undisputed_minor=16501, date_due=date(2026, 3, 16))


def local(day: str, zone: ZoneInfo = RIGA) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=zone).astimezone(UTC)


def at(
    now: datetime,
    facts: CaseFacts = OWED,
    progress: Progress | None = None,
    steps: tuple[Step, ...] = STARTER_STEPS,
    calendar: Calendar | None = None,
) -> Outlook:
    return outlook(steps, facts, progress or Progress(ENTERED), calendar or Calendar(RIGA), now=now)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("P3D", Duration(days=3)),
        ("PT1S", Duration(seconds=1)),
        ("P1M", Duration(months=1)),
        ("P1Y2M", Duration(months=14)),
        ("P2W", Duration(days=14)),
        ("P1DT1H30M", Duration(days=1, seconds=5400)),
    ],
)
def test_a_delay_is_an_iso_duration(text: str, means: Duration) -> None:
    assert read_duration(text) == means


@pytest.mark.parametrize("text", ["", "P", "PT", "3D", "P-3D", "P1DT", "P1.5D", "P99Y", "P3d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        read_duration(text)


def test_a_month_ends_at_its_last_day() -> None:
    assert shifted(date(2028, 1, 31), months=1) == date(2028, 2, 29)
    assert shifted(date(2026, 3, 31), months=-1) == date(2026, 2, 28)


def test_the_first_reminder_goes_three_civil_days_before_the_due_day() -> None:
    assert at(local("2026-03-01")).at == local("2026-03-13")


def test_a_reminder_after_the_due_day_waits_until_that_day_is_over() -> None:
    steps = (Step("email", "after_due", Duration(seconds=1)),)
    assert at(local("2026-03-16T23:59:59"), steps=steps).at == local("2026-03-17T00:00:01")


def test_three_days_after_due_are_civil_days_over_the_change_of_clocks() -> None:
    facts = replace(OWED, date_due=date(2026, 3, 27))  # clocks go forward on the 29th
    assert at(local("2026-03-28"), facts, Progress(ENTERED, 0)).at == local("2026-03-30")


def test_an_old_invoice_catches_up_with_one_step_the_latest_due() -> None:
    found = at(local("2026-04-06"))
    assert (found.state, found.step, found.skipped) == ("scheduled", 3, (1, 2))
    assert found.at is not None
    assert found.at <= local("2026-04-06")


def test_a_client_who_was_never_contacted_is_not_moved() -> None:
    found = at(local("2026-09-01"))
    assert (found.state, found.step, found.reason) == ("pending", 4, "a call is due")


def test_a_reminder_before_the_due_day_is_not_sent_after_it() -> None:
    steps = (Step("email", "before_due", Duration(days=3)),)
    assert at(local("2026-03-17"), steps=steps).state == "idle"


def test_the_contact_interval_wins_over_a_steps_own_delay() -> None:
    by_hand = Progress(ENTERED, 0, local("2026-03-13"), last_contact_at=local("2026-03-18T15:00"))
    calendar = Calendar(RIGA, contact_interval=Duration(days=7))
    assert at(local("2026-03-19"), progress=by_hand, calendar=calendar).at == local("2026-03-25T15:00")


@pytest.mark.parametrize(("channel", "state"), [("email", "scheduled"), ("sms", "scheduled"), ("call", "pending")])
def test_the_contact_interval_holds_back_messages_and_no_call(channel: Channel, state: str) -> None:
    steps = (Step(channel, "after_due", Duration(days=1)),)
    called = Progress(ENTERED, last_contact_at=local("2026-03-18T15:00"))
    calendar = Calendar(RIGA, contact_interval=Duration(days=7))
    assert at(local("2026-03-19"), progress=called, steps=steps, calendar=calendar).state == state


def test_a_message_waits_for_its_window_over_a_weekend_and_a_holiday() -> None:
    window = Window(time(9), time(17), frozenset(range(5)), frozenset({date(2026, 3, 23)}))
    assert next_open(local("2026-03-20T17:00"), Calendar(RIGA, window)) == local("2026-03-24T09:00")
    assert next_open(local("2026-03-20T16:59"), Calendar(RIGA, window)) == local("2026-03-20T16:59")


def test_a_promise_holds_until_the_end_of_its_day() -> None:
    facts = replace(OWED, promised_until=date(2026, 3, 31))
    assert at(local("2026-03-31T23:59:59"), facts).at == local("2026-04-01")
    assert at(local("2026-04-01"), facts).step == 2


def test_a_step_after_the_previous_one_counts_from_when_that_was_taken() -> None:
    steps = (Step("email", "after_due", Duration(days=1)), Step("sms", "after_previous", Duration(days=2)))
    taken = Progress(ENTERED, 0, local("2026-10-24T10:00"), contacted=True)  # clocks go back on the 25th
    assert at(local("2026-10-24T11:00"), progress=taken, steps=steps).at == local("2026-10-26T10:00")


def test_a_small_amount_leaves_a_step_out() -> None:
    steps = (Step("email", "after_due", Duration(days=1), min_amount_minor=20000), *STARTER_STEPS[1:3])
    assert at(local("2026-03-19"), steps=steps).step == 1


def test_without_an_address_a_step_waits_and_says_why() -> None:
    found = at(local("2026-03-19"), replace(OWED, unreachable=frozenset({"email"})))
    assert (found.state, found.reason) == ("pending", "the client has no address for email")


HELD = st.sampled_from([
    {"open_minor": 0, "undisputed_minor": 0},
    {"muted": True},
    {"undisputed_minor": 0},
    {"needs_response": True},
    {"archived": True},
    {"paused_until": datetime(2027, 6, 1, tzinfo=UTC)},
    {"promised_until": date(2027, 6, 1)},
    {"unreachable": frozenset({"email", "sms"})},
])  # fmt: skip


@given(
    held=HELD,
    hours=st.integers(0, 24 * 365),
    last=st.integers(-1, 2),
    zone=st.sampled_from(ZONES),
    contacted=st.booleans(),
)
def test_a_client_who_must_not_be_reminded_never_is(
    held: dict[str, Any], hours: int, last: int, zone: str, *, contacted: bool
) -> None:
    facts = replace(OWED, **held)
    now = ENTERED + timedelta(hours=hours)
    found = at(now, facts, Progress(ENTERED, last, ENTERED, contacted=contacted), calendar=Calendar(ZoneInfo(zone)))
    assert not (found.state == "scheduled" and found.at is not None and found.at <= now)
    assert found.reason
    assert found.ends


@given(
    due=st.dates(date(2026, 1, 10), date(2028, 12, 31)),
    hours=st.integers(0, 24 * 60),
    zone=st.sampled_from(ZONES),
    opens=st.integers(0, 12),
    days=st.sets(st.integers(0, 6), min_size=1),
)
def test_a_message_goes_within_the_window_and_never_before_its_day(
    due: date, hours: int, zone: str, opens: int, days: set[int]
) -> None:
    there = ZoneInfo(zone)
    window = Window(time(opens), time(opens + 6), frozenset(days))
    now = start_of(due, there) + timedelta(hours=hours)
    found = at(now, replace(OWED, date_due=due), steps=STARTER_STEPS[1:4], calendar=Calendar(there, window))
    assert found.at is not None
    goes = found.at.astimezone(there)
    assert goes.weekday() in days
    assert opens <= goes.hour < opens + 6 or goes.utcoffset() != (goes - timedelta(days=1)).utcoffset()
    assert goes.date() >= shifted(due, days=3)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", [2026, 2028])
def test_a_year_of_invoices_is_reminded_on_the_days_that_a_calendar_gives(zone: str, year: int) -> None:
    """Every due day of a year, looked at by the hour around midnight as a scheduler does; 2028 has a 29 February."""
    there = ZoneInfo(zone)
    for n in range(366):
        due = date(year, 1, 1) + timedelta(days=n)
        assert taken_days(due, there) == [due + timedelta(days=days) for days in (-3, 3, 10, 20)]


def taken_days(due: date, zone: ZoneInfo) -> list[date]:
    """The days on which the automatic steps are taken when the case sleeps until each outlook's moment."""
    facts, now = replace(OWED, date_due=due), start_of(due, zone) - timedelta(days=40)
    progress, days = Progress(now), list[date]()
    for _ in range(20):
        found = at(now, facts, progress, calendar=Calendar(zone))
        if found.state != "scheduled" or found.at is None or found.step is None:
            return days
        if found.at > now:
            now = found.at
            continue
        days.append(now.astimezone(zone).date())
        progress = replace(progress, last_step=found.step, last_step_at=now, last_contact_at=now, contacted=True)
    raise AssertionError("it never came to rest")
