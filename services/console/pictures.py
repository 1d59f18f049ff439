"""Pictures as numbers: bars and lines computed here, drawn as SVG by templates, each beside its table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

WIDTH: Final = 640
HEIGHT: Final = 180
BAR: Final = 18
_GAP: Final = 8
AGES: Final = ("not_due", "days_1_30", "days_31_60", "days_61_90", "over_90")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: where, how long, its class of colour, and its text."""

    x: float
    y: float
    width: float
    height: float
    kind: int
    text: str


def ageing(total: Mapping[str, Any]) -> list[Bar]:
    """What is owed by age, as upright bars of one currency."""
    values = [max(Decimal(0), Decimal(total[name])) for name in AGES]
    most = max(values) or Decimal(1)
    step = WIDTH / len(AGES)
    bars = []
    for number, (name, value) in enumerate(zip(AGES, values, strict=True)):
        height = float(value / most) * (HEIGHT - 40)
        bars.append(Bar(number * step + 12, HEIGHT - 22 - height, step - 24, height, number + 1, name))
    return bars


def weeks(payments: Sequence[Mapping[str, Any]], *, today: dt.date, count: int) -> list[tuple[dt.date, Decimal]]:
    """What came in by week, oldest first; weeks begin on Monday."""
    monday = today - dt.timedelta(days=today.weekday())
    sums = {monday - dt.timedelta(weeks=back): Decimal(0) for back in range(count)}
    for payment in payments:
        day = dt.date.fromisoformat(payment["date"])
        week = day - dt.timedelta(days=day.weekday())
        if week in sums and payment["status"] == "confirmed":
            sums[week] += Decimal(payment["amount"])
    return sorted(sums.items())


def line(values: Sequence[Decimal]) -> str:
    """Points of a line over the whole width, as SVG takes them."""
    most = max(values, default=Decimal(0)) or Decimal(1)
    step = WIDTH / max(1, len(values) - 1)
    points = (
        f"{number * step:.1f},{HEIGHT - 20 - float(value / most) * (HEIGHT - 40):.1f}"
        for number, value in enumerate(values)
    )
    return " ".join(points)


def waterfall(steps: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """When each step ran, as lying bars below one another."""
    timed = [
        (step, _time(step["started_at"]), _time(step["finished_at"]))
        for step in steps
        if step["started_at"] and step["finished_at"]
    ]
    if not timed:
        return []
    began, ended = min(start for _, start, _ in timed), max(end for _, _, end in timed)
    whole = max(0.001, (ended - began).total_seconds())
    bars = []
    for number, (step, start, end) in enumerate(timed):
        x = (start - began).total_seconds() / whole * (WIDTH - 4)
        width = max(3.0, (end - start).total_seconds() / whole * (WIDTH - 4))
        kind = 4 if step["state"] == "failed" else 1
        ms = (end - start).total_seconds() * 1000
        bars.append(
            Bar(min(x, WIDTH - width), number * (BAR + _GAP), width, BAR, kind, f"{step['action']} {ms:.0f} ms")
        )
    return bars


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a backtest: how much would run and how much would be filtered out, one bar upon the other."""

    date: str
    x: float
    width: float
    run_y: float
    run_height: float
    filter_y: float
    filter_height: float


def days(per_day: Sequence[Mapping[str, Any]]) -> list[Day]:
    """What would have run on each day, below what would have been filtered out."""
    most = max((one["would_run"] + one["would_filter"] for one in per_day), default=0) or 1
    step, height = WIDTH / max(1, len(per_day)), HEIGHT - 40
    bars = []
    for number, one in enumerate(per_day):
        run, filtered = one["would_run"] / most * height, one["would_filter"] / most * height
        base = HEIGHT - 22
        bars.append(
            Day(
                str(one["date"]),
                number * step + step * 0.12,
                step * 0.76,
                base - run,
                run,
                base - run - filtered,
                filtered,
            )
        )
    return bars


def _time(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
