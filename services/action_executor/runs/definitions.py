"""Read the definition of an automation's version into the steps that the engine takes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from action_executor.runs.places import BRANCH, FOR_EACH, NOTIFY, ConcurrencySpec, Program
from action_executor.runs.records import StepSpec
from contracts.resources.automation import StepRetry


def read_program(definition: Mapping[str, Any]) -> Program:
    """Return the steps of `{"steps", "on_failure", "concurrency"}`, which was checked when it was saved."""
    on_failure, concurrency = definition.get("on_failure") or {}, definition.get("concurrency")
    return Program(
        _specs(definition["steps"]),
        _specs(on_failure.get("steps") or ()),
        _notification(on_failure["notify"]) if on_failure.get("notify") else None,
        ConcurrencySpec(concurrency["key"], concurrency["limit"]) if concurrency else None,
    )


def _notification(to: Sequence[str]) -> StepSpec:
    return StepSpec(NOTIFY, {"to": list(to)}, connection_id=None, continue_on_error=True)


def _specs(steps: Sequence[Mapping[str, Any]]) -> tuple[StepSpec, ...]:
    return tuple(read_step(step) for step in steps)


def read_step(step: Mapping[str, Any]) -> StepSpec:
    """Return a step of `{"action", "input", "connection_id"?, "continue_on_error"?, "retry"?}`, which was checked."""
    given, lists = _without_steps(step["action"], step.get("input") or {})
    return StepSpec(
        action=step["action"],
        input=given,
        connection_id=UUID(step["connection_id"]) if step.get("connection_id") else None,
        continue_on_error=bool(step.get("continue_on_error")),
        retry_seconds=StepRetry.model_validate(step["retry"]).schedule_seconds() if step.get("retry") else None,
        lists=lists,
    )


def _without_steps(action: str, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[tuple[StepSpec, ...], ...]]:
    """An input without the steps inside it, whose templates are filled in when their turn comes; and those steps."""
    if action == BRANCH:
        arms = [{name: value for name, value in arm.items() if name != "steps"} for arm in given["branches"]]
        return {"branches": arms}, tuple(_specs(arm["steps"]) for arm in given["branches"])
    if action == FOR_EACH:
        return {"items": given["items"]}, (_specs(given["steps"]),)
    return given, ()
