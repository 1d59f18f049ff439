"""Store refused messages; an operator can list and replay them.

Each service's schema has `dead_letter(id uuid, queue text, body bytea, reason text, deliveries int,
dead_lettered_at timestamptz,
replayed_at timestamptz, account_id uuid, message_id uuid, correlation_id uuid)`; `<schema>_api.dead_letter` shows those
whose account is known, so that the operation that they come from fails with the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.primitives.ids import new_id
from messaging.port import DeadLetterSink, Incoming, Outgoing
from outbox.record import record
from storage.pool import Pool

REASON_CHARACTERS_MAX = 2000
HEAD_BYTES = 2048
"""Bytes that are searched for an envelope's ids: its fields before the data are a few hundred bytes."""

_ID = re.compile(rb'"(id|account_id|correlation_id)":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"')


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One refused message."""

    id: UUID
    queue: str
    reason: str
    dead_lettered_at: datetime
    replayed_at: datetime | None
    bytes: int


def dead_letter_sink(pool: Pool, *, schema: str) -> DeadLetterSink:
    """Return the function with which a consumer dead-letters messages; durable when it returns."""

    async def dead_letter(message: Incoming, reason: str) -> None:
        await pool.execute(
            f"INSERT INTO {schema}.dead_letter"  # noqa: S608
            " (id, queue, body, reason, deliveries, account_id, message_id, correlation_id)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            new_id(),
            message.queue,
            message.body,
            reason[:REASON_CHARACTERS_MAX],
            message.deliveries,
            *_ids_of(message.body),
        )

    return dead_letter


def _ids_of(body: bytes) -> tuple[UUID | None, UUID | None, UUID | None]:
    """Find the account, message and request of a body that may be no envelope: its data comes after all of them."""
    head = body[:HEAD_BYTES].partition(b'"data":')[0]
    found = {match[1]: UUID(match[2].decode()) for match in _ID.finditer(head)}
    return found.get(b"account_id"), found.get(b"id"), found.get(b"correlation_id")


async def list_dead_letters(
    pool: Pool, *, schema: str, ids: list[UUID] | None = None, limit: int = 100
) -> list[DeadLetter]:
    """The newest dead-lettered messages, of those with these ids if any are given."""
    rows = await pool.fetch(
        "SELECT id, queue, reason, dead_lettered_at, replayed_at, length(body) AS bytes"  # noqa: S608
        f" FROM {schema}.dead_letter WHERE $2::uuid[] IS NULL OR id = ANY($2)"
        " ORDER BY dead_lettered_at DESC LIMIT $1",
        limit,
        ids,
    )
    return [DeadLetter(**dict(row)) for row in rows]


async def replay_dead_letters(pool: Pool, *, schema: str, ids: list[UUID] | None = None) -> list[UUID]:
    """Put dead-lettered messages (all not yet replayed, or those named) back on their queues; return their ids.

    They go through the outbox, so that a crash in between neither loses one nor its mark as replayed.
    """
    async with pool.acquire() as conn, conn.transaction():
        rows = await conn.fetch(
            f"UPDATE {schema}.dead_letter SET replayed_at = now()"  # noqa: S608
            " WHERE replayed_at IS NULL AND ($1::uuid[] IS NULL OR id = ANY($1)) RETURNING id, queue, body",
            ids,
        )
        await record(conn, schema=schema, messages=[Outgoing(new_id(), row["queue"], row["body"]) for row in rows])
        return [row["id"] for row in rows]
