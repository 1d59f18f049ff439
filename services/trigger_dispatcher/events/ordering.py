"""Keep the ledger's order for ordered hooks: which events may be delivered, and each after which job.

An event about a client names its predecessor. Messages may overtake each other (a crash, a lost connection, two
processes), so in accounts with an ordered hook an event is held until all earlier ones about its client are in the log;
its job names the hook's previous job, so that the executor keeps the order too. All of it happens under the account's
lock. The hold is bounded: see `HELD_SECONDS_MAX`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from contracts.primitives.ids import made_at
from storage.pool import Connection
from trigger_dispatcher.events.event import Event, logged_event

HELD_SECONDS_MAX: Final = 600.0  # a predecessor missing by then was dead-lettered or lost: held events are released
LOGGED_AT_LEAST: Final = timedelta(hours=23)  # an older event may be gone from the log

Key = tuple[UUID, UUID]
"""(account id, event id)"""


async def lock_accounts(conn: Connection, account_ids: Collection[UUID]) -> None:
    """Lock these accounts against changes of subscriptions and other ordering, until the transaction's end."""
    await conn.execute(
        "SELECT FROM dispatch.subscription_version WHERE account_id = ANY($1) ORDER BY account_id FOR UPDATE",
        list(account_ids),
    )


async def in_turn(conn: Connection, events: Sequence[Event]) -> list[Event]:
    """Of these events, just recorded, those with nothing missing before them, and what waited for them; in order.

    The others are held. All are about a client.
    """
    await lock_accounts(conn, {event.account_id for event in events})
    # Their ids rise in the ledger's order.
    ordered = sorted(events, key=lambda event: (event.account_id.bytes, event.id.bytes))
    there = await _finished(conn, [(event.account_id, event.after) for event in ordered if event.after])
    gone = datetime.now(tz=UTC) - LOGGED_AT_LEAST
    free: list[Event] = []
    held: dict[Key, Event] = {}
    for event in ordered:
        before = (event.account_id, event.after) if event.after and made_at(event.after) > gone else None
        if before is None or (before in there and before not in held):
            free.append(event)
        else:
            held[event.account_id, event.id] = event
    await _hold(conn, list(held.values()))
    return free + await _release(conn, [(event.account_id, event.id) for event in free])


async def _finished(conn: Connection, keys: Sequence[Key]) -> set[Key]:
    """Those of the events that are in the log and not held."""
    if not keys:
        return set()
    rows = await conn.fetch(
        "SELECT w.account_id, w.event_id FROM unnest($1::uuid[], $2::uuid[]) AS w (account_id, event_id)"
        " JOIN dispatch.event e ON e.account_id = w.account_id AND e.event_id = w.event_id"
        " WHERE NOT EXISTS (SELECT FROM dispatch.pending_ordered_event h"
        "                    WHERE h.account_id = w.account_id AND h.event_id = w.event_id)",
        [key[0] for key in keys],
        [key[1] for key in keys],
    )
    return {(row["account_id"], row["event_id"]) for row in rows}


async def _hold(conn: Connection, events: Sequence[Event]) -> None:
    if events:
        await conn.execute(
            "INSERT INTO dispatch.pending_ordered_event (account_id, event_id, after_id)"
            " SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) ON CONFLICT DO NOTHING",
            [event.account_id for event in events],
            [event.id for event in events],
            [event.after for event in events],
        )


_RELEASE: Final = """
WITH RECURSIVE free AS (
    {first}
    UNION
    SELECT h.account_id, h.event_id FROM dispatch.pending_ordered_event h
      JOIN free f ON h.account_id = f.account_id AND h.after_id = f.event_id
), gone AS (
    DELETE FROM dispatch.pending_ordered_event h USING free f
     WHERE h.account_id = f.account_id AND h.event_id = f.event_id
)
SELECT e.* FROM free f JOIN dispatch.event e ON e.account_id = f.account_id AND e.event_id = f.event_id
 ORDER BY e.account_id, e.event_id
"""
_RELEASE_BEHIND: Final = _RELEASE.format(
    first="""
    SELECT h.account_id, h.event_id FROM dispatch.pending_ordered_event h
      JOIN unnest($1::uuid[], $2::uuid[]) AS d (account_id, event_id)
        ON h.account_id = d.account_id AND h.after_id = d.event_id"""
)
_RELEASE_OVERDUE: Final = _RELEASE.format(
    first="""
    SELECT account_id, event_id FROM dispatch.pending_ordered_event
     WHERE account_id = ANY($1) AND held_at < now() - make_interval(secs => $2)"""
)


async def _release(conn: Connection, keys: Sequence[Key]) -> list[Event]:
    """Release the events held for these, and recursively for the released ones."""
    rows = await conn.fetch(_RELEASE_BEHIND, [key[0] for key in keys], [key[1] for key in keys])
    return [logged_event(row) for row in rows]


async def accounts_overdue(conn: Connection, *, held_seconds: float, accounts_max: int) -> list[UUID]:
    """Accounts in which an event has been held for so long."""
    rows = await conn.fetch(
        "SELECT DISTINCT account_id FROM dispatch.pending_ordered_event"
        " WHERE held_at < now() - make_interval(secs => $1) LIMIT $2",
        held_seconds,
        accounts_max,
    )
    return [row["account_id"] for row in rows]


async def release_overdue(conn: Connection, account_ids: Collection[UUID], *, held_seconds: float) -> list[Event]:
    """What has been held for so long in these accounts, with all that waits for it; in order."""
    await lock_accounts(conn, account_ids)
    return [logged_event(row) for row in await conn.fetch(_RELEASE_OVERDUE, list(account_ids), held_seconds)]


AlreadyDispatched = tuple[UUID, UUID, UUID, UUID]
"""A job for an ordered hook: (account id, hook id, client id, job id)"""


async def follow_on(conn: Connection, deliverable: Sequence[AlreadyDispatched]) -> dict[UUID, UUID]:
    """Return for these jobs, in order, each one's previous job for the same hook and client, if any."""
    if not deliverable:
        return {}
    places = sorted({one[:3] for one in deliverable})
    rows = await conn.fetch(
        "SELECT l.* FROM dispatch.ordered_predecessor l"
        " JOIN unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS w (account_id, hook_id,"
        " client_id) ON l.account_id = w.account_id AND l.hook_id = w.hook_id AND l.client_id = w.client_id",
        *_columns(places),
    )
    last = {(row["account_id"], row["hook_id"], row["client_id"]): row["job_id"] for row in rows}
    after: dict[UUID, UUID] = {}
    for *place, job_id in deliverable:
        key = (place[0], place[1], place[2])
        if key in last:
            after[job_id] = last[key]
        last[key] = job_id
    await conn.execute(
        "INSERT INTO dispatch.ordered_predecessor (account_id, hook_id, client_id, job_id)"
        " SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[])"
        " ON CONFLICT (account_id, hook_id, client_id) DO UPDATE SET job_id = excluded.job_id",
        *_columns(places),
        [last[place] for place in places],
    )
    return after


def _columns(places: Sequence[tuple[UUID, UUID, UUID]]) -> list[list[UUID]]:
    return [[place[column] for place in places] for column in range(3)]
