"""Schedules follow the clock of their time zone, also where it is changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contracts.resources.automation import AutomationTrigger
from trigger_dispatcher.automations.schedule_rules import last_tick, next_tick, schedule_faults

RIGA = "Europe/Riga"  # 03:00 is skipped on 29 March 2026, and comes twice on 25 October


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(RIGA))


def ticks(cron: str, after: str, count: int) -> list[str]:
    found, moment = [], local(after)
    for _ in range(count):
        moment = next_tick(cron, RIGA, moment)
        found.append(moment.astimezone(ZoneInfo(RIGA)).isoformat())
    return found


def test_eight_in_the_morning_stays_eight_in_the_morning_over_both_changes() -> None:
    assert ticks("0 8 * * *", "2026-03-27T12:00", 3) == [
        "2026-03-28T08:00:00+02:00", "2026-03-29T08:00:00+03:00", "2026-03-30T08:00:00+03:00",
    ]  # fmt: skip
    assert ticks("0 8 * * *", "2026-10-24T12:00", 2) == ["2026-10-25T08:00:00+02:00", "2026-10-26T08:00:00+02:00"]


def test_an_hour_that_is_skipped_fires_right_after_it_and_one_that_comes_twice_fires_once() -> None:
    assert ticks("30 3 * * *", "2026-03-28T12:00", 2) == ["2026-03-29T04:00:00+03:00", "2026-03-30T03:30:00+03:00"]
    assert ticks("30 3 * * *", "2026-10-24T12:00", 2) == ["2026-10-25T03:30:00+03:00", "2026-10-26T03:30:00+02:00"]


def test_of_several_missed_ticks_the_last_one_is_caught_up() -> None:
    first = next_tick("0 8 * * *", RIGA, local("2026-03-26T12:00"))
    now = datetime(2026, 3, 29, 9, tzinfo=UTC)
    assert last_tick("0 8 * * *", RIGA, now, not_before=first) == datetime(2026, 3, 29, 5, tzinfo=UTC)
    assert last_tick("0 8 * * *", RIGA, first, not_before=first) == first


@pytest.mark.parametrize(
    ("given", "path", "said"),
    [
        ({"cron": "0 8 * *"}, "trigger.cron", "5 fields"),
        ({"cron": "61 8 * * *"}, "trigger.cron", "is no schedule"),
        ({"cron": "0 0 30 2 *"}, "trigger.cron", ""),
        ({}, "trigger.cron", "is required"),
        ({"cron": "0 8 * * 1", "time_zone": "Europe/Atlantis"}, "trigger.time_zone", "must be a time zone"),
        ({"cron": "0 8 * * 1", "time_zone": "/etc/passwd"}, "trigger.time_zone", "must be a time zone"),
        ({"cron": "0 8 * * 1", "filters": {"a": ["b"]}}, "trigger.filters", "no event"),
        ({"key": "sale.posted", "cron": "0 8 * * 1"}, "trigger.cron", "leave it out"),
    ],
)
def test_what_is_no_schedule_is_refused_with_what_to_do(given: dict[str, Any], path: str, said: str) -> None:
    found = schedule_faults(AutomationTrigger.model_validate({"key": "schedule"} | given))
    assert [fault.path for fault in found] == [path]
    assert said in found[0].message
