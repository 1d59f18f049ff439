"""Decide the commands on collectors: one of an account's is its default at each moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from contracts.command_errors import InvalidInput, NotFound, StateForbids
from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
from contracts.resources.collector import (
    COLLECTORS_MAX,
    CollectorIn,
    CollectorStepIn,
    CollectorUpdate,
    OpenCollectors,
    RemoveCollector,
)
from ledger.collections.collectors.models import Collector
from ledger.collections.collectors.state import CollectorChanges, CollectorPlan, LoadedCollectors
from ledger.unit_of_work.command_handler import CommandHandler
from ledger.unit_of_work.state import ChangeSet, CommandContext, LoadedState, ReadPlan


def plan_collectors(ctx: CommandContext[Any], plan: ReadPlan) -> None:
    """Let the account's collectors be read."""
    plan[CollectorPlan].accounts.add(ctx.account.id)


def collectors_of(ctx: CommandContext[Any], state: LoadedState) -> Mapping[UUID, Collector]:
    """The account's collectors, those that were removed as well."""
    return state[LoadedCollectors].of_accounts[ctx.account.id]


def named(ctx: CommandContext[Any], state: LoadedState, collector_id: UUID, *, path: str) -> Collector:
    """The collector that a command names.

    Raises:
        NotFound: this account has none with this id.
    """
    there = collectors_of(ctx, state).get(collector_id)
    if there is None or there.deleted_at is not None:
        raise NotFound(faults=[FieldError(path, "unknown collector")])
    return there


def _open(ctx: CommandContext[OpenCollectors], state: LoadedState) -> ChangeSet:
    count = sum(one.deleted_at is None for one in collectors_of(ctx, state).values())
    return ChangeSet(None, result_body={"collectors": count})


OPEN_COLLECTORS = CommandHandler(OpenCollectors, plan_collectors, _open)


def _create(ctx: CommandContext[CollectorIn], state: LoadedState) -> ChangeSet:
    there = collectors_of(ctx, state)
    if sum(one.deleted_at is None for one in there.values()) >= COLLECTORS_MAX:
        raise StateForbids(f"An account has at most {COLLECTORS_MAX} collectors: remove one first.")
    _check_targets(ctx, state, ctx.input.steps)
    made = Collector(
        account_id=ctx.account.id,
        id=new_id(),
        name=ctx.input.name,
        kind=ctx.input.kind,
        is_default=ctx.input.default,
        version=1,
        steps=_kept(ctx.input.steps),
        replaced_by=None,
        created_at=ctx.now,
        updated_at=ctx.now,
        deleted_at=None,
    )
    changes = ChangeSet(("collector", made.id), http_status=201)
    _write(changes, made, there)
    return changes


CREATE_COLLECTOR = CommandHandler(CollectorIn, plan_collectors, _create)


def _update(ctx: CommandContext[CollectorUpdate], state: LoadedState) -> ChangeSet:
    """Make a new version; cases under way keep theirs unless it is applied to them."""
    before = named(ctx, state, ctx.input.id, path="id")
    _check_targets(ctx, state, ctx.input.steps)
    if ctx.input.default is False and before.is_default:
        fault = FieldError("default", "cannot be taken away: make another collector the default instead")
        raise InvalidInput(faults=[fault])
    if ctx.input.kind != before.kind:
        raise InvalidInput(faults=[FieldError("kind", f"stays {before.kind}: cases are under way by it; make another")])
    after = replace(
        before,
        name=ctx.input.name,
        is_default=before.is_default or ctx.input.default is True,
        version=before.version + 1,
        steps=_kept(ctx.input.steps),
        updated_at=ctx.now,
    )
    changes = ChangeSet(("collector", after.id))
    _write(changes, after, collectors_of(ctx, state))
    if ctx.input.apply_to_active:
        changes[CollectorChanges].applied.add(after.id)
    return changes


UPDATE_COLLECTOR = CommandHandler(CollectorUpdate, plan_collectors, _update)


