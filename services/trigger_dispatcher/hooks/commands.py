"""Carry out what is asked of hooks: subscribe, change, unsubscribe, rotate; each within its account's lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal
from uuid import UUID

from asyncpg import Record

from chassis.sealing import sealed_field
from contracts.envelope import Envelope
from contracts.ids import new_id
from contracts.inboxes import By
from contracts.objects import HookIn, HookPatch, Model
from contracts.present_subscriptions import hook as present
from contracts.problem import Fault
from storage.pool import Connection
from trigger_dispatcher.desk import Desk, Result, read
from trigger_dispatcher.errors import InvalidInput, LimitReached, NotFound, SameHook
from trigger_dispatcher.event import listening_from
from trigger_dispatcher.hooks import rules, store

HOOKS_MAX: Final = 1_000
REASON_CHARACTERS_MAX: Final = 500
_NEVER_NULL: Final = ("target_url", "triggers", "filters", "state")


class CreateHook(HookIn):
    """The data of `create_hook`; `created_by` is the credential that asked."""

    created_by: By | None = None


class HookId(Model):
    """The data of a command about one hook."""

    id: UUID


class EndHook(Model):
    """The data of `end_hook`; `version` is that of the hook which the answers were about."""

    id: UUID
    version: int
    state: Literal["removed", "disabled"]
    reason: str


async def create_hook(conn: Connection, command: Envelope, desk: Desk) -> Result:
    """Subscribe: 201 with a new hook and its secret, or 200 with the same one; taken up again if it was disabled."""
    asked = read(CreateHook, command.data)
    _check(asked.target_url, asked.triggers, asked.filters, desk)
    triggers, filters = rules.each_once(asked.triggers), rules.as_texts(asked.filters)
    fingerprint = rules.fingerprint(asked.target_url, triggers, filters)
    same = await store.find_same(conn, account_id=command.account_id, fingerprint=fingerprint)
    if same is not None:
        if same["state"] == "disabled":
            same = await store.activate(conn, same, listens_from=listening_from(command))
        return Result(200, present(same))
    if await store.count_hooks(conn, account_id=command.account_id) >= HOOKS_MAX:
        raise LimitReached(f"an account has at most {HOOKS_MAX} hooks: remove some")
    secret = rules.new_secret()
    made = store.HookRow(
        account_id=command.account_id,
        id=new_id(),
        target_url=asked.target_url,
        triggers=triggers,
        filters=filters,
        ordered=asked.ordered,
        name=asked.name,
        fingerprint=fingerprint,
        secret=desk.sealer.seal(secret),
        listens_from=listening_from(command),
        created_by=asked.created_by.model_dump(mode="json") if asked.created_by else None,
    )
    row = await store.insert_hook(conn, made)
    return Result(201, {**present(row), "secret": sealed_field(secret, desk.sealer)})


async def update_hook(conn: Connection, command: Envelope, desk: Desk) -> Result:
    """Change what was sent of a hook: 200 with the hook."""
    hook = await _live(conn, command, read(HookId, {"id": command.data.get("id")}).id)
    patch = read(HookPatch, {name: value for name, value in command.data.items() if name != "id"})
    changes = {name: getattr(patch, name) for name in patch.model_fields_set}
    if nulls := [name for name in _NEVER_NULL if name in changes and changes[name] is None]:
        raise InvalidInput(faults=[Fault(name, "must not be null: leave it out to keep it") for name in nulls])
    state = changes.pop("state", hook["state"])
    if changes:
        hook = await _change(conn, hook, changes, desk)
    if state == "active" and hook["state"] == "disabled":
        hook = await store.activate(conn, hook, listens_from=listening_from(command))
    elif state == "disabled" and hook["state"] == "active":
        hook = await store.end(conn, hook, state="disabled", reason=None)
    return Result(200, present(hook))


async def _change(conn: Connection, hook: Record, changes: dict[str, Any], desk: Desk) -> Record:
    if "triggers" in changes:
        changes["triggers"] = rules.each_once(changes["triggers"])
    if "filters" in changes:
        changes["filters"] = rules.as_texts(changes["filters"])
    after = {name: changes.get(name, hook[name]) for name in ("target_url", "triggers", "filters")}
    if after["target_url"] != hook["target_url"] or "triggers" in changes or "filters" in changes:
        _check(after["target_url"], after["triggers"], after["filters"], desk)
    fingerprint = rules.fingerprint(after["target_url"], after["triggers"], after["filters"])
    same = await store.find_same(conn, account_id=hook["account_id"], fingerprint=fingerprint)
    if same is not None and same["id"] != hook["id"]:
        raise SameHook(f"hook {same['id']} has this target, these triggers and these filters already")
    return await store.change_hook(conn, hook, changes, fingerprint=fingerprint)


async def delete_hook(conn: Connection, command: Envelope, _: Desk) -> Result:
    """Unsubscribe: 200 with the hook, also when it is gone already."""
    hook = await _known(conn, command, read(HookId, command.data).id)
    if hook["state"] != "removed":
        hook = await store.end(conn, hook, state="removed", reason=None)
    return Result(200, present(hook))


async def rotate_hook_secret(conn: Connection, command: Envelope, desk: Desk) -> Result:
    """Give a hook a new secret: 200 with the hook and the secret. The one before signs too for 24 h."""
    hook = await _live(conn, command, read(HookId, command.data).id)
    secret = rules.new_secret()
    hook = await store.rotate(conn, hook, secret=desk.sealer.seal(secret))
    return Result(200, {**present(hook), "secret": sealed_field(secret, desk.sealer)})


async def end_hook(conn: Connection, command: Envelope, _: Desk) -> Result:
    """End a hook whose receiver answered 410, or that only failed for days: 200 {id, state}.

    What an older version of the hook was answered ends nothing: its target or secret has changed since.
    """
    asked = read(EndHook, command.data)
    hook = await _known(conn, command, asked.id)
    stands = hook["state"] == "active" or (hook["state"] == "disabled" and asked.state == "removed")
    if stands and asked.version == hook["version"]:
        hook = await store.end(conn, hook, state=asked.state, reason=asked.reason[:REASON_CHARACTERS_MAX])
    return Result(200, {"id": str(hook["id"]), "state": hook["state"]})


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


def _check(target_url: str, triggers: Sequence[str], filters: Mapping[str, object], desk: Desk) -> None:
    faults = [
        *rules.target_faults(target_url, desk.egress),
        *rules.trigger_faults(triggers),
        *rules.filter_faults(filters, triggers),
    ]
    if faults:
        raise InvalidInput(faults=faults)
