"""The audit log in the database: entries are added, completed with a status, and read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from storage.pool import Pool


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change: its caller, address, subject and the response's status; None: unknown."""

    id: UUID
    at: dt.datetime
    action: str
    actor: Mapping[str, Any] | None
    address: str | None
    subject_id: UUID | None
    status: int | None


async def insert(
    pool: Pool, *, account_id: UUID, identifier: UUID, action: str, actor: Mapping[str, Any] | None,
    address: str | None, subject_id: UUID | None, status: int | None,
) -> None:  # fmt: skip
    """Add an entry."""
    await pool.execute(
        "INSERT INTO ingress.audit_entry (account_id, id, action, actor, address, subject_id, status)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        account_id, identifier, action, actor, address, subject_id, status,
    )  # fmt: skip


async def complete(pool: Pool, *, account_id: UUID, identifier: UUID, status: int) -> None:
    """Add the status of the answer to an entry."""
    await pool.execute(
        "UPDATE ingress.audit_entry SET status = $3 WHERE account_id = $1 AND id = $2", account_id, identifier, status
    )


_PAGE: Final = """
SELECT id, at, action, actor, address, subject_id, status FROM ingress.audit_entry
 WHERE account_id = $1 AND ($2::uuid IS NULL OR id < $2) AND id >= $3 FILTERS ORDER BY id DESC LIMIT $4
"""


async def list_newest(
    pool: Pool, *, account_id: UUID, action: str | None, since: UUID, before: UUID | None, limit: int
) -> list[AuditEntry]:
    """The account's entries, newest first, of one action where it is given; `since` is the lowest id."""
    statement = _PAGE.replace("FILTERS", "" if action is None else "AND action = $5")
    rows = await pool.fetch(statement, account_id, before, since, limit, *([] if action is None else [action]))
    return [AuditEntry(*row) for row in rows]


async def keep_days(pool: Pool, *, audit_days: int) -> None:
    """Set how long the maintenance keeps entries."""
    await pool.execute("UPDATE ingress.retention_setting SET audit_days = $1 WHERE audit_days <> $1", audit_days)
