"""Fill the input of a step in from what its run knows so far, and check it against the catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from action_executor.runs.records import Step, StepSpec
from contracts.catalog import ACTIONS as CATALOG
from contracts.primitives.problem import field_errors
from templates.filling import Filled
from templates.renderer import Renderer


class InvalidStepInput(Exception):
    """The filled-in input is not what the action takes."""


async def fill_input(
    renderer: Renderer,
    spec: StepSpec,
    steps: Sequence[Step],
    *,
    account_id: UUID,
    body: bytes,
    account: Mapping[str, Any],
) -> Filled:
    """Return the step's input with its templates filled in; `body` is the event that the run is about.

    Raises:
        TemplateFault, WorkerKilled, NoWorker: as the renderer does.
        InvalidStepInput: the action does not take it.
    """
    names = {"trigger": orjson.loads(body), "steps": [{"output": step.output} for step in steps], "account": account}
    filled = await renderer.fill(account_id, dict(spec.input), names)
    if spec.action not in CATALOG:
        return filled
    try:
        checked = CATALOG[spec.action].input.model_validate(filled.value)
    except ValidationError as error:
        faults = [f"input.{fault.path}: {fault.message}" for fault in field_errors(error)[:10]]
        faults += [warning["message"] for warning in filled.warnings[:10]]
        raise InvalidStepInput("; ".join(faults)) from None
    filled.value = checked.model_dump(mode="json", exclude_unset=True, by_alias=True)
    return filled
