"""Run an action by itself: a run of one step without an automation, whose end is the outcome of its command.

What only decides or waits is answered at once; what leaves is a run, so that a crash loses nothing and `/v1/runs` shows
it. It is tried once: its caller sees the failure and decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import ValidationError

from action_executor.actions import ACTIONS, StepContext
from action_executor.refusals import invalid, not_found, problem
from action_executor.runs.records import Done, Failed, Filtered, Run, StepCall, StepSpec, Wait
from action_executor.runs.store import RunChange, StepChange
from contracts.catalog import ACTIONS as CATALOG
from contracts.catalog import Action
from contracts.primitives.problem import field_errors
from contracts.resources.schemas import Model
from contracts.wire.envelope import Envelope
from contracts.wire.events import public_body
from outbox.pipeline import BatchEffects, CommandResult, save_results
from storage.pool import Connection

TRIGGER: Final = "action"  # stands where a run of an automation has its event's key
PREVIEW_SECONDS_MAX: Final = 5.0  # a preview reads from our own database alone
ONCE: Final = (0.0,)  # the schedule of one try
TITLES: Final = {"quota_exceeded": "The plan's limit is reached"}
PUSHED: Final = frozenset({"create_purchase", "create_sale"})  # their output is an object that was created

_INSERT: Final = """
INSERT INTO execution.run (account_id, id, automation_id, version, event_id, correlation_id, trigger, body, depth,
                           state, due_at, reply_to)
VALUES ($1, $2, NULL, 0, $2, $3, $4, $5, $6, 'running', now(), $7) ON CONFLICT DO NOTHING
"""


class RunAction(Model):
    """The data of `run_action`."""

    action: str
    input: dict[str, Any]
    connection_id: UUID | None = None
    dry_run: bool = False


async def run_action(conn: Connection, command: Envelope, context: StepContext) -> CommandResult | None:
    """Answer at once what needs no run; else insert the run and return None: its end is the outcome."""
    try:
        requested = RunAction.model_validate(command.data)
    except ValidationError as error:
        return invalid(field_errors(error))
    action = CATALOG.get(requested.action)
    if action is None or not action.available:
        return not_found(f"there is no action {requested.action[:100]!r}")
    try:
        checked = action.input.model_validate(requested.input)
    except ValidationError as error:
        return invalid(field_errors(error))
    given = checked.model_dump(mode="json", exclude_unset=True, by_alias=True)
    if action.group == "flow" or requested.dry_run:
        return await _answer_now(action, _call(command, given, requested.connection_id), context, requested.dry_run)
    await conn.execute(
        _INSERT, command.account_id, command.id, command.correlation_id, TRIGGER,
        _body(command, requested, given), command.depth, command.reply_to,
    )  # fmt: skip
    return None


def spec_of(body: bytes) -> StepSpec:
    """The one step of a run whose body `run_action` made. Its input is taken as it is: nothing in it is a template."""
    data = orjson.loads(body)["data"]
    return StepSpec(
        action=data["action"],
        input={name: f"{{{{ trigger.data.input.{name} }}}}" for name in data["input"]},
        connection_id=UUID(data["connection_id"]) if data["connection_id"] else None,
        continue_on_error=False,
        retry_seconds=ONCE,
    )


def ends(run: Run, change: RunChange) -> bool:
    """Whether this change is the end of an action that was called by itself, or of a trial: a command's outcome."""
    answers = run.automation_id is None or run.definition is not None
    return answers and change.state not in {"running", "waiting"}


async def keep_outcome(conn: Connection, run: Run, change: RunChange, step: StepChange | None) -> None:
    """Keep the end of such a run as the outcome of its command, in the transaction that ends it."""
    action = orjson.loads(run.body)["data"]["action"]
    if change.state == "succeeded":
        output = step.output if step else None
        created = action in PUSHED and not (output and output.get("duplicate"))
        result = CommandResult(201 if created else 200, output)
    else:
        reason = (step.error if step else None) or change.error or change.state
        result = refusal((step.failure if step else None) or Failed(reason))
    await keep_result(conn, account_id=run.account_id, run_id=run.id, result=result)


async def keep_result(conn: Connection, *, account_id: UUID, run_id: UUID, result: CommandResult) -> None:
    """Keep the outcome of the command with the run's id."""
    effects = BatchEffects("execution")
    effects.answers[run_id] = (account_id, result)
    await save_results(conn, schema="execution", effects=effects)


def refusal(failed: Failed) -> CommandResult:
    """The problem of a failed action: its own code, else 422 `action_failed` with what the other side said."""
    if failed.code == "invalid_input" and failed.faults:
        return invalid(failed.faults)
    title = TITLES.get(failed.code, "The action failed")
    return problem(failed.status, failed.code, title, failed.reason, failed.faults)


def _body(command: Envelope, requested: RunAction, given: Mapping[str, Any]) -> bytes:
    connection_id = str(requested.connection_id) if requested.connection_id else None
    data = {"action": requested.action, "input": given, "connection_id": connection_id}
    return public_body(event_id=command.id, trigger=TRIGGER, timestamp=command.at.isoformat(), data=data)


def _call(command: Envelope, given: Mapping[str, Any], connection_id: UUID | None) -> StepCall:
    run = Run(
        account_id=command.account_id,
        id=command.id,
        automation_id=None,
        version=0,
        event_id=command.id,
        correlation_id=command.correlation_id,
        body=b"",
        depth=command.depth,
        path="0",
        error=None,
        epoch=0,
        lost=0,
        now=command.at,
    )
    return StepCall(run, "0", given, command.at, first=True, connection_id=connection_id)


async def _answer_now(action: Action, call: StepCall, context: StepContext, dry_run: bool) -> CommandResult:  # noqa: FBT001
    preview = ACTIONS[action.key].preview
    if preview is None:
        detail = f"{action.key} steers a run: it works as a step of an automation alone"
        return problem(422, "invalid_input", "The input is invalid", detail)
    try:
        async with asyncio.timeout(PREVIEW_SECONDS_MAX):
            previewed = await preview(call, context)
    except TimeoutError:
        return problem(503, "unavailable", "Try again", f"a preview took more than {PREVIEW_SECONDS_MAX:g} s")
    match previewed:
        case Done(output) | Filtered(output):
            return CommandResult(200, {"dry_run": True, "would": output, "changes": []} if dry_run else output)
        case Wait() | Failed():
            return refusal(previewed if isinstance(previewed, Failed) else Failed("it would wait"))
        case _:
            return refusal(Failed(f"{action.key} cannot be shown without running it"))
