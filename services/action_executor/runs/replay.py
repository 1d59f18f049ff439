"""Take a run that has ended up again from one of its steps, under its own id.

Results of earlier steps are kept, and so is every step that changed our ledger: its effect is never made twice. A step
whose effect was refused gets a new command id, as a repeated id would only bring the stored refusal again; a step that
ended without an answer keeps its id, as its effect may have been made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from asyncpg import Record
from pydantic import ValidationError

from action_executor.actions import ACTIONS
from action_executor.refusals import invalid, not_found, problem
from action_executor.runs import rules, store
from action_executor.runs.inputs import InvalidStepInput, fill_input
from action_executor.runs.records import Step, StepSpec
from contracts.catalog import ACTIONS as CATALOG
from contracts.primitives.problem import FieldError, field_errors
from contracts.resources.runs import ReplayIn
from contracts.serializers import execution
from contracts.wire.envelope import Envelope
from outbox.pipeline import CommandResult
from storage.pool import Connection
from templates.filling import TemplateFault
from templates.renderer import NoWorker, Renderer, WorkerKilled

REPLAYS_MAX: Final = 1000  # of one run: far more than anybody asks for by hand
PREVIEW_SECONDS_MAX: Final = 5.0  # of one batch of commands: previews fill templates in while its transaction is open
PREVIEW_INPUT_BYTES_MAX: Final = 64 * 1024  # an input that is larger is not shown: 20 steps of 256 KiB are too much


class _Replay(ReplayIn):
    """The data of `replay_run`."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Planned:
    """A step of the replayed run: `kept` with its result, or taken again under the id that `replay_no` gives it."""

    number: int
    spec: StepSpec
    kept: bool
    replay_no: int


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """How a run goes on: its steps as they are, and as planned on this version."""

    from_step: int
    version: int
    before: Sequence[Step]
    planned: Sequence[Planned]


_FIND = "SELECT * FROM execution.run WHERE account_id = $1 AND id = $2 FOR UPDATE"

_PUBLISHED = """
SELECT version FROM dispatch_api.automation_version
 WHERE account_id = $1 AND automation_id = $2 AND removed_at IS NULL ORDER BY version DESC LIMIT 1
"""

_RESUME = """
UPDATE execution.run
   SET state = 'running', step_no = $3, version = $4, due_at = now(), finished_at = NULL, error = NULL,
       lost_workers = 0, replays = replays + 1
 WHERE account_id = $1 AND id = $2
"""

_DROP_STEPS = "DELETE FROM execution.step WHERE account_id = $1 AND run_id = $2 AND number <> ALL($3::int[])"

_INSERT_STEPS = """
INSERT INTO execution.step (account_id, run_id, number, action, guarantee, state, replay_no)
SELECT $1, $2, number, action, guarantee, 'pending', replay_no
  FROM unnest($3::int[], $4::text[], $5::text[], $6::int[]) AS s(number, action, guarantee, replay_no)
"""

_SHOW = "SELECT * FROM execution_api.run WHERE account_id = $1 AND id = $2"


async def replay_run(conn: Connection, command: Envelope, renderer: Renderer, *, previews_end: float) -> CommandResult:
    """Make a run due from a step on: 200 with it; with `preview` nothing changes, and the inputs are shown.

    `previews_end` is the event loop's time after which no further template is filled in.
    """
    try:
        requested = _Replay.model_validate(command.data)
    except ValidationError as error:
        return invalid(field_errors(error))
    run = await conn.fetchrow(_FIND, command.account_id, requested.id)
    if run is None:
        return not_found(f"there is no run {requested.id}")
    found = _refusal(run) or await _make_plan(conn, run, requested)
    if isinstance(found, CommandResult):
        return found
    shown = {}
    if requested.preview:
        account = await store.find_account(conn, command.account_id)
        shown = {"preview": await _preview(renderer, run, found, account=account, ends=previews_end)}
    else:
        await _resume(conn, run, found)
    return CommandResult(200, execution.run(await _show(conn, run)) | shown)


async def _make_plan(conn: Connection, run: Record, requested: _Replay) -> ReplayPlan | CommandResult:
    version = run["version"]
    if requested.version == "published":
        version = await conn.fetchval(_PUBLISHED, run["account_id"], run["automation_id"])
    specs = await store.find_specs(conn, run["account_id"], run["automation_id"], version) if version else None
    if specs is None:
        return problem(409, "version_gone", "The automation's version is gone", "the automation was deleted")
    before = await store.find_steps(conn, run["account_id"], run["id"])
    from_step = _first_step(run, before) if requested.from_step is None else requested.from_step
    if faults := step_faults(before, specs, from_step, ended_at=run["step_no"]):
        return invalid(faults)
    planned = plan(before, specs, from_step, run["replays"] + 1)
    if all(one.kept for one in planned):
        detail = f"every step from {from_step} on has changed the ledger already: choose an earlier step"
        return problem(409, "nothing_to_replay", "There is nothing to take again", detail)
    return ReplayPlan(from_step, version, before, planned)


