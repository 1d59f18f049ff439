"""OAuth in the database: clients, grants, codes and tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from ingress.access.oauth.rules import Client
from ingress.scopes import Role, Scope
from storage.pool import Connection, Pool

CODE_SECONDS: Final = 60  # a redirect and a request; RFC 6749, 4.1.2: ten minutes at most
ACCESS_SECONDS: Final = 3_600  # the lifetime of a leaked one; the refresh token brings the next
REFRESH_DAYS: Final = 90  # an application that is not used for a quarter asks for consent again
CLIENTS_MAX: Final = 10_000  # registered dynamically; those without a grant are deleted after a day
UNUSED_HOURS: Final = 24  # of a registered client without a grant
GRANTS_MAX: Final = 200  # of an account, as its tokens
UNREDEEMED_MINUTES: Final = 10  # a grant whose code was not redeemed is deleted


@dataclass(frozen=True, slots=True)
class Grant:
    """A user's grant of access to an application."""

    account_id: UUID
    id: UUID
    client_id: str
    client_name: str
    user_id: UUID
    user_name: str
    scopes: list[Scope]
    connected_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token allows: its scopes, within the role that its user has now."""

    account_id: UUID
    grant_id: UUID
    client_name: str
    scopes: list[Scope]
    role: Role


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code."""

    account_id: UUID
    grant_id: UUID
    client_id: str
    redirect_uri: str
    code_challenge: str
    scopes: list[Scope]
    used: bool
    ended: bool


@dataclass(frozen=True, slots=True)
class Token:
    """An issued token."""

    account_id: UUID
    grant_id: UUID
    client_id: str
    kind: str
    scopes: list[Scope]
    used: bool
    ended: bool


async def insert_client(conn: Connection | Pool, client: Client, *, registered_from: str | None) -> bool:
    """Insert a client; False when `CLIENTS_MAX` are registered."""
    done = await conn.fetchval(
        "INSERT INTO ingress.oauth_client (id, name, secret_hash, redirect_uris, first_party, registered_from)"
        " SELECT $1, $2, $3, $4, $5, $6 WHERE $6::text IS NULL"
        " OR (SELECT count(*) FROM ingress.oauth_client WHERE registered_from IS NOT NULL) < $7 RETURNING id",
        client.id, client.name, client.secret_hash, list(client.redirect_uris), client.first_party, registered_from,
        CLIENTS_MAX,
    )  # fmt: skip
    return done is not None


async def put_client(pool: Pool, client: Client) -> None:
    """Insert a client of our own, or change what its id stands for."""
    await pool.execute(
        "INSERT INTO ingress.oauth_client (id, name, redirect_uris, first_party) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (id) DO UPDATE SET name = $2, redirect_uris = $3, first_party = $4",
        client.id, client.name, list(client.redirect_uris), client.first_party,
    )  # fmt: skip


async def find_client(pool: Pool, *, client_id: str) -> Client | None:
    """One client."""
    row = await pool.fetchrow(
        "SELECT id, name, secret_hash, redirect_uris, first_party FROM ingress.oauth_client WHERE id = $1", client_id
    )
    return Client(*row) if row else None


async def insert_grant(
    conn: Connection, *, account_id: UUID, identifier: UUID, client_id: str, user_id: UUID, scopes: Sequence[Scope],
    session_id: UUID | None,
) -> bool:  # fmt: skip
    """Insert a grant; False when the account has `GRANTS_MAX`. One with a session ends with it and is not counted."""
    done = await conn.fetchval(
        "INSERT INTO ingress.oauth_grant (account_id, id, client_id, user_id, scopes, session_id)"
        " SELECT $1, $2, $3, $4, $5, $6 WHERE $6::uuid IS NOT NULL OR"
        " (SELECT count(*) FROM ingress.oauth_grant WHERE account_id = $1 AND session_id IS NULL) < $7 RETURNING id",
        account_id, identifier, client_id, user_id, scopes, session_id, GRANTS_MAX,
    )  # fmt: skip
    return done is not None


