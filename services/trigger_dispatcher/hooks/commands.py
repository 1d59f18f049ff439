"""Handle the commands on hooks: subscribe, change, unsubscribe, rotate; each under its account's lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal
from uuid import UUID

from asyncpg import Record

from chassis.encryption import encrypted_field
from contracts.command_errors import InvalidInput, NotFound
from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
from contracts.resources.hook import HookIn, HookPatch
from contracts.resources.hook import from_row as present
from contracts.resources.inbox import Actor
from contracts.resources.schemas import Model
from contracts.wire.envelope import Envelope
from contracts.wire.events import HOOK_DISABLED, event
from storage.pool import Connection
from trigger_dispatcher.command_context import CommandContext, Result, read
from trigger_dispatcher.errors import LimitReached, SameHook
from trigger_dispatcher.events.event import subscribed_at
from trigger_dispatcher.hooks import rules, store
from trigger_dispatcher.hooks.notice import disabled_notice, removal_notice

HOOKS_MAX: Final = 1_000
REASON_CHARACTERS_MAX: Final = 500
_NEVER_NULL: Final = ("target_url", "triggers", "filters", "state")


class CreateHook(HookIn):
    """The data of `create_hook`; `created_by` is the caller's credential."""

    created_by: Actor | None = None


class HookId(Model):
    """The data of a command about one hook."""

    id: UUID


class CredentialId(Model):
    """The data of `delete_hooks_of_credential`."""

    credential_id: UUID


class EndHook(Model):
    """The data of `end_hook`; `version` is the hook's at the time of the responses."""

    id: UUID
    version: int
    state: Literal["removed", "disabled"]
    reason: str


async def create_hook(conn: Connection, command: Envelope, ctx: CommandContext) -> Result:
    """Subscribe: 201 with a new hook and its secret, or 200 with the same one, re-enabled if it was disabled."""
    requested = read(CreateHook, command.data)
    _check(requested.target_url, requested.triggers, requested.filters, ctx)
    triggers, filters = rules.each_once(requested.triggers), rules.as_texts(requested.filters)
    fingerprint = rules.fingerprint(requested.target_url, triggers, filters)
    same = await store.find_same(conn, account_id=command.account_id, fingerprint=fingerprint)
    if same is not None:
        if same["state"] == "disabled":
            same = await store.activate(conn, same, effective_from=subscribed_at(command))
        return Result(200, present(same))
    if await store.count_hooks(conn, account_id=command.account_id) >= HOOKS_MAX:
        raise LimitReached(f"an account has at most {HOOKS_MAX} hooks: remove some")
    secret = rules.new_secret()
    made = store.HookRow(
        account_id=command.account_id,
        id=new_id(),
        target_url=requested.target_url,
        triggers=triggers,
        filters=filters,
        ordered=requested.ordered,
        rate_per_second=requested.rate_per_second,
        concurrency=requested.concurrency,
        name=requested.name,
        fingerprint=fingerprint,
        secret=ctx.encryptor.encrypt(secret),
        effective_from=subscribed_at(command),
        created_by=requested.created_by.model_dump(mode="json") if requested.created_by else None,
    )
    row = await store.insert_hook(conn, made)
    return Result(201, {**present(row), "secret": encrypted_field(secret, ctx.encryptor)})


async def update_hook(conn: Connection, command: Envelope, ctx: CommandContext) -> Result:
    """Change what was sent of a hook: 200 with the hook."""
    hook = await _live(conn, command, read(HookId, {"id": command.data.get("id")}).id)
    patch = read(HookPatch, {name: value for name, value in command.data.items() if name != "id"})
    changes = {name: getattr(patch, name) for name in patch.model_fields_set}
    if nulls := [name for name in _NEVER_NULL if name in changes and changes[name] is None]:
        raise InvalidInput(faults=[FieldError(name, "must not be null: leave it out to keep it") for name in nulls])
    state = changes.pop("state", hook["state"])
    if changes:
        hook = await _change(conn, hook, changes, ctx)
    if state == "active" and hook["state"] == "disabled":
        hook = await store.activate(conn, hook, effective_from=subscribed_at(command))
    elif state == "disabled" and hook["state"] == "active":
        hook = await store.end(conn, hook, state="disabled", reason=None)
    return Result(200, present(hook))


