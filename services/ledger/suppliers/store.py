"""SQL on suppliers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from ledger.suppliers.rules import Supplier, SupplierIdentity
from storage.pool import Connection

# Of several with one identity, the oldest.
_FIND: Final = """
SELECT s.account_id, s.id, s.name, s.reg_number, s.tax_number, s.email, s.phone, s.address, s.created_at, s.updated_at
  FROM unnest($1::uuid[], $2::text[], $3::text[]) AS w (account_id, by, value)
 CROSS JOIN LATERAL (
    (SELECT x.* FROM ledger.supplier x
      WHERE w.by = 'reg_number' AND x.account_id = w.account_id AND x.reg_number = w.value ORDER BY x.id LIMIT 1)
    UNION ALL
    (SELECT x.* FROM ledger.supplier x
      WHERE w.by = 'tax_number' AND x.account_id = w.account_id AND x.tax_number = w.value ORDER BY x.id LIMIT 1)
    UNION ALL
    (SELECT x.* FROM ledger.supplier x
      WHERE w.by = 'name' AND x.account_id = w.account_id AND lower(x.name) = lower(w.value) ORDER BY x.id LIMIT 1)
 ) s
 ORDER BY s.account_id, s.id
"""


async def find(conn: Connection, *, identities: Collection[tuple[UUID, SupplierIdentity]]) -> list[Supplier]:
    """Read the suppliers with these identities; oldest first in each account."""
    if not identities:
        return []
    rows = await conn.fetch(
        _FIND,
        [account_id for account_id, _ in identities],
        [identity.by for _, identity in identities],
        [identity.value for _, identity in identities],
    )
    return [Supplier(**row) for row in rows]


_INSERT: Final = """
INSERT INTO ledger.supplier
       (account_id, id, name, reg_number, tax_number, email, phone, address, created_at, updated_at)
SELECT account_id, id, name, reg_number, tax_number, email, phone, address, created_at, updated_at
  FROM jsonb_populate_recordset(NULL::ledger.supplier, $1)
"""


async def insert(conn: Connection, *, suppliers: Sequence[Supplier]) -> None:
    """Insert new suppliers with one statement."""
    if suppliers:
        await conn.execute(_INSERT, suppliers)


_BY_IDS: Final = """
SELECT s.account_id, s.id, s.name, s.reg_number, s.tax_number, s.email, s.phone, s.address, s.created_at, s.updated_at
  FROM ledger.supplier s
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON s.account_id = w.account_id AND s.id = w.id
"""


async def by_ids(conn: Connection, *, keys: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Supplier]:
    """Read the suppliers with these ids, each beside its account's."""
    if not keys:
        return {}
    rows = await conn.fetch(_BY_IDS, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["account_id"], row["id"]): Supplier(**row) for row in rows}
