"""SQL on messages, and on whose the addresses are that they come from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final
from uuid import UUID

from ledger.messages import phones
from ledger.messages.message import Message
from ledger.messages.state import AddressKey, Unreachable
from ledger.unit_of_work.state import Key
from storage.pool import Connection

_FIND: Final = """
SELECT m.account_id, m.id, m.client_id, m.purpose, m.channel, m.state, m.sale_ids, m.sender, m.recipient, m.subject,
       m.body, m.provider_message_id, m.detail, m.command_id, m.created_at, m.sent_at, m.updated_at, m.direction,
       m.origin, m.occurred_at, m.quoted, m.in_reply_to, m.automatic, m.needs_response, m.resolved_at, m.attachments,
       m.source, m.source_kept
  FROM ledger.message m
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON w.account_id = m.account_id AND w.id = m.id
"""


async def find(conn: Connection, *, keys: Collection[Key]) -> dict[Key, Message]:
    """Read messages."""
    if not keys:
        return {}
    rows = await conn.fetch(_FIND, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["account_id"], row["id"]): Message(**dict(row)) for row in rows}


_BY_PROVIDER_ID: Final = """
SELECT DISTINCT ON (w.account_id, w.provider_id) w.account_id, w.provider_id, m.id
  FROM unnest($1::uuid[], $2::text[]) AS w (account_id, provider_id)
  JOIN ledger.message m ON m.account_id = w.account_id AND m.provider_message_id = w.provider_id
 WHERE m.client_id IS NOT NULL
 ORDER BY w.account_id, w.provider_id, m.id
"""


async def by_provider_id(conn: Connection, *, wanted: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], UUID]:
    """Read which messages have these Message-IDs."""
    if not wanted:
        return {}
    rows = await conn.fetch(_BY_PROVIDER_ID, [key[0] for key in wanted], [key[1] for key in wanted])
    return {(row["account_id"], row["provider_id"]): row["id"] for row in rows}


# A client's own address wins over that of one of its contacts, and both over an address that a message went to; of
# several clients the oldest that is not archived.
_CLIENTS_OF_ADDRESSES: Final = """
SELECT w.account_id, w.address, coalesce(o.id, k.id, s.client_id) AS client_id
  FROM unnest($1::uuid[], $2::text[]) AS w (account_id, address)
  LEFT JOIN LATERAL (
    SELECT c.id FROM ledger.client c
     WHERE c.account_id = w.account_id AND lower(c.email) = w.address AND c.archived_at IS NULL ORDER BY c.id LIMIT 1
  ) o ON true
  LEFT JOIN LATERAL (
    SELECT c.id FROM ledger.client c
     WHERE o.id IS NULL AND c.account_id = w.account_id AND c.archived_at IS NULL
       AND c.contacts @> jsonb_build_array(jsonb_build_object('email', w.address)) ORDER BY c.id LIMIT 1
  ) k ON true
  LEFT JOIN LATERAL (
    SELECT m.client_id FROM ledger.message m
     WHERE o.id IS NULL AND k.id IS NULL AND m.account_id = w.account_id AND lower(m.recipient) = w.address
       AND m.direction = 'sent' AND m.channel = 'email' ORDER BY m.id DESC LIMIT 1
  ) s ON true
 WHERE coalesce(o.id, k.id, s.client_id) IS NOT NULL
"""


async def clients_of_addresses(conn: Connection, *, wanted: Collection[AddressKey]) -> dict[AddressKey, UUID]:
    """Read whose mail addresses these are."""
    keys = [key for key in wanted if key[1] == "email"]
    if not keys:
        return {}
    rows = await conn.fetch(_CLIENTS_OF_ADDRESSES, [key[0] for key in keys], [key[2] for key in keys])
    return {(row["account_id"], "email", row["address"]): row["client_id"] for row in rows}


CANDIDATES_MAX: Final = 100  # numbers that end alike in different countries; those compared are few

_PHONES: Final = """
SELECT w.account_id, w.number, c.id, c.phone, c.address ->> 'country' AS country
  FROM unnest($1::uuid[], $2::text[], $3::text[]) AS w (account_id, number, digits)
 CROSS JOIN LATERAL (
    SELECT x.id, x.phone, x.address FROM ledger.client x
     WHERE x.account_id = w.account_id AND ledger.last_digits(x.phone) = w.digits AND x.archived_at IS NULL
     ORDER BY x.id LIMIT $4
 ) c
 ORDER BY c.id
"""
_TEXTED: Final = """
SELECT DISTINCT ON (w.account_id, w.number) w.account_id, w.number, m.client_id
  FROM unnest($1::uuid[], $2::text[]) AS w (account_id, number)
  JOIN ledger.message m ON m.account_id = w.account_id AND lower(m.recipient) = w.number
 WHERE m.direction = 'sent' AND m.channel = 'sms'
 ORDER BY w.account_id, w.number, m.id DESC
"""


async def clients_of_numbers(conn: Connection, *, wanted: Collection[AddressKey]) -> dict[AddressKey, UUID]:
    """Read whose numbers these are: of the last SMS that went there, else of the client that has the number."""
    keys = [key for key in wanted if key[1] == "sms"]
    if not keys:
        return {}
    accounts, numbers = [key[0] for key in keys], [key[2] for key in keys]
    digits = [phones.last_digits(number) for number in numbers]
    found: dict[AddressKey, UUID] = {}
    for row in await conn.fetch(_PHONES, accounts, numbers, digits, CANDIDATES_MAX):
        if phones.e164(row["phone"], row["country"]) == row["number"]:
            found.setdefault((row["account_id"], "sms", row["number"]), row["id"])
    for row in await conn.fetch(_TEXTED, accounts, numbers):
        found[row["account_id"], "sms", row["number"]] = row["client_id"]
    return found


_LATEST: Final = """
SELECT w.account_id, w.channel, w.address, m.id
  FROM unnest($1::uuid[], $2::text[], $3::text[]) AS w (account_id, channel, address)
 CROSS JOIN LATERAL (
    SELECT x.id FROM ledger.message x
     WHERE x.account_id = w.account_id AND x.channel = w.channel AND lower(x.recipient) = w.address
       AND x.direction = 'sent' ORDER BY x.id DESC LIMIT 1
 ) m
