"""The dispatcher's SQL for events: the log, subscribers, and dispatches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from asyncpg import Record

from storage.pool import Connection
from trigger_dispatcher.events.event import Event, logged_event
from trigger_dispatcher.events.matching import Subscriber, conditions_of

log = structlog.get_logger(__name__)

_INSERT_EVENTS: Final = """
    INSERT INTO dispatch.event (account_id, event_id, trigger, at, subject_id, client_id, correlation_id, causation_id,
                                depth, body)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::uuid[], $6::uuid[], $7::uuid[],
                         $8::uuid[], $9::smallint[], $10::bytea[])
    ON CONFLICT DO NOTHING
"""


async def insert_events(conn: Connection, events: Sequence[Event]) -> None:
    """Record the events, each once."""
    await conn.execute(
        _INSERT_EVENTS,
        [event.account_id for event in events],
        [event.id for event in events],
        [event.trigger for event in events],
        [event.at for event in events],
        [event.subject_id for event in events],
        [event.client_id for event in events],
        [event.correlation_id for event in events],
        [event.causation_id for event in events],
        [event.depth for event in events],
        [event.body for event in events],
    )


async def versions_of(conn: Connection, account_ids: Collection[UUID]) -> dict[UUID, int]:
    """The subscription versions of those accounts that ever had a subscriber."""
    rows = await conn.fetch(
        "SELECT account_id, version FROM dispatch.subscription_version WHERE account_id = ANY($1)", list(account_ids)
    )
    return {row["account_id"]: row["version"] for row in rows}


async def change_subscriptions(conn: Connection, account_ids: Collection[UUID]) -> None:
    """Increment the accounts' versions, and lock them against other commands until the commit."""
    await conn.execute(
        "INSERT INTO dispatch.subscription_version AS known (account_id, version)"
        " SELECT account_id, 1 FROM unnest($1::uuid[]) AS t (account_id)"
        " ON CONFLICT (account_id) DO UPDATE SET version = known.version + 1",
        sorted(account_ids, key=lambda account_id: account_id.bytes),
    )


_SUBSCRIBERS: Final = """
    SELECT account_id, id, 'hook' AS kind, triggers, filters, effective_from, ordered, version
      FROM dispatch.hook WHERE account_id = ANY($1) AND state = 'active'
    UNION ALL
    SELECT a.account_id, a.id, 'automation', ARRAY[v.definition #>> '{trigger,key}'],
           coalesce(v.definition #> '{trigger,filters}', '{}'), a.effective_from, NULL, a.version
      FROM dispatch.automation a
      JOIN dispatch.automation_version v
        ON v.account_id = a.account_id AND v.automation_id = a.id AND v.version = a.version
     WHERE a.account_id = ANY($1) AND a.enabled AND a.removed_at IS NULL
"""


async def subscribers_of(conn: Connection, account_ids: Collection[UUID]) -> Mapping[UUID, list[Subscriber]]:
    """The active hooks and enabled automations of the accounts; a row that cannot be read is logged and left out."""
    found: defaultdict[UUID, list[Subscriber]] = defaultdict(list)
    for row in await conn.fetch(_SUBSCRIBERS, list(account_ids)):
        try:
            subscriber = _subscriber(row)
        except (AttributeError, TypeError, ValueError):
            log.exception("subscription_unreadable", id=str(row["id"]), kind=row["kind"])
            continue
        found[row["account_id"]].append(subscriber)
    return found


def _subscriber(row: Record) -> Subscriber:
    return Subscriber(
        id=row["id"],
        kind=row["kind"],
        triggers=tuple(row["triggers"]),
        conditions=conditions_of(row["filters"] or {}),
        effective_from=row["effective_from"],
        ordered=row["ordered"],
        version=row["version"],
    )


async def insert_dispatches(
    conn: Connection, dispatches: Sequence[tuple[Event, Subscriber]], *, job_ids: Sequence[UUID]
) -> set[UUID]:
    """Insert dispatches; return the job ids of the new ones."""
    rows = await conn.fetch(
        "INSERT INTO dispatch.dispatch (account_id, event_id, subscriber_id, kind, job_id)"
        " SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[])"
        " ON CONFLICT DO NOTHING RETURNING job_id",
        [event.account_id for event, _ in dispatches],
        [event.id for event, _ in dispatches],
        [subscriber.id for _, subscriber in dispatches],
        [subscriber.kind for _, subscriber in dispatches],
        job_ids,
    )
    return {row["job_id"] for row in rows}


