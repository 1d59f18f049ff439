"""SQL on payments and settlements."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from ledger.payments.payment import Payment, Settlement
from storage.pool import Connection

_EXTERNAL_IDS: Final = """
SELECT p.account_id, p.external_id, p.id
  FROM ledger.payment p
  JOIN unnest($1::uuid[], $2::text[]) AS w (account_id, external_id)
    ON p.account_id = w.account_id AND p.external_id = w.external_id
"""


async def external_ids(conn: Connection, *, wanted: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], UUID]:
    """Which of these (account, external id) are taken, and by which payment."""
    if not wanted:
        return {}
    rows = await conn.fetch(_EXTERNAL_IDS, [one[0] for one in wanted], [one[1] for one in wanted])
    return {(row["account_id"], row["external_id"]): row["id"] for row in rows}


_INSERT: Final = """
INSERT INTO ledger.payment
       (account_id, id, client_id, status, amount_minor, currency, date, method, reference, external_id, created_at,
        updated_at)
SELECT account_id, id, client_id, status, amount_minor, currency, date, method, reference, external_id, created_at,
       updated_at
  FROM jsonb_populate_recordset(NULL::ledger.payment, $1)
"""


async def insert(conn: Connection, *, payments: Sequence[Payment]) -> None:
    """Insert new payments with one statement."""
    if payments:
        await conn.execute(_INSERT, payments)


_INSERT_SETTLEMENTS: Final = """
INSERT INTO ledger.settlement (account_id, id, sale_id, payment_id, amount_minor, entry_id, created_at)
SELECT w.*, $7 FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::uuid[]) AS w
"""


async def settle(conn: Connection, *, rows: Sequence[tuple[UUID, Settlement]], now: datetime) -> None:
    """Insert settlements, each with its account's id."""
    if not rows:
        return
    await conn.execute(
        _INSERT_SETTLEMENTS,
        [account_id for account_id, _ in rows],
        [one.id for _, one in rows],
        [one.sale_id for _, one in rows],
        [one.payment_id for _, one in rows],
        [one.amount_minor for _, one in rows],
        [one.entry_id for _, one in rows],
        now,
    )
