"""Accounts in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storage.pool import Connection, Pool


@dataclass(frozen=True, slots=True)
class Account:
    """A tenant: one company's books. None as a limit means there is none."""

    account_id: UUID
    name: str
    time_zone: str
    locale: str
    currency: str
    clients_max: int | None
    products_max: int | None
    created_at: datetime


async def insert(
    conn: Connection, *, account_id: UUID, name: str, clients_max: int | None, products_max: int | None
) -> None:
    """Insert an account."""
    await conn.execute(
        "INSERT INTO ingress.account (account_id, name, clients_max, products_max) VALUES ($1, $2, $3, $4)",
        account_id, name, clients_max, products_max,
    )  # fmt: skip


async def insert_login(conn: Connection, *, account_id: UUID, name: str, password_hash: str) -> None:
    """Insert a person's way in."""
    await conn.execute(
        "INSERT INTO ingress.login (account_id, name, password_hash) VALUES ($1, $2, $3)",
        account_id, name, password_hash,
    )  # fmt: skip


async def find(pool: Pool, *, account_id: UUID) -> Account | None:
    """One account."""
    row = await pool.fetchrow(
        "SELECT account_id, name, time_zone, locale, currency, clients_max, products_max, created_at"
        " FROM ingress.account WHERE account_id = $1",
        account_id,
    )
    return Account(*row) if row else None


async def change_quota(
    pool: Pool, *, account_id: UUID, clients_max: int | None, products_max: int | None
) -> Account | None:
    """Change the limits that are given (below 0: none from now on), leave the others; None: no such account."""
    row = await pool.fetchrow(
        "UPDATE ingress.account"
        " SET clients_max = CASE WHEN $2::bigint < 0 THEN NULL ELSE coalesce($2::bigint, clients_max) END,"
        " products_max = CASE WHEN $3::bigint < 0 THEN NULL ELSE coalesce($3::bigint, products_max) END"
        " WHERE account_id = $1"
        " RETURNING account_id, name, time_zone, locale, currency, clients_max, products_max, created_at",
        account_id, clients_max, products_max,
    )  # fmt: skip
    return Account(*row) if row else None
