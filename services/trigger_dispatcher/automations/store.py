"""The dispatcher's SQL for automations and their versions."""

from __future__ import annotations

from collections.abc import Collection
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
    effective_from: datetime,
    created_by: dict[str, Any] | None,
) -> None:
    """Make an automation and publish its first version."""
    await conn.execute(
        "INSERT INTO dispatch.automation (account_id, id, name, enabled, version, effective_from, created_by)"
        " VALUES ($1, $2, $3, $4, $5, least($6, clock_timestamp()), $7)",
        account_id,
        automation_id,
        name,
        enabled,
        FIRST_VERSION,
        effective_from,
        created_by,
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


# An automation that is enabled, or gets another trigger, matches events from now on, and none before.
_CHANGE: Final = """
    WITH published AS (
        SELECT definition FROM dispatch.automation_version v JOIN dispatch.automation a USING (account_id)
         WHERE a.account_id = $1 AND a.id = $2 AND v.automation_id = a.id AND v.version = a.version
    ), changed AS (
        UPDATE dispatch.automation a
           SET name = $3, enabled = $4, updated_at = clock_timestamp(), draft = NULL, draft_at = NULL,
               version = a.version + (p.definition <> $5::jsonb)::int,
               effective_from = CASE WHEN ($4 AND NOT a.enabled) OR p.definition -> 'trigger' <> $5::jsonb -> 'trigger'
                                   THEN least($6, clock_timestamp()) ELSE a.effective_from END
          FROM published p WHERE a.account_id = $1 AND a.id = $2
        RETURNING a.account_id, a.id, a.version, p.definition <> $5::jsonb AS other
    )
    INSERT INTO dispatch.automation_version (account_id, automation_id, version, definition)
    SELECT account_id, id, version, $5::jsonb FROM changed WHERE other
"""


async def change_automation(
    conn: Connection,
    *,
    account_id: UUID,
    automation_id: UUID,
    name: str,
    enabled: bool,
    definition: dict[str, Any],
    effective_from: datetime,
) -> None:
    """Replace an automation; a definition that differs from the published one is published as the next version."""
    await conn.execute(_CHANGE, account_id, automation_id, name, enabled, definition, effective_from)


async def save_draft(conn: Connection, *, account_id: UUID, automation_id: UUID, draft: dict[str, Any] | None) -> None:
    """Keep what is to be published some time; None drops it."""
    await conn.execute(
        "UPDATE dispatch.automation SET draft = $3, draft_at = CASE WHEN $3::jsonb IS NOT NULL THEN now() END,"
        " updated_at = clock_timestamp() WHERE account_id = $1 AND id = $2",
        account_id,
        automation_id,
        draft,
    )


async def switch(
    conn: Connection, *, account_id: UUID, automation_id: UUID, enabled: bool, effective_from: datetime
) -> None:
    """Turn an automation on, for what happens from `effective_from` on, or off."""
    await conn.execute(
        "UPDATE dispatch.automation SET enabled = $3, updated_at = clock_timestamp(),"
        " effective_from = CASE WHEN $3 THEN least($4, clock_timestamp()) ELSE effective_from END"
        " WHERE account_id = $1 AND id = $2 AND enabled <> $3",
        account_id,
        automation_id,
        enabled,
        effective_from,
    )


async def remove(conn: Connection, *, account_id: UUID, automation_id: UUID) -> None:
    """Take an automation away; its versions stay for the runs that pinned them."""
    await conn.execute(
        "UPDATE dispatch.automation SET enabled = false, removed_at = clock_timestamp(), draft = NULL, draft_at = NULL,"
        " updated_at = clock_timestamp() WHERE account_id = $1 AND id = $2 AND removed_at IS NULL",
        account_id,
        automation_id,
    )


async def connection_kinds(conn: Connection, *, account_id: UUID, connection_ids: Collection[UUID]) -> dict[UUID, str]:
    """The kinds of those of the connections that the account has, by id; the executor keeps them."""
    rows = await conn.fetch(
        "SELECT id, kind FROM execution_api.connection WHERE account_id = $1 AND id = ANY($2::uuid[])",
        account_id,
        list(connection_ids),
    )
    return {row["id"]: row["kind"] for row in rows}
