"""SQL on the journal: entries and postings are only ever inserted, and the role could do nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from ledger.journal.booking import Booking
from ledger.journal.rules import Entry, Posting
from ledger.unit_of_work.state import Key
from storage.pool import Connection

_INSERT_ENTRIES: Final = """
INSERT INTO ledger.entry (account_id, id, kind, document_id, booked_on, reversal_of, command_id, created_at)
SELECT w.*, $8 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::date[], $6::uuid[], $7::uuid[]) AS w
"""

_INSERT_POSTINGS: Final = """
INSERT INTO ledger.posting
       (account_id, entry_id, line, ledger_account, client_id, document_id, currency, amount_minor, booked_on,
        supplier_id)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[], $5::uuid[], $6::uuid[], $7::text[],
                     $8::bigint[], $9::date[], $10::uuid[])
"""


async def insert(conn: Connection, *, rows: Sequence[tuple[UUID, UUID, Booking]], now: datetime) -> None:
    """Insert entries, each as (account id, command id, booking), and their postings: two statements for all."""
    if not rows:
        return
    await conn.execute(
        _INSERT_ENTRIES,
        [account_id for account_id, _, _ in rows],
        [booking.id for _, _, booking in rows],
        [booking.entry.kind for _, _, booking in rows],
        [booking.document_id for _, _, booking in rows],
        [booking.booked_on for _, _, booking in rows],
        [booking.reversal_of for _, _, booking in rows],
        [command_id for _, command_id, _ in rows],
        now,
    )
    lines = [
        (account_id, booking, line, posting)
        for account_id, _, booking in rows
        for line, posting in enumerate(booking.entry.postings)
    ]
    await conn.execute(
        _INSERT_POSTINGS,
        [account_id for account_id, _, _, _ in lines],
        [booking.id for _, booking, _, _ in lines],
        [line for _, _, line, _ in lines],
        [posting.account for _, _, _, posting in lines],
        [posting.client_id for _, _, _, posting in lines],
        [posting.document_id for _, _, _, posting in lines],
        [posting.currency for _, _, _, posting in lines],
        [posting.amount_minor for _, _, _, posting in lines],
        [booking.booked_on for _, booking, _, _ in lines],
        [posting.supplier_id for _, _, _, posting in lines],
    )


_LIVE: Final = """
SELECT e.account_id, e.id, e.kind, e.document_id, e.booked_on, p.ledger_account, p.client_id,
       p.document_id AS posted_document_id, p.currency, p.amount_minor, p.supplier_id
  FROM unnest($1::uuid[], $2::uuid[]) AS w (account_id, id)
  JOIN ledger.entry e ON e.account_id = w.account_id AND e.document_id = w.id
  JOIN ledger.posting p ON p.account_id = e.account_id AND p.entry_id = e.id
 WHERE e.reversal_of IS NULL
   AND NOT EXISTS (SELECT FROM ledger.entry m WHERE m.account_id = e.account_id AND m.reversal_of = e.id)
 ORDER BY e.account_id, e.id, p.line
"""


async def live(conn: Connection, *, keys: Collection[Key]) -> dict[Key, list[Booking]]:
    """Read the entries booked for documents and payments that nothing has undone, oldest first."""
    if not keys:
        return {}
    found: dict[Key, list[Booking]] = {}
    rows = await conn.fetch(_LIVE, [key[0] for key in keys], [key[1] for key in keys])
    for _, lines in groupby(rows, key=lambda row: (row["account_id"], row["id"])):
        postings = list(lines)
        first = postings[0]
        entry = Entry(
            first["kind"],
            tuple(
                Posting(
                    row["ledger_account"],
                    row["client_id"],
                    row["posted_document_id"],
                    row["amount_minor"],
                    row["currency"],
                    row["supplier_id"],
                )
                for row in postings
            ),
        )
        booking = Booking(entry, first["document_id"], first["booked_on"], first["id"])
        found.setdefault((first["account_id"], first["document_id"]), []).append(booking)
    return found
