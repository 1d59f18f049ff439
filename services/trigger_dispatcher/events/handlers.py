"""Record events and dispatch them to subscribers: from `dispatcher.events` to `executor.jobs`.

A batch takes four statements: the log, the versions of its accounts' subscriptions, the dispatches, and sometimes the
subscribers of changed accounts.
"""

from __future__ import annotations

import time
from collections import Counter as Kinds
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from prometheus_client import Counter, Histogram

from contracts.catalog import TRIGGERS
from contracts.primitives.ids import new_id
from contracts.wire.envelope import Envelope
from contracts.wire.topology import EXECUTOR_JOBS
from outbox.pipeline import BatchEffects, HandleBatch
from storage.pool import Connection
from trigger_dispatcher.events import ordering, store
from trigger_dispatcher.events.event import Event, UnreadableEvent, read_event
from trigger_dispatcher.events.jobs import job
from trigger_dispatcher.events.matching import Subscriber
from trigger_dispatcher.events.subscription_cache import Subscribers, SubscriptionCache, subscribers

RECORDED = Counter("ledgerwire_events_recorded_total", "Events in the log", ["trigger"])
DISPATCHED = Counter("ledgerwire_dispatches_total", "Jobs made for subscribers", ["kind"])
LAG = Histogram(
    "ledgerwire_event_lag_seconds",
    "From an event to the batch that records it",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600),
)

SLICE_MAX: Final = 1000
SLICE_BYTES_MAX: Final = 4 * 1024 * 1024

Dispatch = tuple[Event, Subscriber]


def event_handler(index: SubscriptionCache) -> HandleBatch:
    """Make the handler of `dispatcher.events`; `index` is this process's memory of who listens."""

    async def handle(conn: Connection, envelopes: Sequence[Envelope], effects: BatchEffects) -> None:
        events = _readable(envelopes, effects)
        if not events:
            return
        await store.insert_events(conn, events)
        known = await matching_subscriptions(conn, index, {event.account_id for event in events})
        wanted = [pair for pair in _wanted(events, known) if not _goes_in_order(*pair)]
        if orderly := [event for event in events if _is_orderly(event, known)]:
            wanted += in_order(await ordering.in_turn(conn, orderly), known)
        kinds = Kinds[str]()
        for some in _in_slices(sorted(wanted, key=_place)):
            jobs = await dispatch(conn, some)
            for made in jobs:
                effects.send(EXECUTOR_JOBS, made)
            kinds.update(made.name for made in jobs)
            await effects.flush(conn)
        effects.after_commit.append(lambda: _count(envelopes, kinds))

    return handle


def _in_slices(wanted: Sequence[Dispatch]) -> Iterator[list[Dispatch]]:
    """Split the dispatches: an event may go to a thousand hooks, with its body each time; slices bound the memory."""
    some: list[Dispatch] = []
    size = 0
    for pair in wanted:
        if some and (len(some) == SLICE_MAX or size + len(pair[0].body) > SLICE_BYTES_MAX):
            yield some
            some, size = [], 0
        some.append(pair)
        size += len(pair[0].body)
    if some:
        yield some


def _place(pair: Dispatch) -> tuple[bytes, bytes, bytes]:
    # One order for all, so that two transactions with the same pairs never deadlock.
    event, subscriber = pair
    return event.account_id.bytes, event.id.bytes, subscriber.id.bytes


def _readable(envelopes: Sequence[Envelope], effects: BatchEffects) -> list[Event]:
    events = []
    for envelope in envelopes:
        try:
            events.append(read_event(envelope))
        except UnreadableEvent as error:
            effects.refused[envelope.id] = str(error)
    return events


def _wanted(events: Sequence[Event], known: Mapping[UUID, Subscribers]) -> list[Dispatch]:
    return [
        (event, one)
        for event in events
        if event.account_id in known
        for one in known[event.account_id].to(event.trigger, event.data)
        if one.wants(event)
    ]


def in_order(events: Sequence[Event], known: Mapping[UUID, Subscribers]) -> list[Dispatch]:
    """The ordered hooks of events that may be delivered now."""
    return [pair for pair in _wanted(events, known) if _goes_in_order(*pair)]


def _goes_in_order(event: Event, subscriber: Subscriber) -> bool:
    return subscriber.ordered is not None and event.client_id is not None


def _is_orderly(event: Event, known: Mapping[UUID, Subscribers]) -> bool:
    """Whether the event's order matters: its account has an ordered hook, even if only for later events."""
    return event.client_id is not None and event.account_id in known and known[event.account_id].in_order


async def matching_subscriptions(
    conn: Connection, index: SubscriptionCache, account_ids: Collection[UUID]
) -> dict[UUID, Subscribers]:
    """The current subscriptions of these accounts; changed ones are reloaded."""
    versions = await store.versions_of(conn, account_ids)
    known = index.current(versions)
    if changed := versions.keys() - known.keys():
        # Read after the versions: at worst it is newer than its version, and is reloaded.
        found = await store.subscribers_of(conn, changed)
        fresh = {account_id: subscribers(versions[account_id], found.get(account_id, ())) for account_id in changed}
        index.keep(fresh)
        known |= fresh
    return known


async def dispatch(conn: Connection, wanted: Sequence[Dispatch]) -> list[Envelope]:
    """Insert dispatches, each once; return the jobs of new ones. An ordered hook's account is locked."""
    if not wanted:
        return []
    ordered = sorted(wanted, key=_place)
    job_ids = [new_id() for _ in ordered]
    deliverable = await store.insert_dispatches(conn, ordered, job_ids=job_ids)
    fresh = [(*pair, job_id) for pair, job_id in zip(ordered, job_ids, strict=True) if job_id in deliverable]
    after = await ordering.follow_on(
        conn,
        [
            (event.account_id, subscriber.id, event.client_id, job_id)
            for event, subscriber, job_id in fresh
            if subscriber.ordered is not None and event.client_id is not None
        ],
    )
    return [job(event, subscriber, job_id=job_id, after=after.get(job_id)) for event, subscriber, job_id in fresh]


def _count(envelopes: Sequence[Envelope], kinds: Mapping[str, int]) -> None:
    now = time.time()
    for envelope in envelopes:
        # Names that the catalog lacks share one series: whatever a queue brings cannot grow the metrics.
        RECORDED.labels(envelope.name if envelope.name in TRIGGERS else "other").inc()
        LAG.observe(max(0.0, now - envelope.at.timestamp()))
    for kind, jobs in kinds.items():
        DISPATCHED.labels(kind).inc(jobs)
