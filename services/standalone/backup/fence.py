"""Take the snapshot of a backup at a moment at which every unhandled message is in the database (`outbox.fence`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import asyncpg

from contracts.primitives.ids import new_id
from contracts.wire.topology import QUEUES, SCHEMAS
from standalone.backup.archive import BackupError
from storage.pool import Connection

Report = Callable[[str], None]

SECONDS_MAX: Final = 120.0  # a backlog must be worked off first
ROUND_LOOK_SECONDS: Final = 0.2  # services report within a second
TABLE_LOCK_TRIES: Final = 60
_SERVICES: Final = [f"ledgerwire-{service}" for service in SCHEMAS]
_SESSIONS: Final = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = ANY($1)
"""
_SET: Final = (
    "INSERT INTO storage.backup_fence (id, expires_at) VALUES ($1, clock_timestamp() + make_interval(secs => $2))"
)
_REPORTS: Final = "SELECT queue, consumer_id, consumers FROM storage.backup_report WHERE fence_id = $1 AND round = $2"


async def are_services_running(conn: Connection) -> bool:
    """Whether any service has a session in this database."""
    return bool(await conn.fetchval(_SESSIONS, _SERVICES))


@asynccontextmanager
async def snapshot(dsn: str, *, broker: bool, report: Report) -> AsyncIterator[tuple[Connection, str]]:
    """Hold a snapshot that has every accepted request, and its id for `pg_dump`, for the block.

    `broker` says that messages travel over RabbitMQ, where only running consumers can say what is handled.

    Raises:
        BackupError: no moment was found at which the broker held nothing that the database does not.
    """
    fencing = await asyncpg.connect(dsn)
    reading = await asyncpg.connect(dsn)
    fence = new_id()
    try:
        fenced = await are_services_running(fencing)
        if broker and not fenced:
            raise BackupError(
                "no service runs: start them, because only they know which messages RabbitMQ still holds; or stop"
                " RabbitMQ for good and unset LEDGERWIRE_AMQP_URL to back up what the database has"
            )
        if fenced:
            await _raise_fence(fencing, fence, report=report)
        async with reading.transaction(isolation="repeatable_read", readonly=True):
            await reading.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            name = await reading.fetchval("SELECT pg_export_snapshot()")
            await _lower_fence(fencing, fence)
            yield reading, name
    finally:
        await _lower_fence(fencing, fence)
        await fencing.close()
        await reading.close()


async def _raise_fence(conn: Connection, fence: UUID, *, report: Report) -> None:
    await conn.execute("DELETE FROM storage.backup_fence WHERE expires_at < clock_timestamp()")
    if await conn.fetchval("SELECT EXISTS (SELECT FROM storage.backup_fence)"):
        raise BackupError("another backup is being taken: wait until it has its snapshot, and try again")
    await conn.execute(_SET, fence, SECONDS_MAX + 60)
    for schema in SCHEMAS.values():
        await _wait_for_writers(conn, schema)
    report("  waiting until the services have handled what the bus holds ...")
    try:
        async with asyncio.timeout(SECONDS_MAX):
            await _until_drained(conn, fence)
    except TimeoutError:
        raise BackupError(
            f"the services have not handled all messages within {SECONDS_MAX:.0f} s: see /readyz of those whose queue"
            f" did not report ({', '.join(await _silent_queues(conn, fence))}), and try again when the backlog is gone"
        ) from None


async def _wait_for_writers(conn: Connection, schema: str) -> None:
    """Wait for transactions that may delete confirmed messages without having seen the fence."""
    for _ in range(TABLE_LOCK_TRIES):
        try:
            async with conn.transaction():
                await conn.execute("SET LOCAL lock_timeout = '500ms'")
                await conn.execute(f"LOCK TABLE {schema}.outbox IN SHARE ROW EXCLUSIVE MODE")
        except asyncpg.LockNotAvailableError:
            continue
        return
    raise BackupError(f"{schema}.outbox is locked all the time: end the long transaction on it, and try again")


async def _until_drained(conn: Connection, fence: UUID) -> None:
    """Wait for two rounds with the same reporters, or for word that messages are rows of the database."""
    before: set[tuple[str, UUID]] = set()
    number = 1
    while True:
        rows = await conn.fetch(_REPORTS, fence, number)
        if any(row["consumers"] == 0 for row in rows):
            return
        reporters = {(row["queue"], row["consumer_id"]) for row in rows}
        if all(_is_complete(rows, queue.name) for queue in QUEUES):
            if reporters == before:
                return
            before, number = reporters, number + 1
            await conn.execute("UPDATE storage.backup_fence SET round = $2 WHERE id = $1", fence, number)
        await asyncio.sleep(ROUND_LOOK_SECONDS)


def _is_complete(rows: list[asyncpg.Record], queue: str) -> bool:
    """Whether each consumer of the queue has reported."""
    reported = [row["consumers"] for row in rows if row["queue"] == queue]
    return bool(reported) and len(reported) >= max(reported)


async def _silent_queues(conn: Connection, fence: UUID) -> list[str]:
    rows = await conn.fetch(
        _REPORTS, fence, await conn.fetchval("SELECT round FROM storage.backup_fence WHERE id = $1", fence)
    )
    return [queue.name for queue in QUEUES if not _is_complete(rows, queue.name)] or ["none"]


async def _lower_fence(conn: Connection, fence: UUID) -> None:
    """Let confirmed messages be deleted again, and delete those that were kept: the snapshot has them."""
    if conn.is_closed() or not await conn.fetchval(
        "DELETE FROM storage.backup_fence WHERE id = $1 RETURNING true", fence
    ):
        return
    for schema in SCHEMAS.values():
        await conn.execute(f"DELETE FROM {schema}.outbox_kept")  # noqa: S608  a constant