async def insert_code(
    conn: Connection, *, secret_hash: bytes, account_id: UUID, grant_id: UUID, redirect_uri: str, code_challenge: str
) -> None:
    """Insert a code that ends after `CODE_SECONDS`."""
    await conn.execute(
        "INSERT INTO ingress.oauth_code (secret_hash, account_id, grant_id, redirect_uri, code_challenge, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))",
        secret_hash, account_id, grant_id, redirect_uri, code_challenge, CODE_SECONDS,
    )  # fmt: skip


async def lock_code(conn: Connection, *, secret_hash: bytes) -> Code | None:
    """One code, locked until the transaction ends."""
    row = await conn.fetchrow(
        "SELECT c.account_id, c.grant_id, g.client_id, c.redirect_uri, c.code_challenge, g.scopes,"
        " c.used_at IS NOT NULL, c.expires_at < now()"
        "  FROM ingress.oauth_code c JOIN ingress.oauth_grant g ON g.account_id = c.account_id AND g.id = c.grant_id"
        " WHERE c.secret_hash = $1 FOR UPDATE OF c",
        secret_hash,
    )
    return Code(*row) if row else None


async def use_code(conn: Connection, *, secret_hash: bytes, code: Code) -> None:
    """Note that a code was redeemed: its application is connected now."""
    await conn.execute("UPDATE ingress.oauth_code SET used_at = now() WHERE secret_hash = $1", secret_hash)
    await conn.execute(
        "UPDATE ingress.oauth_grant SET connected_at = now() WHERE account_id = $1 AND id = $2",
        code.account_id, code.grant_id,
    )  # fmt: skip


async def insert_tokens(
    conn: Connection, *, account_id: UUID, grant_id: UUID, access_hash: bytes, refresh_hash: bytes,
    access_scopes: Sequence[Scope], scopes: Sequence[Scope],
) -> None:  # fmt: skip
    """Insert an access token, and the refresh token that renews it; the refresh token keeps all of the scopes."""
    await conn.execute(
        "INSERT INTO ingress.oauth_token (secret_hash, account_id, grant_id, kind, scopes, expires_at)"
        " VALUES ($1, $3, $4, 'access', $5, now() + make_interval(secs => $7)),"
        " ($2, $3, $4, 'refresh', $6, now() + make_interval(days => $8))",
        access_hash, refresh_hash, account_id, grant_id, access_scopes, scopes, ACCESS_SECONDS, REFRESH_DAYS,
    )  # fmt: skip


async def insert_user_token(
    conn: Connection, *, account_id: UUID, grant_id: UUID, secret_hash: bytes, scopes: Sequence[Scope], hours: int
) -> None:
    """Insert the access token of a first-party client: it is worth what its session is worth."""
    await conn.execute(
        "INSERT INTO ingress.oauth_token (secret_hash, account_id, grant_id, kind, scopes, expires_at)"
        " VALUES ($1, $2, $3, 'access', $4, now() + make_interval(hours => $5))",
        secret_hash, account_id, grant_id, scopes, hours,
    )  # fmt: skip


async def lock_token(conn: Connection, *, secret_hash: bytes) -> Token | None:
    """One token, locked until the transaction ends."""
    row = await conn.fetchrow(
        "SELECT t.account_id, t.grant_id, g.client_id, t.kind, t.scopes, t.used_at IS NOT NULL, t.expires_at < now()"
        "  FROM ingress.oauth_token t JOIN ingress.oauth_grant g ON g.account_id = t.account_id AND g.id = t.grant_id"
        " WHERE t.secret_hash = $1 FOR UPDATE OF t",
        secret_hash,
    )
    return Token(*row) if row else None


async def use_token(conn: Connection, *, secret_hash: bytes) -> None:
    """Note that a refresh token was used; a second use is an attack."""
    await conn.execute("UPDATE ingress.oauth_token SET used_at = now() WHERE secret_hash = $1", secret_hash)


