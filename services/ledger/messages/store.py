"""SQL on messages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from ledger.messages.message import Message
from ledger.unit_of_work.state import Key
from storage.pool import Connection

_FIND: Final = """
SELECT m.account_id, m.id, m.client_id, m.purpose, m.channel, m.state, m.sale_ids, m.sender, m.recipient, m.subject,
       m.body, m.provider_message_id, m.detail, m.command_id, m.created_at, m.sent_at, m.updated_at
  FROM ledger.message m
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON w.account_id = m.account_id AND w.id = m.id
"""


async def find(conn: Connection, *, keys: Collection[Key]) -> dict[Key, Message]:
    """Read messages."""
    if not keys:
        return {}
    rows = await conn.fetch(_FIND, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["account_id"], row["id"]): Message(**dict(row)) for row in rows}


_WRITE: Final = """
INSERT INTO ledger.message
       (account_id, id, client_id, purpose, direction, channel, state, sale_ids, sender, recipient, subject, body,
        provider_message_id, detail, command_id, created_at, sent_at, updated_at)
VALUES ($1, $2, $3, $4, 'sent', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
    ON CONFLICT (account_id, id) DO UPDATE
   SET state = excluded.state, sender = excluded.sender, provider_message_id = excluded.provider_message_id,
       detail = excluded.detail, sent_at = excluded.sent_at, updated_at = excluded.updated_at
"""


async def write(conn: Connection, *, messages: Sequence[Message]) -> None:
    """Insert new messages, and what became of others."""
    if not messages:
        return
    await conn.executemany(
        _WRITE,
        [
            (
                one.account_id, one.id, one.client_id, one.purpose, one.channel, one.state, one.sale_ids, one.sender,
                one.recipient, one.subject, one.body, one.provider_message_id, one.detail, one.command_id,
                one.created_at, one.sent_at, one.updated_at,
            )
            for one in sorted(messages, key=lambda one: (one.account_id, one.id))
        ],
    )  # fmt: skip
