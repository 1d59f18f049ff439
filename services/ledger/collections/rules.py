"""Decide what a collection case does next: pure, from the ledger's facts, its progress and the account's calendar.

Days are civil days in the account's time zone. A step after the due date is never taken before that day is over. Of
steps that were missed only the latest due is taken. The minimum contact interval wins over the delay of a mail or SMS,
and the send window over both; a call is due on its own day, because the call before it counts as a contact too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from contracts.primitives.durations import Duration
from ledger.collections.durations import later, shifted, start_of
from ledger.collections.models import Calendar, CaseFacts, Outlook, Progress, Step, Window

_CONTACTS: Final = frozenset({"email", "sms", "call"})
_MESSAGES: Final = frozenset({"email", "sms"})
COVERED: Final = "the client's unallocated credit covers all that is overdue"
_ALWAYS: Final = Window()
_DAYS_LOOKED_AT_MAX: Final = 400  # a window has an open day within a year and its holidays


def outlook(
    steps: Sequence[Step], facts: CaseFacts, progress: Progress, calendar: Calendar, *, now: datetime
) -> Outlook:
    """Tell where a case stands at a moment."""
    held = _held(facts, calendar, now)
    if held is not None:
        return held
    due, coming = _due_steps(steps, facts, progress, calendar, now)
    if due:
        return _taken(steps, due, facts, progress, calendar, now)
    if coming is None:
        return Outlook("idle", "no step is left", "move it to another collector, or record a payment")
    return _scheduled(steps, coming, (), facts, progress, calendar, now)


def _held(facts: CaseFacts, calendar: Calendar, now: datetime) -> Outlook | None:
    """What keeps a case from every step, the strongest first."""
    if facts.open_minor <= 0:
        return Outlook("settled", "nothing is open", "a new overdue invoice or a reversed payment")
    return _held_by_a_person(facts, now) or _held_by_the_client(facts, calendar, now)


def _held_by_a_person(facts: CaseFacts, now: datetime) -> Outlook | None:
    if facts.muted:
        return Outlook("muted", "a person muted it", "unmute it")
    if facts.paused_until is not None and now < facts.paused_until:
        return Outlook("paused", "a person paused it", "the end of the pause", at=facts.paused_until)
    if facts.archived:
        return Outlook("pending", "the client is archived", "bring the client back")
    return None


def _held_by_the_client(facts: CaseFacts, calendar: Calendar, now: datetime) -> Outlook | None:
    if facts.undisputed_minor <= 0:
        return Outlook("disputed", "all that is open is disputed", "resolve the disputes")
    if facts.promised_until is not None:
        over = start_of(shifted(facts.promised_until, days=1), calendar.zone)
        if now < over:
            return Outlook("promised", "payment is promised", "the end of the promised day", at=over)
    if facts.needs_response:
        return Outlook("awaiting_reply", "a note or reply needs a response", "resolve it")
    if facts.covered_until is not None and now < facts.covered_until:
        return Outlook("pending", COVERED, "allocate or refund the credit", at=facts.covered_until)
    return None


def _due_steps(
    steps: Sequence[Step], facts: CaseFacts, progress: Progress, calendar: Calendar, now: datetime
) -> tuple[list[int], tuple[int, datetime] | None]:
    """The steps that are due by now, in order, and the first one that is not with its moment."""
    due: list[int] = []
    for index in range(progress.last_step + 1, len(steps)):
        step = steps[index]
        if facts.undisputed_minor < step.min_amount_minor:
            continue
        if due and (step.anchor == "after_previous" or progress.moved_in):
            break  # it is counted from the step that is taken now
        moment = _spaced(steps, index, step_moment(step, facts.date_due, progress, calendar), progress, calendar)
        if moment is None or _too_late(step, facts.date_due, calendar, now):
            continue
        if moment > now:
            return due, (index, moment)
        due.append(index)
    return due, None


def _spaced(
    steps: Sequence[Step], index: int, moment: datetime | None, progress: Progress, calendar: Calendar
) -> datetime | None:
    """In a case that began by a move a step comes as long after the one before as their delays are apart."""
    if not progress.moved_in or moment is None or progress.last_step_at is None or index == 0:
        return moment
    before, step = steps[index - 1], steps[index]
    if before.anchor != "after_due" or step.anchor != "after_due":
        return moment
    apart = Duration(
        max(step.delay.months - before.delay.months, 0),
        max(step.delay.days - before.delay.days, 0),
        max(step.delay.seconds - before.delay.seconds, 0),
    )
    return max(moment, later(progress.last_step_at, apart, calendar.zone))


def step_moment(step: Step, date_due: date | None, progress: Progress, calendar: Calendar) -> datetime | None:
    """When a step is due by itself (UTC); None where no date is due."""
    if step.anchor == "after_previous":
        return later(progress.last_step_at or progress.entered_at, step.delay, calendar.zone)
    if date_due is None:
        return None
    wait = step.delay
    if step.anchor == "before_due":
        day = shifted(date_due, months=-wait.months, days=-wait.days)
        return start_of(day, calendar.zone) - timedelta(seconds=wait.seconds)
    day = max(shifted(date_due, months=wait.months, days=wait.days), shifted(date_due, days=1))
    return start_of(day, calendar.zone) + timedelta(seconds=wait.seconds)


def _too_late(step: Step, date_due: date | None, calendar: Calendar, now: datetime) -> bool:
    """Whether a reminder before the due date would come after it."""
    return (
        step.anchor == "before_due"
        and date_due is not None
        and now >= start_of(shifted(date_due, days=1), calendar.zone)
    )


def _taken(
    steps: Sequence[Step], due: list[int], facts: CaseFacts, progress: Progress, calendar: Calendar, now: datetime
) -> Outlook:
    """Take one of the steps that are due: the latest, but no move before the client was contacted at all."""
    contacts = [index for index in due if steps[index].channel in _CONTACTS]
    chosen = due[-1]
    if steps[chosen].channel == "move" and contacts and not progress.contacted:
        chosen = contacts[-1]
    skipped = tuple(index for index in due if index < chosen)
    return _scheduled(steps, (chosen, now), skipped, facts, progress, calendar, now)


def _scheduled(
    steps: Sequence[Step],
    coming: tuple[int, datetime],
    skipped: tuple[int, ...],
    facts: CaseFacts,
    progress: Progress,
    calendar: Calendar,
    now: datetime,
) -> Outlook:
    index, at = coming
    step = steps[index]
    if step.channel in _MESSAGES:
        if progress.last_contact_at is not None:
            at = max(at, later(progress.last_contact_at, calendar.contact_interval, calendar.zone))
        at = next_open(at, calendar)
    if at > now:
        return Outlook("scheduled", "the next step has a date", "its date", index, at, skipped)
    if step.channel in facts.unreachable:
        return Outlook("pending", f"the client has no address for {step.channel}", "add one", index, at, skipped)
    if step.channel == "call":
        return Outlook("pending", "a call is due", "record the call", index, at, skipped)
    if not step.automatic:
        return Outlook("pending", "a manual step is due", "send or skip it", index, at, skipped)
    return Outlook("scheduled", "the next step is due", "its being taken", index, at, skipped)


def next_open(moment: datetime, calendar: Calendar) -> datetime:
    """The moment itself, or the next at which the send window is open."""
    if calendar.window == _ALWAYS:
        return moment
    local = moment.astimezone(calendar.zone)
    for days in range(_DAYS_LOOKED_AT_MAX):
        day = shifted(local.date(), days=days)
        if not _is_open_day(day, calendar.window):
            continue
        opens = datetime.combine(day, calendar.window.opens, tzinfo=calendar.zone).astimezone(UTC)
        closes = _closes(day, calendar)
        if max(moment, opens) < closes:
            return max(moment, opens)
    raise ValueError("the send window has no open day within a year")


def _is_open_day(day: date, window: Window) -> bool:
    return day.weekday() in window.weekdays and day not in window.holidays


def _closes(day: date, calendar: Calendar) -> datetime:
    closes = calendar.window.closes
    if closes is None or closes == time.min:
        return start_of(shifted(day, days=1), calendar.zone)
    return datetime.combine(day, closes, tzinfo=calendar.zone).astimezone(UTC)


STARTER_STEPS: Final = (
    Step("email", "before_due", Duration(days=3)),
    Step("email", "after_due", Duration(days=3)),
    Step("email", "after_due", Duration(days=10)),
    Step("email", "after_due", Duration(days=20)),
    Step("call", "after_due", Duration(days=25), automatic=False),
    Step("move", "after_due", Duration(days=35), automatic=False),
)
"""The steps of the collector that every account starts with."""
