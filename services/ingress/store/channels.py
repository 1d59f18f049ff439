"""Channels in the database: found by the secret of their URL, made, rotated, disabled."""

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
    """A secret URL into an account. `stem` is the same before and after a rotation."""

    account_id: UUID
    id: str
    stem: UUID
    kind: Kind
    name: str | None
    state: State
    created_at: datetime
    disabled_at: datetime | None


async def find_live(pool: Pool, ids: Sequence[str]) -> Mapping[str, Channel]:
    """The active channels with these ids, whosever they are."""
    rows = await pool.fetch(
        "SELECT account_id, id, stem, kind, name, state, created_at, disabled_at FROM ingress.channel"
        " WHERE id = ANY($1::text[]) AND state = 'active'",
        ids,
    )
    return {row["id"]: Channel(*row) for row in rows}


async def insert(
    conn: Connection, *, account_id: UUID, identifier: str, stem: UUID, kind: Kind, name: str | None
) -> Channel | None:
    """Insert an active channel; None when the account has `CHANNELS_MAX` active ones."""
    row = await conn.fetchrow(
        "INSERT INTO ingress.channel (account_id, id, stem, kind, name, created_at)"
        " SELECT $1, $2, $3, $4, $5, clock_timestamp() WHERE"
        " (SELECT count(*) FROM ingress.channel WHERE account_id = $1 AND state = 'active') < $6"
        " RETURNING account_id, id, stem, kind, name, state, created_at, disabled_at",
        account_id, identifier, stem, kind, name, CHANNELS_MAX,
    )  # fmt: skip
    return Channel(*row) if row else None


async def find(conn: Connection | Pool, *, account_id: UUID, identifier: str) -> Channel | None:
    """One channel of the account, active or not."""
    row = await conn.fetchrow(
        "SELECT account_id, id, stem, kind, name, state, created_at, disabled_at FROM ingress.channel"
        " WHERE account_id = $1 AND id = $2",
        account_id, identifier,
    )  # fmt: skip
    return Channel(*row) if row else None


async def list_newest(
    pool: Pool,
    *,
    account_id: UUID,
    kind: Kind | None,
    state: State,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[Channel]:
    """The account's channels in one state, newest first."""
    rows = await pool.fetch(
        "SELECT account_id, id, stem, kind, name, state, created_at, disabled_at FROM ingress.channel"
        " WHERE account_id = $1 AND state = $2 AND ($3::text IS NULL OR kind = $3)"
        " AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5::text))"
        " ORDER BY created_at DESC, id DESC LIMIT $6",
        account_id, state, kind, *(before or (None, None)), limit,
    )  # fmt: skip
    return [Channel(*row) for row in rows]


async def disable(conn: Connection | Pool, *, account_id: UUID, identifier: str) -> Channel | None:
    """Disable a channel, also when it is already; None when there is none. The first to disable sees it change."""
    row = await conn.fetchrow(
        "UPDATE ingress.channel SET state = 'disabled', disabled_at = coalesce(disabled_at, clock_timestamp())"
        " WHERE account_id = $1 AND id = $2"
        " RETURNING account_id, id, stem, kind, name, state, created_at, disabled_at",
        account_id, identifier,
    )  # fmt: skip
    return Channel(*row) if row else None


async def lock(conn: Connection, *, account_id: UUID, identifier: str) -> Channel | None:
    """Read a channel and hold it until the transaction's end."""
    row = await conn.fetchrow(
        "SELECT account_id, id, stem, kind, name, state, created_at, disabled_at FROM ingress.channel"
        " WHERE account_id = $1 AND id = $2 FOR UPDATE",
        account_id, identifier,
    )  # fmt: skip
    return Channel(*row) if row else None
