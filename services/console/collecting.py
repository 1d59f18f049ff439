"""Texts and pictures of collections that several pages share: why a case stands still, and steps on a time line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from console.i18n import N_

STATES: Final = ("pending", "scheduled", "promised", "awaiting_reply", "disputed", "paused", "muted", "idle")
"""The states of cases that are not settled, in the order in which people look at them."""
RESOLUTIONS: Final = ("accepted", "credited", "rejected", "other")  # of a dispute

CHANNELS: Final = ("email", "sms", "call", "move")
LANGUAGES: Final = {"en": "English", "fr": "Français", "es": "Español"}
WIDTH: Final = 640
_RADIUS: Final = 15
_DURATION: Final = re.compile(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
_DAYS: Final = (365.0, 30.0, 7.0, 1.0, 1 / 24, 1 / 1440, 1 / 86400)  # of each part; a picture needs no calendar

_REASONS: Final[Mapping[str, str]] = {
    r"no step is left": N_("No step is left."),
    r"nothing is open": N_("Nothing is open."),
    r"a person muted it": N_("A person muted it."),
    r"a person paused it": N_("A person paused it."),
    r"snoozed": N_("A person let it wait."),
    r"snoozed in a call": N_("A call agreed to wait."),
    r"the client is archived": N_("The client is archived."),
    r"all that is open is disputed": N_("All that is open is disputed."),
    r"payment is promised": N_("Payment is promised."),
    r"a note or reply needs a response": N_("A note or reply needs an answer."),
    r"the client's unallocated credit covers all that is overdue": N_(
        "The client's credit covers all that is overdue."
    ),
    r"a person sends it": N_("A person sends it."),
    r"the next step has a date": N_("The next step has its date."),
    r"the client has no address for email": N_("The client has no e-mail address."),
    r"the client has no address for sms": N_("The client has no phone number for SMS."),
    r"a call is due": N_("A call is due."),
    r"a manual step is due": N_("A step waits for a person to send it."),
    r"the next step is due": N_("The next step is due."),
    r"its invoices were moved to (?P<a>.*)": N_("Its invoices were moved to {a}."),
    r"the template of step \d+ cannot be rendered: (?P<a>.*)": N_("The message cannot be written: {a}"),
    r"its being sent": N_("sending it"),
    r"its being taken": N_("its being sent, within a minute"),
    r"its date": N_("its date"),
    r"send or skip it": N_("send or skip it"),
    r"record the call": N_("record the call"),
    r"add one": N_("add one to the client"),
    r"unmute it": N_("unmute it"),
    r"the end of the pause": N_("the end of the pause"),
    r"a person resumes it": N_("resume it"),
    r"bring the client back": N_("bring the client back"),
    r"resolve the disputes": N_("resolve the disputes"),
    r"the end of the promised day": N_("the end of the promised day"),
    r"resolve it": N_("answer it and mark it as answered"),
    r"allocate or refund the credit": N_("allocate or refund the credit"),
    r"move it to another collector, or record a payment": N_("move it to another collector, or record a payment"),
    r"a new overdue invoice or a reversed payment": N_("a new overdue invoice or a reversed payment"),
    r"an invoice that comes back": N_("an invoice that comes back"),
    r"correct the collector's template with apply_to_active.*": N_("correct the collector's text, or skip the step"),
}


_UNITS: Final[Mapping[str, tuple[str, str]]] = {
    "Y": (N_("{count} year"), N_("{count} years")), "M": (N_("{count} month"), N_("{count} months")),
    "W": (N_("{count} week"), N_("{count} weeks")), "D": (N_("{count} day"), N_("{count} days")),
    "TH": (N_("{count} hour"), N_("{count} hours")), "TM": (N_("{count} minute"), N_("{count} minutes")),
    "TS": (N_("{count} second"), N_("{count} seconds")),
}  # fmt: skip
_WHEN: Final = {
    "before_due": N_("{wait} before the due date"), "after_due": N_("{wait} after the due date"),
    "after_previous": N_("{wait} after the step before"),
}  # fmt: skip
_AT_ONCE: Final = {
    "after_due": N_("the day after the due date"), "after_previous": N_("right after the step before"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stop:
    """A step on the time line: where, its channel, and its day before or after the due date where it has one."""

    x: float
    number: int
    channel: str
    day: int | None


def reason_text(reason: str, text: Callable[[str], str]) -> str:
    """Why a case is where it is, or what ends that, in the person's language; a person's own words as they are."""
    for pattern, template in _REASONS.items():
        if found := re.fullmatch(pattern, reason, re.DOTALL):
            return text(template).format(**found.groupdict())
    return reason


def days_of(duration: str) -> float:
    """An ISO 8601 duration in days, for pictures; 0 where it cannot be read."""
    found = _DURATION.fullmatch(duration)
    return sum(int(part or 0) * days for part, days in zip(found.groups(), _DAYS, strict=True)) if found else 0.0


def delay_of(duration: str) -> tuple[str, str]:
    """A duration as an amount and its unit, such as `3` and `D`; one of several units whole, with the unit empty."""
    found = re.fullmatch(r"P(\d+)([YMWD])|PT(\d+)([HMS])", duration)
    if found is None:
        return duration, ""
    return (found[1], found[2]) if found[1] else (found[3], f"T{found[4]}")


def duration_of(amount: str, unit: str) -> str:
    """The ISO 8601 duration of an amount and its unit; without a unit the amount is one already."""
    if not unit:
        return amount.strip()
    decimal = amount.strip() or "0"
    return f"PT{decimal}{unit[1:]}" if unit.startswith("T") else f"P{decimal}{unit}"


def wait_text(step: Mapping[str, Any], text: Callable[[str], str]) -> str:
    """When a step comes, in words."""
    amount, unit = delay_of(str(step.get("delay") or "P0D"))
    anchor = str(step.get("anchor") or "after_due")
    if unit in _UNITS and amount.isdigit():
        if int(amount) == 0 and anchor != "before_due":
            return text(_AT_ONCE[anchor])
        wait = text(_UNITS[unit][0 if int(amount) == 1 else 1]).format(count=int(amount))
    else:
        wait = amount
    return text(_WHEN[anchor]).format(wait=wait)


def days_from_due(steps: Sequence[Mapping[str, Any]]) -> list[float]:
    """The day of each step, counted from the due date; what follows a step comes as much later."""
    days: list[float] = []
    for step in steps:
        wait = days_of(str(step.get("delay") or "P0D"))
        match step.get("anchor"):
            case "before_due":
                days.append(-wait)
            case "after_previous":
                days.append((days[-1] if days else 0.0) + wait)
            case _:
                days.append(wait)
    return days


def time_line(steps: Sequence[Mapping[str, Any]]) -> tuple[list[Stop], float]:
    """The steps on a line as wide as a picture, and where the due date stands; steps never cover one another."""
    days = days_from_due(steps)
    first, last = min([0.0, *days]), max([1.0, *days])
    span = max(last - first, 1.0)
    usable = WIDTH - 2 * (_RADIUS + 12)
    places = [_RADIUS + 12 + (day - first) / span * usable for day in days]
    order = sorted(range(len(steps)), key=lambda number: (days[number], number))
    apart = min(2.0 * _RADIUS + 6, usable / max(1, len(steps) - 1))
    for before, here in pairwise(order):
        places[here] = max(places[here], places[before] + apart)
    if order and (beyond := places[order[-1]] - (WIDTH - _RADIUS - 12)) > 0:
        places = _pushed_back(places, order, beyond, apart)
    due = _RADIUS + 12 + (0 - first) / span * usable
    stops = [
        Stop(round(places[number], 1), number + 1, str(step.get("channel")), round(days[number]))
        for number, step in enumerate(steps)
    ]
    return stops, round(due, 1)


def _pushed_back(places: list[float], order: list[int], beyond: float, apart: float) -> list[float]:
    """The places with the last one inside the picture, and those before it as far apart as they must be."""
    moved = list(places)
    moved[order[-1]] -= beyond
    for here, after in zip(reversed(order[:-1]), reversed(order[1:]), strict=True):
        moved[here] = min(moved[here], moved[after] - apart)
    return moved
