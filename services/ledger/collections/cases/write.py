"""Write what was decided on cases: one statement for each table, whatever their number."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from ledger.collections.cases.models import Case
from ledger.unit_of_work.state import Key
from storage.pool import Connection

_CASES: Final = """
INSERT INTO ledger.collection_case
SELECT * FROM jsonb_populate_recordset(NULL::ledger.collection_case, $1) ORDER BY account_id, id
    ON CONFLICT (account_id, id) DO UPDATE
   SET version = excluded.version, cycle = excluded.cycle, state = excluded.state, reason = excluded.reason,
       ends = excluded.ends, since = excluded.since, ends_at = excluded.ends_at, next_step = excluded.next_step,
       next_channel = excluded.next_channel, next_at = excluded.next_at, entered_at = excluded.entered_at,
       moved_in = excluded.moved_in, starts_manually = excluded.starts_manually, last_step = excluded.last_step,
       last_step_at = excluded.last_step_at, last_due = excluded.last_due, contacted = excluded.contacted,
       forced_step = excluded.forced_step, muted_reason = excluded.muted_reason,
       paused_reason = excluded.paused_reason, paused_until = excluded.paused_until, thread_id = excluded.thread_id,
       currency = excluded.currency, open_minor = excluded.open_minor, overdue_minor = excluded.overdue_minor,
       amounts = excluded.amounts, oldest_due = excluded.oldest_due, sale_ids = excluded.sale_ids,
       invoices = excluded.invoices, updated_at = excluded.updated_at
"""


async def cases(conn: Connection, *, cases: Sequence[Case]) -> None:
    """Insert new cases, and what became of others."""
    if cases:
        await conn.execute(_CASES, cases)


@dataclass(frozen=True, slots=True)
class StepDone:
    """A row of `ledger.collection_step`."""

    account_id: UUID
    case_id: UUID
    cycle: int
    step: int
    attempt: int
    state: Literal["taken", "skipped"]
    collector_id: UUID
    version: int
    channel: str
    by_person: bool
    message_id: UUID | None
    open_minor: int
    currency: str | None
    before: Mapping[str, Any]
    at: datetime


class StepTakenTwice(Exception):
    """A step was taken although it was taken before in this cycle: a bug, and nothing is committed."""


_STEPS: Final = """
INSERT INTO ledger.collection_step AS s
SELECT * FROM jsonb_populate_recordset(NULL::ledger.collection_step, $1) ORDER BY account_id, case_id, cycle, step
    ON CONFLICT (account_id, case_id, cycle, step) DO UPDATE
   SET attempt = s.attempt + 1, state = excluded.state, collector_id = excluded.collector_id,
       version = excluded.version, channel = excluded.channel, by_person = excluded.by_person,
       message_id = excluded.message_id, open_minor = excluded.open_minor, currency = excluded.currency,
       before = excluded.before, at = excluded.at
 WHERE s.state <> 'taken'
RETURNING 1
"""


async def steps(conn: Connection, *, steps: Sequence[StepDone]) -> None:
    """Note steps as taken or skipped.

    Raises:
        StepTakenTwice: one was taken before in this cycle.
    """
    if steps and len(await conn.fetch(_STEPS, steps)) != len(steps):
        raise StepTakenTwice


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of `ledger.collection_entry`."""

    account_id: UUID
    id: UUID
    case_id: UUID
    cycle: int
    kind: str
    detail: Mapping[str, Any]
    at: datetime


_ENTRIES: Final = """
INSERT INTO ledger.collection_entry SELECT * FROM jsonb_populate_recordset(NULL::ledger.collection_entry, $1)
"""


async def entries(conn: Connection, *, entries: Sequence[Entry]) -> None:
    """Note what happened to cases."""
    if entries:
        await conn.execute(_ENTRIES, entries)


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """What is written of a new message in `ledger.message`."""

    account_id: UUID
    id: UUID
    client_id: UUID
    purpose: Literal["reminder", "message", "notification"]
    channel: str
    sale_ids: Sequence[UUID]
    recipient: str
    subject: str | None
    body: str
    in_reply_to: UUID | None
    command_id: UUID
    created_at: datetime


_MESSAGES: Final = """
INSERT INTO ledger.message
       (account_id, id, client_id, purpose, direction, channel, state, sale_ids, recipient, subject, body, in_reply_to,
        command_id, created_at, updated_at)
SELECT account_id, id, client_id, purpose, 'sent', channel, 'requested', sale_ids, recipient, subject, body,
       in_reply_to, command_id, created_at, created_at
  FROM jsonb_populate_recordset(NULL::ledger.message, $1)
"""


async def messages(conn: Connection, *, messages: Sequence[OutgoingMessage]) -> None:
    """Insert messages that are to be handed over."""
    if messages:
        await conn.execute(_MESSAGES, messages)


_DUE: Final = """
UPDATE ledger.collected_client c SET due_at = w.due_at
  FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS w (account_id, client_id, due_at)
 WHERE c.account_id = w.account_id AND c.client_id = w.client_id
"""