def _plan_removal(ctx: CommandContext[RemoveCollector], plan: ReadPlan) -> None:
    plan_collectors(ctx, plan)
    plan[CollectorPlan].used.add(ctx.key(ctx.input.id))


def _remove(ctx: CommandContext[RemoveCollector], state: LoadedState) -> ChangeSet:
    """Remove a collector; what names it goes on in `move_to`."""
    there, before = collectors_of(ctx, state), named(ctx, state, ctx.input.id, path="id")
    target = None if ctx.input.move_to is None else named(ctx, state, ctx.input.move_to, path="move_to")
    if target is not None and target.id == before.id:
        raise InvalidInput(faults=[FieldError("move_to", "is the collector itself: name another")])
    if target is None and _in_use(ctx, state, before):
        raise StateForbids("The collector is in use: name another in move_to.", code="in_use")
    changes = ChangeSet(None, subject_id=before.id)
    moved_to = None if target is None else str(target.id)
    changes.result_body = {"id": str(before.id), "deleted": True, "moved_to": moved_to}
    gone = changes[CollectorChanges].collectors
    replaced_by = None if target is None else target.id
    gone[before.id] = replace(before, is_default=False, replaced_by=replaced_by, deleted_at=ctx.now, updated_at=ctx.now)
    for one in there.values():
        if one.replaced_by == before.id:
            gone[one.id] = replace(one, replaced_by=replaced_by, updated_at=ctx.now)
        elif target is not None and one.deleted_at is None and one.id != before.id:
            gone |= _moving_to(one, target.id, instead_of=before.id, ctx=ctx)
    if before.is_default and target is not None:
        gone[target.id] = replace(gone.get(target.id, target), is_default=True, updated_at=ctx.now)
    return changes


def _moving_to(
    one: Collector, target_id: UUID, *, instead_of: UUID, ctx: CommandContext[RemoveCollector]
) -> dict[UUID, Collector]:
    """A new version of a collector whose steps move invoices to another one than before, if any does."""
    was, now = str(instead_of), {"target_collector_id": str(target_id)}
    steps = [step | now if step.get("target_collector_id") == was else step for step in one.steps]
    if steps == one.steps:
        return {}
    return {one.id: replace(one, steps=steps, version=one.version + 1, updated_at=ctx.now)}


REMOVE_COLLECTOR = CommandHandler(RemoveCollector, _plan_removal, _remove)


def _in_use(ctx: CommandContext[Any], state: LoadedState, collector: Collector) -> bool:
    """Whether clients, cases, other collectors or the account itself use it."""
    targets = {
        step.get("target_collector_id")
        for one in collectors_of(ctx, state).values()
        if one.deleted_at is None and one.id != collector.id
        for step in one.steps
    }
    replaces = any(one.replaced_by == collector.id for one in collectors_of(ctx, state).values())
    used = ctx.key(collector.id) in state[LoadedCollectors].used
    return collector.is_default or used or replaces or str(collector.id) in targets


def _write(changes: ChangeSet, after: Collector, there: Mapping[UUID, Collector]) -> None:
    """Let a collector stand so; where it is the default, no other one is."""
    mine = changes[CollectorChanges].collectors
    mine[after.id] = after
    if after.is_default:
        mine.update({
            one.id: replace(one, is_default=False, updated_at=after.updated_at)
            for one in there.values()
            if one.is_default and one.id != after.id
        })  # fmt: skip


def _check_targets(ctx: CommandContext[Any], state: LoadedState, steps: list[CollectorStepIn]) -> None:
    there = collectors_of(ctx, state)
    faults = [
        FieldError(f"steps[{number}].target_collector_id", "unknown collector")
        for number, step in enumerate(steps)
        if step.target_collector_id is not None
        and (step.target_collector_id not in there or there[step.target_collector_id].deleted_at is not None)
    ]
    if faults:
        raise NotFound(faults=faults)


def _kept(steps: list[CollectorStepIn]) -> list[dict[str, Any]]:
    return [step.model_dump(mode="json") for step in steps]
