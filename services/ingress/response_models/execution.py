"""The shapes of deliveries with their attempts and of runs with their steps."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from contracts.resources.output import ResponseModel
from ingress.response_models.catalog import Event

DeliveryState = Literal["pending", "in_flight", "succeeded", "failed", "cancelled"]
RunState = Literal["running", "waiting", "succeeded", "filtered", "failed", "cancelled"]
StepState = Literal["pending", "running", "waiting", "succeeded", "skipped", "failed"]


class Delivery(ResponseModel):
    """One event on its way to one hook; `status_code` and `error` are those of the last attempt."""

    id: UUID
    hook_id: UUID
    event_id: UUID
    trigger: str
    state: DeliveryState
    attempt_count: int
    next_attempt_at: dt.datetime | None
    status_code: int | None
    error: str | None
    created_at: dt.datetime
    finished_at: dt.datetime | None


class Attempt(ResponseModel):
    """One try: the receiver's status and the start of its answer, or why there was none."""

    number: int
    started_at: dt.datetime
    finished_at: dt.datetime
    duration_ms: int
    status_code: int | None
    error: str | None
    response: str | None


class DeliveryWithAttempts(Delivery):
    """A delivery with every attempt, first to last."""

    attempts: list[Attempt]


class Run(ResponseModel):
    """One execution of an automation; `due_at` is when a waiting one goes on; `replays` counts its replays.

    An action that was called by itself is a run of one step without an automation.
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
    """One step of a run: what it was given and what it gave, null where all of a run's are too large together.

    `path` says where it is: `2.branches.0.steps.1`, `3.items.7.steps.0`; `number` is that of the outermost step.
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
    """A run with its steps, in order, and the event that set it off."""

    trigger: Event
    steps: list[Step]


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
    """A run that goes on; with `preview` it is left as it is."""

    preview: ReplayPreview | None = None
