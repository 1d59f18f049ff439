"""What a collector, its steps and a collection case are to the rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final, Literal
from zoneinfo import ZoneInfo

from contracts.primitives.durations import Duration

Channel = Literal["email", "sms", "call", "move"]
Anchor = Literal["before_due", "after_due", "after_previous"]
CaseState = Literal[
    "scheduled", "pending", "paused", "muted", "promised", "disputed", "awaiting_reply", "idle", "settled"
]
WEEKDAYS: Final = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a collector. A manual one waits for a person; `min_amount_minor` leaves it out below that amount."""

    channel: Channel
    anchor: Anchor
    delay: Duration
    automatic: bool = True
    min_amount_minor: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """When messages may go, in the account's time zone: from `opens` until before `closes`, Monday is 0."""

    opens: time = time.min
    closes: time | None = None  # None: the end of the day
    weekdays: frozenset[int] = WEEKDAYS
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Calendar:
    """The account's days: its zone, its send window, and how long two contacts are apart at least."""

    zone: ZoneInfo
    window: Window = field(default_factory=Window)
    contact_interval: Duration = field(default_factory=Duration)


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """The ledger's facts of a case now. `date_due` is the oldest open invoice's; amounts in minor units.

    Until `covered_until` the client's unallocated credit covers all that is overdue; None where it does not.
    """

    open_minor: int
    date_due: date | None
    undisputed_minor: int  # what of it is not disputed
    muted: bool = False
    paused_until: datetime | None = None
    promised_until: date | None = None
    needs_response: bool = False
    covered_until: datetime | None = None
    archived: bool = False
    unreachable: frozenset[Channel] = frozenset()  # channels for which the client has no address or number


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a case has come. `last_step` is the index of the step done last, -1 before the first.

    `last_contact_at` counts calls, and what a person sent by hand.
    """

    entered_at: datetime
    last_step: int = -1
    last_step_at: datetime | None = None
    last_contact_at: datetime | None = None
    contacted: bool = False  # by a step of this case
    moved_in: bool = False  # it began by a move: its steps are taken one after the other, as far apart as they were


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where a case stands: why, what ends that, and the next step with its moment (UTC).

    A scheduled step whose moment has come is to be taken now; `skipped` are the steps that it stands for as well.
    """

    state: CaseState
    reason: str
    ends: str
    step: int | None = None
    at: datetime | None = None
    skipped: tuple[int, ...] = ()