_ACCESS: Final = """
SELECT t.secret_hash, t.account_id, t.grant_id, c.name, t.scopes, m.role
  FROM ingress.oauth_token t
  JOIN ingress.oauth_grant g ON g.account_id = t.account_id AND g.id = t.grant_id
  JOIN ingress.oauth_client c ON c.id = g.client_id
  JOIN ingress.membership m ON m.account_id = g.account_id AND m.user_id = g.user_id
 WHERE t.secret_hash = ANY($1::bytea[]) AND t.kind = 'access' AND t.expires_at > now() AND g.session_id IS NULL
"""


async def find_access(pool: Pool, hashes: Sequence[bytes]) -> Mapping[bytes, Access]:
    """What the access tokens with these hashes allow."""
    rows = await pool.fetch(_ACCESS, hashes)
    return {row[0]: Access(*list(row)[1:]) for row in rows}


_GRANT: Final = """
SELECT g.account_id, g.id, c.id, c.name, l.id, l.name, g.scopes, g.connected_at, g.last_used_at
  FROM ingress.oauth_grant g
  JOIN ingress.oauth_client c ON c.id = g.client_id
  JOIN ingress.login l ON l.id = g.user_id
 WHERE g.account_id = $1 AND g.connected_at IS NOT NULL AND g.session_id IS NULL
"""


async def list_grants(pool: Pool, *, account_id: UUID, before: UUID | None, limit: int) -> list[Grant]:
    """The account's applications, newest first."""
    rows = await pool.fetch(
        _GRANT + " AND ($2::uuid IS NULL OR g.id < $2) ORDER BY g.id DESC LIMIT $3", account_id, before, limit
    )
    return [Grant(*row) for row in rows]


async def find_grant(pool: Pool, *, account_id: UUID, identifier: UUID) -> Grant | None:
    """One application of the account."""
    row = await pool.fetchrow(_GRANT + " AND g.id = $2", account_id, identifier)
    return Grant(*row) if row else None


async def grants_of_user(conn: Connection, *, account_id: UUID, user_id: UUID) -> list[UUID]:
    """The ids of the applications that a user has granted access to the account."""
    rows = await conn.fetch(
        "SELECT id FROM ingress.oauth_grant WHERE account_id = $1 AND user_id = $2", account_id, user_id
    )
    return [row["id"] for row in rows]


async def delete_grant(conn: Connection, *, account_id: UUID, identifier: UUID) -> bool:
    """End a grant with its codes and tokens; False when there is none."""
    done: Any = await conn.fetchval(
        "DELETE FROM ingress.oauth_grant WHERE account_id = $1 AND id = $2 RETURNING id", account_id, identifier
    )
    return done is not None


async def touch(pool: Pool, *, grants: Sequence[UUID]) -> None:
    """Record the use of these; their ids are globally unique."""
    await pool.execute("UPDATE ingress.oauth_grant SET last_used_at = now() WHERE id = ANY($1::uuid[])", grants)


async def purge(conn: Connection, *, limit: int) -> None:
    """Delete what has ended: tokens, grants whose code was not redeemed, registered clients without a grant."""
    await conn.execute(
        "DELETE FROM ingress.oauth_token WHERE secret_hash IN"
        " (SELECT secret_hash FROM ingress.oauth_token WHERE expires_at < now() LIMIT $1)",
        limit,
    )
    await conn.execute(
        "DELETE FROM ingress.oauth_grant WHERE connected_at IS NULL AND created_at < now() - make_interval(mins => $1)",
        UNREDEEMED_MINUTES,
    )
    await conn.execute(
        "DELETE FROM ingress.oauth_client c WHERE registered_from IS NOT NULL"
        " AND created_at < now() - make_interval(hours => $1)"
        " AND NOT EXISTS (SELECT 1 FROM ingress.oauth_grant g WHERE g.client_id = c.id)",
        UNUSED_HOURS,
    )
