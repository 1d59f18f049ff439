"""SQL on clients and their balances."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from ledger.clients.rules import BalanceKey, Client, Identity
from ledger.unit_of_work.state import Key
from storage.pool import Connection

# One branch for each identity, each through its own index; of several with one address or name, the oldest that
# is not archived. An external id stays reserved, also for an archived client.
_FIND: Final = """
WITH wanted AS (
    SELECT w.account_id, w.id FROM unnest($1::uuid[], $2::uuid[]) AS w (account_id, id)
    UNION
    SELECT c.account_id, c.id
      FROM unnest($3::uuid[], $4::text[]) AS w (account_id, external_id)
      JOIN ledger.client c ON c.account_id = w.account_id AND c.external_id = w.external_id
    UNION
    SELECT c.account_id, c.id
      FROM unnest($5::uuid[], $6::text[]) AS w (account_id, email)
     CROSS JOIN LATERAL (
        SELECT x.account_id, x.id FROM ledger.client x
         WHERE x.account_id = w.account_id AND lower(x.email) = lower(w.email) AND x.archived_at IS NULL
         ORDER BY x.id LIMIT 1
     ) c
    UNION
    SELECT c.account_id, c.id
      FROM unnest($7::uuid[], $8::text[], $9::text[]) AS w (account_id, name, reg_number)
     CROSS JOIN LATERAL (
        SELECT x.account_id, x.id FROM ledger.client x
         WHERE x.account_id = w.account_id AND x.name = w.name AND coalesce(x.reg_number, '') = w.reg_number
           AND x.archived_at IS NULL
         ORDER BY x.id LIMIT 1
     ) c
)
SELECT c.account_id, c.id, c.name, c.type, c.first_name, c.last_name, c.email, c.phone, c.reg_number,
       c.vat_number, c.address, c.shipping_address, c.contacts, c.locale, c.currency, c.pay_term, c.collector_id,
       c.external_id, c.comment, c.archived_at, c.created_at, c.updated_at
  FROM ledger.client c
  JOIN wanted w ON w.account_id = c.account_id AND w.id = c.id
 ORDER BY c.account_id, c.id
"""


async def find(
    conn: Connection, *, keys: Collection[Key], identities: Collection[tuple[UUID, Identity]]
) -> list[Client]:
    """Read the clients with these ids or identities; oldest first in each account."""
    if not keys and not identities:
        return []
    by_external_id = [one for one in identities if one[1].by == "external_id"]
    by_email = [one for one in identities if one[1].by == "email"]
    by_name = [one for one in identities if one[1].by == "name"]
    rows = await conn.fetch(
        _FIND,
        [account_id for account_id, _ in keys],
        [client_id for _, client_id in keys],
        [account_id for account_id, _ in by_external_id],
        [identity.first for _, identity in by_external_id],
        [account_id for account_id, _ in by_email],
        [identity.first for _, identity in by_email],
        [account_id for account_id, _ in by_name],
        [identity.first for _, identity in by_name],
        [identity.second for _, identity in by_name],
    )
    return [Client(**row) for row in rows]


_INSERT: Final = """
INSERT INTO ledger.client
       (account_id, id, name, type, first_name, last_name, email, phone, reg_number, vat_number, address,
        shipping_address, contacts, locale, currency, pay_term, collector_id, external_id, comment, archived_at,
        created_at, updated_at)
SELECT account_id, id, name, type, first_name, last_name, email, phone, reg_number, vat_number, address,
       shipping_address, contacts, locale, currency, pay_term, collector_id, external_id, comment, archived_at,
       created_at, updated_at
  FROM jsonb_populate_recordset(NULL::ledger.client, $1)
