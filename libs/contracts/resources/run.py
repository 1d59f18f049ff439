"""Runs of automations, with their steps: replay input, output, how a row becomes it, and a sample."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import orjson
from pydantic import Discriminator, Field, StringConstraints

from contracts.resources.event import Event
from contracts.resources.output import JSONObject, ResponseModel, Row, text, time_text
from contracts.resources.schemas import LongText, Model, OneNumber, OneText, type_tag

StepPlace = Annotated[
    Annotated[OneText, StringConstraints(pattern=r"^[a-z0-9_.]{1,200}$")] | OneNumber,
    Discriminator(type_tag, "no_place", "must be a step's number, or its path such as 2.branches.0.steps.1"),
]


class DecisionIn(Model):
    """A decision on a step that waits for a person; without `step` it is the one that the run waits at."""

    step: StepPlace | None = Field(default=None, description="its number, or its path such as 2.branches.0.steps.1")
    comment: LongText | None = None


class ReplayIn(Model):
    """Continue a run from one of its steps. Without `from_step` it is the step at which the run ended."""

    from_step: int | None = Field(default=None, ge=0, le=1000)
    version: Literal["pinned", "published"] = "pinned"
    preview: bool = False


RunState = Literal["running", "waiting", "succeeded", "filtered", "failed", "cancelled"]
StepState = Literal["pending", "running", "waiting", "succeeded", "skipped", "failed"]


class Run(ResponseModel):
    """One execution of an automation; `due_at` is when a waiting one continues; `replays` counts its replays.

    An action that was called on its own is a run of one step without an automation.
    """

    id: UUID
    automation_id: UUID | None
    version: int
    event_id: UUID
    trigger_key: str
    state: RunState
    step_no: int
    due_at: dt.datetime | None
    error: str | None
    replays: int
    created_at: dt.datetime
    finished_at: dt.datetime | None


class StepWarning(ResponseModel):
    """A value that a step's templates name and that is missing; it was left empty."""

    path: str
    code: Literal["missing_value"]
    message: str


class StepInside(ResponseModel):
    """One step of a run, with its input and output, null where all of a run's are too large together.

    `path` is its place: `2.branches.0.steps.1`, `3.items.7.steps.0`; `number` is that of the outermost step.
    """

    path: str
    number: int
    action: str
    state: StepState
    guarantee: Literal["exactly_once", "at_least_once"]
    input: dict[str, Any] | None
    output: Any
    attempts: int
    warnings: list[StepWarning]
    error: str | None
    started_at: dt.datetime | None
    finished_at: dt.datetime | None


class Step(StepInside):
    """One of the outermost steps of a run; `steps` are those inside of it that were taken, of all depths, in order."""

    steps: list[StepInside]


class RunWithSteps(Run):
    """A run with its steps, in order, and the event that started it."""

    trigger: Event
    steps: list[Step]


class Change(ResponseModel):
    """Something that would change in the ledger: the event that it would fire, with the object as it would be."""

    type: str
    data: Any


class TrialStepInside(StepInside):
    """A step of a trial. `would` is what would have left, null where nothing does; `changes` those of the ledger."""

    would: Any
    changes: list[Change]


class TrialStep(TrialStepInside):
    """One of the outermost steps of a trial, with those inside of it."""

    steps: list[TrialStepInside]


class Trial(ResponseModel):
    """What an automation, or one of its steps, came to on an event; a dry run changed nothing."""

    dry_run: bool
    run_id: UUID | None
    version: int | None
    event_id: UUID
    state: RunState
    error: str | None
    steps: list[TrialStep]
    changes: list[Change]


class StepPreview(ResponseModel):
    """A step of a run that would be replayed: its input as it was and as it would be, null where it is too large."""

    number: int
    action: str
    reused: bool
    before: Any
    after: Any
    differs: bool
    warnings: list[StepWarning]
    error: str | None


class ReplayPreview(ResponseModel):
    """What a replay would do: from which step, on which version, with which inputs."""

    from_step: int
    version: int
    steps: list[StepPreview]


class ReplayedRun(Run):
    """A run that continues; with `preview` it is unchanged."""

    preview: ReplayPreview | None = None


def from_row(row: Row, steps: Iterable[Row] | None = None) -> dict[str, Any]:
    """A run, from `execution_api.run` and, for a single one, its rows of `execution_api.step`.

    `due_at` is when a waiting run continues, else null; `replays` counts its replays. The event that started it is in
    `trigger`, in the form of a hook's body.
    """
    found = {
        "id": str(row["id"]),
        "automation_id": text(row["automation_id"]),
        "version": row["version"],
        "event_id": str(row["event_id"]),
        "trigger_key": row["trigger"],
        "state": row["state"],
        "step_no": row["step_no"],
        "due_at": time_text(row["due_at"]),
        "error": row["error"],
        "replays": row["replays"],
        "created_at": time_text(row["created_at"]),
        "finished_at": time_text(row["finished_at"]),
    }
    if steps is not None:
        found["trigger"] = orjson.loads(row["body"])
        found["steps"] = nested([step(one) for one in steps])
    return found


_DIGITS: Final = re.compile(r"\d+")
_OUTERMOST: Final = re.compile(r"(on_failure\.steps\.)?\d+|on_failure\.notify")


def nested(steps: Iterable[JSONObject]) -> list[JSONObject]:
    """The outermost steps in order, each with those inside of it, of all depths, as its `steps`; on_failure's last."""
    ordered = in_order(steps)
    outermost = {one["number"]: one | {"steps": []} for one in ordered if _OUTERMOST.fullmatch(one["path"])}
    for one in ordered:
        if not _OUTERMOST.fullmatch(one["path"]) and one["number"] in outermost:
            outermost[one["number"]]["steps"].append(one)
    return list(outermost.values())


def in_order(steps: Iterable[JSONObject]) -> list[JSONObject]:
    """Steps in the order of their places, each container before those inside of it."""
    return sorted(steps, key=lambda one: (one["number"], [int(part) for part in _DIGITS.findall(one["path"])]))


def step(row: Row) -> dict[str, Any]:
    """One step of a run, from `execution_api.step`; `input` is what was sent, templates filled in."""
    return {
        "path": row["path"],
        "number": row["number"],
        "action": row["action"],
        "state": row["state"],
        "guarantee": row["guarantee"],
        "input": row["input"],
        "output": row["output"],
        "attempts": row["attempts"],
        "warnings": row["warnings"],
        "error": row["error"],
        "started_at": time_text(row["started_at"]),
        "finished_at": time_text(row["finished_at"]),
    }


FAILED_SAMPLE: Final[JSONObject] = {
    "id": "0198f7c4-ef00-7a10-8d50-6a7b8c9d0e1f",
    "automation_id": "0198f7c4-0e00-7b20-9e61-7b8c9d0e1f2a",
    "version": 1,
    "event_id": "0198f7c4-5a00-7c30-af72-8c9d0e1f2a3b",
    "trigger_key": "sale.posted",
    "state": "failed",
    "step_no": 1,
    "due_at": None,
    "error": "step 1 (http_request): answered 404: no such list",
    "replays": 0,
    "created_at": "2026-03-02T09:30:01+00:00",
    "finished_at": "2026-03-02T09:30:02+00:00",
    "automation_name": "New invoices to the mailing list",
}
