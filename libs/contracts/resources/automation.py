"""Automations: a trigger, and steps in order. Input, output, and how a row becomes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import orjson
from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag

from contracts.primitives.problem import HIDDEN
from contracts.resources.event import Event
from contracts.resources.inbox import Actor
from contracts.resources.output import ResponseModel, Row
from contracts.resources.schemas import Email, Filters, Model, ShortText
from contracts.values import Form

SCHEDULE = "schedule"
"""The key of a trigger that fires by a clock; it is no event that hooks may subscribe to."""


class AutomationTrigger(Model):
    """What starts an automation: an event of the catalog, or a schedule by the clock of a time zone."""

    key: str
    filters: Filters = Field(default_factory=dict)
    cron: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = Field(
        default=None, description="of a schedule: minute, hour, day, month, weekday, such as 0 8 * * 1"
    )
    time_zone: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        default=None, description="of a schedule, such as Europe/Riga; else UTC"
    )


STEPS_MAX = 20  # contract.md: of an automation, those inside branch and for_each counted
STEP_ATTEMPTS_MAX = 20  # with a week's pause, about as long as a run is kept waiting
RETRY_PAUSE_SECONDS_MAX = 7 * 86_400  # after a week a person has to intervene
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _short_enough(pause: str) -> str:
    if int(pause[:-1]) * _UNIT_SECONDS[pause[-1]] > RETRY_PAUSE_SECONDS_MAX:
        raise ValueError("must be at most 7d")
    return pause


RetryPause = Annotated[
    str, Form("[0-9]{1,6}[smhd]", "must be a pause such as 5s, 10m, 2h or 1d"), AfterValidator(_short_enough)
]


class StepRetry(Model):
    """How often a step is tried, and the pauses between; the last pause is repeated."""

    attempts: int = Field(ge=1, le=STEP_ATTEMPTS_MAX, description="tries in all, the first one among them")
    schedule: list[RetryPause] = Field(
        default_factory=lambda: ["5s", "1m", "10m", "1h"], min_length=1, max_length=STEP_ATTEMPTS_MAX - 1
    )

    def schedule_seconds(self) -> tuple[float, ...]:
        """Return the wait before each try; 0 before the first."""
        pauses = [float(pause[:-1]) * _UNIT_SECONDS[pause[-1]] for pause in self.schedule]
        pauses += pauses[-1:] * self.attempts
        return (0.0, *pauses[: self.attempts - 1])


class AutomationStep(Model):
    """One step: an action of the catalog and its input, whose strings may be Liquid templates."""

    action: str
    input: dict[str, object] = Field(default_factory=dict)
    connection_id: UUID | None = None
    continue_on_error: bool = False
    retry: StepRetry | None = Field(default=None, description="in place of the installation's schedule")


NOTIFIED_MAX = 10  # recipients of one failure's mail
CONCURRENT_RUNS_MAX = 100  # more is no limit worth its waiting


Notified = Annotated[
    Annotated[Literal["owner"], Tag(f"{HIDDEN}owner")] | Annotated[Email, Tag(f"{HIDDEN}email")],
    Discriminator(lambda given: f"{HIDDEN}owner" if given == "owner" else f"{HIDDEN}email"),
]
"""`owner` or an e-mail address."""


class OnFailure(Model):
    """What happens when a run fails: mails, at most one an hour for an automation, and steps that know `run.error`."""

    notify: list[Notified] = Field(
        default_factory=list, max_length=NOTIFIED_MAX, description="`owner` is the account's e-mail, else its owners'"
    )
    steps: list[AutomationStep] = Field(default_factory=list, max_length=STEPS_MAX)


class Concurrency(Model):
    """At most `limit` runs of the automation with one key are under way; the others wait in order."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=1000)] = Field(
        description="usually a template, such as {{ trigger.data.client_id }}"
    )
    limit: int = Field(default=1, ge=1, le=CONCURRENT_RUNS_MAX)


class AutomationIn(Model):
    """A trigger and its steps, run in order."""

    name: ShortText
    trigger: AutomationTrigger
    steps: list[AutomationStep] = Field(min_length=1, max_length=STEPS_MAX)
    enabled: bool = False
    on_failure: OnFailure | None = None
    concurrency: Concurrency | None = None


class Difference(ResponseModel):
    """A place at which two definitions differ; null where there is nothing, or a value is too large to show."""

    path: str
    before: Any
    after: Any


