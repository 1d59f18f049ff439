"""Connections in Postgres: their names in clear, what is secret in them encrypted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from asyncpg import Record

from storage.pool import Connection, Pool

CONNECTIONS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class NewConnection:
    """A row to insert."""

    account_id: UUID
    id: UUID
    name: str
    kind: str
    origin: str
    header_names: list[str]
    encrypted: bytes


_COLUMNS = "id, name, kind, origin, header_names, created_at, removed_at"

_INSERT = f"""
INSERT INTO execution.connection (account_id, id, name, kind, origin, header_names, encrypted)
SELECT $1, $2, $3, $4, $5, $6, $7
 WHERE (SELECT count(*) FROM execution.connection WHERE account_id = $1 AND removed_at IS NULL) < $8
RETURNING {_COLUMNS}
"""  # noqa: S608  constants


async def insert(conn: Connection, made: NewConnection) -> Record | None:
    """Insert a connection; None when the account has `CONNECTIONS_MAX`."""
    return await conn.fetchrow(
        _INSERT,
        made.account_id,
        made.id,
        made.name,
        made.kind,
        made.origin,
        made.header_names,
        made.encrypted,
        CONNECTIONS_MAX,
    )


async def remove(conn: Connection, *, account_id: UUID, connection_id: UUID) -> Record | None:
    """Delete a connection and its secrets; idempotent; None when there never was one."""
    return await conn.fetchrow(
        "UPDATE execution.connection SET encrypted = NULL, removed_at = coalesce(removed_at, now())"  # noqa: S608
        f" WHERE account_id = $1 AND id = $2 RETURNING {_COLUMNS}",
        account_id,
        connection_id,
    )


async def find_encrypted(pool: Pool, *, account_id: UUID, connection_id: UUID) -> Record | None:
    """`kind` and `encrypted` of a connection; `encrypted` is null when it was removed."""
    return await pool.fetchrow(
        "SELECT kind, encrypted FROM execution.connection WHERE account_id = $1 AND id = $2", account_id, connection_id
    )


async def lock_all_encrypted(conn: Connection) -> list[Record]:
    """Every encrypted secret there is, locked until the transaction ends."""
    return list(
        await conn.fetch(
            "SELECT account_id, id, encrypted FROM execution.connection WHERE encrypted IS NOT NULL"
            " ORDER BY account_id, id FOR UPDATE"
        )
    )


async def replace_encrypted(conn: Connection, rows: list[tuple[UUID, UUID, bytes]]) -> None:
    """Write secrets that were encrypted again: (account id, connection id, encrypted)."""
    await conn.executemany("UPDATE execution.connection SET encrypted = $3 WHERE account_id = $1 AND id = $2", rows)


async def find_kinds(conn: Connection, *, account_id: UUID, connection_ids: Collection[UUID]) -> dict[UUID, str]:
    """The kinds of those of the connections that the account has, by id."""
    rows = await conn.fetch(
        "SELECT id, kind FROM execution.connection"
        " WHERE account_id = $1 AND id = ANY($2::uuid[]) AND removed_at IS NULL",
        account_id,
        list(connection_ids),
    )
    return {row["id"]: row["kind"] for row in rows}
