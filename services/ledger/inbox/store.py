"""SQL on the inboxes: messages coming in, one statement for a batch, and what is decided about them; rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from ledger.inbox.message import InboxMessage
from ledger.inbox.rule_matching import Rule
from ledger.inbox.state import InboxEntry, Verdict
from ledger.unit_of_work.state import Key
from storage.pool import Connection

_INSERT: Final = """
INSERT INTO ledger.inbox_message
       (account_id, id, box, state, channel, content_type, raw, document, links, comment, auto_processing,
        file, warnings, duplicate_of, received_at, command_id, correlation_id, causation_id, raw_file, format,
        attachments)
SELECT w.account_id, w.id, w.box, w.state, w.channel, w.content_type, w.raw, w.document, w.links, w.comment,
       w.auto_processing, w.file, w.warnings::jsonb, w.duplicate_of, w.received_at, w.command_id, w.correlation_id,
       w.causation_id, w.raw_file, w.format, w.attachments::jsonb
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::bytea[], $8::jsonb[],
              $9::jsonb[], $10::text[], $11::jsonb[], $12::jsonb[], $13::text[], $14::uuid[], $15::timestamptz[],
              $16::uuid[], $17::uuid[], $18::uuid[], $19::jsonb[], $20::text[], $21::text[])
       AS w (account_id, id, box, state, channel, content_type, raw, document, links, comment, auto_processing, file,
             warnings, duplicate_of, received_at, command_id, correlation_id, causation_id, raw_file, format,
             attachments)
    ON CONFLICT DO NOTHING
RETURNING id
"""


async def insert(conn: Connection, *, messages: Sequence[InboxMessage]) -> set[UUID]:
    """Insert messages; return the ids of the new ones."""
    ordered = sorted(messages, key=lambda message: (message.account_id.bytes, message.id.bytes))
    rows = await conn.fetch(
        _INSERT,
        [one.account_id for one in ordered],
        [one.id for one in ordered],
        [one.box for one in ordered],
        [one.state for one in ordered],
        [one.channel for one in ordered],
        [one.content_type for one in ordered],
        [one.raw for one in ordered],
        [one.document for one in ordered],
        [one.links for one in ordered],
        [one.comment for one in ordered],
        [one.auto_processing for one in ordered],
        [one.file for one in ordered],
        # As text: a list within a parameter's list would be a second dimension of the array.
        [orjson.dumps(one.warnings).decode() for one in ordered],
        [one.duplicate_of for one in ordered],
        [one.received_at for one in ordered],
        [one.command_id for one in ordered],
        [one.correlation_id for one in ordered],
        [one.causation_id for one in ordered],
        [one.raw_file for one in ordered],
        [one.format for one in ordered],
        [orjson.dumps(one.attachments).decode() for one in ordered],
    )
    return {row["id"] for row in rows}


_LOCK_REFERENCE: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_UNDER_REFERENCE: Final = """
SELECT * FROM ledger_api.inbox_message
 WHERE account_id = $1 AND box = $2 AND document_ref = $3 ORDER BY id LIMIT $4
"""
RESEMBLING_MAX: Final = 100  # messages under one reference that a further one is compared with: the oldest ones


async def lock_reference(conn: Connection, *, message: InboxMessage) -> list[dict[str, Any]]:
    """Lock a document's reference until the end of the transaction; return the messages under it, oldest first."""
    reference = message.document.get("document_ref")
    await conn.execute(_LOCK_REFERENCE, f"{message.account_id} {message.box} {reference}")
    found = await conn.fetch(_UNDER_REFERENCE, message.account_id, message.box, reference, RESEMBLING_MAX)
    return [dict(row) for row in found]


