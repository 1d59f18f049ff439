"""Walk steps, also those inside `branch` and `for_each`, each with what its templates may name. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from pydantic import ValidationError

from contracts.catalog import flow_inputs
from contracts.primitives.problem import FieldError
from contracts.resources.automation import STEPS_MAX, AutomationIn, AutomationStep

NESTING_MAX: Final = 3  # lists within lists: deeper ones are hard to follow in a run


@dataclass(frozen=True, slots=True)
class PlacedStep:
    """A step, its path in the request, and its surroundings.

    `before` is how many of the outermost steps have run before it, `beside` the actions before it in its own list;
    `own_input` is its input without the steps inside.
    """

    step: AutomationStep
    path: str
    before: int
    own_input: dict[str, Any]
    beside: Sequence[str] = ()
    depth: int = 0
    in_item: bool = False
    in_failure: bool = False

    @property
    def names(self) -> frozenset[str]:
        """What its templates may name."""
        inside = ({"inner"} if self.depth else set()) | ({"run"} if self.in_failure else set())
        return frozenset({"trigger", "steps", "account"} | inside | ({"item", "index"} if self.in_item else set()))


def placed_steps(requested: AutomationIn) -> Iterator[PlacedStep]:
    """Yield every step; an input whose inner steps cannot be read yields none of them."""
    for number, step in enumerate(requested.steps):
        yield from _placed(PlacedStep(step, f"steps[{number}]", number, step.input))
    for number, step in enumerate(requested.on_failure.steps if requested.on_failure else ()):
        path = f"on_failure.steps[{number}]"
        yield from _placed(PlacedStep(step, path, len(requested.steps), step.input, in_failure=True))


def inner_steps(action: str, given: Mapping[str, Any]) -> Iterator[PlacedStep]:
    """Yield the steps inside an action that is called by itself with this input, at their paths in it."""
    container = PlacedStep(AutomationStep(action=action, input=dict(given)), "", 0, {})
    for one in islice(_placed(container), 1, None):
        yield replace(one, path=one.path.removeprefix(".input."))


def tree_faults(placed: Sequence[PlacedStep], path: str = "steps", *, steps_max: int = STEPS_MAX) -> list[FieldError]:
    """Too many steps, said of `path`, or nested too deep."""
    if len(placed) > steps_max:
        return [FieldError(path, f"must be at most {steps_max}, those inside branch, for_each and on_failure counted")]
    deep = [one.path for one in placed if one.depth > NESTING_MAX]
    return [FieldError(path, f"is nested more than {NESTING_MAX} deep") for path in deep]


def _placed(one: PlacedStep) -> Iterator[PlacedStep]:
    own, lists = _split(one.step)
    yield replace(one, own_input=own)
    for path, steps in lists:
        for number, step in enumerate(steps):
            inside = replace(
                one,
                step=step,
                path=f"{one.path}.input.{path}[{number}]",
                beside=[other.action for other in steps[:number]],
                depth=one.depth + 1,
                in_item=one.in_item or one.step.action == "for_each",
            )
            yield from _placed(inside)


def _split(step: AutomationStep) -> tuple[dict[str, Any], list[tuple[str, list[AutomationStep]]]]:
    """A step's input without the steps inside, and these with their paths."""
    try:
        match step.action:
            case "branch":
                arms = flow_inputs.Branch.model_validate(step.input).branches
                own = [{name: value for name, value in arm.items() if name != "steps"} for arm in _arms(step)]
                return {"branches": own}, [(f"branches[{at}].steps", arm.steps) for at, arm in enumerate(arms)]
            case "for_each":
                inner = flow_inputs.ForEach.model_validate(step.input).steps
                return {"items": step.input["items"]}, [("steps", inner)]
            case _:
                return step.input, []
    except ValidationError:
        return step.input, []


def _arms(step: AutomationStep) -> list[dict[str, Any]]:
    arms: Any = step.input["branches"]
    return list(arms)
