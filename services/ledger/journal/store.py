"""SQL on the journal: entries and postings are only ever inserted, and the role could do nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from ledger.books import Booking
from storage.pool import Connection

_INSERT_ENTRIES: Final = """
INSERT INTO ledger.entry (account_id, id, kind, document_id, booked_on, command_id, created_at)
SELECT w.*, $7 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::date[], $6::uuid[]) AS w
"""

_INSERT_POSTINGS: Final = """
INSERT INTO ledger.posting
       (account_id, entry_id, line, ledger_account, client_id, document_id, currency, amount_minor)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[], $5::uuid[], $6::uuid[], $7::text[],
                     $8::bigint[])
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
        [command_id for _, command_id, _ in rows],
        now,
    )
    lines = [
        (account_id, booking.id, line, posting)
        for account_id, _, booking in rows
        for line, posting in enumerate(booking.entry.postings)
    ]
    await conn.execute(
        _INSERT_POSTINGS,
        [account_id for account_id, _, _, _ in lines],
        [entry_id for _, entry_id, _, _ in lines],
        [line for _, _, line, _ in lines],
        [posting.account for _, _, _, posting in lines],
        [posting.client_id for _, _, _, posting in lines],
        [posting.document_id for _, _, _, posting in lines],
        [posting.currency for _, _, _, posting in lines],
        [posting.amount_minor for _, _, _, posting in lines],
    )
