"""Record what happened and tell who listens: third hop, between `dispatcher.events` and `executor.jobs`.

A batch costs four statements of its own: the log, the versions of its accounts' subscriptions, the dispatches, and now
and then the subscribers of accounts that changed.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from uuid import UUID

from prometheus_client import Counter, Histogram

from contracts.catalog import TRIGGERS
from contracts.envelope import Envelope
from contracts.ids import new_id
from contracts.topology import EXECUTOR_JOBS
from outbox.hop import Effects, Handle
from storage.pool import Connection
from trigger_dispatcher import store
from trigger_dispatcher.event import Event, UnreadableEvent, read_event
from trigger_dispatcher.index import Index, Listeners, listeners
from trigger_dispatcher.jobs import job
from trigger_dispatcher.matching import Subscriber

RECORDED = Counter("ledgerwire_events_recorded_total", "Events in the log", ["trigger"])
DISPATCHED = Counter("ledgerwire_dispatches_total", "Jobs made for subscribers", ["kind"])
LAG = Histogram(
    "ledgerwire_event_lag_seconds",
    "From an event to the batch that records it",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600),
)

Dispatch = tuple[Event, Subscriber]


def event_handler(index: Index) -> Handle:
    """Make the handler of `dispatcher.events`; `index` is this process's memory of who listens."""

    async def handle(conn: Connection, envelopes: Sequence[Envelope], effects: Effects) -> None:
        events = _readable(envelopes, effects)
        if not events:
            return
        await store.insert_events(conn, events)
        known = await listeners_of(conn, index, {event.account_id for event in events})
        wanted = [(event, one) for event in events for one in _wanting(event, known.get(event.account_id))]
        jobs = await dispatch(conn, wanted)
        for made in jobs:
            effects.send(EXECUTOR_JOBS, made)
        effects.after_commit.append(lambda: _count(envelopes, jobs))

    return handle


def _readable(envelopes: Sequence[Envelope], effects: Effects) -> list[Event]:
    events = []
    for envelope in envelopes:
        try:
            events.append(read_event(envelope))
        except UnreadableEvent as error:
            effects.refused[envelope.id] = str(error)
    return events


def _wanting(event: Event, known: Listeners | None) -> list[Subscriber]:
    return [] if known is None else [one for one in known.to(event.trigger) if one.wants(event)]


async def listeners_of(conn: Connection, index: Index, account_ids: Collection[UUID]) -> dict[UUID, Listeners]:
    """Who listens in these accounts, as of now: what changed since it was last looked at is loaded again."""
    versions = await store.versions_of(conn, account_ids)
    known = index.current(versions)
    if changed := versions.keys() - known.keys():
        # Read after the versions: at worst it is newer than its version says, and is loaded once more.
        found = await store.subscribers_of(conn, changed)
        fresh = {account_id: listeners(versions[account_id], found.get(account_id, ())) for account_id in changed}
        index.keep(fresh)
        known |= fresh
    return known


async def dispatch(conn: Connection, wanted: Sequence[Dispatch]) -> list[Envelope]:
    """Write who is told of what, each once; answer the jobs of those who were not told before."""
    if not wanted:
        return []
    # One order for all, so that two transactions with the same pairs never deadlock.
    ordered = sorted(wanted, key=lambda pair: (pair[0].account_id.bytes, pair[0].id.bytes, pair[1].id.bytes))
    job_ids = [new_id() for _ in ordered]
    told = await store.insert_dispatches(conn, ordered, job_ids=job_ids)
    return [
        job(event, subscriber, job_id=job_id)
        for (event, subscriber), job_id in zip(ordered, job_ids, strict=True)
        if job_id in told
    ]


def _count(envelopes: Sequence[Envelope], jobs: Sequence[Envelope]) -> None:
    now = time.time()
    for envelope in envelopes:
        # Names that the catalog lacks share one series: whatever a queue brings cannot grow the metrics.
        RECORDED.labels(envelope.name if envelope.name in TRIGGERS else "other").inc()
        LAG.observe(max(0.0, now - envelope.at.timestamp()))
    for made in jobs:
        DISPATCHED.labels(made.name).inc()
