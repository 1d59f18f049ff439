"""Consume jobs and commands: store the work, and start at once what there is room for."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final, Protocol

from pydantic import ValidationError

from action_executor.actions import StepContext
from action_executor.connections import commands as connections
from action_executor.deliveries import queue_store, store
from action_executor.deliveries.deliverer import Deliverer
from action_executor.deliveries.records import ClaimedDelivery, Key, NewDelivery, QueueUpdate
from action_executor.deliveries.redeliver import redeliver
from action_executor.deliveries.removal_notifier import RemovalNotifier
from action_executor.messages import store as message_store
from action_executor.messages.sender import MessageSender
from action_executor.runs.approvals import decide_approval
from action_executor.runs.backtest import backtest
from action_executor.runs.cancel import cancel_run
from action_executor.runs.records import AcceptedRuns
from action_executor.runs.replay import PREVIEW_SECONDS_MAX, replay_run
from action_executor.runs.single import run_action
from action_executor.runs.trial import try_automation
from contracts.primitives.ids import made_at, parse_id
from contracts.wire.commands import (
    BACKTEST,
    CANCEL_RUN,
    DECIDE_APPROVAL,
    REDELIVER,
    REPLAY_RUN,
    RUN_ACTION,
    TRY_AUTOMATION,
)
from contracts.wire.envelope import Envelope
from contracts.wire.jobs import (
    DELIVER,
    ERASE_CLIENT_MAILS,
    NOTIFY_REMOVAL,
    RUN,
    SEND_MESSAGE,
    DeliverJob,
    EraseClientMailsJob,
    NotifyRemovalJob,
    RunJob,
    SendMessageJob,
)
from contracts.wire.topology import DISPATCHER_EVENTS, EXECUTOR_COMMANDS
from outbox.pipeline import BatchEffects, CommandResult, HandleBatch
from storage.pool import Connection
from templates.renderer import Renderer

Job = DeliverJob | EraseClientMailsJob | NotifyRemovalJob | RunJob | SendMessageJob

JOBS: Final[Mapping[str, type[Job]]] = MappingProxyType(
    {
        DELIVER: DeliverJob,
        ERASE_CLIENT_MAILS: EraseClientMailsJob,
        NOTIFY_REMOVAL: NotifyRemovalJob,
        RUN: RunJob,
        SEND_MESSAGE: SendMessageJob,
    }
)
RUN_COMMANDS: Final = frozenset({REPLAY_RUN, CANCEL_RUN, DECIDE_APPROVAL, TRY_AUTOMATION, RUN_ACTION})
KEPT_AT_LEAST: Final = timedelta(days=29)  # an older delivery may be gone


class Runs(Protocol):
    """Where runs of automations go; `renderer` fills in templates."""

    renderer: Renderer

    async def accept(self, conn: Connection, runs: Sequence[tuple[Envelope, RunJob]]) -> AcceptedRuns:
        """Insert new runs in the caller's transaction."""
        ...

    def wake(self) -> None:
        """Runs became due."""
        ...


def job_handler(deliverer: Deliverer, runs: Runs, messages: MessageSender, removals: RemovalNotifier) -> HandleBatch:
    """Make the handler of `executor.jobs`."""

    async def handle(conn: Connection, envelopes: Sequence[Envelope], effects: BatchEffects) -> None:
        jobs = [(envelope, job) for envelope in envelopes if (job := _read(envelope, effects)) is not None]
        if deliveries := [(envelope, job) for envelope, job in jobs if isinstance(job, DeliverJob)]:
            await _accept(conn, deliveries, deliverer, effects)
        if new_runs := [(envelope, job) for envelope, job in jobs if isinstance(job, RunJob)]:
            accepted = await runs.accept(conn, new_runs)
            for event in accepted.events:
                effects.send(DISPATCHER_EVENTS, event)
            effects.after_commit.append(accepted.begin)
        if hand_overs := [(envelope, job) for envelope, job in jobs if isinstance(job, SendMessageJob)]:
            await messages.accept(conn, hand_overs)
            effects.after_commit.append(messages.wake)
        if erased := [(envelope.account_id, job) for envelope, job in jobs if isinstance(job, EraseClientMailsJob)]:
            await message_store.erase(conn, clients=[(account_id, job.client_id) for account_id, job in erased])
        if ended := [(envelope, job) for envelope, job in jobs if isinstance(job, NotifyRemovalJob)]:
            await removals.accept(conn, ended)
            effects.after_commit.append(removals.wake)

    return handle


