"""Decide what a step's outcome does to its run: pure rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, assert_never

import orjson

from action_executor.runs.records import (
    Declined,
    Done,
    Entered,
    Failed,
    Filtered,
    NotBegun,
    Run,
    RunState,
    Sent,
    Step,
    StepOutcome,
    Wait,
)
from action_executor.runs.store import RunChange, StepChange
from templates.filling import DATA_BYTES_MAX

DEPTH_MAX: Final = 8
LOST_MAX: Final = 5
TEMPLATE_KILLS_MAX: Final = 2  # once may be the machine's fault
NOT_BEGUN_SECONDS: Final = 1.0
JITTER: Final = 0.2
SECONDS_MAX: Final = 366 * 86_400.0

LOOP = f"automations caused one another {DEPTH_MAX} times over: the loop is cut here"


class Next(NamedTuple):
    """A step to take next: its number, or its outermost container's, and its path."""

    number: int
    path: str


@dataclass(frozen=True, slots=True)
class Ways:
    """Where a run goes from a step.

    `on` after a success, None at the end, which leaves the run as `end`. `filtered`: to the next item; None ends the
    run. `failed`: what goes on although the step failed, unless that `fails_run`, first by the steps at `handler` if it
    has any. `closes` are the containers that fail with the step, of those `around` it.
    """

    on: Next | None
    filtered: Next | None = None
    failed: Next | None = None
    fails_run: bool = True
    closes: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    handler: Next | None = None
    end: RunState = "succeeded"


def apply_outcome(  # noqa: C901, PLR0911  one table, a row for each outcome
    step: Step, outcome: StepOutcome, ways: Ways, *, schedule: Sequence[float], lease_seconds: float, jitter: float
) -> tuple[RunChange, StepChange]:
    """What to commit after a step: its change and its run's. A run that goes straight on keeps its lease."""
    path, number = step.path, step.number
    match outcome:
        case Done(output) if (fault := _too_large(output)) is not None:
            return _fail(step, ways, StepChange(path, "failed", error=fault), lease_seconds)
        case Done(output):
            return _go_on(step, ways.on, ways.end, lease_seconds), StepChange(path, "succeeded", output=output)
        case Entered(into, output):
            inside = RunChange("running", number, lease_seconds, leased=True, path=f"{path}.{into}.steps.0")
            return inside, StepChange(path, "running", output=output)
        case Filtered(output):
            end: RunState = "filtered" if ways.end == "succeeded" else ways.end
            return _go_on(step, ways.filtered, end, lease_seconds), StepChange(path, "succeeded", output=output)
        case Declined(reason, output):
            declined = StepChange(path, "failed", output=output, error=reason)
            return RunChange("cancelled", number, error=_why(step, reason), closes=ways.around), declined
        case Wait(seconds, for_answer, output):
            waiting = StepChange(path, "running" if for_answer else "waiting", output=output)
            return RunChange("waiting", number, min(seconds, SECONDS_MAX)), waiting
        case Sent(_, seconds):
            return RunChange("waiting", number, min(seconds, SECONDS_MAX)), StepChange(path, "running")
        case NotBegun(reason, killed) if step.template_kills + killed < TEMPLATE_KILLS_MAX:
            waits = StepChange(path, "pending", error=reason if killed else None, template_killed=killed)
            return RunChange("waiting", number, NOT_BEGUN_SECONDS), waits
        case NotBegun(reason, killed):
            return _fail(step, ways, StepChange(path, "failed", error=reason, template_killed=killed), lease_seconds)
        case Failed(reason, True, seconds) if step.attempts < len(schedule):
            pause = max(schedule[step.attempts] * (1 + JITTER * (2 * jitter - 1)), seconds)
            return RunChange("waiting", number, pause), StepChange(path, "running", error=reason)
        case Failed(reason, retryable, output=output):
            error = f"{reason}; given up after {step.attempts} tries" if retryable else reason
            failed = StepChange(path, "failed", output=_bounded(output), error=error, failure=outcome)
            return _fail(step, ways, failed, lease_seconds)
        case _:
            assert_never(outcome)


def _go_on(step: Step, way: Next | None, end: RunState, lease_seconds: float) -> RunChange:
    if way is None:
        return RunChange(end, step.number + (end == "succeeded"))
    return RunChange("running", way.number, lease_seconds, leased=True, path=way.path)


def _fail(step: Step, ways: Ways, failed: StepChange, lease_seconds: float) -> tuple[RunChange, StepChange]:
    if not ways.fails_run:
        change = _go_on(step, ways.failed, ways.end, lease_seconds)
    elif ways.handler is not None:
        why, way = _why(step, failed.error), ways.handler
        change = RunChange("running", way.number, lease_seconds, leased=True, error=why, path=way.path)
    else:
        change = RunChange("failed", step.number, error=_why(step, failed.error))
    return (replace(change, closes=ways.closes) if ways.closes else change), failed


def _why(step: Step, reason: str | None) -> str:
    return f"step {step.path} ({step.action}): {reason}"


def _too_large(output: Any) -> str | None:
    if len(orjson.dumps(output)) > DATA_BYTES_MAX:
        return f"its output is more than {DATA_BYTES_MAX // 1024} KiB"
    return None


def _bounded(output: Any) -> Any:
    return None if output is None or _too_large(output) else output


def apply_lost_worker(run: Run, step: Step, ways: Ways, *, lease_seconds: float) -> tuple[RunChange, StepChange]:
    """What to commit when worker after worker dies in the same step."""
    reason = f"its worker was lost {run.lost} times in a row"
    return _fail(step, ways, StepChange(step.path, "failed", error=reason), lease_seconds)
