"""When a schedule fires: five cron fields by the clock of a time zone, so that 8 o'clock stays 8 o'clock. Pure.

An hour that the clock skips in spring fires right after it, one that comes twice in autumn fires once; schedules with a
wildcard hour follow the real time. So does Debian's cron, which the library models.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from contracts.primitives.problem import FieldError
from contracts.resources.automation import SCHEDULE, AutomationTrigger

UTC: Final = "UTC"
FIELDS: Final = 5
_ANY_DAY: Final = datetime(2026, 1, 1, tzinfo=ZoneInfo(UTC))
_EXAMPLE: Final = "minute, hour, day, month, weekday, such as 0 8 * * 1"


def schedule_faults(trigger: AutomationTrigger) -> list[FieldError]:
    """What is wrong with the schedule of a trigger, or with having one."""
    if trigger.key != SCHEDULE:
        given = [name for name in ("cron", "time_zone") if getattr(trigger, name) is not None]
        return [FieldError(f"trigger.{name}", f"belongs to the trigger {SCHEDULE}: leave it out") for name in given]
    found = [FieldError("trigger.filters", "a schedule has no event to filter by")] if trigger.filters else []
    zone = _zone(trigger.time_zone or UTC)
    if zone is None:
        found.append(FieldError("trigger.time_zone", "must be a time zone such as Europe/Riga"))
    if trigger.cron is None:
        return [*found, FieldError("trigger.cron", f"is required: {_EXAMPLE}")]
    reason = _cron_fault(trigger.cron)
    return [*found, FieldError("trigger.cron", reason)] if reason else found


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _cron_fault(cron: str) -> str | None:
    if len(cron.split()) != FIELDS:
        return f"must have {FIELDS} fields: {_EXAMPLE}"
    try:
        next(CronSim(cron, _ANY_DAY))
    except CronSimError as error:
        return f"is no schedule ({str(error).lower()}): {_EXAMPLE}"
    except StopIteration:
        return "never fires: there is no such day"
    return None


def next_tick(cron: str, time_zone: str, after: datetime) -> datetime:
    """The first moment after `after` at which a schedule fires."""
    return next(CronSim(cron, after.astimezone(ZoneInfo(time_zone)))).astimezone(ZoneInfo(UTC))


def last_tick(cron: str, time_zone: str, until: datetime, *, not_before: datetime) -> datetime:
    """The last moment up to `until` at which a schedule fires: of several that were missed, the one to catch up."""
    try:
        found = next(CronSim(cron, until.astimezone(ZoneInfo(time_zone)), reverse=True)).astimezone(ZoneInfo(UTC))
    except StopIteration:
        return not_before
    return max(found, not_before)