# A relative is another message under the same reference: the first one, or one that is flagged as the first one's.
_HELD: Final = """
SELECT m.account_id, m.id, m.box, m.state, m.channel ->> 'id' AS channel_id, m.document, m.links, m.comment,
       m.auto_processing, m.warnings, m.duplicate_of, m.file, m.attachments, r.id AS relative_id
  FROM ledger.inbox_message m
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON m.account_id = w.account_id AND m.id = w.id
  LEFT JOIN LATERAL (
    (SELECT x.id FROM ledger.inbox_message x
      WHERE x.account_id = m.account_id AND x.id = m.duplicate_of AND x.state = 'accepted')
    UNION ALL
    (SELECT x.id FROM ledger.inbox_message x
      WHERE x.account_id = m.account_id AND x.duplicate_of = coalesce(m.duplicate_of, m.id) AND x.id <> m.id
        AND x.state = 'accepted' LIMIT 1)
    LIMIT 1
 ) r ON true
"""


async def held(conn: Connection, *, keys: Collection[Key]) -> dict[Key, InboxEntry]:
    """Read messages to be decided; the accounts' locks exclude other deciders."""
    if not keys:
        return {}
    rows = await conn.fetch(_HELD, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["account_id"], row["id"]): InboxEntry(**row) for row in rows}


_DECIDE: Final = """
UPDATE ledger.inbox_message m
   SET state = w.state, decided_at = w.decided_at, decided_by = w.decided_by, reason = w.reason, result = w.result,
       warnings = m.warnings || w.notes::jsonb
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::jsonb[], $6::text[], $7::jsonb[], $8::text[])
       AS w (account_id, id, state, decided_at, decided_by, reason, result, notes)
 WHERE m.account_id = w.account_id AND m.id = w.id
"""


async def handle(conn: Connection, *, rows: Sequence[tuple[UUID, Verdict]]) -> None:
    """Write the decisions on messages, each with its account."""
    if not rows:
        return
    await conn.execute(
        _DECIDE,
        [account_id for account_id, _ in rows],
        [one.message_id for _, one in rows],
        [one.state for _, one in rows],
        [one.decided_at for _, one in rows],
        [None if one.by is None else one.by.model_dump(mode="json") for _, one in rows],
        [one.reason for _, one in rows],
        [one.result for _, one in rows],
        [orjson.dumps(one.notes).decode() for _, one in rows],
    )


_RULES: Final = """
SELECT account_id, id, box, match, max_amount_minor, currency, no_warnings, issue, auto_processing, name, created_at
  FROM ledger.inbox_rule
 WHERE account_id = ANY($1::uuid[])
"""


async def rules(conn: Connection, *, account_ids: Collection[UUID]) -> dict[UUID, dict[UUID, Rule]]:
    """Read the rules of these accounts, by their ids."""
    if not account_ids:
        return {}
    found: defaultdict[UUID, dict[UUID, Rule]] = defaultdict(dict)
    for row in await conn.fetch(_RULES, list(account_ids)):
        found[row["account_id"]][row["id"]] = Rule(**row)
    return {account_id: found[account_id] for account_id in account_ids}


_INSERT_RULES: Final = """
INSERT INTO ledger.inbox_rule
       (account_id, id, box, match, max_amount_minor, currency, no_warnings, issue, auto_processing, name, created_at)
SELECT account_id, id, box, match, max_amount_minor, currency, no_warnings, issue, auto_processing, name, created_at
  FROM jsonb_populate_recordset(NULL::ledger.inbox_rule, $1)
"""


async def insert_rules(conn: Connection, *, rules: Sequence[Rule]) -> None:
    """Insert new rules."""
    if rules:
        await conn.execute(_INSERT_RULES, rules)


_DELETE_RULES: Final = """
DELETE FROM ledger.inbox_rule r USING unnest($1::uuid[], $2::uuid[]) AS w (account_id, id)
 WHERE r.account_id = w.account_id AND r.id = w.id
"""


async def delete_rules(conn: Connection, *, keys: Sequence[Key]) -> None:
    """Remove rules."""
    if keys:
        await conn.execute(_DELETE_RULES, [key[0] for key in keys], [key[1] for key in keys])