async def newest_events(conn: Connection, *, account_id: UUID, trigger: str, limit: int) -> list[Event]:
    """The newest events of a trigger."""
    rows = await conn.fetch(
        "SELECT * FROM dispatch.event WHERE account_id = $1 AND trigger = $2 ORDER BY event_id DESC LIMIT $3",
        account_id,
        trigger,
        limit,
    )
    return [logged_event(row) for row in rows]


_ID_OLDER_SECONDS_MAX: Final = 7 * 86_400
LOOKED_BYTES_MAX: Final = 16 * 1024 * 1024  # of event bodies in one page: they are held in memory with their jobs


@dataclass(frozen=True, slots=True)
class Undelivered:
    """An event that a subscriber has not got. `job_id` is its delivery's that failed or waits for a retry, if any."""

    event: Event
    job_id: UUID | None
    has_failed: bool = False  # its delivery was given up or cancelled


@dataclass(frozen=True, slots=True)
class Looked:
    """A page of the log that was looked through: what of it was not delivered, and its last event if there is more."""

    undelivered: Sequence[Undelivered]
    more_after: UUID | None


# A page is a number of events read, matching or not, so that none takes long. Bodies past the bound of bytes
# are left to the next page. Deliveries in progress (an unconsumed job, a first attempt) need no recovery.
_UNDELIVERED: Final = """
    WITH looked AS MATERIALIZED (
        SELECT e.event_id FROM unnest($2::text[]) AS t (trigger) CROSS JOIN LATERAL (
               SELECT event_id FROM dispatch.event
                WHERE account_id = $1 AND trigger = t.trigger AND event_id > $4 ORDER BY event_id LIMIT $6) e
         ORDER BY e.event_id LIMIT $6
    ), found AS (
        SELECT e.*, d.job_id, x.state IN ('failed', 'cancelled') AS has_failed,
               e.at >= $3 AND (d.job_id IS NULL OR x.state IN ('failed', 'cancelled')
                               OR (x.state = 'pending' AND x.attempts > 0)) AS undelivered
          FROM looked l
          JOIN dispatch.event e ON e.account_id = $1 AND e.event_id = l.event_id
          LEFT JOIN dispatch.dispatch d ON d.account_id = $1 AND d.event_id = l.event_id AND d.subscriber_id = $5
          LEFT JOIN execution_api.delivery x ON x.account_id = $1 AND x.id = d.job_id
    ), summed AS (
        SELECT *, sum(octet_length(body)) FILTER (WHERE undelivered) OVER (ORDER BY event_id) AS bytes FROM found
    )
    SELECT account_id, event_id, trigger, at, subject_id, client_id, correlation_id, causation_id, depth, job_id,
           has_failed, undelivered, CASE WHEN undelivered THEN body END AS body, (SELECT count(*) FROM looked) AS looked
      FROM summed WHERE coalesce(bytes, 0) - octet_length(body) < $7
     ORDER BY event_id
"""


async def look_for_undelivered(
    conn: Connection, *, account_id: UUID, subscriber: Subscriber, since: datetime, after: UUID | None, limit: int
) -> Looked:
    """Look through `limit` events of the subscriber's triggers since then, from behind `after`, in the order of ids."""
    # An event's id may be older than the event: it can carry the time of the request behind it. A week allows for any
    # outage and still leaves older partitions unread.
    begin = after or UUID(int=max(0, int((since.timestamp() - _ID_OLDER_SECONDS_MAX) * 1000)) << 80)
    triggers = list(subscriber.triggers)
    rows = await conn.fetch(_UNDELIVERED, account_id, triggers, since, begin, subscriber.id, limit, LOOKED_BYTES_MAX)
    found = [
        Undelivered(logged_event(row), row["job_id"], bool(row["has_failed"])) for row in rows if row["undelivered"]
    ]
    more = bool(rows) and (len(rows) < rows[0]["looked"] or rows[0]["looked"] == limit)
    return Looked(found, rows[-1]["event_id"] if more else None)


async def keep_days(conn: Connection, *, event_days: int) -> None:
    """Set the retention of the log for the maintenance."""
    await conn.execute("UPDATE dispatch.retention_setting SET event_days = $1 WHERE event_days <> $1", event_days)
