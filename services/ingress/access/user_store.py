"""Users in the database: logins, and the accounts that they belong to with a role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from ingress.scopes import Role
from storage.pool import Connection, Pool

USERS_MAX: Final = 200  # of an account: a small company's people; each is listed and counted at every change

ACCOUNTS_MAX: Final = 200  # shown of one person: a bookkeeper's clients


@dataclass(frozen=True, slots=True)
class Login:
    """A person's login."""

    id: UUID
    name: str
    email: str | None
    locale: str
    password_hash: str
    totp_secret: bytes | None
    totp_step: int | None
    recovery_hashes: list[bytes]


@dataclass(frozen=True, slots=True)
class User:
    """A member of an account."""

    account_id: UUID
    id: UUID
    name: str
    email: str | None
    locale: str
    role: Role
    two_factor: bool
    created_at: datetime
    signed_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class Membership:
    """An account that a person belongs to."""

    account_id: UUID
    account_name: str
    role: Role


_LOGIN: Final = (
    "SELECT id, name, email, locale, password_hash, totp_secret, totp_step, recovery_hashes FROM ingress.login"
)


async def find_login(conn: Connection | Pool, *, name: str) -> Login | None:
    """The login of this name, whatever its capitals."""
    row = await conn.fetchrow(_LOGIN + " WHERE lower(name) = lower($1)", name)
    return Login(*row) if row else None


async def find_login_by_id(conn: Connection | Pool, *, user_id: UUID) -> Login | None:
    """One login."""
    row = await conn.fetchrow(_LOGIN + " WHERE id = $1", user_id)
    return Login(*row) if row else None


async def lock_login(conn: Connection, *, user_id: UUID) -> Login | None:
    """One login, locked until the transaction ends."""
    row = await conn.fetchrow(_LOGIN + " WHERE id = $1 FOR UPDATE", user_id)
    return Login(*row) if row else None


async def insert_login(
    conn: Connection, *, user_id: UUID, name: str, email: str | None, locale: str, password_hash: str
) -> bool:
    """Insert a login; False when its name is taken."""
    done = await conn.fetchval(
        "INSERT INTO ingress.login (id, name, email, locale, password_hash) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (lower(name)) DO NOTHING RETURNING id",
        user_id, name, email, locale, password_hash,
    )  # fmt: skip
    return done is not None


async def change_password(conn: Connection, *, user_id: UUID, password_hash: str) -> None:
    """Replace the password."""
    await conn.execute("UPDATE ingress.login SET password_hash = $2 WHERE id = $1", user_id, password_hash)


async def note_sign_in(conn: Connection, *, user_id: UUID) -> None:
    """Note the time of a sign-in."""
    await conn.execute("UPDATE ingress.login SET signed_in_at = now() WHERE id = $1", user_id)


async def lock_account(conn: Connection, *, account_id: UUID) -> None:
    """Lock the account's members until the transaction ends."""
    await conn.execute("SELECT 1 FROM ingress.account WHERE account_id = $1 FOR UPDATE", account_id)


async def insert_membership(conn: Connection, *, account_id: UUID, user_id: UUID, role: Role) -> bool:
    """Add a person to an account; False when it has `USERS_MAX`. An existing member is unchanged."""
    count = await conn.fetchval("SELECT count(*) FROM ingress.membership WHERE account_id = $1", account_id)
    if count >= USERS_MAX:
        return False
    await conn.execute(
        "INSERT INTO ingress.membership (account_id, user_id, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        account_id, user_id, role,
    )  # fmt: skip
    return True


async def change_role(conn: Connection, *, account_id: UUID, user_id: UUID, role: Role) -> None:
    """Give a member another role."""
    await conn.execute(
        "UPDATE ingress.membership SET role = $3 WHERE account_id = $1 AND user_id = $2", account_id, user_id, role
    )


async def delete_membership(conn: Connection, *, account_id: UUID, user_id: UUID) -> None:
    """Remove a person from an account, with their sessions in it; a login without an account is deleted too."""
    await conn.execute("DELETE FROM ingress.membership WHERE account_id = $1 AND user_id = $2", account_id, user_id)
    await conn.execute("DELETE FROM ingress.session WHERE account_id = $1 AND user_id = $2", account_id, user_id)
    await conn.execute(
        "DELETE FROM ingress.login l WHERE l.id = $1"
        " AND NOT EXISTS (SELECT 1 FROM ingress.membership m WHERE m.user_id = l.id)",
        user_id,
    )


async def count_other_owners(conn: Connection, *, account_id: UUID, user_id: UUID) -> int:
    """How many owners an account has besides this person."""
    return int(
        await conn.fetchval(
            "SELECT count(*) FROM ingress.membership WHERE account_id = $1 AND role = 'owner' AND user_id <> $2",
            account_id, user_id,
        )
    )  # fmt: skip


