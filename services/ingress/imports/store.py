"""Imports in the database: inserted with all their lines, claimed by one process at a time, counted chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from contracts.resources.imports import FAULTS_KEPT_MAX, ImportKind, OnError
from contracts.resources.schemas import OnConflict
from scheduling.leases import Lease, LeaseTable
from storage.pool import Connection, Pool

OPERATION: Final = "import"
"""The name of an import's operation; it is not one command but many."""

RUNNING_MAX: Final = 20

Format = Literal["csv", "jsonl"]
State = Literal["running", "done", "aborted"]
LineError = dict[str, Any]
"""`line`, `path`, `message`."""


@dataclass(frozen=True, slots=True)
class Import:
    """A file being imported."""

    account_id: UUID
    id: UUID
    kind: ImportKind
    format: Format
    on_error: OnError
    on_conflict: OnConflict
    state: State
    lines: int
    created: int
    updated: int
    unchanged: int
    refused: int
    faults: list[LineError]
    created_at: datetime
    finished_at: datetime | None
    lease_epoch: int

    @property
    def lease(self) -> Lease:
        """The lease under which a worker has it, if one has."""
        return Lease(self.account_id, self.id, self.lease_epoch)

    @property
    def handled(self) -> int:
        """How many lines are done, with any result; all, if it was aborted."""
        return self.lines if self.state == "aborted" else self.created + self.updated + self.unchanged + self.refused


_FIELDS: Final = tuple(field.name for field in fields(Import))
_COLUMNS: Final = ", ".join(_FIELDS)
_NOT_OF_THE_LEASE: Final = tuple(name for name in _FIELDS if name not in {"account_id", "id", "lease_epoch"})


async def begin(
    conn: Connection,
    *,
    account_id: UUID,
    identifier: UUID,
    kind: ImportKind,
    form: Format,
    on_error: OnError,
    on_conflict: OnConflict,
    path: str,
) -> bool:
    """Insert an import without lines, and its operation; False when the account has `RUNNING_MAX` under way."""
    done = await conn.fetchval(
        "WITH begun AS ("
        " INSERT INTO ingress.import (account_id, id, kind, format, on_error, on_conflict, state)"
        " SELECT $1, $2, $3, $4, $5, $6, 'running' WHERE"
        " (SELECT count(*) FROM ingress.import WHERE account_id = $1 AND state = 'running') < $7 RETURNING id"
        "), noted AS ("
        " INSERT INTO ingress.operation (account_id, id, command, method, path, subject_id)"
        " SELECT $1, id, $8, 'POST', $9, id FROM begun"
        ") SELECT id FROM begun",
        account_id, identifier, kind, form, on_error, on_conflict, RUNNING_MAX, OPERATION, path,
    )  # fmt: skip
    return done is not None


async def add_chunks(
    conn: Connection, *, account_id: UUID, import_id: UUID, first_number: int, bodies: Sequence[bytes]
) -> None:
    """Insert chunks, each of lines that go together, numbered from `first_number` on."""
    await conn.execute(
        "INSERT INTO ingress.import_chunk (account_id, import_id, number, body)"
        " SELECT $1, $2, $3::int + place - 1, body FROM unnest($4::bytea[]) WITH ORDINALITY AS given (body, place)",
        account_id, import_id, first_number, bodies,
    )  # fmt: skip


async def set_read(
    conn: Connection,
    *,
    account_id: UUID,
    import_id: UUID,
    state: State,
    lines: int,
    refused: int,
    faults: Sequence[LineError],
) -> None:
    """Store the result of reading the file."""
    await conn.execute(
        "UPDATE ingress.import SET state = $3, lines = $4, refused = $5, faults = $6,"
        " finished_at = CASE WHEN $3 = 'running' THEN NULL ELSE clock_timestamp() END,"
        " due_at = CASE WHEN $3 = 'running' THEN due_at END"
        " WHERE account_id = $1 AND id = $2",
        account_id, import_id, state, lines, refused, list(faults[:FAULTS_KEPT_MAX]),
    )  # fmt: skip


