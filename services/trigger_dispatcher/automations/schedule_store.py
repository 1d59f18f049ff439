"""The dispatcher's SQL for schedules: one row for each automation that is enabled and starts by a clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from storage.pool import Connection, Pool


@dataclass(frozen=True, slots=True)
class Schedule:
    """When an automation's version fires next; `now` is Postgres's time."""

    account_id: UUID
    id: UUID
    version: int
    cron: str
    time_zone: str
    tick_at: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an automation's schedule is to be, as published; `cron` is None where it has none or is off."""

    version: int
    cron: str | None
    time_zone: str | None
    known: tuple[str, str] | None  # the schedule that is kept: cron and time zone
    now: datetime


_WANTED: Final = """
SELECT a.version, t.trigger ->> 'cron' AS cron, t.trigger ->> 'time_zone' AS time_zone, s.cron AS known_cron,
       s.time_zone AS known_zone, now() AS now
  FROM dispatch.automation a
  JOIN dispatch.automation_version v
    ON v.account_id = a.account_id AND v.automation_id = a.id AND v.version = a.version
 CROSS JOIN LATERAL (
       SELECT CASE WHEN a.enabled AND a.removed_at IS NULL THEN v.definition -> 'trigger' END) t (trigger)
  LEFT JOIN dispatch.schedule s ON s.account_id = a.account_id AND s.id = a.id
 WHERE a.account_id = $1 AND a.id = $2
"""


async def find_wanted(conn: Connection, *, account_id: UUID, automation_id: UUID) -> Wanted:
    """What the schedule of an automation that exists should be, beside what it is."""
    row = await conn.fetchrow(_WANTED, account_id, automation_id)
    assert row is not None  # noqa: S101  its command holds it
    known = (row["known_cron"], row["known_zone"]) if row["known_cron"] else None
    return Wanted(row["version"], row["cron"], row["time_zone"], known, row["now"])


async def keep(
    conn: Connection, *, account_id: UUID, automation_id: UUID, wanted: Wanted, tick_at: datetime | None
) -> None:
    """Write the schedule; without `tick_at` the next tick stays."""
    await conn.execute(
        "INSERT INTO dispatch.schedule AS s (account_id, id, version, cron, time_zone, tick_at)"
        " VALUES ($1, $2, $3, $4, $5, coalesce($6, now()))"
        " ON CONFLICT (account_id, id) DO UPDATE SET version = excluded.version, cron = excluded.cron,"
        " time_zone = excluded.time_zone, tick_at = coalesce($6, s.tick_at)",
        account_id,
        automation_id,
        wanted.version,
        wanted.cron,
        wanted.time_zone,
        tick_at,
    )


async def drop(conn: Connection, *, account_id: UUID, automation_id: UUID) -> None:
    """Remove the schedule."""
    await conn.execute("DELETE FROM dispatch.schedule WHERE account_id = $1 AND id = $2", account_id, automation_id)


# The lock is the lease: another dispatcher passes over what this one fires, and sees the next tick when it is done.
_DUE: Final = """
SELECT account_id, id, version, cron, time_zone, tick_at, now() AS now FROM dispatch.schedule
 WHERE tick_at <= now() ORDER BY tick_at LIMIT $1 FOR UPDATE SKIP LOCKED
"""


async def lock_due(conn: Connection, *, schedules_max: int) -> list[Schedule]:
    """Lock the longest due schedules until the transaction ends."""
    return [Schedule(**dict(row)) for row in await conn.fetch(_DUE, schedules_max)]


async def set_ticks(conn: Connection, schedules: Sequence[Schedule], ticks: Sequence[datetime]) -> None:
    """Write when each of the schedules fires next."""
    await conn.execute(
        "UPDATE dispatch.schedule s SET tick_at = t.tick_at"
        " FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS t (account_id, id, tick_at)"
        " WHERE s.account_id = t.account_id AND s.id = t.id",
        [one.account_id for one in schedules],
        [one.id for one in schedules],
        ticks,
    )


async def next_due_seconds(pool: Pool) -> float | None:
    """In how many seconds a schedule fires next; None without any."""
    found: float | None = await pool.fetchval(
        "SELECT extract(epoch FROM min(tick_at) - now())::float8 FROM dispatch.schedule"
    )
    return found