_USER: Final = """
SELECT m.account_id, l.id, l.name, l.email, l.locale, m.role, l.totp_secret IS NOT NULL, m.created_at, l.signed_in_at
  FROM ingress.membership m JOIN ingress.login l ON l.id = m.user_id
 WHERE m.account_id = $1
"""


async def find_user(conn: Connection | Pool, *, account_id: UUID, user_id: UUID) -> User | None:
    """One member of the account."""
    row = await conn.fetchrow(_USER + " AND l.id = $2", account_id, user_id)
    return User(*row) if row else None


async def list_users(pool: Pool, *, account_id: UUID, before: UUID | None, limit: int) -> list[User]:
    """The account's members, newest first."""
    rows = await pool.fetch(
        _USER + " AND ($2::uuid IS NULL OR l.id < $2) ORDER BY l.id DESC LIMIT $3", account_id, before, limit
    )
    return [User(*row) for row in rows]


async def memberships_of(conn: Connection | Pool, *, user_id: UUID) -> list[Membership]:
    """The accounts that a person belongs to, the first joined first."""
    rows = await conn.fetch(
        "SELECT m.account_id, a.name, m.role FROM ingress.membership m JOIN ingress.account a USING (account_id)"
        " WHERE m.user_id = $1 ORDER BY m.created_at, m.account_id LIMIT $2",
        user_id, ACCOUNTS_MAX,
    )  # fmt: skip
    return [Membership(*row) for row in rows]


async def insert_invitation(
    conn: Connection, *, account_id: UUID, identifier: UUID, role: Role, secret_hash: bytes, days: int
) -> datetime:
    """Insert an invitation; return when it ends. Expired ones are deleted."""
    await conn.execute("DELETE FROM ingress.invitation WHERE account_id = $1 AND expires_at < now()", account_id)
    expires_at = await conn.fetchval(
        "INSERT INTO ingress.invitation (account_id, id, role, secret_hash, expires_at)"
        " VALUES ($1, $2, $3, $4, now() + make_interval(days => $5)) RETURNING expires_at",
        account_id, identifier, role, secret_hash, days,
    )  # fmt: skip
    assert isinstance(expires_at, datetime)  # noqa: S101  RETURNING of an insert always has its row
    return expires_at


async def take_invitation(conn: Connection, *, secret_hash: bytes) -> tuple[UUID, Role] | None:
    """Delete an unexpired invitation; return its account and role."""
    row = await conn.fetchrow(
        "DELETE FROM ingress.invitation WHERE secret_hash = $1 AND expires_at > now() RETURNING account_id, role",
        secret_hash,
    )
    return (row["account_id"], row["role"]) if row else None


async def set_second_factor(
    conn: Connection, *, user_id: UUID, secret: bytes | None, step: int | None, recovery_hashes: list[bytes]
) -> None:
    """Replace the second factor; None removes it."""
    await conn.execute(
        "UPDATE ingress.login SET totp_secret = $2, totp_step = $3, recovery_hashes = $4 WHERE id = $1",
        user_id, secret, step, recovery_hashes,
    )  # fmt: skip


async def encrypted_secrets(conn: Connection) -> list[tuple[UUID, bytes]]:
    """All encrypted secrets of second factors, locked."""
    rows = await conn.fetch("SELECT id, totp_secret FROM ingress.login WHERE totp_secret IS NOT NULL FOR UPDATE")
    return [(row["id"], row["totp_secret"]) for row in rows]


async def replace_encrypted(conn: Connection, rows: list[tuple[UUID, bytes]]) -> None:
    """Replace encrypted secrets."""
    await conn.executemany("UPDATE ingress.login SET totp_secret = $2 WHERE id = $1", rows)


async def replace_reset(conn: Connection, *, user_id: UUID, secret_hash: bytes, minutes: int) -> None:
    """Replace the person's password reset."""
    await conn.execute(
        "INSERT INTO ingress.password_reset (user_id, secret_hash, expires_at)"
        " VALUES ($1, $2, now() + make_interval(mins => $3))"
        " ON CONFLICT (user_id) DO UPDATE SET secret_hash = excluded.secret_hash, expires_at = excluded.expires_at",
        user_id, secret_hash, minutes,
    )  # fmt: skip


async def take_reset(conn: Connection, *, secret_hash: bytes) -> UUID | None:
    """Delete an unexpired password reset; return its person."""
    user_id: UUID | None = await conn.fetchval(
        "DELETE FROM ingress.password_reset WHERE secret_hash = $1 AND expires_at > now() RETURNING user_id",
        secret_hash,
    )
    return user_id
