"""Read an account's settings of collections, and the steps of collectors, as the rules take them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

from contracts.primitives.durations import Duration, read_duration
from contracts.resources.collector import CollectorStepIn
from ledger.collections.cases.models import StepSpec
from ledger.collections.models import WEEKDAYS, Calendar, Window
from templates.reminders import says_disputed


def calendar_of(zone: ZoneInfo, settings: Mapping[str, Any]) -> Calendar:
    """The account's days, its send window and how long contacts are apart at least."""
    given = settings.get("send_window") or {}
    interval = settings.get("min_contact_interval")
    weekdays = given.get("weekdays")
    window = Window(
        opens=time.fromisoformat(given["opens"]) if given.get("opens") else time.min,
        closes=time.fromisoformat(given["closes"]) if given.get("closes") else None,
        weekdays=frozenset(day - 1 for day in weekdays) if weekdays else WEEKDAYS,
        holidays=frozenset(date.fromisoformat(day) for day in given.get("holidays") or ()),
    )
    return Calendar(zone, window, read_duration(interval) if interval else Duration())


def step_spec(step: CollectorStepIn) -> StepSpec:
    """A step as it was kept."""
    kept = step.model_dump(mode="json")
    return StepSpec(
        channel=step.channel,
        anchor=step.anchor,
        delay=read_duration(step.delay),
        automatic=step.automatic,
        min_amount=step.min_amount,
        template=kept["template"] or {},
        attach_pdf=step.attach_pdf,
        attach_statement=step.attach_statement,
        cc=tuple(step.cc),
        target_id=step.target_collector_id,
        starts_manually=step.starts_manually,
        notify=kept["notify"],
        says_disputed=says_disputed(kept["template"] or {}),
    )
