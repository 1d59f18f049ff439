"""Handle ledger commands in batches: one transaction per batch, outgoing events through the outbox.

The accounts are locked, the commands' read plans are loaded, each command is decided in order, and all changes are
written, table by table. Commands that need no lock, such as messages for the inboxes, are handled beside them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from contracts.command_errors import CommandError, InvalidInput
from contracts.primitives.problem import field_errors, problem
from contracts.urls import PublicUrls
from contracts.wire.commands import DRY_RUN, queue_of
from contracts.wire.envelope import Envelope
from contracts.wire.events import event
from contracts.wire.topology import DISPATCHER_EVENTS
from ledger.account import Account
from ledger.capabilities import CAPABILITIES, ENTITIES, HANDLERS, LOCK_FREE, PARTICIPANTS
from ledger.conditions import compared, unmet
from ledger.dry_run import answer_dry_runs
from ledger.text import unstorable
from ledger.unit_of_work import store
from ledger.unit_of_work.state import (
    ChangeSet,
    CommandContext,
    DomainEvent,
    EntityKind,
    Key,
    LoadedState,
    ReadPlan,
    Shown,
)
from outbox.pipeline import BatchEffects
from storage.pool import Connection

Expect = Mapping[str, Callable[[datetime], None]]
"""By capability: the callback that gets the earliest time at which a saved row is due."""


async def handle(
    conn: Connection,
    envelopes: Sequence[Envelope],
    effects: BatchEffects,
    *,
    urls: PublicUrls,
    expect: Expect | None = None,
) -> None:
    """Handle the fresh commands of a batch inside its transaction; `urls` makes those in results and events.

    `expect` is called after the commit.
    """
    for name, receive in LOCK_FREE.items():
        if messages := [envelope for envelope in envelopes if envelope.name == name]:
            await receive(conn, messages, effects, urls)
    commands = [envelope for envelope in envelopes if envelope.name in HANDLERS]
    dry_runs = [envelope for envelope in envelopes if envelope.name == DRY_RUN]
    if commands or dry_runs:
        # All of them first, so that batches which lock several accounts do it in one order.
        await store.lock_books(conn, account_ids={command.account_id for command in [*commands, *dry_runs]})
        for some in _segments(commands):
            state = await _change_books(conn, some, effects, urls)
            _expect(state, expect or {}, effects)
    await answer_dry_runs(conn, dry_runs, effects, partial(handle, urls=urls))
    for envelope in envelopes:
        if envelope.name not in LOCK_FREE and envelope.name not in HANDLERS and envelope.name != DRY_RUN:
            effects.leave_to_newer(envelope, f"the ledger knows no command {envelope.name!r}")


def _expect(state: LoadedState, expect: Expect, effects: BatchEffects) -> None:
    for one in CAPABILITIES:
        if one.name in expect and one.participant.next_due is not None:
            moment = one.participant.next_due(state)
            if moment is not None:
                effects.after_commit.append(partial(expect[one.name], moment))


def _segments(commands: Sequence[Envelope]) -> Iterator[list[Envelope]]:
    """Split a batch so that a conditional command is the first of its account: all before it is written by then."""
    some: list[Envelope] = []
    for command in commands:
        if command.if_match is not None and any(one.account_id == command.account_id for one in some):
            yield some
            some = []
        some.append(command)
    yield some


async def refuse(conn: Connection, envelopes: Sequence[Envelope], refusal: CommandError, effects: BatchEffects) -> None:
    """Store a refusal as the result of these, and change nothing else."""
    await _answer(conn, envelopes, LoadedState(), {envelope.id: refusal for envelope in envelopes}, effects)


async def _change_books(
    conn: Connection, commands: Sequence[Envelope], effects: BatchEffects, urls: PublicUrls
) -> LoadedState:
    now = datetime.now(tz=UTC)
    # Accounts in one order for all batches; within an account, commands as they came.
    commands = sorted(commands, key=lambda command: command.account_id.bytes)
    accounts = await store.lock_books(conn, account_ids={command.account_id for command in commands})
    refusals: dict[UUID, CommandError] = {}
    readable = []
    for command in commands:
        try:
            readable.append(_read(command, accounts[command.account_id], now))
        except CommandError as refusal:
            refusals[command.id] = refusal
    refusals |= unmet(readable, await _show(conn, compared(readable), urls))
    readable = [ctx for ctx in readable if ctx.envelope.id not in refusals]
    state = await _load(conn, readable)
    for ctx in readable:
        try:
            state.take(ctx, HANDLERS[ctx.envelope.name].handle(ctx, state))
        except CommandError as refusal:
            refusals[ctx.envelope.id] = refusal
            state.refuse(ctx, refusal)
    deleted = await _show(conn, _deleted(state), urls)
    for one in PARTICIPANTS:
        if one.save is not None:
            await one.save(conn, state, now)
    await _emit(conn, state, effects, deleted, urls)
    _emit_notices(commands, state, effects)
    await _answer(conn, commands, state, refusals, effects)
    return state


async def _load(conn: Connection, readable: Sequence[CommandContext[Any]]) -> LoadedState:
    """Read what the commands need, then what that refers to, then what follows from all of it."""
    state, plan = LoadedState(participants=PARTICIPANTS), ReadPlan()
    for ctx in readable:
        HANDLERS[ctx.envelope.name].plan(ctx, plan)
    await _load_planned(conn, plan, state)
    more = [(then, ctx) for ctx in readable if (then := HANDLERS[ctx.envelope.name].then)]
    if more:
        plan = ReadPlan()
        for then, ctx in more:
            then(ctx, state, plan)
        await _load_planned(conn, plan, state)
    for one in PARTICIPANTS:
        if one.load_last is not None:
            await one.load_last(conn, state)
    return state


async def _load_planned(conn: Connection, plan: ReadPlan, state: LoadedState) -> None:
    for one in PARTICIPANTS:
        if one.load is not None:
            await one.load(conn, plan, state)


def _read(command: Envelope, account: Account, now: datetime) -> CommandContext[Any]:
    if faults := unstorable(command.data):
        raise InvalidInput(faults=faults)
    try:
        return CommandContext(command, HANDLERS[command.name].model.model_validate(command.data), account, now)
    except ValidationError as error:
        raise InvalidInput(faults=field_errors(error)) from None


async def _emit(conn: Connection, state: LoadedState, effects: BatchEffects, deleted: Shown, urls: PublicUrls) -> None:
    """Show what changed as the API does: the commands' results and the events, each one recorded.

    What is deleted is shown as it was last.
    """
    representations = await _show(conn, _wanted(state.taken), urls)
    representations |= {key: last | {"status": "deleted"} for key, last in deleted.items()}
    last = await store.last_told(conn, clients=_event_data(state))
    recorded: list[store.DocumentEvent] = []
    for ctx, changes in state.taken:
        effects.answer(ctx.envelope, changes.http_status, _result(ctx, changes, representations))
        for follow_up in changes.follow_ups:
            effects.send(follow_up.queue or queue_of(follow_up.name), follow_up.caused_by(ctx.envelope))
        for domain_event in changes.domain_events:
            client = ctx.key(domain_event.client_id) if domain_event.client_id else None
            outgoing = event(
                ctx.envelope,
                domain_event.trigger,
                subject_id=domain_event.id,
                client_id=domain_event.client_id,
                data=representations[domain_event.kind, ctx.key(domain_event.id)],
                after=last.get(client) if client else None,
            )
            if client:
                last[client] = outgoing.id
            effects.send(DISPATCHER_EVENTS, outgoing)
            if domain_event.status is not None:
                recorded.append(_record(domain_event, domain_event.status, outgoing))
    await store.keep_last_told(conn, events=last)
    await store.insert_document_events(conn, rows=recorded)


def _event_data(state: LoadedState) -> set[Key]:
    return {
        ctx.key(domain_event.client_id)
        for ctx, changes in state.taken
        for domain_event in changes.domain_events
        if domain_event.client_id
    }


def _result(ctx: CommandContext[Any], changes: ChangeSet, representations: Shown) -> Any:
    if changes.result_entity is None:
        return changes.result_body
    kind, object_id = changes.result_entity
    return representations[kind, ctx.key(object_id)]


def _emit_notices(commands: Sequence[Envelope], state: LoadedState, effects: BatchEffects) -> None:
    causes = {command.id: command for command in commands}
    for one in state.notices:
        cause = causes[one.command_id]
        effects.send(DISPATCHER_EVENTS, event(cause, one.trigger, subject_id=cause.id, client_id=None, data=one.data))


def _deleted(state: LoadedState) -> dict[EntityKind, set[Key]]:
    wanted: dict[EntityKind, set[Key]] = defaultdict(set)
    for ctx, changes in state.taken:
        for kind, object_id in changes.deleted:
            wanted[kind].add(ctx.key(object_id))
    return wanted


def _wanted(taken: Sequence[tuple[CommandContext[Any], ChangeSet]]) -> dict[EntityKind, set[Key]]:
    wanted: dict[EntityKind, set[Key]] = defaultdict(set)
    for ctx, changes in taken:
        if changes.result_entity is not None:
            wanted[changes.result_entity[0]].add(ctx.key(changes.result_entity[1]))
        for domain_event in changes.domain_events:
            wanted[domain_event.kind].add(ctx.key(domain_event.id))
    return wanted


async def _show(conn: Connection, wanted: Mapping[EntityKind, set[Key]], urls: PublicUrls) -> Shown:
    """Read objects from the published views and present them as the API does."""
    return {
        (kind, key): ENTITIES[kind].present(row, urls)
        for kind, keys in wanted.items()
        for key, row in (await store.select(conn, ENTITIES[kind].select, keys=keys)).items()
    }


def _record(domain_event: DomainEvent, status: tuple[str | None, str], outgoing: Envelope) -> store.DocumentEvent:
    return store.DocumentEvent(
        account_id=outgoing.account_id,
        event_id=outgoing.id,
        document_id=domain_event.id,
        trigger=domain_event.trigger,
        status_before=status[0],
        status_after=status[1],
        command_id=outgoing.causation_id or outgoing.id,
        at=outgoing.at,
    )


async def _answer(
    conn: Connection,
    commands: Sequence[Envelope],
    state: LoadedState,
    refusals: Mapping[UUID, CommandError],
    effects: BatchEffects,
) -> None:
    """Store the results of refused commands, and record all of them for the journey."""
    for command in commands:
        if (refusal := refusals.get(command.id)) is not None:
            effects.answer(command, refusal.http_status, _problem(refusal))
    taken = {ctx.envelope.id: changes for ctx, changes in state.taken}
    rows = [_handled(command, taken.get(command.id), refusals.get(command.id)) for command in commands]
    await store.insert_handled(conn, rows=rows)


def _handled(command: Envelope, changes: ChangeSet | None, refusal: CommandError | None) -> store.Handled:
    return store.Handled(
        account_id=command.account_id,
        command_id=command.id,
        command=command.name,
        correlation_id=command.correlation_id,
        causation_id=command.causation_id,
        subject_id=_subject(changes) if changes else None,
        status=changes.http_status if changes else refusal.http_status if refusal else 500,
        code=refusal.problem_code if refusal else None,
    )


def _subject(changes: ChangeSet) -> UUID | None:
    return changes.result_entity[1] if changes.result_entity else changes.subject_id


def _problem(refusal: CommandError) -> dict[str, Any]:
    return problem(refusal.http_status, refusal.problem_code, refusal.title, refusal.detail, refusal.faults)