async def _show(conn: Connection, run: Record) -> Record:
    row = await conn.fetchrow(_SHOW, run["account_id"], run["id"])
    return row or run  # it is locked: it is there


def _refusal(run: Record) -> CommandResult | None:
    if run["automation_id"] is None:
        detail = "it is an action that was called by itself: call it again"
        return problem(409, "not_replayable", "The run is not replayed", detail)
    if run["finished_at"] is None:
        detail = f"the run is {run['state']}: wait for its end, or cancel it first"
        return problem(409, "run_not_ended", "The run has not ended", detail)
    if run["depth"] >= rules.DEPTH_MAX:
        return problem(409, "automation_loop", "The run is part of a loop", rules.LOOP)
    if run["replays"] >= REPLAYS_MAX:
        return problem(409, "limit_reached", "The limit is reached", f"a run is replayed at most {REPLAYS_MAX} times")
    return None


def _first_step(run: Record, steps: Sequence[Step]) -> int:
    """The step at which the run ended; of a run that went through, the first one that failed."""
    if run["state"] != "succeeded":
        return int(run["step_no"])
    return next((step.number for step in steps if step.state == "failed"), len(steps))


def step_faults(steps: Sequence[Step], specs: Sequence[StepSpec], from_step: int, *, ended_at: int) -> list[FieldError]:
    """What forbids to begin at this step: it is not there, or what comes before it has no result."""
    last = min(ended_at, len(specs) - 1)
    if from_step > last:
        return [FieldError("from_step", f"must be a step from 0 to {last}, which the run has reached")]
    for step, spec in zip(steps[:from_step], specs, strict=False):
        if step.action != spec.action:
            said = f"must be at most {step.number}: step {step.number} was {step.action} and now is {spec.action}"
            return [FieldError("from_step", said)]
    return []


def plan(steps: Sequence[Step], specs: Sequence[StepSpec], from_step: int, replay_no: int) -> list[Planned]:
    """Decide which steps keep their results, and which ids the others act under; pure."""
    planned = []
    for number, spec in enumerate(specs):
        before = steps[number] if number < len(steps) and steps[number].action == spec.action else None
        action = ACTIONS.get(spec.action)
        made = before is not None and before.state == "succeeded" and action is not None and action.changes_ledger
        same_id = before is not None and not _was_refused(before)
        number_of_id = before.replay_no if before is not None and same_id else replay_no
        planned.append(Planned(number, spec, number < from_step or made, number_of_id))
    return planned


def _was_refused(step: Step) -> bool:
    """Whether it failed by an answer that says no (of a server, a 4xx), so that there is no effect."""
    if step.state != "failed" or not isinstance(step.output, dict):
        return False
    status = step.output.get("status")
    return not isinstance(status, int) or 400 <= status < 500  # noqa: PLR2004  HTTP's "client error"


async def _preview(
    renderer: Renderer, run: Record, found: ReplayPlan, *, account: Mapping[str, Any], ends: float
) -> dict[str, Any]:
    """Show each step's input as it was and as it would be, as far as earlier outputs are known by now."""
    shown = []
    for one in found.planned:
        before = found.before[one.number].input if one.number < len(found.before) else None
        after, warnings, error = before, [], None
        if not one.kept:
            after = None
            try:
                async with asyncio.timeout_at(ends):
                    filled = await fill_input(
                        renderer,
                        one.spec,
                        found.before,
                        account_id=run["account_id"],
                        body=run["body"],
                        account=account,
                    )
                after, warnings = filled.value, filled.warnings
            except (TemplateFault, InvalidStepInput, WorkerKilled) as fault:
                error = str(fault)
            except (NoWorker, TimeoutError):
                error = "its templates were not filled in in time: ask again"
        shown.append(
            {
                "number": one.number,
                "action": one.spec.action,
                "reused": one.kept,
                "before": _bounded(before),
                "after": _bounded(after),
                "differs": before != after,
                "warnings": warnings,
                "error": error,
            }
        )
    return {"from_step": found.from_step, "version": found.version, "steps": shown}


def _bounded(value: Any) -> Any:
    return value if len(orjson.dumps(value)) <= PREVIEW_INPUT_BYTES_MAX else None


async def _resume(conn: Connection, run: Record, found: ReplayPlan) -> None:
    """Make the run due, with its steps as planned."""
    key = (run["account_id"], run["id"])
    again = [one for one in found.planned if not one.kept]
    await conn.execute(_RESUME, *key, again[0].number, found.version)
    await conn.execute(_DROP_STEPS, *key, [one.number for one in found.planned if one.kept])
    actions = [one.spec.action for one in again]
    guarantees = [CATALOG[action].guarantee if action in CATALOG else "" for action in actions]
    numbers, replays = [one.number for one in again], [one.replay_no for one in again]
    await conn.execute(_INSERT_STEPS, *key, numbers, actions, guarantees, replays)
