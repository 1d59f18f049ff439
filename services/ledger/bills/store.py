"""SQL on suppliers' bills."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from ledger.bills.bill import Bill, Status
from ledger.unit_of_work.state import Key
from storage.pool import Connection

BillReference = tuple[UUID, str]
"""Account and document reference."""

_REFERENCES: Final = """
SELECT b.account_id, b.supplier_id, b.document_ref, b.id
  FROM ledger.bill b
  JOIN unnest($1::uuid[], $2::text[]) AS w (account_id, document_ref)
    ON b.account_id = w.account_id AND b.document_ref = w.document_ref AND b.status <> 'void'
 ORDER BY b.account_id, b.id
"""


async def references(conn: Connection, *, wanted: Collection[BillReference]) -> dict[tuple[UUID, UUID, str], UUID]:
    """Which bills have these references, by account, supplier and reference; of several the newest."""
    if not wanted:
        return {}
    rows = await conn.fetch(_REFERENCES, [one[0] for one in wanted], [one[1] for one in wanted])
    return {(row["account_id"], row["supplier_id"], row["document_ref"]): row["id"] for row in rows}


_INSERT: Final = """
INSERT INTO ledger.bill
       (account_id, id, document_type, document_ref, supplier_id, supplier, document_date, date_due, currency, pay_term,
        include_tax, lines, adjustments, shipping_minor, net_minor, tax_minor, total_minor,
        prepaid_minor, rounding_minor, payable_minor, comment, links, file, message_id, created_at, updated_at, taxes,
        payment_method, payment_means, attachments, status, status_reason)
SELECT account_id, id, document_type, document_ref, supplier_id, supplier, document_date, date_due, currency, pay_term,
       include_tax, lines, adjustments, shipping_minor, net_minor, tax_minor, total_minor,
       prepaid_minor, rounding_minor, payable_minor, comment, links, file, message_id, created_at, updated_at, taxes,
       payment_method, payment_means, attachments, status, status_reason
  FROM jsonb_populate_recordset(NULL::ledger.bill, $1)
"""


async def insert(conn: Connection, *, bills: Sequence[Bill]) -> None:
    """Insert new bills with one statement."""
    if bills:
        await conn.execute(_INSERT, bills)


_STATUSES: Final = """
SELECT b.account_id, b.id, b.status
  FROM ledger.bill b
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON b.account_id = w.account_id AND b.id = w.id
"""


async def statuses(conn: Connection, *, keys: Collection[Key]) -> dict[Key, Status]:
    """Read the states of bills."""
    if not keys:
        return {}
    rows = await conn.fetch(_STATUSES, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["account_id"], row["id"]): row["status"] for row in rows}


_VOID: Final = """
UPDATE ledger.bill b SET status = 'void', status_reason = w.reason, updated_at = $4
  FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS w (account_id, id, reason)
 WHERE b.account_id = w.account_id AND b.id = w.id
"""


async def void(conn: Connection, *, rows: Sequence[tuple[UUID, UUID, str | None]], now: datetime) -> None:
    """Note that bills are void, each as (account id, bill id, reason)."""
    if rows:
        await conn.execute(_VOID, [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows], now)