"""


async def latest(conn: Connection, *, wanted: Collection[AddressKey]) -> dict[AddressKey, UUID]:
    """Read the last message that went to each of these addresses."""
    if not wanted:
        return {}
    keys = list(wanted)
    rows = await conn.fetch(_LATEST, [key[0] for key in keys], [key[1] for key in keys], [key[2] for key in keys])
    return {(row["account_id"], row["channel"], row["address"]): row["id"] for row in rows}


_UNREACHABLE: Final = """
SELECT u.account_id, u.channel, u.address, u.reason
  FROM ledger.unreachable_address u
  JOIN unnest($1::uuid[], $2::text[], $3::text[]) AS w (account_id, channel, address)
    ON u.account_id = w.account_id AND u.channel = w.channel AND u.address = w.address
"""


async def unreachable(conn: Connection, *, wanted: Collection[AddressKey]) -> dict[AddressKey, str]:
    """Read which of these addresses take no messages, and why."""
    if not wanted:
        return {}
    keys = list(wanted)
    rows = await conn.fetch(_UNREACHABLE, [key[0] for key in keys], [key[1] for key in keys], [key[2] for key in keys])
    return {(row["account_id"], row["channel"], row["address"]): row["reason"] for row in rows}


# An address may be that of several clients: their cases wait, or go on, with it.
_WAKE: Final = """
UPDATE ledger.collected_client c SET due_at = least(c.due_at, $%s), revision = c.revision + 1
  FROM changed a JOIN ledger.client x ON x.account_id = a.account_id AND lower(x.email) = a.address
 WHERE a.channel = 'email' AND c.account_id = x.account_id AND c.client_id = x.id
"""
_MARK: Final = """
WITH changed AS (
INSERT INTO ledger.unreachable_address (account_id, channel, address, reason, message_id, created_at)
SELECT DISTINCT ON (account_id, channel, address) account_id, channel, address, reason, message_id, created_at
  FROM jsonb_populate_recordset(NULL::ledger.unreachable_address, $1)
 ORDER BY account_id, channel, address, reason DESC
    ON CONFLICT (account_id, channel, address) DO UPDATE
   SET reason = excluded.reason, message_id = excluded.message_id, created_at = excluded.created_at
 WHERE ledger.unreachable_address.reason = 'bounce'
RETURNING account_id, channel, address
)
"""


async def mark_unreachable(conn: Connection, *, addresses: Sequence[Unreachable], now: datetime) -> None:
    """Mark addresses that take no messages, and let their clients be decided on; a complaint stays one."""
    if addresses:
        await conn.execute(_MARK + _WAKE % 2, addresses, now)


_UNMARK: Final = """
WITH changed AS (
DELETE FROM ledger.unreachable_address u
 USING unnest($1::uuid[], $2::text[], $3::text[]) AS w (account_id, channel, address)
 WHERE u.account_id = w.account_id AND u.channel = w.channel AND u.address = w.address AND u.reason = 'bounce'
RETURNING u.account_id, u.channel, u.address
)
"""


async def mark_reachable(conn: Connection, *, addresses: Collection[AddressKey], now: datetime) -> None:
    """Take the marks of bounces away from addresses that took a message, and let their clients be decided on."""
    if addresses:
        keys = sorted(addresses)
        columns = [[key[place] for key in keys] for place in range(3)]
        await conn.execute(_UNMARK + _WAKE % 4, *columns, now)


_WRITE: Final = """
INSERT INTO ledger.message
       (account_id, id, client_id, purpose, channel, state, sale_ids, sender, recipient, subject, body,
        provider_message_id, detail, command_id, created_at, sent_at, updated_at, direction, origin, occurred_at,
        quoted, in_reply_to, automatic, needs_response, resolved_at, attachments, source, source_kept)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
        $25, $26, $27, $28)
    ON CONFLICT (account_id, id) DO UPDATE
   SET client_id = excluded.client_id, state = excluded.state, sender = excluded.sender,
       provider_message_id = excluded.provider_message_id, detail = excluded.detail, sent_at = excluded.sent_at,
       occurred_at = excluded.occurred_at, resolved_at = excluded.resolved_at, source_kept = excluded.source_kept,
       updated_at = excluded.updated_at
"""


# In the order of the statement's columns.
_VALUES: Final = attrgetter(
    "account_id", "id", "client_id", "purpose", "channel", "state", "sale_ids", "sender", "recipient", "subject",
    "body", "provider_message_id", "detail", "command_id", "created_at", "sent_at", "updated_at", "direction", "origin",
    "occurred_at", "quoted", "in_reply_to", "automatic", "needs_response", "resolved_at", "attachments", "source",
    "source_kept",
)  # fmt: skip


async def write(conn: Connection, *, messages: Sequence[Message]) -> None:
    """Insert new messages, and what became of others."""
    if messages:
        ordered = sorted(messages, key=lambda one: (one.account_id, one.id))
        await conn.executemany(_WRITE, [_VALUES(one) for one in ordered])
