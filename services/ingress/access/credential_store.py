"""Credentials in the database: found by what a caller presents, created, listed, deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from storage.pool import Connection, Pool

TOKENS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, without its secret."""

    account_id: UUID
    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An API key; its API token is stored as a hash only."""

    account_id: UUID
    id: UUID
    api_key: str
    secret_hash: bytes
    created_at: datetime
    last_used_at: datetime | None


async def find_tokens(pool: Pool, hashes: Sequence[bytes]) -> Mapping[bytes, Token]:
    """The tokens with these hashes."""
    rows = await pool.fetch(
        "SELECT secret_hash, account_id, id, name, scopes, created_at, last_used_at"
        " FROM ingress.access_token WHERE secret_hash = ANY($1::bytea[])",
        hashes,
    )
    return {row[0]: Token(*list(row)[1:]) for row in rows}


async def find_key_pairs(pool: Pool, keys: Sequence[str]) -> Mapping[str, KeyPair]:
    """The key pairs with these API keys."""
    rows = await pool.fetch(
        "SELECT account_id, id, api_key, secret_hash, created_at, last_used_at"
        " FROM ingress.api_credential WHERE api_key = ANY($1::text[])",
        keys,
    )
    return {row["api_key"]: KeyPair(*row) for row in rows}


async def insert_token(
    conn: Connection, *, account_id: UUID, identifier: UUID, name: str, secret_hash: bytes, scopes: Sequence[str]
) -> Token | None:
    """Insert a token; None when the account has `TOKENS_MAX` already."""
    row = await conn.fetchrow(
        "INSERT INTO ingress.access_token (account_id, id, name, secret_hash, scopes)"
        " SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM ingress.access_token WHERE account_id = $1) < $6"
        " RETURNING account_id, id, name, scopes, created_at, last_used_at",
        account_id, identifier, name, secret_hash, scopes, TOKENS_MAX,
    )  # fmt: skip
    return Token(*row) if row else None


async def list_tokens(pool: Pool, *, account_id: UUID, before: UUID | None, limit: int) -> list[Token]:
    """The account's tokens, newest first."""
    rows = await pool.fetch(
        "SELECT account_id, id, name, scopes, created_at, last_used_at FROM ingress.access_token"
        " WHERE account_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        account_id, before, limit,
    )  # fmt: skip
    return [Token(*row) for row in rows]


async def find_token(pool: Pool, *, account_id: UUID, identifier: UUID) -> Token | None:
    """One token of the account."""
    row = await pool.fetchrow(
        "SELECT account_id, id, name, scopes, created_at, last_used_at FROM ingress.access_token"
        " WHERE account_id = $1 AND id = $2",
        account_id, identifier,
    )  # fmt: skip
    return Token(*row) if row else None


async def delete_token(conn: Connection | Pool, *, account_id: UUID, identifier: UUID) -> bool:
    """Delete a token; False when there is none."""
    done = await conn.fetchval(
        "DELETE FROM ingress.access_token WHERE account_id = $1 AND id = $2 RETURNING id", account_id, identifier
    )
    return done is not None


async def replace_key_pair(
    conn: Connection, *, account_id: UUID, identifier: UUID, api_key: str, secret_hash: bytes
) -> KeyPair:
    """Replace the account's pair; the old one ends at this commit."""
    row = await conn.fetchrow(
        "INSERT INTO ingress.api_credential (account_id, id, api_key, secret_hash) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (account_id) DO UPDATE SET id = excluded.id, api_key = excluded.api_key,"
        " secret_hash = excluded.secret_hash, created_at = now(), last_used_at = NULL"
        " RETURNING account_id, id, api_key, secret_hash, created_at, last_used_at",
        account_id, identifier, api_key, secret_hash,
    )  # fmt: skip
    assert row is not None  # noqa: S101  RETURNING of an upsert always has its row
    return KeyPair(*row)


async def find_key_pair(pool: Pool, *, account_id: UUID) -> KeyPair | None:
    """The account's pair."""
    row = await pool.fetchrow(
        "SELECT account_id, id, api_key, secret_hash, created_at, last_used_at FROM ingress.api_credential"
        " WHERE account_id = $1",
        account_id,
    )
    return KeyPair(*row) if row else None


async def delete_key_pair(conn: Connection | Pool, *, account_id: UUID, identifier: UUID | None = None) -> bool:
    """Delete the account's pair (that one, when an id is given); False when there is none."""
    done = await conn.fetchval(
        "DELETE FROM ingress.api_credential WHERE account_id = $1 AND ($2::uuid IS NULL OR id = $2) RETURNING id",
        account_id, identifier,
    )  # fmt: skip
    return done is not None


async def touch(pool: Pool, *, tokens: Sequence[UUID], key_pairs: Sequence[UUID]) -> None:
    """Record the use of these; their ids are globally unique."""
    await pool.execute("UPDATE ingress.access_token SET last_used_at = now() WHERE id = ANY($1::uuid[])", tokens)
    await pool.execute("UPDATE ingress.api_credential SET last_used_at = now() WHERE id = ANY($1::uuid[])", key_pairs)