class AutomationDraft(ResponseModel):
    """What was changed and is not published yet, and how it differs from what is."""

    name: str
    trigger: AutomationTrigger
    steps: list[AutomationStep]
    on_failure: OnFailure | None
    concurrency: Concurrency | None
    updated_at: dt.datetime
    differences: list[Difference]


class AutomationVersion(ResponseModel):
    """A version that was published, and how it differs from the one before it."""

    version: int
    published: bool
    created_at: dt.datetime
    trigger: AutomationTrigger
    steps: list[AutomationStep]
    on_failure: OnFailure | None
    concurrency: Concurrency | None
    differences: list[Difference]


class TriggerEvents(ResponseModel):
    """The newest events of a trigger in the form of a hook's body, or its sample."""

    events: list[Event]
    sample: bool


class BacktestDay(ResponseModel):
    """What would have been on one day, by the account's clock."""

    date: dt.date
    events: int
    would_run: int
    would_filter: int


class BacktestDifference(ResponseModel):
    """On how many events only one of the draft and the published version would have run, with examples."""

    only_here: int
    only_published: int
    examples: list[dict[str, Any]]


class BacktestResult(ResponseModel):
    """How often an automation would have run; `would_filter` counts filters of the trigger and first filter steps.

    `would_fail` counts filters whose templates fail; `truncated` says that not all events were looked at.
    """

    days: int
    version: int | None
    until: dt.datetime
    truncated: bool
    events: int
    would_run: int
    would_filter: int
    would_fail: int
    per_day: list[BacktestDay]
    differs_from_published: BacktestDifference | None


class Automation(ResponseModel):
    """A trigger and its steps, as published; `draft` is what `publish` would make of it."""

    id: UUID
    name: str
    enabled: bool
    version: int
    trigger: AutomationTrigger
    steps: list[AutomationStep]
    on_failure: OnFailure | None
    concurrency: Concurrency | None
    draft: AutomationDraft | None
    created_by: Actor | None
    created_at: dt.datetime
    updated_at: dt.datetime


def from_row(row: Row) -> dict[str, Any]:
    """An automation with its published version and its draft, from `dispatch_api.automation`."""
    return {
        "id": str(row["id"]),
        "name": row["name"],
        "enabled": row["enabled"],
        "version": row["version"],
        **_shown(row["definition"]),
        "draft": _draft(row),
        "created_by": row["created_by"],
        "created_at": row["created_at"].isoformat(),
        "updated_at": row["updated_at"].isoformat(),
    }


def version_from_row(row: Row, before: dict[str, Any] | None) -> dict[str, Any]:
    """A version, from `dispatch_api.automation_version`; `before` is the definition of the one before it, if any."""
    return {
        "version": row["version"],
        "published": row["version"] == row["published_version"],
        "created_at": row["created_at"].isoformat(),
        **_shown(row["definition"]),
        "differences": differences(before, row["definition"]) if before is not None else [],
    }


def _draft(row: Row) -> dict[str, Any] | None:
    draft = row["draft"]
    if draft is None:
        return None
    return {
        "name": draft["name"],
        **_shown(draft["definition"]),
        "updated_at": row["draft_at"].isoformat(),
        "differences": differences(
            {"name": row["name"]} | row["definition"], {"name": draft["name"]} | draft["definition"]
        ),
    }


def _shown(definition: dict[str, Any]) -> dict[str, Any]:
    return {name: definition.get(name) for name in ("trigger", "steps", "on_failure", "concurrency")}


DIFFERENCES_MAX: Final = 200  # of two versions: more is another automation
DIFFERENCE_BYTES_MAX: Final = 2048  # of a value that is shown


def differences(before: Any, after: Any) -> list[dict[str, Any]]:
    """The places at which two JSON values differ, in order: `{"path", "before", "after"}`; lists by position."""
    return list(islice(_differences(before, after, ""), DIFFERENCES_MAX))


def _differences(before: Any, after: Any, path: str) -> Iterator[dict[str, Any]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            yield from _differences(before.get(name), after.get(name), f"{path}.{name}".lstrip("."))
    elif isinstance(before, list) and isinstance(after, list):
        for number in range(max(len(before), len(after))):
            old, new = (side[number] if number < len(side) else None for side in (before, after))
            yield from _differences(old, new, f"{path}[{number}]")
    elif before != after:
        yield {"path": path, "before": _short(before), "after": _short(after)}


def _short(value: Any) -> Any:
    return value if len(orjson.dumps(value)) <= DIFFERENCE_BYTES_MAX else None