async def _change(conn: Connection, hook: Record, changes: dict[str, Any], ctx: CommandContext) -> Record:
    if "triggers" in changes:
        changes["triggers"] = rules.each_once(changes["triggers"])
    if "filters" in changes:
        changes["filters"] = rules.as_texts(changes["filters"])
    after = {name: changes.get(name, hook[name]) for name in ("target_url", "triggers", "filters")}
    if after["target_url"] != hook["target_url"] or "triggers" in changes or "filters" in changes:
        _check(after["target_url"], after["triggers"], after["filters"], ctx)
    fingerprint = rules.fingerprint(after["target_url"], after["triggers"], after["filters"])
    same = await store.find_same(conn, account_id=hook["account_id"], fingerprint=fingerprint)
    if same is not None and same["id"] != hook["id"]:
        raise SameHook(f"hook {same['id']} has this target, these triggers and these filters already")
    return await store.change_hook(conn, hook, changes, fingerprint=fingerprint)


async def delete_hook(conn: Connection, command: Envelope, _: CommandContext) -> Result:
    """Unsubscribe: 200 with the hook, also when it is gone already."""
    hook = await _known(conn, command, read(HookId, command.data).id)
    if hook["state"] != "removed":
        hook = await store.end(conn, hook, state="removed", reason=None)
    return Result(200, present(hook))


async def delete_hooks_of_credential(conn: Connection, command: Envelope, _: CommandContext) -> Result:
    """Delete the hooks that a credential made: 200 {hooks}, how many they were. Their targets are notified."""
    maker = read(CredentialId, command.data).credential_id
    removed = await store.remove_made_by(conn, account_id=command.account_id, credential_id=maker)
    return Result(200, {"hooks": len(removed)}, jobs=[removal_notice(command, hook) for hook in removed])


async def rotate_hook_secret(conn: Connection, command: Envelope, ctx: CommandContext) -> Result:
    """Rotate a hook's secret: 200 with the hook and the secret. The previous one also signs for 24 h."""
    hook = await _live(conn, command, read(HookId, command.data).id)
    secret = rules.new_secret()
    hook = await store.rotate(conn, hook, secret=ctx.encryptor.encrypt(secret))
    return Result(200, {**present(hook), "secret": encrypted_field(secret, ctx.encryptor)})


async def end_hook(conn: Connection, command: Envelope, _: CommandContext) -> Result:
    """End a hook whose receiver answered 410, or that only failed for days: 200 {id, state}.

    What an older version of the hook was answered ends nothing: its target or secret has changed since. A hook that
    ends here fires `hook.disabled` once, with the hook as it stands then; of one that failed, the target and
    the owners are notified.
    """
    requested = read(EndHook, command.data)
    hook = await _known(conn, command, requested.id)
    ended: list[Envelope] = []
    jobs: list[Envelope] = []
    stands = hook["state"] == "active" or (hook["state"] == "disabled" and requested.state == "removed")
    if stands and requested.version == hook["version"]:
        hook = await store.end(conn, hook, state=requested.state, reason=requested.reason[:REASON_CHARACTERS_MAX])
        ended = [event(command, HOOK_DISABLED, subject_id=hook["id"], client_id=None, data=present(hook))]
        if requested.state == "disabled":
            jobs = [removal_notice(command, hook), *await disabled_notice(conn, command, hook)]
    return Result(200, {"id": str(hook["id"]), "state": hook["state"]}, jobs=jobs, events=ended)


async def _known(conn: Connection, command: Envelope, hook_id: UUID) -> Record:
    hook = await store.find_hook(conn, account_id=command.account_id, hook_id=hook_id)
    if hook is None:
        raise NotFound(f"there is no hook {hook_id}")
    return hook


async def _live(conn: Connection, command: Envelope, hook_id: UUID) -> Record:
    hook = await _known(conn, command, hook_id)
    if hook["state"] == "removed":
        raise NotFound(f"hook {hook_id} was removed")
    return hook


def _check(target_url: str, triggers: Sequence[str], filters: Mapping[str, object], ctx: CommandContext) -> None:
    faults = [
        *rules.target_faults(target_url, ctx.egress),
        *rules.trigger_faults(triggers),
        *rules.filter_faults(filters, triggers),
    ]
    if faults:
        raise InvalidInput(faults=faults)
