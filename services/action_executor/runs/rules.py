"""Decide what a step's outcome does to its run: pure rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, assert_never

import orjson

from action_executor.runs.records import Done, Failed, Filtered, NotBegun, Run, Sent, Step, StepOutcome, Wait
from action_executor.runs.store import RunChange, StepChange
from templates.filling import DATA_BYTES_MAX

DEPTH_MAX: Final = 8
LOST_MAX: Final = 5
TEMPLATE_KILLS_MAX: Final = 2  # once may be the machine's fault
NOT_BEGUN_SECONDS: Final = 1.0
JITTER: Final = 0.2
SECONDS_MAX: Final = 366 * 86_400.0

LOOP = f"automations caused one another {DEPTH_MAX} times over: the loop is cut here"


def apply_outcome(  # noqa: C901, PLR0911  one table, a row for each outcome
    step: Step,
    outcome: StepOutcome,
    *,
    following: int | None,
    continue_on_error: bool,
    schedule: Sequence[float],
    lease_seconds: float,
    jitter: float,
) -> tuple[RunChange, StepChange]:
    """What to commit after a step: its change and its run's. A run that goes straight on keeps its lease.

    `following` is the number of the step to take next, None after the last one.
    """
    number = step.number

    def go_on() -> RunChange:
        if following is None:
            return RunChange("succeeded", number + 1)
        return RunChange("running", following, lease_seconds, leased=True)

    match outcome:
        case Done(output) if (fault := _too_large(output)) is not None:
            return RunChange("failed", number, error=_why(step, fault)), StepChange(number, "failed", error=fault)
        case Done(output):
            return go_on(), StepChange(number, "succeeded", output=output)
        case Filtered(output):
            return RunChange("filtered", number), StepChange(number, "succeeded", output=output)
        case Wait(seconds) | Sent(_, seconds):
            return RunChange("waiting", number, min(seconds, SECONDS_MAX)), StepChange(number, "running")
        case NotBegun(reason, killed) if step.template_kills + killed < TEMPLATE_KILLS_MAX:
            waits = StepChange(number, "pending", error=reason if killed else None, template_killed=killed)
            return RunChange("waiting", number, NOT_BEGUN_SECONDS), waits
        case NotBegun(reason, killed):
            failed = StepChange(number, "failed", error=reason, template_killed=killed)
            return (go_on() if continue_on_error else RunChange("failed", number, error=_why(step, reason))), failed
        case Failed(reason, True, seconds) if step.attempts < len(schedule):
            pause = max(schedule[step.attempts] * (1 + JITTER * (2 * jitter - 1)), seconds)
            return RunChange("waiting", number, pause), StepChange(number, "running", error=reason)
        case Failed(reason, retryable, _, output):
            error = f"{reason}; given up after {step.attempts} tries" if retryable else reason
            failed = StepChange(number, "failed", output=_bounded(output), error=error)
            return (go_on() if continue_on_error else RunChange("failed", number, error=_why(step, error))), failed
        case _:
            assert_never(outcome)


def _why(step: Step, reason: str) -> str:
    return f"step {step.number} ({step.action}): {reason}"


def _too_large(output: Any) -> str | None:
    if len(orjson.dumps(output)) > DATA_BYTES_MAX:
        return f"its output is more than {DATA_BYTES_MAX // 1024} KiB"
    return None


def _bounded(output: Any) -> Any:
    return None if output is None or _too_large(output) else output


def apply_lost_worker(run: Run, step: Step) -> tuple[RunChange, StepChange]:
    """What to commit when worker after worker dies in the same step."""
    reason = f"its worker was lost {run.lost} times in a row"
    return RunChange("failed", step.number, error=_why(step, reason)), StepChange(step.number, "failed", error=reason)