async def due(conn: Connection, *, moments: Mapping[Key, datetime | None]) -> None:
    """Let clients be due at these moments; their accounts' books are locked."""
    if moments:
        columns = [[key[0] for key in moments], [key[1] for key in moments], list(moments.values())]
        await conn.execute(_DUE, *columns)


_CLAIM: Final = """
WITH picked AS MATERIALIZED (
    SELECT account_id, client_id FROM ledger.collected_client
     WHERE due_at <= $1 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE ledger.collected_client c SET due_at = $2, revision = c.revision + 1 FROM picked p
 WHERE c.account_id = p.account_id AND c.client_id = p.client_id
RETURNING c.account_id, c.client_id, c.revision
"""


async def claim(conn: Connection, *, now: datetime, until: datetime, clients_max: int) -> dict[Key, int]:
    """Lease the longest due clients, others find them due again at `until`; give each with its revision."""
    return {(row[0], row[1]): row[2] for row in await conn.fetch(_CLAIM, now, until, clients_max)}


_UNCHANGED: Final = """
SELECT c.account_id, c.client_id FROM ledger.collected_client c
  JOIN unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS w (account_id, client_id, revision)
    ON c.account_id = w.account_id AND c.client_id = w.client_id AND c.revision = w.revision
"""


async def unchanged(conn: Connection, *, revisions: Mapping[Key, int]) -> set[Key]:
    """Of these clients, whose accounts' books are locked, those that nothing has made due since they were leased."""
    columns = [[key[0] for key in revisions], [key[1] for key in revisions], list(revisions.values())]
    rows = await conn.fetch(_UNCHANGED, *columns)
    return {(row[0], row[1]) for row in rows}


_NEXT: Final = "SELECT min(due_at) FROM ledger.collected_client WHERE due_at IS NOT NULL"


async def next_at(conn: Connection) -> datetime | None:
    """When a client is due next."""
    moment: datetime | None = await conn.fetchval(_NEXT)
    return moment


_CALL_OFF: Final = """
UPDATE ledger.message m
   SET state = 'cancelled', detail = 'called off before it went: what it is about has changed', updated_at = $4
 WHERE m.purpose = 'reminder' AND m.state = 'requested'
   AND (m.account_id, m.client_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
   AND (m.sale_ids && $3::uuid[] OR (m.account_id, m.client_id) IN (SELECT * FROM unnest($5::uuid[], $6::uuid[])))
RETURNING m.account_id, m.id
"""


async def call_off(
    conn: Connection, *, clients: Collection[Key], sales: Collection[UUID], held: Collection[Key], now: datetime
) -> list[Key]:
    """Cancel what was to be sent to these clients about these sales, or at all to those who are `held`."""
    if not clients:
        return []
    rows = await conn.fetch(
        _CALL_OFF,
        [key[0] for key in clients],
        [key[1] for key in clients],
        list(sales),
        now,
        [key[0] for key in held],
        [key[1] for key in held],
    )
    return [(row[0], row[1]) for row in rows]


_CALL_OFF_DISPUTED: Final = """
UPDATE ledger.message m
   SET state = 'cancelled', detail = 'called off before it went: the settings have changed', updated_at = $2
 WHERE m.purpose = 'reminder' AND m.state = 'requested' AND m.account_id = ANY($1::uuid[])
   AND EXISTS (SELECT FROM ledger.dispute d
                WHERE d.account_id = m.account_id AND d.sale_id = ANY(m.sale_ids) AND d.state = 'open')
"""


async def call_off_disputed(conn: Connection, *, account_ids: Collection[UUID], now: datetime) -> None:
    """Cancel what was to be sent by these accounts and lists disputed invoices; it is written anew where it may."""
    if account_ids:
        await conn.execute(_CALL_OFF_DISPUTED, sorted(account_ids), now)


_RELEASE: Final = """
WITH released AS (
    UPDATE ledger.collection_step s SET state = 'released'
      FROM unnest($1::uuid[], $2::uuid[]) AS w (account_id, message_id)
     WHERE s.account_id = w.account_id AND s.message_id = w.message_id AND s.state = 'taken'
    RETURNING s.account_id, s.case_id, s.cycle, s.step, s.before
)
UPDATE ledger.collection_case c
   SET last_step = (r.before->>'last_step')::int, last_step_at = (r.before->>'last_step_at')::timestamptz,
       last_due = (r.before->>'last_due')::date, contacted = (r.before->>'contacted')::boolean,
       thread_id = (r.before->>'thread_id')::uuid
  FROM released r
 WHERE c.account_id = r.account_id AND c.id = r.case_id AND c.cycle = r.cycle AND c.last_step = r.step
RETURNING c.account_id, c.client_id
"""


async def release(conn: Connection, *, messages: Collection[Key]) -> list[Key]:
    """Let the steps of messages that never went be taken again; gives their clients."""
    if not messages:
        return []
    rows = await conn.fetch(_RELEASE, [key[0] for key in messages], [key[1] for key in messages])
    return [(row[0], row[1]) for row in rows]