async def find(pool: Pool, *, account_id: UUID, identifier: UUID) -> Import | None:
    """One import of the account."""
    row = await pool.fetchrow(
        f"SELECT {_COLUMNS} FROM ingress.import WHERE account_id = $1 AND id = $2",  # noqa: S608  constants
        account_id,
        identifier,
    )
    return Import(*row) if row else None


async def list_newest(pool: Pool, *, account_id: UUID, before: UUID | None, limit: int) -> list[Import]:
    """The account's imports, newest first."""
    rows = await pool.fetch(
        f"SELECT {_COLUMNS} FROM ingress.import"  # noqa: S608  constants
        " WHERE account_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        account_id,
        before,
        limit,
    )
    return [Import(*row) for row in rows]


IMPORTS: Final = LeaseTable("ingress.import")

# An account's imports run one after another, in order of arrival; among accounts the one that was served
# longest ago is next.
_PICK: Final = """
SELECT i.account_id, i.id FROM ingress.import i
 WHERE i.state = 'running' AND i.due_at <= now()
   AND NOT EXISTS (
    SELECT FROM ingress.import e WHERE e.account_id = i.account_id AND e.state = 'running' AND e.id < i.id)
 ORDER BY i.due_at, i.id LIMIT $2 FOR UPDATE SKIP LOCKED
"""


async def claim(pool: Pool, *, imports_max: int, lease_seconds: float) -> list[Import]:
    """Claim imports without a worker."""
    rows = await IMPORTS.claim(
        pool, pick=_PICK, args=[imports_max], columns=_NOT_OF_THE_LEASE, lease_seconds=lease_seconds
    )
    return [Import(**{name: row[name] for name in _FIELDS}) for row in rows]


async def next_chunk(pool: Pool, *, account_id: UUID, import_id: UUID) -> tuple[int, bytes] | None:
    """The first remaining lines: their number and the command's data."""
    row = await pool.fetchrow(
        "SELECT number, body FROM ingress.import_chunk WHERE account_id = $1 AND import_id = $2"
        " ORDER BY number LIMIT 1",
        account_id, import_id,
    )  # fmt: skip
    return (row["number"], row["body"]) if row else None


# Counted once: the chunk's row is deleted with the count.
_COUNT: Final = """
WITH gone AS (
    DELETE FROM ingress.import_chunk WHERE account_id = $1 AND import_id = $2 AND number = $3 RETURNING number
)
UPDATE ingress.import i
   SET created = i.created + $4, updated = i.updated + $5, unchanged = i.unchanged + $6, refused = i.refused + $7,
       faults = CASE WHEN jsonb_array_length(i.faults) < $8 THEN i.faults || $9 ELSE i.faults END,
       state = w.state, finished_at = CASE WHEN w.state = 'running' THEN NULL ELSE clock_timestamp() END,
       due_at = CASE WHEN w.state = 'running' THEN i.due_at END, leased = i.leased AND w.state = 'running'
  FROM (SELECT CASE
            WHEN $10 THEN 'aborted'
            WHEN EXISTS (SELECT FROM ingress.import_chunk
                          WHERE account_id = $1 AND import_id = $2 AND number <> $3) THEN 'running'
            ELSE 'done'
        END AS state) w
 WHERE i.account_id = $1 AND i.id = $2 AND EXISTS (SELECT FROM gone)
"""


async def count(
    pool: Pool,
    *,
    account_id: UUID,
    import_id: UUID,
    number: int,
    created: int,
    updated: int,
    unchanged: int,
    refused: int,
    faults: Sequence[LineError],
    aborted: bool,
) -> None:
    """Count a chunk's results, once; the last one finishes the import."""
    await pool.execute(
        _COUNT, account_id, import_id, number, created, updated, unchanged, refused, FAULTS_KEPT_MAX, list(faults),
        aborted,
    )  # fmt: skip


async def purge(conn: Connection, *, older_than_days: int, limit: int) -> None:
    """Delete imports that were finished long ago, a bounded number."""
    await conn.execute(
        "DELETE FROM ingress.import WHERE (account_id, id) IN ("
        " SELECT account_id, id FROM ingress.import WHERE finished_at < now() - make_interval(days => $1)"
        " ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        older_than_days, limit,
    )  # fmt: skip
