"""Keep the notices of removed hooks in Postgres: inserted once, leased when due, deleted when they are done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from contracts.wire.envelope import Envelope
from contracts.wire.jobs import NotifyRemovalJob
from scheduling.leases import Lease, LeaseTable
from storage.pool import Connection, Pool

NOTICES: Final = LeaseTable("execution.removal_notice")


@dataclass(frozen=True, slots=True)
class RemovalNotice:
    """A notice leased to this process; `tries` were made before, `lost` workers died with it in a row."""

    account_id: UUID
    id: UUID
    hook_id: UUID
    version: int
    attempts: int
    lost: int
    epoch: int

    @property
    def lease(self) -> Lease:
        """The lease under which this process has it."""
        return Lease(self.account_id, self.id, self.epoch)


_INSERT: Final = """
INSERT INTO execution.removal_notice (account_id, id, hook_id, version)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[]) ON CONFLICT DO NOTHING
"""


async def insert(conn: Connection, jobs: Sequence[tuple[Envelope, NotifyRemovalJob]]) -> None:
    """Insert notices, due now; a job that comes again changes nothing."""
    await conn.execute(
        _INSERT,
        [envelope.account_id for envelope, _ in jobs],
        [envelope.id for envelope, _ in jobs],
        [job.hook_id for _, job in jobs],
        [job.version for _, job in jobs],
    )


_PICK: Final = """
SELECT account_id, id FROM execution.removal_notice WHERE due_at <= now()
 ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""


async def claim(pool: Pool, *, notices_max: int, lease_seconds: float) -> list[RemovalNotice]:
    """Lease the longest due notices."""
    rows = await NOTICES.claim(
        pool, pick=_PICK, args=[notices_max], columns=("hook_id", "version", "tries"), lease_seconds=lease_seconds
    )
    return [
        RemovalNotice(
            account_id=row["account_id"],
            id=row["id"],
            hook_id=row["hook_id"],
            version=row["version"],
            attempts=row["tries"],
            lost=row["lost_workers"],
            epoch=row["lease_epoch"],
        )
        for row in rows
    ]


_HELD: Final = "WHERE account_id = $1 AND id = $2 AND lease_epoch = $3 AND leased"
_DELETE: Final = f"DELETE FROM execution.removal_notice {_HELD} RETURNING id"  # noqa: S608  constants
_POSTPONE: Final = (
    "UPDATE execution.removal_notice SET tries = tries + 1, leased = false, lost_workers = 0,"  # noqa: S608  constants
    f" due_at = now() + make_interval(secs => $4::float8) {_HELD} RETURNING id"
)


async def finish(pool: Pool, notice: RemovalNotice, *, due_in: float | None) -> bool:
    """Postpone a notice by so many seconds, or delete it (None); False when another worker has it by now."""
    key = (notice.account_id, notice.id, notice.epoch)
    if due_in is None:
        return await pool.fetchval(_DELETE, *key) is not None
    return await pool.fetchval(_POSTPONE, *key, due_in) is not None
