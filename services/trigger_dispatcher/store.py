"""The dispatcher's SQL for events: the log, who listens, and who was told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from storage.pool import Connection
from trigger_dispatcher.event import Event, logged_event
from trigger_dispatcher.matching import Subscriber, conditions_of

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
    """Raise the accounts' versions, and hold them so that their commands take turns until the commit."""
    await conn.execute(
        "INSERT INTO dispatch.subscription_version AS known (account_id, version)"
        " SELECT account_id, 1 FROM unnest($1::uuid[]) AS t (account_id)"
        " ON CONFLICT (account_id) DO UPDATE SET version = known.version + 1",
        sorted(account_ids, key=lambda account_id: account_id.bytes),
    )


_SUBSCRIBERS: Final = """
    SELECT account_id, id, 'hook' AS kind, triggers, filters, listens_from, ordered, NULL::int AS version
      FROM dispatch.hook WHERE account_id = ANY($1) AND state = 'active'
    UNION ALL
    SELECT a.account_id, a.id, 'automation', ARRAY[v.definition #>> '{trigger,key}'],
           coalesce(v.definition #> '{trigger,filters}', '{}'), a.listens_from, NULL, a.version
      FROM dispatch.automation a
      JOIN dispatch.automation_version v
        ON v.account_id = a.account_id AND v.automation_id = a.id AND v.version = a.version
     WHERE a.account_id = ANY($1) AND a.enabled AND a.removed_at IS NULL
"""


async def subscribers_of(conn: Connection, account_ids: Collection[UUID]) -> Mapping[UUID, list[Subscriber]]:
    """The active hooks and enabled automations of the accounts."""
    found: defaultdict[UUID, list[Subscriber]] = defaultdict(list)
    for row in await conn.fetch(_SUBSCRIBERS, list(account_ids)):
        subscriber = Subscriber(
            id=row["id"],
            kind=row["kind"],
            triggers=tuple(row["triggers"]),
            conditions=conditions_of(row["filters"]),
            listens_from=row["listens_from"],
            ordered=row["ordered"],
            version=row["version"],
        )
        found[row["account_id"]].append(subscriber)
    return found


async def insert_dispatches(
    conn: Connection, dispatches: Sequence[tuple[Event, Subscriber]], *, job_ids: Sequence[UUID]
) -> set[UUID]:
    """Write who is told of what; answer the job ids of those who were not told before."""
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

_MISSED: Final = """
    SELECT e.* FROM dispatch.event e
     WHERE e.account_id = $1 AND e.trigger = ANY($2) AND e.at >= $3 AND e.event_id > $4
       AND NOT EXISTS (SELECT FROM dispatch.dispatch d
                        WHERE d.account_id = $1 AND d.event_id = e.event_id AND d.subscriber_id = $5)
     ORDER BY e.event_id LIMIT $6
"""


async def missed_events(
    conn: Connection, *, account_id: UUID, subscriber: Subscriber, since: datetime, after: UUID | None, limit: int
) -> list[Event]:
    """Events of the subscriber's triggers since then that it was never told of, by id, from behind `after`."""
    # An event's id may be older than the event: it can carry the time of the request behind it. A week allows for any
    # outage and still leaves older partitions unread.
    begin = after or UUID(int=max(0, int((since.timestamp() - _ID_OLDER_SECONDS_MAX) * 1000)) << 80)
    rows = await conn.fetch(_MISSED, account_id, list(subscriber.triggers), since, begin, subscriber.id, limit)
    return [logged_event(row) for row in rows]


async def keep_days(conn: Connection, *, event_days: int) -> None:
    """Tell the maintenance how long the log is kept."""
    await conn.execute("UPDATE dispatch.keep SET event_days = $1 WHERE event_days <> $1", event_days)