def _read(envelope: Envelope, effects: BatchEffects) -> Job | None:
    """The job that an envelope carries; None with the reason among the refused."""
    model = JOBS.get(envelope.name)
    if model is None:
        effects.leave_to_newer(envelope, f"{envelope.name} is no job of the executor: {', '.join(JOBS)}")
        return None
    try:
        return model.model_validate(envelope.data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        effects.refused[envelope.id] = f"{envelope.name}: {first['loc']}: {first['msg']}"
        return None


async def _accept(
    conn: Connection, jobs: Sequence[tuple[Envelope, DeliverJob]], deliverer: Deliverer, effects: BatchEffects
) -> None:
    """Insert deliveries: leased to this process where their queues have room, else due now for any process."""
    for envelope, job in jobs:
        deliverer.outdate((envelope.account_id, job.hook_id), job.hook_version)
    await _learn_limits(conn, {(envelope.account_id, job.hook_id) for envelope, job in jobs}, deliverer)
    now = time.monotonic()
    items = _plan(jobs, deliverer, now)
    new = await store.insert(conn, items, lease_seconds=deliverer.lease_seconds)
    waiting = {(item.account_id, item.hook_id): item.ordered for item in items if not item.leased}
    await queue_store.update_queues(conn, [QueueUpdate(key, ordered, 0.0) for key, ordered in sorted(waiting.items())])
    ours = [_held(item, now + deliverer.lease_seconds) for item in items if item.leased and item.id in new]
    effects.after_commit.append(_begin(deliverer, ours, waiting))


async def _learn_limits(conn: Connection, keys: set[Key], deliverer: Deliverer) -> None:
    """Read the limits of hooks that are new to this process: without them a delivery would wait for a claim."""
    if unknown := sorted(key for key in keys if deliverer.scheduler.queue(key).limits is None):
        for key, limits in (await queue_store.limits_of_idle_hooks(conn, unknown)).items():
            deliverer.scheduler.set_limits(key, limits)


def _begin(deliverer: Deliverer, ours: Sequence[ClaimedDelivery], waiting: dict[Key, bool]) -> Callable[[], None]:
    def begin() -> None:
        if ours:
            deliverer.enqueue(ours)
        for key in waiting:
            deliverer.scheduler.note_backlog(key, more=True)
        if waiting:
            deliverer.wake()

    return begin


def _plan(jobs: Sequence[tuple[Envelope, DeliverJob]], deliverer: Deliverer, now: float) -> list[NewDelivery]:
    taken: Counter[Key] = Counter()
    room: dict[Key, int] = {}
    kept = datetime.now(tz=UTC) - KEPT_AT_LEAST
    items = []
    for envelope, job in jobs:
        key = (envelope.account_id, job.hook_id)
        if key not in room:
            room[key] = deliverer.room(key, now)
        # An ordered hook's deliveries are claimed in Postgres, which knows the order of each client.
        leased = job.ordered is None and taken[key] < room[key]
        taken[key] += leased
        items.append(
            NewDelivery(
                account_id=envelope.account_id,
                id=envelope.id,
                event_id=job.event_id,
                hook_id=job.hook_id,
                client_id=job.client_id,
                correlation_id=envelope.correlation_id,
                trigger=job.trigger,
                body=job.body.encode(),
                ordered=job.ordered is not None,
                leased=leased,
                after=job.after if job.after and made_at(job.after) > kept else None,
            )
        )
    return items


def _held(item: NewDelivery, lease_ends: float) -> ClaimedDelivery:
    return ClaimedDelivery(
        account_id=item.account_id,
        id=item.id,
        event_id=item.event_id,
        hook_id=item.hook_id,
        correlation_id=item.correlation_id,
        trigger=item.trigger,
        body=item.body,
        ordered=item.ordered,
        is_retry=False,
        schedule_position=0,
        epoch=1,
        lease_ends=lease_ends,
    )


def command_handler(
    deliverer: Deliverer,
    connection_commands: connections.ConnectionCommandHandler,
    runs: Runs,
    context: StepContext,
) -> HandleBatch:
    """Make the handler of `executor.commands`."""

    async def handle(conn: Connection, envelopes: Sequence[Envelope], effects: BatchEffects) -> None:
        previews_end = asyncio.get_running_loop().time() + PREVIEW_SECONDS_MAX
        for envelope in envelopes:
            if envelope.name == REDELIVER:
                await _redeliver(conn, envelope, deliverer, effects)
            elif envelope.name in connections.COMMANDS:
                answer = await connection_commands.handle(conn, envelope)
                effects.answer(envelope, answer.status, answer.body)
            elif envelope.name in RUN_COMMANDS:
                result = await _run_command(conn, envelope, runs, context, previews_end)
                if result is not None:
                    effects.answer(envelope, result.status, result.body)
                effects.after_commit.append(runs.wake)
            elif envelope.name == BACKTEST:
                await _backtest(conn, envelope, runs, effects)
            else:
                effects.leave_to_newer(envelope, f"{envelope.name} is no command of the executor")

    return handle


async def _backtest(conn: Connection, command: Envelope, runs: Runs, effects: BatchEffects) -> None:
    found = await backtest(conn, command, runs.renderer)
    if isinstance(found, Envelope):
        effects.send(EXECUTOR_COMMANDS, found)
        return
    origin = parse_id(str(command.data.get("origin") or command.id)) or command.id
    effects.answer(command.model_copy(update={"id": origin}), found.status, found.body)


async def _run_command(
    conn: Connection, envelope: Envelope, runs: Runs, context: StepContext, previews_end: float
) -> CommandResult | None:
    """Carry out a command about runs; None where its outcome is the end of a run."""
    match envelope.name:
        case name if name == REPLAY_RUN:
            return await replay_run(conn, envelope, runs.renderer, previews_end=previews_end)
        case name if name == CANCEL_RUN:
            return await cancel_run(conn, envelope)
        case name if name == DECIDE_APPROVAL:
            return await decide_approval(conn, envelope)
        case name if name == TRY_AUTOMATION:
            return await try_automation(conn, envelope)
        case _:
            return await run_action(conn, envelope, context)


async def _redeliver(conn: Connection, command: Envelope, deliverer: Deliverer, effects: BatchEffects) -> None:
    done = await redeliver(conn, command)
    effects.answer(command, done.status, done.body)
    if done.key is not None:
        deliverer.outdate(done.key, done.hook_version)
        effects.after_commit.append(_look_again(deliverer, done.key))


def _look_again(deliverer: Deliverer, key: Key) -> Callable[[], None]:
    def look() -> None:
        deliverer.scheduler.close_breaker(key)
        deliverer.wake()

    return look
