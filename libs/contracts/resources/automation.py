"""Automations: a trigger, and steps in order. Input, output, and how a row becomes it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field

from contracts.resources.inbox import Actor
from contracts.resources.output import ResponseModel, Row
from contracts.resources.schemas import Filters, Model, ShortText
from contracts.values import Form


class AutomationTrigger(Model):
    """What starts an automation."""

    key: str
    filters: Filters = Field(default_factory=dict)


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


class AutomationIn(Model):
    """A trigger and its steps, run in order."""

    name: ShortText
    trigger: AutomationTrigger
    steps: list[AutomationStep] = Field(min_length=1, max_length=STEPS_MAX)
    enabled: bool = True


class Automation(ResponseModel):
    """A trigger and its steps."""

    id: UUID
    name: str
    enabled: bool
    version: int
    trigger: AutomationTrigger
    steps: list[AutomationStep]
    created_by: Actor | None
    created_at: dt.datetime
    updated_at: dt.datetime


def from_row(row: Row) -> dict[str, Any]:
    """An automation with its published version, from `dispatch_api.automation`."""
    return {
        "id": str(row["id"]),
        "name": row["name"],
        "enabled": row["enabled"],
        "version": row["version"],
        "trigger": row["definition"]["trigger"],
        "steps": row["definition"]["steps"],
        "created_by": row["created_by"],
        "created_at": row["created_at"].isoformat(),
        "updated_at": row["updated_at"].isoformat(),
    }
