"""SQL of an erasure: what stands against it, and what it takes out of each table."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from ledger.clients.rules import Client
from ledger.erasure.rules import ERASED_NAME, addresses_of
from ledger.unit_of_work.state import Key, StaleBatch
from storage.pool import Connection

_UNFINISHED: Final = """
SELECT w.account_id, w.id, array_remove(ARRAY[
       CASE WHEN EXISTS (SELECT FROM ledger.client_balance b
                          WHERE b.account_id = w.account_id AND b.client_id = w.id AND b.receivable_minor > 0)
            THEN 'owes something: its invoices have to be paid, credited or written off first' END,
       CASE WHEN EXISTS (SELECT FROM ledger.client_balance b
                          WHERE b.account_id = w.account_id AND b.client_id = w.id AND b.unapplied_minor > 0)
            THEN 'has something in credit: it has to be allocated or refunded first' END,
       CASE WHEN EXISTS (SELECT FROM ledger.sale_state t
                          WHERE t.account_id = w.account_id AND t.client_id = w.id AND t.status = 'draft')
            THEN 'has drafts: they have to be issued or deleted first' END,
       CASE WHEN EXISTS (SELECT FROM ledger.payment p
                          WHERE p.account_id = w.account_id AND p.client_id = w.id AND p.status = 'pending')
            THEN 'has pending payments: they have to be confirmed or failed first' END], NULL) AS reasons
  FROM unnest($1::uuid[], $2::uuid[]) AS w (account_id, id)
"""


async def unfinished(conn: Connection, *, keys: Collection[Key]) -> dict[Key, list[str]]:
    """What stands against the erasure of these clients; only those against which something stands."""
    if not keys:
        return {}
    rows = await conn.fetch(_UNFINISHED, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["account_id"], row["id"]): row["reasons"] for row in rows if row["reasons"]}


# Files first: the rows that name them lose their names below.
_FILES: Final = """
WITH named AS (
    SELECT m.source AS file, m.attachments AS files FROM ledger.message m
     WHERE m.account_id = $1 AND (m.client_id = $2 OR m.client_id IS NULL AND lower(m.sender) = ANY($3::text[]))
    UNION ALL
    SELECT f.file, i.attachments FROM ledger.inbox_message i CROSS JOIN LATERAL (VALUES (i.raw_file), (i.file)) f (file)
     WHERE i.account_id = $1 AND i.box = 'sales'
       AND (i.result ->> 'client_id' = $2::uuid::text OR lower(i.document #>> '{client,email}') = ANY($3::text[]))
)
INSERT INTO ledger.erased_file (account_id, sha256, erased_at)
SELECT DISTINCT $1::uuid, f.sha256, $4::timestamptz FROM (
    SELECT file ->> 'sha256' AS sha256 FROM named
    UNION SELECT one ->> 'sha256' FROM named CROSS JOIN jsonb_array_elements(files) one
) f WHERE f.sha256 IS NOT NULL
    ON CONFLICT (account_id, sha256) DO UPDATE SET erased_at = excluded.erased_at
"""
_MESSAGES: Final = """
UPDATE ledger.message
   SET sender = NULL, recipient = NULL, subject = NULL, body = '', quoted = NULL, provider_message_id = NULL,
       detail = NULL, attachments = '[]', source = NULL, source_kept = false, needs_response = false,
       resolved_at = NULL, state = CASE state WHEN 'requested' THEN 'cancelled' ELSE state END, updated_at = $4
 WHERE account_id = $1 AND (client_id = $2 OR client_id IS NULL AND lower(sender) = ANY($3::text[]))
"""
_UNREACHABLE: Final = """
DELETE FROM ledger.unreachable_address WHERE account_id = $1 AND address = ANY($2::text[])
"""
_NOTES: Final = """
UPDATE ledger.note SET body = '', pinned = false, needs_response = false, resolved_at = NULL, updated_at = $3
 WHERE account_id = $1 AND client_id = $2
"""
_DISPUTES: Final = """
UPDATE ledger.dispute
   SET reason = '', resolution = NULL, state = 'resolved', resolved_at = coalesce(resolved_at, $3)
 WHERE account_id = $1 AND client_id = $2
"""
_CALLS: Final = "UPDATE ledger.call SET note = NULL WHERE account_id = $1 AND client_id = $2"
_CASES: Final = """
UPDATE ledger.collection_case SET muted_reason = NULL, paused_reason = NULL, updated_at = $3
 WHERE account_id = $1 AND client_id = $2
"""
_CASE_ENTRIES: Final = """
UPDATE ledger.collection_entry e SET detail = e.detail - ARRAY['reason', 'note', 'text', 'body']
  FROM ledger.collection_case c
 WHERE c.account_id = $1 AND c.client_id = $2 AND e.account_id = c.account_id AND e.case_id = c.id
"""
_MOVES: Final = """
UPDATE ledger.invoice_move
   SET shown = shown || jsonb_build_object(
       'client', jsonb_build_object('id', client_id, 'name', $3::text, 'email', NULL, 'external_id', NULL),
       'notification', NULL)
 WHERE account_id = $1 AND client_id = $2
"""
# Orders of the client: the bytes as they came, and whom they name. What was made of them is in the documents.
_ORDERS: Final = """
UPDATE ledger.inbox_message
   SET raw = '', raw_file = NULL, file = NULL, attachments = '[]', comment = NULL,
       document = (document - ARRAY['comment', 'shipping_address'])
                  || jsonb_build_object('client', jsonb_build_object('name', $4::text))
 WHERE account_id = $1 AND box = 'sales'
   AND (result ->> 'client_id' = $2::uuid::text OR lower(document #>> '{client,email}') = ANY($3::text[]))
"""


async def erase(conn: Connection, *, client: Client, now: datetime) -> None:
    """Take a client's person out of everything but its own row and its issued documents; `client` is as it was.

    Raises:
        StaleBatch: another command of the batch left something unfinished: handled alone, the erasure is refused.
    """
    account_id, client_id, addresses = client.account_id, client.id, addresses_of(client)
    if await unfinished(conn, keys=[(account_id, client_id)]):
        raise StaleBatch
    await conn.execute(_FILES, account_id, client_id, addresses, now)
    await conn.execute(_MESSAGES, account_id, client_id, addresses, now)
    await conn.execute(_UNREACHABLE, account_id, addresses)
    for statement in (_NOTES, _DISPUTES, _CASES):
        await conn.execute(statement, account_id, client_id, now)
    for statement in (_CALLS, _CASE_ENTRIES):
        await conn.execute(statement, account_id, client_id)
    await conn.execute(_MOVES, account_id, client_id, ERASED_NAME)
    await conn.execute(_ORDERS, account_id, client_id, addresses, ERASED_NAME)
