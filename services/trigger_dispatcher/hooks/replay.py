"""Send events to a hook on request: one to test it, or all that it missed since a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, Literal
from uuid import UUID

import orjson
from asyncpg import Record

from contracts.catalog import TRIGGERS
from contracts.command_errors import CommandError, InvalidInput, NotFound
from contracts.moments import PastMoment
from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
from contracts.resources.schemas import Model
from contracts.wire.commands import RECOVER_HOOK, REDELIVER
from contracts.wire.envelope import Envelope
from contracts.wire.events import public_body
from storage.pool import Connection
from trigger_dispatcher.command_context import CommandContext, Result, read
from trigger_dispatcher.errors import NotActive
from trigger_dispatcher.events import store as events
from trigger_dispatcher.events.event import Event
from trigger_dispatcher.events.handlers import dispatch
from trigger_dispatcher.events.jobs import job
from trigger_dispatcher.events.matching import Subscriber, conditions_of, passes
from trigger_dispatcher.hooks import store

TRIED_MAX: Final = 50  # newest events searched for one that passes the hook's filters
RECOVERED_AT_ONCE_MAX: Final = 500


class TryHook(Model):
    """The data of `test_hook`; without a trigger it is the hook's first."""

    id: UUID
    trigger: str | None = None


class RecoverHook(Model):
    """The data of `recover_hook`.

    A continued recovery sets the other fields: it starts after the event `after`, with `count` earlier events, for the
    caller of the command `origin`.
    """

    id: UUID
    since: PastMoment
    only: Literal["undelivered", "failed"] = "undelivered"
    dry_run: bool = False
    after: UUID | None = None
    count: int = 0
    origin: UUID | None = None


async def try_hook(conn: Connection, command: Envelope, _: CommandContext) -> Result:
    """Send the hook the newest event of a trigger that passes its filters, else the sample: 200 {delivery_id}.

    It has a new event id: a receiver that deduplicates by id would ignore a known one.
    """
    requested = read(TryHook, command.data)
    hook = await _live(conn, command, requested.id)
    trigger = requested.trigger or hook["triggers"][0]
    if trigger not in hook["triggers"]:
        raise InvalidInput(faults=[FieldError("trigger", f"must be one of the hook's: {', '.join(hook['triggers'])}")])
    subscriber = _subscriber(hook)
    newest = await events.newest_events(conn, account_id=command.account_id, trigger=trigger, limit=TRIED_MAX)
    real = next((event for event in newest if passes(subscriber.conditions, event.data)), None)
    event = _trial(command, trigger, real)
    job_id = new_id()
    deliverable = job(event, replace(subscriber, ordered=None), job_id=job_id, test=True)
    return Result(200, {"delivery_id": str(job_id)}, jobs=[deliverable])


def _trial(command: Envelope, trigger: str, real: Event | None) -> Event:
    source: dict[str, Any] = TRIGGERS[trigger].sample_event() if real is None else orjson.loads(real.body)
    event_id = new_id()
    return Event(
        account_id=command.account_id,
        id=event_id,
        trigger=trigger,
        at=command.at,
        subject_id=event_id if real is None else real.subject_id,
        client_id=None,
        correlation_id=command.correlation_id,
        causation_id=command.id,
        depth=command.depth,
        data=source["data"],
        body=public_body(event_id=event_id, trigger=trigger, timestamp=source["timestamp"], data=source["data"]),
        traceparent=command.traceparent,
    )


async def recover_hook(conn: Connection, command: Envelope, _: CommandContext) -> Result:
    """Send the hook every event since a time that it has not got, also from before it was made: 200 {count}.

    Deliveries that failed, were cancelled or wait for a retry are made due; what was delivered or is on its way is left
    alone. With `only: failed` those that were given up or cancelled are delivered again, and no others. A dry run
    counts the same events. A long recovery goes on by further commands of our own, a bounded number of events in each,
    so that it does not block others; the last one has the result.
    """
    requested = read(RecoverHook, command.data)
    try:
        return replace(await _recover_page(conn, command, requested), answers=requested.origin)
    except CommandError as refusal:
        if requested.origin is None:
            raise
        return Result(refusal.http_status, refusal.problem(), answers=requested.origin)


async def _recover_page(conn: Connection, command: Envelope, requested: RecoverHook) -> Result:
    hook = await _live(conn, command, requested.id)
    if hook["state"] != "active" and not requested.dry_run:
        raise NotActive("enable the hook first, then recover what it missed")
    subscriber = _subscriber(hook)
    page = await events.look_for_undelivered(
        conn,
        account_id=command.account_id,
        subscriber=subscriber,
        since=requested.since,
        after=requested.after,
        limit=RECOVERED_AT_ONCE_MAX,
    )
    wanted = [
        one
        for one in page.undelivered
        if (requested.only == "undelivered" or one.has_failed) and subscriber.accepts(one.event)
    ]
    count = requested.count + len(wanted)
    further = [_continued(command, page.more_after, count)] if page.more_after else []
    result = Result(200, {"count": count}, commands=further, unfinished=bool(further))
    if requested.dry_run:
        return result
    jobs = await dispatch(conn, [(one.event, subscriber) for one in wanted if one.job_id is None])
    again = [_redelivery(command, one.job_id) for one in wanted if one.job_id is not None]
    return replace(result, jobs=jobs, redeliveries=again)


def _continued(command: Envelope, after: UUID, count: int) -> Envelope:
    origin = command.data.get("origin") or str(command.id)
    data = {**command.data, "after": str(after), "count": count, "origin": origin}
    return command.follow(RECOVER_HOOK, data).model_copy(update={"reply_to": command.reply_to})


def _redelivery(command: Envelope, delivery_id: UUID) -> Envelope:
    return command.follow(REDELIVER, {"id": str(delivery_id), "undelivered_only": True})


def _subscriber(hook: Record) -> Subscriber:
    return Subscriber(
        id=hook["id"],
        kind="hook",
        triggers=tuple(hook["triggers"]),
        conditions=conditions_of(hook["filters"]),
        effective_from=hook["effective_from"],
        ordered=hook["ordered"],
        version=hook["version"],
    )


async def _live(conn: Connection, command: Envelope, hook_id: UUID) -> Record:
    hook = await store.find_hook(conn, account_id=command.account_id, hook_id=hook_id)
    if hook is None or hook["state"] == "removed":
        raise NotFound(f"there is no hook {hook_id}")
    return hook
