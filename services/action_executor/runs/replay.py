"""Take a run that has ended up again from one of its steps, under its own id.

Results of earlier steps are kept, and so is every step that changed our ledger: its effect is never made twice. A step
whose effect was refused gets a new command id, as a repeated id would only bring the stored refusal again; a step that
ended without an answer keeps its id, as its effect may have been made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

import orjson
from asyncpg import Record
from pydantic import ValidationError

from action_executor.actions import ACTIONS
from action_executor.refusals import invalid, not_found, problem
from action_executor.runs import rules, step_store, store
from action_executor.runs.inputs import InvalidStepInput, fill_input, names_at
from action_executor.runs.navigation import Navigator
from action_executor.runs.places import NOTIFICATION, Program
from action_executor.runs.records import Run, Step, StepSpec
from contracts.catalog import ACTIONS as CATALOG
from contracts.primitives.problem import FieldError, field_errors
from contracts.resources import run as run_resource
from contracts.resources.run import ReplayIn
from contracts.wire.envelope import Envelope
from outbox.pipeline import CommandResult
from storage.pool import Connection
from templates.filling import TemplateFault
from templates.renderer import NoWorker, Renderer, WorkerKilled

REPLAYS_MAX: Final = 1000  # of one run: far more than are requested by hand
PREVIEW_SECONDS_MAX: Final = 5.0  # of one batch of commands: previews fill templates in while its transaction is open
PREVIEW_INPUT_BYTES_MAX: Final = 64 * 1024  # an input that is larger is not shown: 20 steps of 256 KiB are too much


class _Replay(ReplayIn):
    """The data of `replay_run`."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Planned:
    """A step of the replayed run: `kept` with its result, or taken again under the id that `replay_no` gives it.

    A `branch` or `for_each` that `resumes` keeps its choice or its items, and the steps `inside` that are kept.
    """

    number: int
    spec: StepSpec
    kept: bool
    replay_no: int
    resumes: bool = False
    inside: Sequence[PlannedInside] = ()


@dataclass(frozen=True, slots=True)
class PlannedInside:
    """A step inside a `branch` or `for_each` that was taken before."""

    step: Step
    kept: bool
    replay_no: int


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """How a run goes on: its steps as they are, and as planned on this version."""

    from_step: int
    version: int
    program: Program
    before: Mapping[str, Step]
    planned: Sequence[Planned]


_FIND = "SELECT * FROM execution.run WHERE account_id = $1 AND id = $2 FOR UPDATE"

_PUBLISHED = """
SELECT version FROM dispatch_api.automation_version
 WHERE account_id = $1 AND automation_id = $2 AND removed_at IS NULL ORDER BY version DESC LIMIT 1
"""

_RESUME = """
UPDATE execution.run
   SET state = 'running', step_no = $3, step_path = $5, version = $4, due_at = now(), finished_at = NULL, error = NULL,
       lost_workers = 0, admitted = false, replays = replays + 1
 WHERE account_id = $1 AND id = $2
"""

_DROP_STEPS = "DELETE FROM execution.step WHERE account_id = $1 AND run_id = $2 AND path <> ALL($3::text[])"

_RESUME_CONTAINERS = """
UPDATE execution.step SET state = 'running', error = NULL, finished_at = NULL
 WHERE account_id = $1 AND run_id = $2 AND path = ANY($3::text[])
"""

