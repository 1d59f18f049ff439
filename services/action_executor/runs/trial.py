"""Try an automation, or one of its steps, on an event: a run whose end is the outcome of its command.

A dry run changes nothing. Its calls out are shown and not made, and what they would answer is the catalog's sample. Its
commands go to the ledger as dry runs, each behind those before it in one transaction that is rolled back, so that a
step sees the effects of the steps before it. The run itself is deleted with its end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import Field, ValidationError

from action_executor.actions import ACTIONS, StepContext
from action_executor.refusals import invalid
from action_executor.runs import dry_effects, single
from action_executor.runs.places import FOR_EACH
from action_executor.runs.records import Done, Failed, Run, Sent, StepCall, StepOutcome
from action_executor.runs.single import ends, keep_result
from action_executor.runs.store import RunChange, StepChange
from contracts.catalog import ACTIONS as CATALOG
from contracts.primitives.problem import FieldError, field_errors
from contracts.resources import run as run_resource
from contracts.resources.client import found_or_created
from contracts.resources.schemas import Model
from contracts.wire.commands import DRY_RUN
from contracts.wire.envelope import Envelope
from outbox.pipeline import CommandResult
from storage.pool import Connection

__all__ = ["ends", "keep_commands", "keep_outcome", "perform", "try_automation"]

COMMANDS_MAX: Final = 50  # of one dry run: each is handled again behind the ones before it
COMMANDS_BYTES_MAX: Final = 1024 * 1024  # of them together: they travel in one message
ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024  # without inputs and outputs where it would be larger
REFUSED_FROM: Final = 400
_SHOWN: Final = "dry_run"
"""Where an output keeps what is only shown."""


class TryAutomation(Model):
    """The data of `try_automation`: a definition, the event, and the step where only one is tried."""

    automation_id: UUID
    version: int | None = None
    definition: dict[str, Any]
    event: dict[str, Any]
    step: int | None = Field(default=None, ge=0)
    really: bool = False


_INSERT: Final = """
INSERT INTO execution.run (account_id, id, automation_id, version, event_id, correlation_id, trigger, body, depth,
                           state, due_at, reply_to, definition, dry, step_no, step_path)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'running', now(), $10, $11, $12, $13::int, $13::int::text)
ON CONFLICT DO NOTHING
"""

_INSERT_EARLIER: Final = """
INSERT INTO execution.step (account_id, run_id, path, number, action, guarantee, state, output)
SELECT $1, $2, number::text, number, action, guarantee,
       CASE WHEN output IS NULL THEN 'pending' ELSE 'succeeded' END, output
  FROM unnest($3::int[], $4::text[], $5::text[], $6::jsonb[]) AS s (number, action, guarantee, output)
"""


async def try_automation(conn: Connection, command: Envelope) -> CommandResult | None:
    """Insert the run and return None, as its end is the outcome; else why it cannot be."""
    try:
        requested = TryAutomation.model_validate(command.data)
    except ValidationError as error:
        return invalid(field_errors(error))
    steps = requested.definition["steps"]
    if requested.step is not None and requested.step >= len(steps):
        return invalid([FieldError("step", f"must be from 0 to {len(steps) - 1}")])
    last = len(steps) if requested.step is None else requested.step + 1
    await conn.execute(
        _INSERT, command.account_id, command.id, requested.automation_id, requested.version or 0,
        UUID(requested.event["id"]), command.correlation_id, requested.event["type"], orjson.dumps(requested.event),
        command.depth, command.reply_to, {"steps": steps[:last]}, not requested.really, requested.step or 0,
    )  # fmt: skip
    if requested.step is not None:
        await _insert_earlier(conn, command, [step["action"] for step in steps[:last]])
    return None


async def _insert_earlier(conn: Connection, command: Envelope, actions: list[str]) -> None:
    """Let the steps before the one that is tried have the catalog's samples as their outputs."""
    outputs = [CATALOG[action].output for action in actions[:-1]]
    guarantees = [CATALOG[action].guarantee for action in actions]
    numbers = list(range(len(actions)))
    await conn.execute(_INSERT_EARLIER, command.account_id, command.id, numbers, actions, guarantees, [*outputs, None])


async def perform(action: str, call: StepCall, context: StepContext) -> StepOutcome:
    """Take a step of a dry run."""
    own, declared = ACTIONS[action], CATALOG.get(action)
    if own.changes_ledger:
        return await _perform_command(action, call, context)
    if action in dry_effects.FINDS:
        return await dry_effects.find(action, call, context)
    if own.preview is None:
        if own.calls_out:
            return Failed(f"{action} cannot be shown without making its call")
        return await own.run(call, context)
    previewed = await own.preview(call, context)
    if isinstance(previewed, Done) and declared is not None and declared.group != "flow":
        return Done({**declared.output, _SHOWN: {"would": previewed.output, "changes": []}})
    return previewed


