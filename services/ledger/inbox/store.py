"""SQL on the inboxes: the hot path, one statement for a batch however many messages are in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import orjson

from ledger.inbox.rules import InboxMessage
from storage.pool import Connection

_INSERT: Final = """
INSERT INTO ledger.inbox_message
       (account_id, id, box, state, channel_id, content_type, raw, document, links, comment, auto_processing,
        warnings, duplicate_of, received_at, command_id, correlation_id, causation_id)
SELECT w.account_id, w.id, w.box, w.state, w.channel_id, w.content_type, w.raw, w.document, w.links, w.comment,
       w.auto_processing, w.warnings::jsonb, w.duplicate_of, w.received_at, w.command_id, w.correlation_id,
       w.causation_id
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::jsonb[],
              $9::jsonb[], $10::text[], $11::jsonb[], $12::text[], $13::uuid[], $14::timestamptz[], $15::uuid[],
              $16::uuid[], $17::uuid[])
       AS w (account_id, id, box, state, channel_id, content_type, raw, document, links, comment, auto_processing,
             warnings, duplicate_of, received_at, command_id, correlation_id, causation_id)
    ON CONFLICT DO NOTHING
RETURNING id
"""


async def insert(conn: Connection, *, messages: Sequence[InboxMessage]) -> set[UUID]:
    """Insert messages; answer the ids of those that were not there before."""
    ordered = sorted(messages, key=lambda message: (message.account_id.bytes, message.id.bytes))
    rows = await conn.fetch(
        _INSERT,
        [one.account_id for one in ordered],
        [one.id for one in ordered],
        [one.box for one in ordered],
        [one.state for one in ordered],
        [one.channel_id for one in ordered],
        [one.content_type for one in ordered],
        [one.raw for one in ordered],
        [one.document for one in ordered],
        [one.links for one in ordered],
        [one.comment for one in ordered],
        [one.auto_processing for one in ordered],
        # As text: a list within a parameter's list would be taken for a second dimension of the array.
        [orjson.dumps(one.warnings).decode() for one in ordered],
        [one.duplicate_of for one in ordered],
        [one.received_at for one in ordered],
        [one.command_id for one in ordered],
        [one.correlation_id for one in ordered],
        [one.causation_id for one in ordered],
    )
    return {row["id"] for row in rows}
