"""Carry out what is asked of automations: make, change, turn on and off, remove; each within its account's lock."""

from __future__ import annotations

from itertools import islice
from typing import Final
from uuid import UUID

from asyncpg import Record

from contracts.command_errors import InvalidInput, NotFound
from contracts.primitives.ids import new_id
from contracts.resources.automation import AutomationIn
from contracts.resources.automation import from_row as present
from contracts.resources.inbox import Actor
from contracts.resources.schemas import Model
from contracts.wire.envelope import Envelope
from step_checks.rules import PLACED_MAX, connection_faults, connections_of, order_of
from step_checks.tree import placed_steps
from storage.pool import Connection
from trigger_dispatcher.automations import rules, store
from trigger_dispatcher.automations.scheduler import keep_schedule
from trigger_dispatcher.command_context import CommandContext, Result, read
from trigger_dispatcher.errors import LimitReached, NoDraft
from trigger_dispatcher.events.event import subscribed_at

AUTOMATIONS_MAX: Final = 500


class CreateAutomation(AutomationIn):
    """The data of `create_automation`; `created_by` is the credential that asked."""

    created_by: Actor | None = None


class AutomationId(Model):
    """The data of a command about one automation."""

    id: UUID


class AutomationChange(AutomationIn):
    """The data of `update_automation`, its id aside."""

    enabled: bool | None = None  # type: ignore[assignment]  # None leaves it as it is
    publish: bool = False


class AutomationState(Model):
    """The data of `set_automation_state`."""

    id: UUID
    enabled: bool


async def create_automation(conn: Connection, command: Envelope, ctx: CommandContext) -> Result:
    """Make an automation: 201 with it."""
    requested = read(CreateAutomation, command.data)
    await _check(conn, command, requested, ctx)
    if await store.count_automations(conn, account_id=command.account_id) >= AUTOMATIONS_MAX:
        raise LimitReached(f"an account has at most {AUTOMATIONS_MAX} automations: remove some")
    automation_id = new_id()
    await store.insert_automation(
        conn,
        account_id=command.account_id,
        automation_id=automation_id,
        name=requested.name,
        enabled=requested.enabled,
        definition=rules.definition(requested),
        effective_from=subscribed_at(command),
        created_by=requested.created_by.model_dump(mode="json") if requested.created_by else None,
    )
    await keep_schedule(conn, account_id=command.account_id, automation_id=automation_id)
    return Result(201, present(await _known(conn, command, automation_id)))


async def _check(conn: Connection, command: Envelope, requested: AutomationIn, ctx: CommandContext) -> None:
    faults = rules.faults(requested, ctx.egress)
    placed = list(islice(placed_steps(requested), PLACED_MAX))
    if named := connections_of(placed):
        kinds = await store.connection_kinds(conn, account_id=command.account_id, connection_ids=named)
        faults += connection_faults(placed, kinds)
    if faults:
        raise InvalidInput(faults=order_of(faults))


async def update_automation(conn: Connection, command: Envelope, ctx: CommandContext) -> Result:
    """Keep a draft of an automation, or publish it at once: 200 with it. Runs under way keep their version.

    A draft that says what is published already is dropped. `enabled` counts at once either way.
    """
    automation = await _live(conn, command, read(AutomationId, {"id": command.data.get("id")}).id)
    requested = read(AutomationChange, {name: value for name, value in command.data.items() if name != "id"})
    await _check(conn, command, requested, ctx)
    enabled = automation["enabled"] if requested.enabled is None else requested.enabled
    if not requested.publish:
        definition = rules.definition(requested)
        same = (requested.name, definition) == (automation["name"], automation["definition"])
        draft = None if same else {"name": requested.name, "definition": definition}
        await store.save_draft(
            conn,
            account_id=command.account_id,
            automation_id=automation["id"],
            draft=draft,
        )
        if enabled != automation["enabled"]:
            await _switch(conn, command, automation["id"], enabled=enabled)
    else:
        await _publish(conn, command, automation["id"], requested, enabled=enabled)
    return Result(200, present(await _known(conn, command, automation["id"])))


async def publish_automation(conn: Connection, command: Envelope, ctx: CommandContext) -> Result:
    """Make the draft the next version: 200 with the automation. What it names is checked as of now.

    Without a draft an automation that is off is turned on: publishing means that it is to run.
    """
    automation = await _live(conn, command, read(AutomationId, command.data).id)
    if automation["draft"] is None:
        if automation["enabled"]:
            raise NoDraft
        await _switch(conn, command, automation["id"], enabled=True)
        return Result(200, present(await _known(conn, command, automation["id"])))
    requested = rules.read_definition(automation["draft"]["name"], automation["draft"]["definition"])
    await _check(conn, command, requested, ctx)
    await _publish(conn, command, automation["id"], requested, enabled=automation["enabled"])
    return Result(200, present(await _known(conn, command, automation["id"])))


async def _publish(
    conn: Connection, command: Envelope, automation_id: UUID, requested: AutomationIn, *, enabled: bool
) -> None:
    await store.change_automation(
        conn,
        account_id=command.account_id,
        automation_id=automation_id,
        name=requested.name,
        enabled=enabled,
        definition=rules.definition(requested),
        effective_from=subscribed_at(command),
    )
    await keep_schedule(conn, account_id=command.account_id, automation_id=automation_id)


async def _switch(conn: Connection, command: Envelope, automation_id: UUID, *, enabled: bool) -> None:
    await store.switch(
        conn,
        account_id=command.account_id,
        automation_id=automation_id,
        enabled=enabled,
        effective_from=subscribed_at(command),
    )
    await keep_schedule(conn, account_id=command.account_id, automation_id=automation_id)


async def set_automation_state(conn: Connection, command: Envelope, _: CommandContext) -> Result:
    """Turn an automation on or off: 200 with it."""
    requested = read(AutomationState, command.data)
    await _live(conn, command, requested.id)
    await _switch(conn, command, requested.id, enabled=requested.enabled)
    return Result(200, present(await _known(conn, command, requested.id)))


async def delete_automation(conn: Connection, command: Envelope, _: CommandContext) -> Result:
    """Remove an automation: 200 with it, also when it is gone already. Runs under way go on."""
    requested = read(AutomationId, command.data)
    await _known(conn, command, requested.id)
    await store.remove(conn, account_id=command.account_id, automation_id=requested.id)
    await keep_schedule(conn, account_id=command.account_id, automation_id=requested.id)
    return Result(200, present(await _known(conn, command, requested.id)))


async def _known(conn: Connection, command: Envelope, automation_id: UUID) -> Record:
    found = await store.find_automation(conn, account_id=command.account_id, automation_id=automation_id)
    if found is None:
        raise NotFound(f"there is no automation {automation_id}")
    return found


async def _live(conn: Connection, command: Envelope, automation_id: UUID) -> Record:
    found = await _known(conn, command, automation_id)
    if found["removed_at"] is not None:
        raise NotFound(f"automation {automation_id} was removed")
    return found