async def _perform_command(action: str, call: StepCall, context: StepContext) -> StepOutcome:
    outcome = await ACTIONS[action].run(call, context)
    match outcome:
        case Sent(command, seconds):
            one = {"id": str(command.id), "name": command.name, "data": command.data}
            commands = [*call.run.dry_commands, one]
            if len(commands) > COMMANDS_MAX or len(orjson.dumps(commands)) > COMMANDS_BYTES_MAX:
                return Failed(f"a dry run shows at most {COMMANDS_MAX} changes of the ledger, of 1 MiB together")
            dry = command.model_copy(update={"name": DRY_RUN, "data": {"commands": commands}})
            return Sent(dry, seconds)
        case Done(output) if action == "find_or_create_client":
            found = output["client"]
            created = any(change["type"] == "client.created" for change in found["changes"])
            shown = {_SHOWN: {"would": None, "changes": found["changes"]}}
            return Done(found_or_created(found["would"], created=created) | shown)
        case Done(output):
            return Done({**output["would"], _SHOWN: {"would": None, "changes": output["changes"]}})
        case _:
            return outcome


async def keep_commands(conn: Connection, run: Run, command: Envelope) -> None:
    """Keep the commands of a dry run so far: the next one goes behind them."""
    await conn.execute(
        "UPDATE execution.run SET dry_commands = $3 WHERE account_id = $1 AND id = $2",
        run.account_id,
        run.id,
        command.data["commands"],
    )


_STEPS: Final = "SELECT * FROM execution.step WHERE account_id = $1 AND run_id = $2"
_DELETE: Final = "DELETE FROM execution.run WHERE account_id = $1 AND id = $2"


async def keep_outcome(conn: Connection, run: Run, change: RunChange, step: StepChange | None) -> None:
    """Keep what a trial, or an action by itself, came to as its command's outcome, in the transaction that ends it."""
    if run.definition is None and not run.dry:
        await single.keep_outcome(conn, run, change, step)
        return
    rows = await conn.fetch(_STEPS, run.account_id, run.id)
    made = _with_changes(_shown(run_resource.step(row)) for row in rows)
    if len(orjson.dumps(made)) > ANSWER_BYTES_MAX:
        made = _with_changes(_shortened(run_resource.step(row)) for row in rows)
    if run.definition is None:
        result = _shown_action(run, change, step, made)
    else:
        trial = {
            "dry_run": run.dry,
            "run_id": None if run.dry else str(run.id),
            "version": run.version or None,
            "event_id": str(run.event_id),
            "state": change.state,
            "error": change.error or run.error,
        }
        result = CommandResult(200, trial | made)
    await keep_result(conn, account_id=run.account_id, run_id=run.id, result=result)
    if run.dry:
        await conn.execute(_DELETE, run.account_id, run.id)


def _shown_action(run: Run, change: RunChange, step: StepChange | None, made: dict[str, Any]) -> CommandResult:
    """What an action by itself would do: its output, with the steps inside of it, and the changes of all."""
    (action,) = made["steps"]
    result = single.result_of(run, change, step, (action["output"] or {}) | {"steps": action["steps"]})
    if result.status >= REFUSED_FROM:
        return result
    return CommandResult(200, {"dry_run": True, "would": result.body, "changes": made["changes"]})


def _with_changes(steps: Iterable[dict[str, Any]]) -> dict[str, Any]:
    ordered = run_resource.in_order(steps)
    return {"steps": run_resource.nested(ordered), "changes": [made for step in ordered for made in step["changes"]]}


def _shown(step: dict[str, Any]) -> dict[str, Any]:
    output = step["output"]
    extra = output.pop(_SHOWN, {}) if isinstance(output, dict) else {}
    if step["action"] == FOR_EACH and output:
        output["outputs"] = _without_shown(output["outputs"])  # the steps inside show theirs
    return step | {"would": extra.get("would"), "changes": extra.get("changes", [])}


def _without_shown(outputs: Any) -> Any:
    """What the last steps of items gave, also where these were a `for_each` themselves."""
    match outputs:
        case list():
            return [_without_shown(one) for one in outputs]
        case {"count": _, "failed": _, "outputs": list() as inner}:
            return outputs | {"outputs": _without_shown(inner)}
        case dict():
            return {name: value for name, value in outputs.items() if name != _SHOWN}
        case _:
            return outputs


def _shortened(step: dict[str, Any]) -> dict[str, Any]:
    return step | {"input": None, "output": None, "would": None, "changes": []}
