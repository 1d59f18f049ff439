"""Read the event log that the dispatcher publishes: by filters, newest first, and as it grows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final, cast
from uuid import UUID

from ingress.views.batches import Row
from ingress.views.queries import HIGHEST_ID
from storage.pool import Pool

EVENTS_BYTES: Final = 4 * 1024 * 1024  # of one answer, and one event more: an event may have a megabyte
LATE_SECONDS: Final = 5.0
"""How long after its timestamp an event may be committed and still be found: until then each query reads it again. The
transactions that record events take milliseconds; one of a database in trouble may need as long."""

# The sizes are known without reading the bodies: a large value is stored apart, with its length.
_EVENTS: Final = """
SELECT event_id, body, total FROM (
    SELECT event_id, body, sum(octet_length(body)) OVER (ORDER BY event_id DESC) - octet_length(body) AS bytes_before,
           count(*) OVER () AS total
      FROM (SELECT event_id, body FROM dispatch_api.event
             WHERE account_id = $1 AND event_id < $2 AND event_id >= $3 FILTERS ORDER BY event_id DESC LIMIT $4) newest
) sized
 WHERE bytes_before < $5 ORDER BY event_id DESC
"""
# Each combination is a statement of its own, which uses its own index.
_STATEMENTS: Final = {
    (False, False): _EVENTS.replace("FILTERS", ""),
    (True, False): _EVENTS.replace("FILTERS", "AND trigger = $6"),
    (False, True): _EVENTS.replace("FILTERS", "AND client_id = $6"),
    (True, True): _EVENTS.replace("FILTERS", "AND trigger = $6 AND client_id = $7"),
}


async def events(
    pool: Pool,
    *,
    account_id: UUID,
    trigger: str | None = None,
    client_id: UUID | None = None,
    since: dt.datetime | None = None,
    before: UUID | None,
    limit: int,
) -> tuple[list[Row], bool]:
    """`(event_id, body)` of events, newest first, and whether there are more.

    Bodies are the public ones, as bytes; of many large ones there are fewer than `limit`, but at least one. `since` is
    compared with the time in the ids, which is when it happened.
    """
    filters = [value for value in (trigger, client_id) if value is not None]
    rows = await pool.fetch(
        _STATEMENTS[trigger is not None, client_id is not None],
        account_id, before or HIGHEST_ID, first_id_at(since), limit + 1, EVENTS_BYTES, *filters,
    )  # fmt: skip
    return cast("list[Row]", rows[:limit]), bool(rows) and rows[0]["total"] > min(len(rows), limit)


async def event_body(pool: Pool, *, account_id: UUID, event_id: UUID) -> bytes | None:
    """The public body of one event; None when the account has no such event."""
    body: bytes | None = await pool.fetchval(
        "SELECT body FROM dispatch_api.event WHERE account_id = $1 AND event_id = $2", account_id, event_id
    )
    return body


def first_id_at(moment: dt.datetime | None) -> UUID:
    """The lowest id of a time (RFC 9562, 5.7: the first 48 bits are milliseconds); without one, the lowest of all."""
    return UUID(int=0 if moment is None else int(moment.timestamp() * 1000) << 80)


_RECORDED: Final = """
SELECT account_id, event_id, trigger, client_id, recorded_at FROM dispatch_api.event
 WHERE recorded_at > $1 AND account_id = ANY($2::uuid[]) ORDER BY recorded_at LIMIT $3
"""


async def recorded_since(pool: Pool, *, moment: dt.datetime, accounts: Sequence[UUID], limit: int) -> list[Row]:
    """The events recorded after a time for these accounts, in that order, without the bodies."""
    return cast("list[Row]", await pool.fetch(_RECORDED, moment, accounts, limit))


async def bodies_of(pool: Pool, *, accounts: Sequence[UUID], events: Sequence[UUID]) -> dict[UUID, bytes]:
    """The public bodies of events."""
    rows = await pool.fetch(
        "SELECT event_id, body FROM dispatch_api.event"
        " WHERE account_id = ANY($1::uuid[]) AND event_id = ANY($2::uuid[])",
        accounts, events,
    )  # fmt: skip
    return {row["event_id"]: row["body"] for row in rows}


async def recorded_at(pool: Pool, *, account_id: UUID, event_id: UUID) -> dt.datetime | None:
    """When an event was recorded; None: it is unknown, or was pruned."""
    return cast(
        "dt.datetime | None",
        await pool.fetchval(
            "SELECT recorded_at FROM dispatch_api.event WHERE account_id = $1 AND event_id = $2", account_id, event_id
        ),
    )


_MISSED: Final = """
SELECT event_id, trigger, client_id, recorded_at, body FROM dispatch_api.event
 WHERE account_id = $1 AND event_id >= $2 AND (recorded_at, event_id) > ($3, $4)
 ORDER BY recorded_at, event_id LIMIT $5
"""


async def missed_since(
    pool: Pool, *, account_id: UUID, after: tuple[dt.datetime, UUID], happened_since: dt.datetime, limit: int
) -> list[Row]:
    """The events after a position in the log, with bodies, that happened since a time."""
    rows = await pool.fetch(_MISSED, account_id, first_id_at(happened_since), *after, limit)
    return cast("list[Row]", rows)


async def now(pool: Pool) -> dt.datetime:
    """The database's time, by which events are recorded."""
    return cast("dt.datetime", await pool.fetchval("SELECT clock_timestamp()"))
