"""Handle commands on hooks and automations, each under its account's lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import structlog

from contracts.command_errors import CommandError, PreconditionFailed
from contracts.etag import matches
from contracts.primitives.ids import parse_id
from contracts.resources import automation as automation_resource
from contracts.resources import hook as hook_resource
from contracts.wire import commands as names
from contracts.wire.envelope import Envelope
from contracts.wire.topology import DISPATCHER_COMMANDS, DISPATCHER_EVENTS, EXECUTOR_COMMANDS, EXECUTOR_JOBS
from outbox.pipeline import BatchEffects, HandleBatch
from storage.pool import Connection
from trigger_dispatcher.automations import commands as automations
from trigger_dispatcher.automations.store import find_automation
from trigger_dispatcher.command_context import CarryOut, CommandContext, Result
from trigger_dispatcher.events import store
from trigger_dispatcher.hooks import commands as hooks
from trigger_dispatcher.hooks import replay
from trigger_dispatcher.hooks.store import find_hook

log = structlog.get_logger(__name__)

COMMANDS: Final[dict[str, CarryOut]] = {
    names.CREATE_HOOK: hooks.create_hook,
    names.UPDATE_HOOK: hooks.update_hook,
    names.DELETE_HOOK: hooks.delete_hook,
    names.DELETE_HOOKS_OF_CREDENTIAL: hooks.delete_hooks_of_credential,
    names.ROTATE_HOOK_SECRET: hooks.rotate_hook_secret,
    names.END_HOOK: hooks.end_hook,
    names.TEST_HOOK: replay.try_hook,
    names.RECOVER_HOOK: replay.recover_hook,
    names.CREATE_AUTOMATION: automations.create_automation,
    names.UPDATE_AUTOMATION: automations.update_automation,
    names.PUBLISH_AUTOMATION: automations.publish_automation,
    names.SET_AUTOMATION_STATE: automations.set_automation_state,
    names.DELETE_AUTOMATION: automations.delete_automation,
}


def command_handler(ctx: CommandContext, *, wake_scheduler: Callable[[], None] | None = None) -> HandleBatch:
    """Make the handler of `dispatcher.commands`; the scheduler looks again after each batch."""

    async def handle(conn: Connection, envelopes: Sequence[Envelope], effects: BatchEffects) -> None:
        known = [envelope for envelope in envelopes if envelope.name in COMMANDS]
        for envelope in envelopes:
            if envelope.name not in COMMANDS:
                effects.leave_to_newer(envelope, f"{envelope.name} is no command of the dispatcher")
        # First, and in one order for all: from here on an account's commands are serialized.
        await store.change_subscriptions(conn, {envelope.account_id for envelope in known})
        if wake_scheduler is not None:
            effects.after_commit.append(wake_scheduler)
        for command in known:
            _keep(command, await _carry_out(conn, command, ctx), effects)

    return handle


def _keep(command: Envelope, result: Result, effects: BatchEffects) -> None:
    """Keep a command's outcome and what it makes others do."""
    if not result.unfinished:
        answered = command if result.answers is None else command.model_copy(update={"id": result.answers})
        effects.answer(answered, result.status, dict(result.body))
    for made in result.jobs:
        effects.send(EXECUTOR_JOBS, made)
    for again in result.redeliveries:
        effects.send(EXECUTOR_COMMANDS, again)
    for event in result.events:
        effects.send(DISPATCHER_EVENTS, event)
    for further in result.commands:
        effects.send(DISPATCHER_COMMANDS, further)


async def _check_condition(conn: Connection, command: Envelope) -> None:
    """Compare the command's object with the version that its caller has; one that is not there is refused later.

    Raises:
        PreconditionFailed: it is in another state.
    """
    thing_id = parse_id(str(command.data.get("id")))
    if command.if_match is None or thing_id is None:
        return
    hook = await find_hook(conn, account_id=command.account_id, hook_id=thing_id)
    if hook is not None and hook["state"] != "removed" and not matches(command.if_match, hook_resource.from_row(hook)):
        raise PreconditionFailed
    automation = await find_automation(conn, account_id=command.account_id, automation_id=thing_id)
    if automation is None or automation["removed_at"] is not None:
        return
    if not matches(command.if_match, automation_resource.from_row(automation)):
        raise PreconditionFailed


async def _carry_out(conn: Connection, command: Envelope, ctx: CommandContext) -> Result:
    try:
        await _check_condition(conn, command)
        result = await COMMANDS[command.name](conn, command, ctx)
    except CommandError as refusal:
        result = Result(refusal.http_status, refusal.problem())
    log.info("command_carried_out", command=command.name, id=str(command.id), status=result.status)
    return result
