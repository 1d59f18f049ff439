"""Run an action by itself: a run of one step without an automation, whose end is the outcome of its command.

What only decides is answered at once; what leaves, waits for a person or has steps inside is a run, so that a crash
loses nothing and `/v1/runs` shows it. It is tried once: its caller sees the failure and decides. Steps inside are tried
as those of an automation are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import orjson
from pydantic import ValidationError

from action_executor.actions import ACTIONS, StepContext
from action_executor.connections.store import find_kinds
from action_executor.refusals import invalid, not_found, problem
from action_executor.runs.definitions import read_step
from action_executor.runs.places import BRANCH, Program
from action_executor.runs.records import Done, Failed, Filtered, Run, StepCall, StepSpec, Wait
from action_executor.runs.store import RunChange, StepChange
from contracts.catalog import ACTIONS as CATALOG
from contracts.catalog import Action
from contracts.primitives.problem import FieldError, field_errors
from contracts.resources.schemas import Model
from contracts.wire.envelope import Envelope
from contracts.wire.events import public_body
from outbox.pipeline import BatchEffects, CommandResult, save_results
from step_checks.rules import connection_faults, connections_of, faults_inside, order_of
from step_checks.tree import inner_steps
from storage.pool import Connection

TRIGGER: Final = "action"  # stands where a run of an automation has its event's key
PREVIEW_SECONDS_MAX: Final = 5.0  # a preview reads from our own database alone
ONCE: Final = (0.0,)  # the schedule of one try
TITLES: Final = {"quota_exceeded": "The plan's limit is reached"}
OWN_PATH: Final = "0"
PUSHED: Final = frozenset({"create_purchase", "create_sale"})  # their output is an object that was created

_INSERT: Final = """
INSERT INTO execution.run (account_id, id, automation_id, version, event_id, correlation_id, trigger, body, depth,
                           state, due_at, reply_to, dry)
VALUES ($1, $2, NULL, 0, $2, $3, $4, $5, $6, 'running', now(), $7, $8) ON CONFLICT DO NOTHING
"""


_OUTPUT: Final = f"SELECT output FROM execution.step WHERE account_id = $1 AND run_id = $2 AND path = '{OWN_PATH}'"  # noqa: S608  a constant


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
        checked = action.input_by_itself.model_validate(requested.input)
    except ValidationError as error:
        return invalid(field_errors(error))
    given = checked.model_dump(mode="json", exclude_unset=True, by_alias=True)
    if faults := await _faults_inside(conn, command.account_id, action.key, given, context):
        return invalid(faults)
    if action.only_decides or (requested.dry_run and ACTIONS[action.key].preview is not None):
        return await _answer_now(action, _call(command, given, requested.connection_id), context, requested.dry_run)
    await conn.execute(
        _INSERT, command.account_id, command.id, command.correlation_id, TRIGGER,
        _body(command, requested, given), command.depth, command.reply_to, requested.dry_run,
    )  # fmt: skip
    return None


async def _faults_inside(
    conn: Connection, account_id: UUID, action: str, given: Mapping[str, Any], context: StepContext
) -> list[FieldError]:
    """What is wrong with the steps inside, as it would be said of an automation's."""
    faults = faults_inside(action, given, context.http_client.policy.allows_url)
    placed = [] if faults else list(inner_steps(action, given))
    if named := connections_of(placed):
        faults = connection_faults(placed, await find_kinds(conn, account_id=account_id, connection_ids=named))
    return order_of(faults)


def program_of(body: bytes) -> Program:
    """The one step of a run whose body `run_action` made. Its input is taken as it is: only inside are templates."""
    data = orjson.loads(body)["data"]
    own = read_step(data)
    return Program((replace(own, input=_as_given(own), retry_seconds=ONCE),))


def _as_given(own: StepSpec) -> dict[str, Any]:
    """An input of templates that lead to what was given."""
    if own.action == BRANCH:
        arms = [_leading_to(f"branches[{number}].", arm) for number, arm in enumerate(own.input["branches"])]
        return {"branches": arms}
    return _leading_to("", own.input)


def _leading_to(place: str, given: Iterable[str]) -> dict[str, str]:
    return {name: f"{{{{ trigger.data.input.{place}{name} }}}}" for name in given}


def ends(run: Run, change: RunChange) -> bool:
    """Whether this change is the end of an action that was called by itself, or of a trial: a command's outcome."""
    answers = run.automation_id is None or run.definition is not None
    return answers and change.state not in {"running", "waiting"}


async def keep_outcome(conn: Connection, run: Run, change: RunChange, step: StepChange | None) -> None:
    """Keep the end of such a run as the outcome of its command, in the transaction that ends it."""
    if step is not None and step.path == OWN_PATH:
        output = step.output
    else:
        output = await conn.fetchval(_OUTPUT, run.account_id, run.id)
    await keep_result(conn, account_id=run.account_id, run_id=run.id, result=result_of(run, change, step, output))


def result_of(run: Run, change: RunChange, step: StepChange | None, output: Any) -> CommandResult:
    """What such a run came to; `step` is its last one, `output` that of the action."""
    action = orjson.loads(run.body)["data"]["action"]
    itself = step is not None and step.path == OWN_PATH
    # A filter inside has ended it as wished, and a person's no is an answer.
    if change.state in {"succeeded", "filtered"} or (change.state == "cancelled" and itself):
        created = action in PUSHED and not (output and output.get("duplicate"))
        return CommandResult(201 if created else 200, output)
    reason = (step.error if step is not None and itself else None) or change.error or change.state
    failure = step.failure if step else None
    if failure is None or itself:
        return refusal(failure or Failed(reason))
    # The fields at fault are those of a step inside, which the reason names.
    code = "action_failed" if failure.code == "invalid_input" else failure.code
    return refusal(Failed(reason, code=code, status=failure.status))


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
        path=OWN_PATH,
        error=None,
        epoch=0,
        lost=0,
        now=command.at,
    )
    return StepCall(run, OWN_PATH, given, command.at, first=True, connection_id=connection_id)


async def _answer_now(action: Action, call: StepCall, context: StepContext, dry_run: bool) -> CommandResult:  # noqa: FBT001
    own = ACTIONS[action.key]
    try:
        async with asyncio.timeout(PREVIEW_SECONDS_MAX):
            previewed = await (own.preview or own.run)(call, context)
    except TimeoutError:
        return problem(503, "unavailable", "Try again", f"a preview took more than {PREVIEW_SECONDS_MAX:g} s")
    match previewed:
        case Done(output) | Filtered(output):
            return CommandResult(200, {"dry_run": True, "would": output, "changes": []} if dry_run else output)
        case Wait() | Failed():
            return refusal(previewed if isinstance(previewed, Failed) else Failed("it would wait"))
        case _:
            return refusal(Failed(f"{action.key} cannot be shown without running it"))
