"""Recognise redelivered messages, in the same transaction as their effect.

Each schema has `processed_message(account_id uuid, message_id uuid, processed_at timestamptz, PRIMARY KEY (account_id,
message_id))`, partitioned by message id, which contains the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from contracts.wire.envelope import Envelope
from storage.pool import Connection


async def mark(conn: Connection, *, schema: str, messages: Sequence[Envelope]) -> list[Envelope]:
    """Mark the messages as processed and return, in their order, only the new ones, each once.

    A concurrent handler of the same message waits here until the first one's commit.
    """
    # One order for all handlers, so that two batches with the same messages never deadlock.
    unique = {message.id: message for message in messages}
    ordered = sorted(unique.values(), key=lambda message: (message.account_id.bytes, message.id.bytes))
    rows = await conn.fetch(
        f"INSERT INTO {schema}.processed_message (account_id, message_id)"  # noqa: S608  the schema is a constant of the service
        " SELECT * FROM unnest($1::uuid[], $2::uuid[]) ON CONFLICT DO NOTHING RETURNING message_id",
        [message.account_id for message in ordered],
        [message.id for message in ordered],
    )
    fresh: set[UUID] = {row["message_id"] for row in rows}
    return [message for message in unique.values() if message.id in fresh]


async def unmark(conn: Connection, *, schema: str, messages: Sequence[Envelope]) -> None:
    """Remove marks of the same transaction, of messages that were not handled."""
    await conn.execute(
        f"DELETE FROM {schema}.processed_message s"  # noqa: S608
        " USING unnest($1::uuid[], $2::uuid[]) AS given (account_id, message_id)"
        " WHERE s.account_id = given.account_id AND s.message_id = given.message_id",
        [message.account_id for message in messages],
        [message.id for message in messages],
    )
