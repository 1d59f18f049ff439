"""Accounts in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from storage.pool import Connection, Pool

DEFAULT_STORAGE: Final = -2  # as a new limit: what the installation's setting says


@dataclass(frozen=True, slots=True)
class Account:
    """A tenant: one company's ledger. A limit of None means unlimited, but for the storage."""

    account_id: UUID
    name: str
    time_zone: str
    locale: str
    currency: str
    number_format: str | None
    default_pay_term: dict[str, Any] | None
    profile: dict[str, Any]  # of what `contracts.resources.account.PROFILE_FIELDS` names, what was set
    collections: dict[str, Any]  # of what `contracts.resources.account.COLLECTION_FIELDS` names, what was set
    logo: dict[str, Any] | None  # {content_type, size, sha256}
    clients_max: int | None
    products_max: int | None
    storage_max: int | None  # bytes; None: the installation's default, below 0: unlimited
    created_at: datetime
    updated_at: datetime


async def insert(
    conn: Connection,
    *,
    account_id: UUID,
    name: str,
    time_zone: str,
    locale: str,
    currency: str,
    clients_max: int | None,
    products_max: int | None,
    storage_max: int | None,
) -> None:
    """Insert an account."""
    await conn.execute(
        "INSERT INTO ingress.account (account_id, name, time_zone, locale, currency, clients_max, products_max,"
        " storage_max) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        account_id, name, time_zone, locale, currency, clients_max, products_max, storage_max,
    )  # fmt: skip


_FIND: Final = """
SELECT account_id, name, time_zone, locale, currency, number_format, default_pay_term, profile, collections, logo,
       clients_max, products_max, storage_max, created_at, updated_at
  FROM ingress.account WHERE account_id = $1
"""
_LOCK: Final = """
SELECT account_id, name, time_zone, locale, currency, number_format, default_pay_term, profile, collections, logo,
       clients_max, products_max, storage_max, created_at, updated_at
  FROM ingress.account WHERE account_id = $1 FOR UPDATE
"""


async def find(pool: Pool, *, account_id: UUID) -> Account | None:
    """One account."""
    row = await pool.fetchrow(_FIND, account_id)
    return Account(*row) if row else None


async def lock(conn: Connection, *, account_id: UUID) -> Account | None:
    """One account, locked until the transaction ends."""
    row = await conn.fetchrow(_LOCK, account_id)
    return Account(*row) if row else None


_CHANGE: Final = """
UPDATE ingress.account
   SET name = $2, time_zone = $3, locale = $4, currency = $5, number_format = $6, default_pay_term = $7, profile = $8,
       collections = $9, logo = $10, updated_at = $11
 WHERE account_id = $1
"""


async def change(conn: Connection, account: Account) -> None:
    """Update an account; its plan changes only by `change_quota`."""
    await conn.execute(
        _CHANGE, account.account_id, account.name, account.time_zone, account.locale, account.currency,
        account.number_format, account.default_pay_term, account.profile, account.collections, account.logo,
        account.updated_at,
    )  # fmt: skip


async def put_logo(conn: Connection, *, account_id: UUID, content: bytes) -> None:
    """Replace an account's logo."""
    await conn.execute(
        "INSERT INTO ingress.account_logo (account_id, content) VALUES ($1, $2)"
        " ON CONFLICT (account_id) DO UPDATE SET content = excluded.content",
        account_id, content,
    )  # fmt: skip


async def delete_logo(conn: Connection, *, account_id: UUID) -> None:
    """Delete an account's logo, if it has one."""
    await conn.execute("DELETE FROM ingress.account_logo WHERE account_id = $1", account_id)


async def find_logo(pool: Pool, *, account_id: UUID) -> tuple[Mapping[str, Any], bytes] | None:
    """An account's logo: {content_type, size, sha256}, and its bytes."""
    row = await pool.fetchrow(
        "SELECT a.logo, l.content FROM ingress.account a JOIN ingress.account_logo l USING (account_id)"
        " WHERE a.account_id = $1 AND a.logo IS NOT NULL",
        account_id,
    )
    return (row["logo"], row["content"]) if row else None


async def change_quota(
    pool: Pool, *, account_id: UUID, clients_max: int | None, products_max: int | None, storage_max: int | None
) -> Account | None:
    """Change the limits that are given (below 0: none from now on), leave the others; None: no such account.

    A storage of `DEFAULT_STORAGE` is the installation's default again.
    """
    row = await pool.fetchrow(
        "UPDATE ingress.account"
        " SET clients_max = CASE WHEN $2::bigint < 0 THEN NULL ELSE coalesce($2::bigint, clients_max) END,"
        " products_max = CASE WHEN $3::bigint < 0 THEN NULL ELSE coalesce($3::bigint, products_max) END,"
        " storage_max = CASE WHEN $4::bigint = $5 THEN NULL ELSE coalesce($4::bigint, storage_max) END,"
        " updated_at = now()"
        " WHERE account_id = $1"
        " RETURNING account_id, name, time_zone, locale, currency, number_format, default_pay_term, profile,"
        " collections, logo, clients_max, products_max, storage_max, created_at, updated_at",
        account_id, clients_max, products_max, storage_max, DEFAULT_STORAGE,
    )  # fmt: skip
    return Account(*row) if row else None


async def storage_used(pool: Pool, *, account_id: UUID) -> int:
    """The bytes of the files that the account has stored."""
    return await pool.fetchval("SELECT used FROM ingress.storage_usage WHERE account_id = $1", account_id) or 0