"""


async def insert(conn: Connection, *, clients: Sequence[Client]) -> None:
    """Insert new clients with one statement."""
    if clients:
        await conn.execute(_INSERT, clients)


_UPDATE: Final = """
UPDATE ledger.client c
   SET name = w.name, type = w.type, first_name = w.first_name, last_name = w.last_name, email = w.email,
       phone = w.phone, reg_number = w.reg_number, vat_number = w.vat_number, address = w.address,
       shipping_address = w.shipping_address, contacts = w.contacts, locale = w.locale, currency = w.currency,
       pay_term = w.pay_term, collector_id = w.collector_id, external_id = w.external_id, comment = w.comment,
       archived_at = w.archived_at, updated_at = w.updated_at
  FROM jsonb_populate_recordset(NULL::ledger.client, $1) w
 WHERE c.account_id = w.account_id AND c.id = w.id
"""


async def update(conn: Connection, *, clients: Sequence[Client]) -> None:
    """Write clients as they now are; of several versions of one, the last."""
    if clients:
        await conn.execute(_UPDATE, list({client.id: client for client in clients}.values()))


_REMOVE: Final = """
DELETE FROM ledger.client c
 USING unnest($1::uuid[], $2::uuid[]) AS w (account_id, id)
 WHERE c.account_id = w.account_id AND c.id = w.id
"""


async def remove(conn: Connection, *, clients: Sequence[Client]) -> None:
    """Delete clients to whom nothing refers."""
    if clients:
        await conn.execute(_REMOVE, [one.account_id for one in clients], [one.id for one in clients])


# Whatever has a client of its own belongs here: a client to whom it refers is archived, never deleted.
_REFERRED: Final = """
SELECT w.account_id, w.id
  FROM unnest($1::uuid[], $2::uuid[]) AS w (account_id, id)
 WHERE EXISTS (SELECT FROM ledger.sale s WHERE s.account_id = w.account_id AND s.client_id = w.id)
    OR EXISTS (SELECT FROM ledger.payment p WHERE p.account_id = w.account_id AND p.client_id = w.id)
    OR EXISTS (SELECT FROM ledger.note n WHERE n.account_id = w.account_id AND n.client_id = w.id)
    OR EXISTS (SELECT FROM ledger.call k WHERE k.account_id = w.account_id AND k.client_id = w.id)
    OR EXISTS (SELECT FROM ledger.message m WHERE m.account_id = w.account_id AND m.client_id = w.id)
    OR EXISTS (SELECT FROM ledger.promise q WHERE q.account_id = w.account_id AND q.client_id = w.id)
"""


async def referred(conn: Connection, *, keys: Collection[Key]) -> set[Key]:
    """Those of these clients to whom something refers."""
    if not keys:
        return set()
    rows = await conn.fetch(_REFERRED, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["account_id"], row["id"]) for row in rows}


_BALANCES: Final = """
SELECT b.account_id, b.client_id, b.currency, b.receivable_minor, b.unapplied_minor
  FROM ledger.client_balance b
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, client_id)
    ON b.account_id = w.account_id AND b.client_id = w.client_id
"""


async def balances(conn: Connection, *, keys: Collection[Key]) -> dict[BalanceKey, tuple[int, int]]:
    """Read clients' (receivable, unapplied) in minor units; the account's lock excludes other writers."""
    if not keys:
        return {}
    rows = await conn.fetch(_BALANCES, [key[0] for key in keys], [key[1] for key in keys])
    return {
        (row["account_id"], row["client_id"], row["currency"]): (row["receivable_minor"], row["unapplied_minor"])
        for row in rows
    }


_WRITE_BALANCES: Final = """
INSERT INTO ledger.client_balance (account_id, client_id, currency, receivable_minor, unapplied_minor)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[])
    ON CONFLICT (account_id, client_id, currency) DO UPDATE
   SET receivable_minor = excluded.receivable_minor, unapplied_minor = excluded.unapplied_minor
"""


async def write_balances(conn: Connection, *, balances: Mapping[BalanceKey, tuple[int, int]]) -> None:
    """Write clients' current balances, in one order."""
    if not balances:
        return
    ordered = sorted(balances.items())
    await conn.execute(
        _WRITE_BALANCES,
        [key[0] for key, _ in ordered],
        [key[1] for key, _ in ordered],
        [key[2] for key, _ in ordered],
        [receivable for _, (receivable, _) in ordered],
        [unapplied for _, (_, unapplied) in ordered],
    )
