"""SQL on what belongs to no capability alone: the accounts' locks, the commands handled, the events emitted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from contracts.resources.number_format import DEFAULT_NUMBER_FORMAT
from ledger.account import DEFAULT_CURRENCY, Account
from ledger.unit_of_work.state import Key
from storage.pool import Connection

# Missing account rows are inserted before any is locked, and both in one order: no two batches can deadlock.
_MAKE_BOOKS: Final = """
INSERT INTO ledger.book (account_id)
SELECT w.account_id FROM unnest($1::uuid[]) AS w (account_id)
 WHERE NOT EXISTS (SELECT FROM ledger.book b WHERE b.account_id = w.account_id)
    ON CONFLICT DO NOTHING
"""

# The account itself is ingress's: what it publishes is read here, and its absence coped with.
_ACCOUNTS: Final = """
SELECT b.account_id, b.time_zone AS time_zone_kept, a.time_zone, a.currency, a.number_format,
       a.default_pay_term, a.collections
  FROM ledger.book b
  LEFT JOIN ingress_api.account a ON a.account_id = b.account_id
 WHERE b.account_id = ANY($1::uuid[])
 ORDER BY b.account_id
"""
_LOCK_BOOKS: Final = f"{_ACCOUNTS} FOR NO KEY UPDATE OF b"

# Where the days of an account moved, so did the moments at which its invoices become overdue.
_KEEP_TIME_ZONES: Final = """
WITH kept AS (
    UPDATE ledger.book b SET time_zone = w.time_zone, zone = ledger.known_zone(w.zone)
      FROM unnest($1::uuid[], $2::text[], $3::text[]) AS w (account_id, time_zone, zone)
     WHERE b.account_id = w.account_id
    RETURNING b.account_id, b.zone
), promised AS (
    UPDATE ledger.promise p
       SET ends_at = (p.date + 1)::timestamp AT TIME ZONE k.zone, check_at = (p.date + 1)::timestamp AT TIME ZONE k.zone
      FROM kept k
     WHERE p.account_id = k.account_id AND p.state = 'open'
)
UPDATE ledger.sale_state t SET overdue_check_at = (t.date_due + 1)::timestamp AT TIME ZONE k.zone
  FROM kept k
 WHERE t.account_id = k.account_id AND t.owed AND NOT t.late AND t.date_due < '9999-12-30'
   AND t.overdue_check_at IS NOT NULL
"""


async def lock_books(conn: Connection, *, account_ids: Collection[UUID]) -> dict[UUID, Account]:
    """Lock these accounts until the transaction ends, inserting missing rows; return the accounts."""
    ordered = sorted(set(account_ids))
    await conn.execute(_MAKE_BOOKS, ordered)
    rows = await conn.fetch(_LOCK_BOOKS, ordered)
    accounts = {row["account_id"]: _account(row) for row in rows}
    moved = [accounts[row["account_id"]] for row in rows if row["time_zone"] not in {None, row["time_zone_kept"]}]
    if moved:
        columns = [[one.id for one in moved], [one.time_zone for one in moved], [one.zone.key for one in moved]]
        await conn.execute(_KEEP_TIME_ZONES, *columns)
    return accounts


async def read_accounts(conn: Connection, *, account_ids: Collection[UUID]) -> dict[UUID, Account]:
    """Read these accounts as they are, without locking them."""
    rows = await conn.fetch(_ACCOUNTS, sorted(set(account_ids)))
    return {row["account_id"]: _account(row) for row in rows}


def _account(row: Record) -> Account:
    return Account(
        row["account_id"],
        row["time_zone"] or "UTC",
        row["currency"] or DEFAULT_CURRENCY,
        row["number_format"] or DEFAULT_NUMBER_FORMAT,
        row["default_pay_term"],
        row["collections"] or {},
    )


@dataclass(frozen=True, slots=True)
class Handled:
    """One command that was handled, for the journey; `status` is its result's, `code` that of a refusal."""

    account_id: UUID
    command_id: UUID
    command: str
    correlation_id: UUID
    causation_id: UUID | None
    subject_id: UUID | None
    status: int
    code: str | None


_INSERT_HANDLED: Final = """
INSERT INTO ledger.processed_command
       (account_id, command_id, command, correlation_id, causation_id, subject_id, status, code)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::int[], $8::text[])
"""


async def insert_handled(conn: Connection, *, rows: Sequence[Handled]) -> None:
    """Note the commands handled."""
    await conn.execute(
        _INSERT_HANDLED,
        [row.account_id for row in rows],
        [row.command_id for row in rows],
        [row.command for row in rows],
        [row.correlation_id for row in rows],
        [row.causation_id for row in rows],
        [row.subject_id for row in rows],
        [row.status for row in rows],
        [row.code for row in rows],
    )


@dataclass(frozen=True, slots=True)
class DocumentEvent:
    """One outgoing event about a document or payment: what its status was before (None: it was not there) and after."""

    account_id: UUID
    event_id: UUID
    document_id: UUID
    trigger: str
    status_before: str | None
    status_after: str
    command_id: UUID
    at: datetime


_INSERT_DOCUMENT_EVENTS: Final = """
INSERT INTO ledger.document_event
       (account_id, event_id, document_id, trigger, status_before, status_after, command_id, at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::uuid[],
                     $8::timestamptz[])
"""


async def insert_document_events(conn: Connection, *, rows: Sequence[DocumentEvent]) -> None:
    """Note what happened to documents and payments."""
    if not rows:
        return
    await conn.execute(
        _INSERT_DOCUMENT_EVENTS,
        [row.account_id for row in rows],
        [row.event_id for row in rows],
        [row.document_id for row in rows],
        [row.trigger for row in rows],
        [row.status_before for row in rows],
        [row.status_after for row in rows],
        [row.command_id for row in rows],
        [row.at for row in rows],
    )


_LAST_TOLD: Final = """
SELECT t.account_id, t.client_id, t.event_id FROM ledger.last_event t
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, client_id)
    ON t.account_id = w.account_id AND t.client_id = w.client_id
"""


async def last_told(conn: Connection, *, clients: Collection[Key]) -> dict[Key, UUID]:
    """The last outgoing event about each of these clients, where there was one."""
    if not clients:
        return {}
    rows = await conn.fetch(_LAST_TOLD, [key[0] for key in clients], [key[1] for key in clients])
    return {(row["account_id"], row["client_id"]): row["event_id"] for row in rows}


_KEEP_LAST_TOLD: Final = """
INSERT INTO ledger.last_event (account_id, client_id, event_id)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[])
    ON CONFLICT (account_id, client_id) DO UPDATE SET event_id = excluded.event_id
"""


async def keep_last_told(conn: Connection, *, events: Mapping[Key, UUID]) -> None:
    """Record the last outgoing event about each of these clients; their accounts are locked."""
    if events:
        await conn.execute(
            _KEEP_LAST_TOLD, [key[0] for key in events], [key[1] for key in events], list(events.values())
        )


async def select(conn: Connection, statement: str, *, keys: Collection[Key]) -> dict[Key, dict[str, Any]]:
    """Read rows of a published view by (account id, id), for the entity that brings the statement."""
    if not keys:
        return {}
    rows = await conn.fetch(statement, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["account_id"], row["id"]): dict(row) for row in rows}