_INSERT_STEPS = """
INSERT INTO execution.step (account_id, run_id, path, number, action, guarantee, state, replay_no)
SELECT $1, $2, path, number, action, guarantee, 'pending', replay_no
  FROM unnest($3::text[], $4::int[], $5::text[], $6::text[], $7::int[]) AS s(path, number, action, guarantee, replay_no)
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
    more = {}
    if requested.preview:
        account = await store.find_account(conn, command.account_id)
        more = {"preview": await _preview(renderer, run, found, account=account, ends=previews_end)}
    else:
        await _resume(conn, run, found)
    return CommandResult(200, run_resource.from_row(await _show(conn, run)) | more)


async def _make_plan(conn: Connection, run: Record, requested: _Replay) -> ReplayPlan | CommandResult:
    version = run["version"]
    if requested.version == "published":
        version = await conn.fetchval(_PUBLISHED, run["account_id"], run["automation_id"])
    program = await store.find_program(conn, run["account_id"], run["automation_id"], version) if version else None
    pinned = await store.find_program(conn, run["account_id"], run["automation_id"], run["version"])
    if program is None or pinned is None:
        return problem(409, "version_gone", "The automation's version is gone", "the automation was deleted")
    before = await step_store.find_steps(conn, run["account_id"], run["id"], to_replay=True)
    from_step = _first_step(run, before) if requested.from_step is None else requested.from_step
    if faults := step_faults(before, program, from_step, ended_at=run["step_no"], pinned=pinned):
        return invalid(faults)
    planned = plan(before, program, from_step, run["replays"] + 1)
    if all(one.kept for one in planned):
        detail = f"every step from {from_step} on has changed the ledger already: choose an earlier step"
        return problem(409, "nothing_to_replay", "There is nothing to take again", detail)
    return ReplayPlan(from_step, version, program, before, planned)


async def _show(conn: Connection, run: Record) -> Record:
    row = await conn.fetchrow(_SHOW, run["account_id"], run["id"])
    return row or run  # it is locked: it is there


def _refusal(run: Record) -> CommandResult | None:
    if run["automation_id"] is None or run["definition"] is not None:
        detail = "it is an action that was called by itself, or a trial: call it again"
        return problem(409, "not_replayable", "The run is not replayed", detail)
    if run["finished_at"] is None:
        detail = f"the run is {run['state']}: wait for its end, or cancel it first"
        return problem(409, "run_not_ended", "The run has not ended", detail)
    if run["depth"] >= rules.DEPTH_MAX:
        return problem(409, "automation_loop", "The run is part of a loop", rules.LOOP)
    if run["replays"] >= REPLAYS_MAX:
        return problem(409, "limit_reached", "The limit is reached", f"a run is replayed at most {REPLAYS_MAX} times")
    return None


def _first_step(run: Record, steps: Mapping[str, Step]) -> int:
    """The step at which the run ended; of a run that went through, the first one that failed."""
    outermost = _outermost(steps)
    if run["state"] != "succeeded" and run["step_no"] < NOTIFICATION:
        return int(run["step_no"])
    return next((step.number for step in outermost if step.state == "failed"), len(outermost))


def _outermost(steps: Mapping[str, Step]) -> list[Step]:
    return sorted((step for path, step in steps.items() if path.isdigit()), key=lambda step: step.number)


def step_faults(
    steps: Mapping[str, Step], program: Program, from_step: int, *, ended_at: int, pinned: Program
) -> list[FieldError]:
    """What forbids to begin at this step: it is not there, what comes before it has no result, or it changed inside."""
    last = min(ended_at if ended_at < NOTIFICATION else len(program.steps), len(program.steps) - 1)
    if from_step > last:
        return [FieldError("from_step", f"must be a step from 0 to {last}, which the run has reached")]
    for step, spec in zip(_outermost(steps)[:from_step], program.steps, strict=False):
        if step.action != spec.action:
            message = f"must be at most {step.number}: step {step.number} was {step.action} and now is {spec.action}"
            return [FieldError("from_step", message)]
    for number, spec in enumerate(program.steps):
        effects = any(_changed_ledger(step) for step in _inside(steps, number))
        if number >= from_step and effects and pinned.steps[number : number + 1] != (spec,):
            message = f"step {number} has changed the ledger and is another one by now: replay the pinned version"
            return [FieldError("version", message)]
    return []


def plan(steps: Mapping[str, Step], program: Program, from_step: int, replay_no: int) -> list[Planned]:
    """Decide which steps keep their results, and which ids the others act under; pure."""
    return [
        _plan_step(steps, number, spec, from_step=from_step, replay_no=replay_no)
        for number, spec in enumerate(program.steps)
    ]


def _plan_step(steps: Mapping[str, Step], number: int, spec: StepSpec, *, from_step: int, replay_no: int) -> Planned:
    found = steps.get(str(number))
    before = found if found is not None and found.action == spec.action else None
    kept = number < from_step or (before is not None and _changed_ledger(before))
    planned = Planned(number, spec, kept, _replay_no(before, replay_no))
    inside = _inside(steps, number) if spec.lists and before is not None else []
    if kept or not inside:
        return replace(planned, inside=[PlannedInside(step, kept=True, replay_no=step.replay_no) for step in inside])
    goes_on = number == from_step and steps[str(number)].state != "succeeded"
    made = {step.path for step in inside if _changed_ledger(step) or (goes_on and step.state == "succeeded")}
    return replace(
        planned,
        resumes=goes_on or bool(made),
        inside=[PlannedInside(step, step.path in made, _replay_no(step, replay_no)) for step in inside],
    )


def _inside(steps: Mapping[str, Step], number: int) -> list[Step]:
    return [step for path, step in steps.items() if path.startswith(f"{number}.")]


def _changed_ledger(step: Step) -> bool:
    action = ACTIONS.get(step.action)
    return step.state == "succeeded" and action is not None and action.changes_ledger


def _replay_no(step: Step | None, replay_no: int) -> int:
    """A step that was refused acts under a new id: the old one would only bring the refusal again."""
    return replay_no if step is None or _was_refused(step) else step.replay_no


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
    steps_shown = []
    for one in found.planned:
        step = found.before.get(str(one.number))
        before = step.input if step else None
        after, warnings, error = before, [], None
        if not (one.kept or one.resumes):
            after = None
            names = names_at(found.program, found.before, (one.number,), run=_as_run(run), account=account)
            try:
                async with asyncio.timeout_at(ends):
                    filled = await fill_input(renderer, one.spec, names, account_id=run["account_id"])
                after, warnings = filled.value, filled.warnings
            except (TemplateFault, InvalidStepInput, WorkerKilled) as fault:
                error = str(fault)
            except (NoWorker, TimeoutError):
                error = "its templates were not filled in in time: ask again"
        steps_shown.append(
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
    return {"from_step": found.from_step, "version": found.version, "steps": steps_shown}


def _as_run(run: Record) -> Run:
    """The row of a run as the engine has it."""
    return Run(
        account_id=run["account_id"],
        id=run["id"],
        automation_id=run["automation_id"],
        version=run["version"],
        event_id=run["event_id"],
        correlation_id=run["correlation_id"],
        body=run["body"],
        depth=run["depth"],
        path=run["step_path"],
        error=run["error"],
        epoch=run["lease_epoch"],
        lost=0,
        now=run["created_at"],
    )


def _bounded(value: Any) -> Any:
    return value if len(orjson.dumps(value)) <= PREVIEW_INPUT_BYTES_MAX else None


async def _resume(conn: Connection, run: Record, found: ReplayPlan) -> None:
    """Make the run due, with its steps as planned."""
    key = (run["account_id"], run["id"])
    inside = [one for planned in found.planned for one in planned.inside]
    containers = _resumed_containers(found)
    kept = {str(one.number) for one in found.planned if one.kept} | {one.step.path for one in inside if one.kept}
    again = [(str(one.number), one.number, one.spec.action, one.replay_no) for one in found.planned if not one.kept]
    again += [(one.step.path, one.step.number, one.step.action, one.replay_no) for one in inside if one.replay_no]
    fresh = [row for row in again if row[0] not in kept | containers]
    remaining = {path: step for path, step in found.before.items() if path in kept}
    remaining |= {path: replace(found.before[path], state="running") for path in containers}
    first = next(one.number for one in found.planned if not one.kept)
    at = Navigator(found.program, remaining, (first,)).first_open((first,))
    await conn.execute(_RESUME, *key, first, found.version, at.path if at else str(first))
    await conn.execute(_DROP_STEPS, *key, sorted(kept | containers))
    await conn.execute(_RESUME_CONTAINERS, *key, sorted(containers))
    guarantees = [CATALOG[row[2]].guarantee if row[2] in CATALOG else "" for row in fresh]
    paths, numbers, actions, replays = ([row[column] for row in fresh] for column in range(4))
    await conn.execute(_INSERT_STEPS, *key, paths, numbers, actions, guarantees, replays)


def _resumed_containers(found: ReplayPlan) -> set[str]:
    """The containers that stay under way: those that resume, and those inside of them around a step that is kept."""
    resumed = {str(one.number) for one in found.planned if one.resumes}
    kept = [one.step.path for planned in found.planned if planned.resumes for one in planned.inside if one.kept]
    for planned in found.planned:
        for one in planned.inside if planned.resumes else ():
            if not one.kept and any(path.startswith(f"{one.step.path}.") for path in kept):
                resumed.add(one.step.path)
    return resumed
