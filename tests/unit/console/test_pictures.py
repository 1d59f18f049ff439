"""Pictures say what their figures say: a day without events is zero, a step's bar is as long as it took."""

from __future__ import annotations

import datetime as dt
from typing import Any

from console import pictures

LAST = dt.date(2026, 3, 8)


def day(date: str, events: int = 3, run: int = 1, filtered: int = 1) -> dict[str, Any]:
    return {"date": date, "events": events, "would_run": run, "would_filter": filtered}


def test_a_day_without_events_is_drawn_as_zero() -> None:
    shown = pictures.every_day([day("2026-03-05")], last=LAST, count=7, is_cut=False)
    assert [one["date"] for one in shown] == [f"2026-03-0{number}" for number in range(1, 9)]
    assert [one["events"] for one in shown] == [0, 0, 0, 0, 3, 0, 0, 0]
    assert [len(one.pieces) for one in pictures.days(shown)] == [0, 0, 0, 0, 3, 0, 0, 0]


def test_days_before_those_that_were_looked_at_are_not_said_to_be_zero() -> None:
    shown = pictures.every_day([day("2026-03-07"), day("2026-03-06")], last=LAST, count=7, is_cut=True)
    assert [one["date"] for one in shown] == ["2026-03-06", "2026-03-07", "2026-03-08"]


def test_the_pieces_of_a_day_stand_upon_one_another_and_the_fullest_day_is_the_highest() -> None:
    full, half = pictures.days([day("2026-03-07", 4, 2, 1), day("2026-03-08", 2, 2, 0)])
    tall = [height for _, _, height in full.pieces]
    assert [kind for kind, _, _ in full.pieces] == [1, 2, 4]
    assert sum(tall) == 2 * sum(height for _, _, height in half.pieces)
    assert [top for _, top, _ in full.pieces][1:] == [full.pieces[0][1] - tall[1], full.pieces[1][1] - tall[2]]


def step(number: int, began: str | None, ended: str | None) -> dict[str, Any]:
    at = "2026-03-08T10:00:00"
    return {
        "number": number, "action": "note", "state": "succeeded", "started_at": began and f"{at}.{began}+00:00",
        "finished_at": ended and f"{at}.{ended}+00:00",
    }  # fmt: skip


def test_a_waterfall_has_each_step_that_has_ended_with_its_times() -> None:
    spans = pictures.waterfall([step(0, "000", "300"), step(1, "300", "400"), step(2, "400", None)])
    assert [(one.number, one.after_ms, one.took_ms) for one in spans] == [(0, 0, 300), (1, 300, 100)]
    assert [(one.x, one.width) for one in spans] == [(0, 480), (480, 160)]
    assert pictures.waterfall([step(0, None, None)]) == []
