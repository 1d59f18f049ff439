"""Sessions of signed-in browsers in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from ingress.scopes import Role
from storage.pool import Connection, Pool

SESSION_HOURS: Final = 24 * 7  # at most, however much it is used
IDLE_HOURS: Final = 12  # a working day; the next morning requires a new sign-in
SESSIONS_MAX: Final = 50  # of one person; the oldest is ended


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser; `role` is that of its user in its account now."""

    id: UUID
    user_id: UUID
    user_name: str
    account_id: UUID
    role: Role
    created_at: datetime
    expires_at: datetime


async def insert(
    conn: Connection, *, identifier: UUID, secret_hash: bytes, user_id: UUID, account_id: UUID, address: str | None
) -> datetime:
    """Insert a session; return when it ends."""
    expires_at = await conn.fetchval(
        "INSERT INTO ingress.session (id, secret_hash, user_id, account_id, address, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, now() + make_interval(hours => $6)) RETURNING expires_at",
        identifier, secret_hash, user_id, account_id, address, SESSION_HOURS,
    )  # fmt: skip
    await conn.execute(
        "DELETE FROM ingress.session WHERE id IN"
        " (SELECT id FROM ingress.session WHERE user_id = $1 ORDER BY created_at DESC OFFSET $2)",
        user_id, SESSIONS_MAX,
    )  # fmt: skip
    assert isinstance(expires_at, datetime)  # noqa: S101  RETURNING of an insert always has its row
    return expires_at


_LIVE: Final = """
SELECT s.secret_hash, s.id, s.user_id, l.name, s.account_id, m.role, s.created_at, s.expires_at
  FROM ingress.session s
  JOIN ingress.login l ON l.id = s.user_id
  JOIN ingress.membership m ON m.account_id = s.account_id AND m.user_id = s.user_id
 WHERE s.secret_hash = ANY($1::bytea[]) AND s.expires_at > now()
   AND s.last_used_at > now() - make_interval(hours => $2)
"""


async def find_live(pool: Pool, hashes: Sequence[bytes]) -> Mapping[bytes, Session]:
    """The sessions with these hashes whose users are still members of their accounts."""
    rows = await pool.fetch(_LIVE, hashes, IDLE_HOURS)
    return {row[0]: Session(*list(row)[1:]) for row in rows}


_LIVE_OF_CLIENTS: Final = """
SELECT t.secret_hash, s.id, s.user_id, l.name, s.account_id, m.role, s.created_at, s.expires_at
  FROM ingress.oauth_token t
  JOIN ingress.oauth_grant g ON g.account_id = t.account_id AND g.id = t.grant_id
  JOIN ingress.session s ON s.id = g.session_id
  JOIN ingress.login l ON l.id = s.user_id
  JOIN ingress.membership m ON m.account_id = s.account_id AND m.user_id = s.user_id
 WHERE t.secret_hash = ANY($1::bytea[]) AND t.kind = 'access' AND t.expires_at > now() AND s.expires_at > now()
   AND s.last_used_at > now() - make_interval(hours => $2)
"""


async def find_live_by_token(pool: Pool, hashes: Sequence[bytes]) -> Mapping[bytes, Session]:
    """The sessions that first-party clients present by access tokens with these hashes."""
    rows = await pool.fetch(_LIVE_OF_CLIENTS, hashes, IDLE_HOURS)
    return {row[0]: Session(*list(row)[1:]) for row in rows}


async def move(conn: Connection, *, identifier: UUID, account_id: UUID) -> None:
    """Switch a session to another account of its user."""
    await conn.execute("UPDATE ingress.session SET account_id = $2 WHERE id = $1", identifier, account_id)


async def delete(conn: Connection | Pool, *, identifier: UUID) -> None:
    """End a session."""
    await conn.execute("DELETE FROM ingress.session WHERE id = $1", identifier)


async def delete_of_user(conn: Connection, *, user_id: UUID, keep: UUID | None) -> None:
    """End all sessions of a person but one."""
    await conn.execute(
        "DELETE FROM ingress.session WHERE user_id = $1 AND ($2::uuid IS NULL OR id <> $2)", user_id, keep
    )


async def touch(pool: Pool, *, sessions: Sequence[UUID]) -> None:
    """Record the use of these."""
    await pool.execute("UPDATE ingress.session SET last_used_at = now() WHERE id = ANY($1::uuid[])", sessions)


async def purge(conn: Connection, *, limit: int) -> None:
    """Delete sessions that have ended."""
    await conn.execute(
        "DELETE FROM ingress.session WHERE id IN (SELECT id FROM ingress.session WHERE expires_at < now() LIMIT $1)",
        limit,
    )
