"""Channels in the database: found by the hash of their URL's secret, made, rotated, disabled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID

from storage.pool import Connection, Pool

CHANNELS_MAX: Final = 200

Kind = Literal["direct", "orders", "replies", "hook"]
State = Literal["active", "disabled"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Channel:
    """A secret URL into an account. `id` is public and survives a rotation; the secret is kept encrypted."""

    account_id: UUID
    id: UUID
    kind: Kind
    name: str | None
    state: State
    secret_sealed: bytes
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class LastMessage:
    """The message that came in last by a channel."""

    id: UUID
    received_at: datetime


async def find_live(pool: Pool, hashes: Sequence[bytes]) -> Mapping[bytes, Channel]:
    """The active channels whose secrets have these hashes, of any account."""
    rows = await pool.fetch(
        "SELECT secret_hash, account_id, id, kind, name, state, secret_sealed, created_at, disabled_at"
        " FROM ingress.channel"
        " WHERE secret_hash = ANY($1::bytea[]) AND state = 'active'",
        hashes,
    )
    return {row[0]: Channel(*list(row)[1:]) for row in rows}


async def insert(
    conn: Connection,
    *,
    account_id: UUID,
    identifier: UUID,
    kind: Kind,
    name: str | None,
    secret_hash: bytes,
    secret_sealed: bytes,
) -> Channel | None:
    """Insert an active channel; None when the account has `CHANNELS_MAX` active ones."""
    row = await conn.fetchrow(
        "INSERT INTO ingress.channel (account_id, id, kind, name, secret_hash, secret_sealed)"
        " SELECT $1, $2, $3, $4, $5, $6 WHERE"
        " (SELECT count(*) FROM ingress.channel WHERE account_id = $1 AND state = 'active') < $7"
        " RETURNING account_id, id, kind, name, state, secret_sealed, created_at, disabled_at",
        account_id, identifier, kind, name, secret_hash, secret_sealed, CHANNELS_MAX,
    )  # fmt: skip
    return Channel(*row) if row else None


async def find(conn: Connection | Pool, *, account_id: UUID, identifier: UUID) -> Channel | None:
    """One channel of the account, active or not."""
    row = await conn.fetchrow(
        "SELECT account_id, id, kind, name, state, secret_sealed, created_at, disabled_at"
        " FROM ingress.channel WHERE account_id = $1 AND id = $2",
        account_id, identifier,
    )  # fmt: skip
    return Channel(*row) if row else None


async def list_newest(
    pool: Pool, *, account_id: UUID, kind: Kind | None, state: State, before: UUID | None, limit: int
) -> list[Channel]:
    """The account's channels in one state, newest first."""
    rows = await pool.fetch(
        "SELECT account_id, id, kind, name, state, secret_sealed, created_at, disabled_at"
        " FROM ingress.channel"
        " WHERE account_id = $1 AND state = $2 AND ($3::text IS NULL OR kind = $3)"
        " AND ($4::uuid IS NULL OR id < $4) ORDER BY id DESC LIMIT $5",
        account_id, state, kind, before, limit,
    )  # fmt: skip
    return [Channel(*row) for row in rows]


async def last_messages(pool: Pool, *, account_id: UUID, channels: Sequence[UUID]) -> dict[UUID, LastMessage]:
    """The newest inbox message that came in by each of these channels, where there is one."""
    rows = await pool.fetch(
        "SELECT c.id, m.id, m.received_at FROM unnest($2::uuid[]) AS c(id) CROSS JOIN LATERAL ("
        " SELECT id, received_at FROM ledger_api.inbox_message"
        " WHERE account_id = $1 AND channel ->> 'id' = c.id::text AND channel IS NOT NULL ORDER BY id DESC LIMIT 1) m",
        account_id, channels,
    )  # fmt: skip
    return {row[0]: LastMessage(row[1], row[2]) for row in rows}


async def disable(conn: Connection | Pool, *, account_id: UUID, identifier: UUID) -> Channel | None:
    """Disable a channel; idempotent; None when there is none. Only the first call sees it change."""
    row = await conn.fetchrow(
        "UPDATE ingress.channel SET state = 'disabled', disabled_at = coalesce(disabled_at, clock_timestamp())"
        " WHERE account_id = $1 AND id = $2"
        " RETURNING account_id, id, kind, name, state, secret_sealed, created_at, disabled_at",
        account_id, identifier,
    )  # fmt: skip
    return Channel(*row) if row else None


async def replace_secret(
    conn: Connection, *, account_id: UUID, identifier: UUID, secret_hash: bytes, secret_sealed: bytes
) -> Channel | None:
    """Give an active channel another secret; None when there is no active one of this id."""
    row = await conn.fetchrow(
        "UPDATE ingress.channel SET secret_hash = $3, secret_sealed = $4"
        " WHERE account_id = $1 AND id = $2 AND state = 'active'"
        " RETURNING account_id, id, kind, name, state, secret_sealed, created_at, disabled_at",
        account_id, identifier, secret_hash, secret_sealed,
    )  # fmt: skip
    return Channel(*row) if row else None


async def encrypted_secrets(conn: Connection) -> list[tuple[UUID, UUID, bytes]]:
    """All channels' encrypted secrets as (account, channel, encrypted), held until the transaction's end."""
    rows = await conn.fetch("SELECT account_id, id, secret_sealed FROM ingress.channel FOR UPDATE")
    return [(row["account_id"], row["id"], row["secret_sealed"]) for row in rows]


async def replace_encrypted(conn: Connection, rows: Sequence[tuple[UUID, UUID, bytes]]) -> None:
    """Write secrets that were encrypted again."""
    await conn.executemany("UPDATE ingress.channel SET secret_sealed = $3 WHERE account_id = $1 AND id = $2", rows)
