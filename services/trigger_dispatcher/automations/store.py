"""The dispatcher's SQL for automations and their versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from storage.pool import Connection

FIRST_VERSION: Final = 1


async def insert_automation(
    conn: Connection,
    *,
    account_id: UUID,
    automation_id: UUID,
    name: str,
    enabled: bool,
    definition: dict[str, Any],
    listens_from: datetime,
) -> None:
    """Make an automation and publish its first version."""
    await conn.execute(
        "INSERT INTO dispatch.automation (account_id, id, name, enabled, version, listens_from)"
        " VALUES ($1, $2, $3, $4, $5, least($6, clock_timestamp()))",
        account_id,
        automation_id,
        name,
        enabled,
        FIRST_VERSION,
        listens_from,
    )
    await conn.execute(
        "INSERT INTO dispatch.automation_version (account_id, automation_id, version, definition)"
        " VALUES ($1, $2, $3, $4)",
        account_id,
        automation_id,
        FIRST_VERSION,
        definition,
    )


async def find_automation(conn: Connection, *, account_id: UUID, automation_id: UUID) -> Record | None:
    """An automation of this account with its published definition, also a removed one."""
    return await conn.fetchrow(
        "SELECT a.*, v.definition FROM dispatch.automation a JOIN dispatch.automation_version v"
        " ON v.account_id = a.account_id AND v.automation_id = a.id AND v.version = a.version"
        " WHERE a.account_id = $1 AND a.id = $2",
        account_id,
        automation_id,
    )


async def count_automations(conn: Connection, *, account_id: UUID) -> int:
    """How many automations the account has, removed ones aside."""
    count: int = await conn.fetchval(
        "SELECT count(*) FROM dispatch.automation WHERE account_id = $1 AND removed_at IS NULL", account_id
    )
    return count


async def switch(
    conn: Connection, *, account_id: UUID, automation_id: UUID, enabled: bool, listens_from: datetime
) -> None:
    """Turn an automation on, for what happens from `listens_from` on, or off."""
    await conn.execute(
        "UPDATE dispatch.automation SET enabled = $3, updated_at = clock_timestamp(),"
        " listens_from = CASE WHEN $3 THEN least($4, clock_timestamp()) ELSE listens_from END"
        " WHERE account_id = $1 AND id = $2 AND enabled <> $3",
        account_id,
        automation_id,
        enabled,
        listens_from,
    )


async def remove(conn: Connection, *, account_id: UUID, automation_id: UUID) -> None:
    """Take an automation away; its versions stay for the runs that pinned them."""
    await conn.execute(
        "UPDATE dispatch.automation SET enabled = false, removed_at = clock_timestamp(),"
        " updated_at = clock_timestamp() WHERE account_id = $1 AND id = $2 AND removed_at IS NULL",
        account_id,
        automation_id,
    )
