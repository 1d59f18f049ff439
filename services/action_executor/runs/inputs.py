"""Fill the input of a step in from what its run knows so far, and check it against the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import BaseModel, ValidationError

from action_executor.runs.places import NOTIFICATION, Program, StepPosition, item_around
from action_executor.runs.records import Failed, Run, Step, StepSpec, wrong_inputs
from contracts.catalog import ACTIONS as CATALOG
from contracts.catalog.flow_inputs import BranchConditions, Items
from contracts.primitives.problem import field_errors
from templates.filling import Filled
from templates.renderer import Renderer

# What is filled in of them: the steps inside have their own turns.
_CONTAINERS: Final[dict[str, type[BaseModel]]] = {"branch": BranchConditions, "for_each": Items}


FAULTS_SHOWN_MAX: Final = 10  # of one step: its error is one line


class InvalidStepInput(Exception):
    """The filled-in input is not what the action takes. `failure` says which fields, and which templates gave them."""

    def __init__(self, failure: Failed) -> None:
        super().__init__(failure.reason)
        self.failure: Final = failure


def names_account(spec: StepSpec) -> bool:
    """Whether a step's templates may name the account: most do not, and it is not read for them."""
    return b"account" in orjson.dumps(spec.input)


def names_at(
    program: Program, known: Mapping[str, Step], place: StepPosition, *, run: Run, account: Mapping[str, Any]
) -> dict[str, Any]:
    """What the templates of a step may name: the outermost steps, and what is around the step itself.

    Inside `branch` and `for_each` that is `inner`, the steps of the same list, and `item` with its `index`; in
    `on_failure` it is `run`.
    """
    names: dict[str, Any] = {
        "trigger": orjson.loads(run.body),
        "steps": [_output(known.get(str(number))) for number in range(len(program.steps))],
        "account": account,
    }
    if len(place) > 1:
        beside = range(len(program.steps_beside(place)))
        names["inner"] = [_output(known.get(program.path_of((*place[:-1], number)))) for number in beside]
    if (item := item_around(program, place)) is not None:
        container = known[program.path_of(item[:-2])]
        names |= {"index": item[-2], "item": container.input["items"][item[-2]]}
    if place[0] >= NOTIFICATION:
        names["run"] = {"id": str(run.id), "error": run.error, "automation_id": str(run.automation_id)}
    return names


def _output(step: Step | None) -> dict[str, Any]:
    return {"output": step.output if step else None}


async def fill_input(renderer: Renderer, spec: StepSpec, names: Mapping[str, Any], *, account_id: UUID) -> Filled:
    """Return the step's input with its templates filled in from what they may name.

    Raises:
        TemplateFault, WorkerKilled, NoWorker: as the renderer does.
        InvalidStepInput: the action does not take it.
    """
    filled = await renderer.fill(account_id, dict(spec.input), names)
    model = _CONTAINERS.get(spec.action) or (CATALOG[spec.action].input if spec.action in CATALOG else None)
    if model is None:
        return filled
    try:
        checked = model.model_validate(filled.value)
    except ValidationError as error:
        warnings = [warning["message"] for warning in filled.warnings[:FAULTS_SHOWN_MAX]]
        raise InvalidStepInput(wrong_inputs(field_errors(error)[:FAULTS_SHOWN_MAX], more=warnings)) from None
    filled.value = checked.model_dump(mode="json", exclude_unset=True, by_alias=True)
    return filled
