"""Claim rows of due work under a lease whose epoch fences off earlier holders.

A table of due work has `account_id uuid, id uuid, due_at timestamptz, leased boolean, lease_epoch integer, lost_workers
integer`. `due_at` is when the work is due or, while `leased`, when the lease ends; NULL: never. Each claim increments
the epoch, so a write of an earlier holder that names its own epoch changes nothing. `lost_workers` counts claims in a
row whose holder neither finished nor released; the holder decides when there were too many.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from storage.pool import Connection, Pool

EVER_SECONDS: Final = 100 * 366 * 86_400.0  # a hundred years: all that can be due
STATEMENT_SECONDS: Final = 10.0  # one claim, renewal or release; below any lease


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease of one row. The holder's writes contain `HELD` or an equal condition."""

    account_id: UUID
    id: UUID
    epoch: int


@dataclass(frozen=True, slots=True)
class LeaseTable:
    """The statements for one table, whose `name` is a constant of its service."""

    name: str

    async def claim(
        self, pool: Pool | Connection, *, pick: str, args: Sequence[Any], columns: Sequence[str], lease_seconds: float
    ) -> list[Record]:
        """Lease the rows that `pick` selects and locks as `account_id, id`, with `FOR UPDATE SKIP LOCKED`.

        Its parameters begin at $2. Gives `account_id, id, lease_epoch, lost_workers, now` and the table's `columns`.
        """
        return await pool.fetch(
            f"WITH picked AS MATERIALIZED ({pick})"  # noqa: S608  constants of the service
            f" UPDATE {self.name} t SET leased = true, lost_workers = t.lost_workers + t.leased::int,"
            " lease_epoch = t.lease_epoch + 1, due_at = now() + make_interval(secs => $1)"
            " FROM picked p WHERE t.account_id = p.account_id AND t.id = p.id"
            " RETURNING t.account_id, t.id, t.lease_epoch, t.lost_workers, now() AS now"
            f"{''.join(f', t.{column}' for column in columns)}",
            lease_seconds,
            *args,
            timeout=STATEMENT_SECONDS,
        )

    async def renew(self, pool: Pool | Connection, leases: Collection[Lease], *, lease_seconds: float) -> set[Lease]:
        """Extend leases to so many seconds from now, shortening none; return those still held."""
        rows = await pool.fetch(
            f"UPDATE {self.name} t"  # noqa: S608  constants
            f" SET due_at = greatest(t.due_at, now() + make_interval(secs => $4)) {_HELD}",
            *_columns(leases),
            lease_seconds,
            timeout=STATEMENT_SECONDS,
        )
        return {Lease(*row) for row in rows}

    async def release(self, pool: Pool | Connection, leases: Collection[Lease], *, due_in: float = 0.0) -> set[Lease]:
        """Release leases unfinished: others may claim in `due_in` seconds. Return those that were still held."""
        rows = await pool.fetch(
            f"UPDATE {self.name} t"  # noqa: S608  constants
            f" SET leased = false, due_at = clock_timestamp() + make_interval(secs => $4) {_HELD}",
            *_columns(leases),
            due_in,
            timeout=STATEMENT_SECONDS,
        )
        return {Lease(*row) for row in rows}

    async def next_due_seconds(self, pool: Pool, *, since_seconds: float = EVER_SECONDS) -> float | None:
        """Seconds until the next row is due, a lease's end included; negative when overdue, None without any.

        Rows that are due for longer than `since_seconds` are left out.
        """
        found: float | None = await pool.fetchval(
            f"SELECT extract(epoch FROM min(due_at) - now())::float8 FROM {self.name}"  # noqa: S608  constants
            " WHERE due_at > now() - make_interval(secs => $1)",
            since_seconds,
            timeout=STATEMENT_SECONDS,
        )
        return found


_HELD: Final = (
    "FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS h(account_id, id, lease_epoch)"
    " WHERE t.account_id = h.account_id AND t.id = h.id AND t.lease_epoch = h.lease_epoch AND t.leased"
    " RETURNING t.account_id, t.id, t.lease_epoch"
)


def _columns(leases: Collection[Lease]) -> tuple[list[UUID], list[UUID], list[int]]:
    # In one order for all statements, so that two of them never deadlock.
    ordered = sorted(leases, key=lambda lease: (lease.account_id, lease.id))
    return [one.account_id for one in ordered], [one.id for one in ordered], [one.epoch for one in ordered]
