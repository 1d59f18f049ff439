"""SQL on payments, settlements and refunds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from ledger.payments.payment import Payment, Refund, Settlement
from ledger.unit_of_work.state import Key
from storage.pool import Connection

_EXTERNAL_IDS: Final = """
SELECT p.account_id, p.external_id, p.id
  FROM ledger.payment p
  JOIN unnest($1::uuid[], $2::text[]) AS w (account_id, external_id)
    ON p.account_id = w.account_id AND p.external_id = w.external_id
"""


async def external_ids(conn: Connection, *, wanted: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], UUID]:
    """Which of these (account, external id) are in use, and by which payment."""
    if not wanted:
        return {}
    rows = await conn.fetch(_EXTERNAL_IDS, [one[0] for one in wanted], [one[1] for one in wanted])
    return {(row["account_id"], row["external_id"]): row["id"] for row in rows}


_PAYMENTS: Final = """
SELECT p.account_id, p.id, p.client_id, p.status, p.amount_minor, p.currency, p.date, p.method, p.reference,
       p.external_id, p.created_at, p.updated_at, p.settled_minor, p.refunded_minor, p.receipt_id, p.status_reason
  FROM ledger.payment p
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON p.account_id = w.account_id AND p.id = w.id
"""


async def payments(conn: Connection, *, keys: Collection[Key]) -> dict[Key, Payment]:
    """Read payments."""
    if not keys:
        return {}
    rows = await conn.fetch(_PAYMENTS, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["account_id"], row["id"]): Payment(**row) for row in rows}


# What a payment and what a credit note has settled, each through its own index.
_SETTLEMENTS: Final = """
WITH found AS (
    SELECT x.* FROM ledger.settlement x
      JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id)
        ON x.account_id = w.account_id AND x.payment_id = w.id
    UNION ALL
    SELECT x.* FROM ledger.settlement x
      JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id)
        ON x.account_id = w.account_id AND x.credit_note_id = w.id
)
SELECT f.account_id, f.id, f.sale_id, f.amount_minor, f.entry_id, f.payment_id, f.credit_note_id
  FROM found f
 WHERE f.reversal_of IS NULL
   AND NOT EXISTS (SELECT FROM ledger.settlement m WHERE m.account_id = f.account_id AND m.reversal_of = f.id)
 ORDER BY f.account_id, f.id
"""


async def live_settlements(conn: Connection, *, keys: Collection[Key]) -> dict[Key, list[Settlement]]:
    """Read the live settlements, by payment or credit note; oldest first."""
    if not keys:
        return {}
    found: dict[Key, list[Settlement]] = {}
    for row in await conn.fetch(_SETTLEMENTS, [key[0] for key in keys], [key[1] for key in keys]):
        values = dict(row)
        one = (values.pop("account_id"), Settlement(**values))
        found.setdefault((one[0], one[1].source_id), []).append(one[1])
    return found


_REFUNDS: Final = """
WITH found AS (
    SELECT x.* FROM ledger.refund x
      JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id)
        ON x.account_id = w.account_id AND x.payment_id = w.id
    UNION ALL
    SELECT x.* FROM ledger.refund x
      JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id)
        ON x.account_id = w.account_id AND x.credit_note_id = w.id
)
SELECT f.account_id, f.id, f.amount_minor, f.date, f.reference, f.entry_id, f.payment_id, f.credit_note_id
  FROM found f
 WHERE f.reversal_of IS NULL
   AND NOT EXISTS (SELECT FROM ledger.refund m WHERE m.account_id = f.account_id AND m.reversal_of = f.id)
 ORDER BY f.account_id, f.id
"""


async def live_refunds(conn: Connection, *, keys: Collection[Key]) -> dict[Key, list[Refund]]:
    """Read the live refunds, by payment or credit note; oldest first."""
    if not keys:
        return {}
    found: dict[Key, list[Refund]] = {}
    for row in await conn.fetch(_REFUNDS, [key[0] for key in keys], [key[1] for key in keys]):
        values = dict(row)
        one = (values.pop("account_id"), Refund(**values))
        found.setdefault((one[0], one[1].source_id), []).append(one[1])
    return found


_INSERT: Final = """
INSERT INTO ledger.payment
       (account_id, id, client_id, status, amount_minor, currency, date, method, reference, external_id, settled_minor,
        refunded_minor, receipt_id, status_reason, created_at, updated_at)
SELECT account_id, id, client_id, status, amount_minor, currency, date, method, reference, external_id, settled_minor,
       refunded_minor, receipt_id, status_reason, created_at, updated_at
  FROM jsonb_populate_recordset(NULL::ledger.payment, $1)
"""


async def insert(conn: Connection, *, payments: Sequence[Payment]) -> None:
    """Insert new payments with one statement."""
    if payments:
        await conn.execute(_INSERT, payments)


_MOVE: Final = """
UPDATE ledger.payment p
   SET status = w.status, date = w.date, settled_minor = w.settled_minor, refunded_minor = w.refunded_minor,
       receipt_id = w.receipt_id, status_reason = w.status_reason, updated_at = w.updated_at
  FROM jsonb_populate_recordset(NULL::ledger.payment, $1) w
 WHERE p.account_id = w.account_id AND p.id = w.id
"""


async def move(conn: Connection, *, payments: Sequence[Payment]) -> None:
    """Update the state of payments."""
    if payments:
        await conn.execute(_MOVE, payments)


_INSERT_SETTLEMENTS: Final = """
INSERT INTO ledger.settlement
       (account_id, id, sale_id, payment_id, credit_note_id, amount_minor, entry_id, reversal_of, created_at)
SELECT w.*, $9 FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[], $7::uuid[],
                           $8::uuid[]) AS w
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
        [one.credit_note_id for _, one in rows],
        [one.amount_minor for _, one in rows],
        [one.entry_id for _, one in rows],
        [one.reversal_of for _, one in rows],
        now,
    )


_INSERT_REFUNDS: Final = """
INSERT INTO ledger.refund
       (account_id, id, payment_id, credit_note_id, amount_minor, date, reference, entry_id, reversal_of, created_at)
SELECT w.*, $10 FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::date[], $7::text[],
                            $8::uuid[], $9::uuid[]) AS w
"""


async def refund(conn: Connection, *, rows: Sequence[tuple[UUID, Refund]], now: datetime) -> None:
    """Insert refunds, each with its account's id."""
    if not rows:
        return
    await conn.execute(
        _INSERT_REFUNDS,
        [account_id for account_id, _ in rows],
        [one.id for _, one in rows],
        [one.payment_id for _, one in rows],
        [one.credit_note_id for _, one in rows],
        [one.amount_minor for _, one in rows],
        [one.date for _, one in rows],
        [one.reference for _, one in rows],
        [one.entry_id for _, one in rows],
        [one.reversal_of for _, one in rows],
        now,
    )
