"""Pictures as numbers: bars and lines computed here, drawn as SVG by templates, each beside its table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

WIDTH: Final = 640
HEIGHT: Final = 180
BAR_MIN: Final = 4.0  # of a step too short to be seen
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


def mondays(today: dt.date, count: int) -> list[dt.date]:
    """The Mondays of this week and the ones before it, oldest first."""
    monday = today - dt.timedelta(days=today.weekday())
    return [monday - dt.timedelta(weeks=back) for back in reversed(range(count))]


def weeks(
    sums: Sequence[Mapping[str, Any]], *, currency: str, today: dt.date, count: int
) -> list[tuple[dt.date, Decimal]]:
    """What came in by week in one currency, oldest first; weeks begin on Monday."""
    received = {one["date"]: Decimal(one["received"]) for one in sums if one["currency"] == currency}
    return [(monday, received.get(monday.isoformat(), Decimal(0))) for monday in mondays(today, count)]


def line(values: Sequence[Decimal]) -> str:
    """Points of a line over the whole width, as SVG takes them."""
    most = max(values, default=Decimal(0)) or Decimal(1)
    step = WIDTH / max(1, len(values) - 1)
    points = (
        f"{number * step:.1f},{HEIGHT - 20 - float(value / most) * (HEIGHT - 40):.1f}"
        for number, value in enumerate(values)
    )
    return " ".join(points)


@dataclass(frozen=True, slots=True)
class Span:
    """When one step ran: milliseconds since the first began, and its bar of a picture as wide as `WIDTH`."""

    number: int
    action: str
    state: str
    after_ms: float
    took_ms: float
    x: float
    width: float


def waterfall(steps: Sequence[Mapping[str, Any]]) -> list[Span]:
    """When each step ran that has ended."""
    timed = [
        (step, _time(step["started_at"]), _time(step["finished_at"]))
        for step in steps
        if step["started_at"] and step["finished_at"]
    ]
    if not timed:
        return []
    began, ended = min(start for _, start, _ in timed), max(end for _, _, end in timed)
    whole = max(1.0, (ended - began).total_seconds() * 1000)
    spans = []
    for step, start, end in timed:
        after, took = (start - began).total_seconds() * 1000, (end - start).total_seconds() * 1000
        width = max(BAR_MIN, took / whole * WIDTH)
        x = min(after / whole * WIDTH, WIDTH - width)
        spans.append(Span(step["number"], step["action"], step["state"], after, took, x, width))
    return spans


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a backtest: pieces of one bar upon one another, each with its class of colour, top and height."""

    date: str
    x: float
    width: float
    pieces: list[tuple[int, float, float]]


def every_day(
    per_day: Sequence[Mapping[str, Any]], *, last: dt.date, count: int, is_cut: bool
) -> list[Mapping[str, Any]]:
    """A backtest's days with those on which nothing happened; of one that is cut, from the first day that it has."""
    known = {one["date"]: one for one in per_day}
    first = last - dt.timedelta(days=count)
    if is_cut and known:
        first = dt.date.fromisoformat(min(known))
    dates = ((first + dt.timedelta(days=more)).isoformat() for more in range((last - first).days + 1))
    nothing = {"events": 0, "would_run": 0, "would_filter": 0}
    return [known.get(date) or {"date": date, **nothing} for date in dates]


def days(per_day: Sequence[Mapping[str, Any]]) -> list[Day]:
    """What would have run on each day, below what would have been filtered out and what would have failed."""
    most = max((one["events"] for one in per_day), default=0) or 1
    step, base, height = WIDTH / max(1, len(per_day)), HEIGHT - 22, HEIGHT - 40
    bars = []
    for number, one in enumerate(per_day):
        failed = one["events"] - one["would_run"] - one["would_filter"]
        pieces, top = [], float(base)
        for kind, value in ((1, one["would_run"]), (2, one["would_filter"]), (4, failed)):
            if value > 0:
                tall = value / most * height
                top -= tall
                pieces.append((kind, top, tall))
        bars.append(Day(str(one["date"]), number * step + step * 0.12, step * 0.76, pieces))
    return bars


def _time(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
