"""SQL on products."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from ledger.products.rules import Product, ProductIdentity
from ledger.unit_of_work.state import Key
from storage.pool import Connection

# One branch for each identity, each through its own index. Decimals as text: exact, as they were written.
_FIND: Final = """
WITH wanted AS (
    SELECT w.account_id, w.id FROM unnest($1::uuid[], $2::uuid[]) AS w (account_id, id)
    UNION
    SELECT p.account_id, p.id
      FROM unnest($3::uuid[], $4::text[]) AS w (account_id, code)
      JOIN ledger.product p ON p.account_id = w.account_id AND p.code = w.code
    UNION
    SELECT p.account_id, p.id
      FROM unnest($5::uuid[], $6::text[]) AS w (account_id, external_id)
      JOIN ledger.product p ON p.account_id = w.account_id AND p.external_id = w.external_id
)
SELECT p.account_id, p.id, p.code, p.name, p.type, p.description, p.barcode, p.unit, p.unit_price::text AS unit_price,
       p.currency, p.tax_rate::text AS tax_rate, p.tax_category, p.external_id, p.referred, p.archived_at,
       p.created_at, p.updated_at
  FROM ledger.product p
  JOIN wanted w ON w.account_id = p.account_id AND w.id = p.id
"""


async def find(
    conn: Connection, *, keys: Collection[Key], identities: Collection[tuple[UUID, ProductIdentity]]
) -> list[Product]:
    """Read the products with these ids, and those that have these codes and external ids."""
    if not keys and not identities:
        return []
    by_code = [one for one in identities if one[1].by == "code"]
    by_external_id = [one for one in identities if one[1].by == "external_id"]
    rows = await conn.fetch(
        _FIND,
        [account_id for account_id, _ in keys],
        [product_id for _, product_id in keys],
        [account_id for account_id, _ in by_code],
        [identity.value for _, identity in by_code],
        [account_id for account_id, _ in by_external_id],
        [identity.value for _, identity in by_external_id],
    )
    return [Product(**row) for row in rows]


_INSERT: Final = """
INSERT INTO ledger.product
       (account_id, id, code, name, type, description, barcode, unit, unit_price, currency, tax_rate, tax_category,
        external_id, referred, archived_at, created_at, updated_at)
SELECT account_id, id, code, name, type, description, barcode, unit, unit_price, currency, tax_rate, tax_category,
       external_id, referred, archived_at, created_at, updated_at
  FROM jsonb_populate_recordset(NULL::ledger.product, $1)
"""


async def insert(conn: Connection, *, products: Sequence[Product]) -> None:
    """Insert new products with one statement."""
    if products:
        await conn.execute(_INSERT, products)


_UPDATE: Final = """
UPDATE ledger.product p
   SET code = w.code, name = w.name, type = w.type, description = w.description, barcode = w.barcode, unit = w.unit,
       unit_price = w.unit_price, currency = w.currency, tax_rate = w.tax_rate, tax_category = w.tax_category,
       external_id = w.external_id, referred = w.referred, archived_at = w.archived_at, updated_at = w.updated_at
  FROM jsonb_populate_recordset(NULL::ledger.product, $1) w
 WHERE p.account_id = w.account_id AND p.id = w.id
"""


async def update(conn: Connection, *, products: Sequence[Product]) -> None:
    """Write products as they now are; of several versions of one, the last."""
    if products:
        await conn.execute(_UPDATE, list({product.id: product for product in products}.values()))


_REMOVE: Final = """
DELETE FROM ledger.product p
 USING unnest($1::uuid[], $2::uuid[]) AS w (account_id, id)
 WHERE p.account_id = w.account_id AND p.id = w.id
"""


async def remove(conn: Connection, *, products: Sequence[Product]) -> None:
    """Delete products."""
    if products:
        await conn.execute(_REMOVE, [one.account_id for one in products], [one.id for one in products])
