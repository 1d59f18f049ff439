"""The dispatcher's SQL for hooks.

An account's commands are serialized, so rows read here do not change until the commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from storage.pool import Connection

KEEPS_SIGNING_SECONDS: Final = 24 * 3600
CHANGEABLE: Final = ("target_url", "triggers", "filters", "ordered", "rate_per_second", "concurrency", "name")


@dataclass(frozen=True, slots=True)
class HookRow:
    """A hook that is to be made. `secret` is encrypted."""

    account_id: UUID
    id: UUID
    target_url: str
    triggers: list[str]
    filters: dict[str, list[str] | dict[str, str]]
    ordered: str | None
    rate_per_second: float | None
    concurrency: int | None
    name: str | None
    fingerprint: bytes
    secret: bytes
    effective_from: datetime
    created_by: dict[str, Any] | None


async def insert_hook(conn: Connection, hook: HookRow) -> Record:
    """Insert an active hook; return its row."""
    row = await conn.fetchrow(
        "INSERT INTO dispatch.hook (account_id, id, target_url, triggers, filters, ordered, name, state, fingerprint,"
        " secret, effective_from, created_by, rate_per_second, concurrency)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8, $9, least($10, clock_timestamp()), $11, $12, $13)"
        " RETURNING *",
        hook.account_id,
        hook.id,
        hook.target_url,
        hook.triggers,
        hook.filters,
        hook.ordered,
        hook.name,
        hook.fingerprint,
        hook.secret,
        hook.effective_from,
        hook.created_by,
        hook.rate_per_second,
        hook.concurrency,
    )
    return _made(row)


async def find_hook(conn: Connection, *, account_id: UUID, hook_id: UUID) -> Record | None:
    """A hook of this account, also a removed one."""
    return await conn.fetchrow("SELECT * FROM dispatch.hook WHERE account_id = $1 AND id = $2", account_id, hook_id)


async def find_same(conn: Connection, *, account_id: UUID, fingerprint: bytes) -> Record | None:
    """The hook with this target, these triggers and filters, unless it was removed."""
    return await conn.fetchrow(
        "SELECT * FROM dispatch.hook WHERE account_id = $1 AND fingerprint = $2 AND state <> 'removed'",
        account_id,
        fingerprint,
    )


async def count_hooks(conn: Connection, *, account_id: UUID) -> int:
    """How many hooks the account has, removed ones aside."""
    count: int = await conn.fetchval(
        "SELECT count(*) FROM dispatch.hook WHERE account_id = $1 AND state <> 'removed'", account_id
    )
    return count


async def change_hook(conn: Connection, hook: Record, changes: dict[str, Any], *, fingerprint: bytes) -> Record:
    """Update a hook by the fields of `CHANGEABLE`; return its row."""
    row = await conn.fetchrow(
        "UPDATE dispatch.hook SET version = version + (target_url <> $3)::int,"
        " target_url = $3, triggers = $4, filters = $5, ordered = $6, rate_per_second = $7, concurrency = $8,"
        " name = $9, fingerprint = $10,"
        " updated_at = clock_timestamp() WHERE account_id = $1 AND id = $2 RETURNING *",
        hook["account_id"],
        hook["id"],
        *(changes.get(field, hook[field]) for field in CHANGEABLE),
        fingerprint,
    )
    return _made(row)


async def activate(conn: Connection, hook: Record, *, effective_from: datetime) -> Record:
    """Activate a hook (again), for events from `effective_from` on."""
    row = await conn.fetchrow(
        "UPDATE dispatch.hook SET state = 'active', reason = NULL, version = version + 1,"
        " effective_from = least($3, clock_timestamp()), updated_at = clock_timestamp()"
        " WHERE account_id = $1 AND id = $2 RETURNING *",
        hook["account_id"],
        hook["id"],
        effective_from,
    )
    return _made(row)


async def end(conn: Connection, hook: Record, *, state: str, reason: str | None) -> Record:
    """Stop a hook: `disabled` can be enabled again, `removed` is final."""
    if state == "removed":
        await conn.execute(
            "DELETE FROM dispatch.ordered_predecessor WHERE account_id = $1 AND hook_id = $2",
            hook["account_id"],
            hook["id"],
        )
    row = await conn.fetchrow(
        "UPDATE dispatch.hook SET state = $3, reason = $4, updated_at = clock_timestamp()"
        " WHERE account_id = $1 AND id = $2 RETURNING *",
        hook["account_id"],
        hook["id"],
        state,
        reason,
    )
    return _made(row)


_REMOVE_MADE_BY: Final = """
WITH removed AS (
    UPDATE dispatch.hook SET state = 'removed', reason = NULL, updated_at = clock_timestamp()
     WHERE account_id = $1 AND created_by ->> 'id' = $2 AND state <> 'removed' RETURNING id, version
), forgotten AS (
    DELETE FROM dispatch.ordered_predecessor WHERE account_id = $1 AND hook_id IN (SELECT id FROM removed)
)
SELECT id, version FROM removed ORDER BY id
"""


async def remove_made_by(conn: Connection, *, account_id: UUID, credential_id: UUID) -> list[Record]:
    """Remove the hooks that a credential made; return their `id` and `version`."""
    return await conn.fetch(_REMOVE_MADE_BY, account_id, str(credential_id))


async def rotate(conn: Connection, hook: Record, *, secret: bytes) -> Record:
    """Set a hook's new encrypted secret; the previous one also signs for another day."""
    row = await conn.fetchrow(
        "UPDATE dispatch.hook SET previous_secret = secret, previous_until = now() + make_interval(secs => $4),"
        " secret = $3, version = version + 1, updated_at = clock_timestamp()"
        " WHERE account_id = $1 AND id = $2 RETURNING *",
        hook["account_id"],
        hook["id"],
        secret,
        KEEPS_SIGNING_SECONDS,
    )
    return _made(row)


def _made(row: Record | None) -> Record:
    if row is None:
        raise LookupError("a hook went away under its account's lock")
    return row


async def encrypted_secrets(conn: Connection) -> list[Record]:
    """Every hook's encrypted secrets, locked: to encrypt them with a newer key."""
    return await conn.fetch("SELECT account_id, id, secret, previous_secret FROM dispatch.hook FOR UPDATE")


async def replace_secrets(conn: Connection, rows: list[tuple[UUID, UUID, bytes, bytes | None]]) -> None:
    """Write re-encrypted secrets: (account_id, id, secret, previous_secret)."""
    await conn.executemany(
        "UPDATE dispatch.hook SET secret = $3, previous_secret = $4 WHERE account_id = $1 AND id = $2", rows
    )
