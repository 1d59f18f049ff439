"""Bring a schema up to date before a service starts: plain `.sql` files, forward only, under one advisory lock.

A file is `NNNN_verb_noun.sql`; each runs once, in order, in a transaction of its own, and its checksum is kept: a file
that changed after it ran is an error, never a silent difference.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import structlog

from contracts.wire.topology import ROLES

log = structlog.get_logger(__name__)

_NAME = re.compile(r"^(\d{4})_[a-z0-9]+(?:_[a-z0-9]+)+\.sql$")
_FUNCTIONS = Path(__file__).with_name("functions.sql")
_MAY_READ = """
    SELECT coalesce(has_table_privilege(to_regclass('storage.migration'), 'SELECT'), false)
"""
_LOCK = 0x6C656467  # an arbitrary constant: one migration at a time in a database
_LOCK_WAIT_SECONDS = 120
_STATEMENT_LOCK_SECONDS = 2  # a table change waits no longer: all other sessions would wait behind it
_AGAIN_SECONDS = 3.0
_TRIES_MAX = 40  # while a long read holds a lock: a few minutes


class MigrationError(Exception):
    """The migrations on disk do not match those that this database has run."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, name and text."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(folder: Path) -> list[Migration]:
    """Read a folder's migrations in order.

    Raises:
        MigrationError: a file's name is not of the form, or a number is missing or doubled.
    """
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.match(path.name)
        if match is None:
            raise MigrationError(f"{path}: name it NNNN_verb_noun.sql")
        found.append(Migration(int(match[1]), path.name, path.read_text(encoding="utf-8")))
    numbers = [migration.number for migration in found]
    if numbers != list(range(1, len(numbers) + 1)):
        raise MigrationError(f"{folder}: numbers must be 0001, 0002, ... without a gap, but are {numbers}")
    return found


async def migrate(dsn: str, *, service: str, folder: Path) -> list[str]:
    """Run the new files of `folder` as the database's owner; return their names.

    Raises:
        MigrationError: a file that already ran has changed or is gone.
    """
    migrations = read_migrations(folder)
    conn = await asyncpg.connect(dsn, timeout=30, server_settings={"application_name": f"ledgerwire-migrate-{service}"})
    try:
        await conn.execute("SELECT set_config('lock_timeout', $1, false)", f"{_LOCK_WAIT_SECONDS}s")
        await conn.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await _prepare_database(conn)
        return await _run_new(conn, service, migrations)
    finally:
        await conn.close(timeout=5)


async def _run_new(conn: asyncpg.Connection[asyncpg.Record], service: str, migrations: list[Migration]) -> list[str]:
    rows = await conn.fetch("SELECT name, checksum FROM storage.migration WHERE service = $1 ORDER BY name", service)
    done = {row["name"]: row["checksum"] for row in rows}
    _check_history(service, done, migrations)
    ran = []
    for migration in migrations:
        if migration.name in done:
            continue
        await _run_patiently(conn, service, migration)
        log.info("migration_ran", service=service, migration=migration.name)
        ran.append(migration.name)
    return ran


async def _run_patiently(conn: asyncpg.Connection[asyncpg.Record], service: str, migration: Migration) -> None:
    """Run one file; retry it from its beginning while a long transaction locks one of its tables.

    Raises:
        MigrationError: the lock was never free.
    """
    await conn.execute("SELECT set_config('lock_timeout', $1, false)", f"{_STATEMENT_LOCK_SECONDS}s")
    for _ in range(_TRIES_MAX):
        try:
            async with conn.transaction():
                await conn.execute(migration.sql)
                await conn.execute(
                    "INSERT INTO storage.migration (service, name, checksum) VALUES ($1, $2, $3)",
                    service, migration.name, migration.checksum,
                )  # fmt: skip
        except asyncpg.LockNotAvailableError:
            log.warning("migration_waits", service=service, migration=migration.name)
            await asyncio.sleep(_AGAIN_SECONDS)
        else:
            return
    raise MigrationError(
        f"{service}: {migration.name} found a table locked all the time: end the long transaction on it"
    )


def _check_history(service: str, done: dict[str, str], migrations: list[Migration]) -> None:
    on_disk = {migration.name: migration.checksum for migration in migrations}
    for name, checksum in done.items():
        if name not in on_disk:
            raise MigrationError(f"{service}: {name} ran here before but is not in this version: run a newer version")
        if on_disk[name] != checksum:
            raise MigrationError(f"{service}: {name} changed after it ran here: restore it and add a new file instead")


async def _prepare_database(conn: asyncpg.Connection[asyncpg.Record]) -> None:
    """Create what every service's migrations need: the roles, and the table of migrations that ran."""
    await create_roles(conn)
    await conn.execute(_FUNCTIONS.read_text(encoding="utf-8"))
    await conn.execute("""
        CREATE TABLE IF NOT EXISTS storage.migration (
            service text NOT NULL,
            name text NOT NULL,
            checksum text NOT NULL,
            ran_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (service, name)
        )
    """)
    await conn.execute(f"GRANT SELECT ON storage.migration TO {', '.join(ROLES.values())}")


async def missing_migrations(dsn: str, *, service: str, folder: Path) -> list[str]:
    """The names of `folder`'s files that have not run in this database, as a service's own role sees it.

    Raises:
        OSError, asyncpg.PostgresError: the server cannot be reached or refuses.
    """
    names = [migration.name for migration in read_migrations(folder)]
    conn = await asyncpg.connect(dsn, timeout=30, server_settings={"application_name": f"ledgerwire-look-{service}"})
    try:
        if not await conn.fetchval(_MAY_READ):
            return names
        rows = await conn.fetch("SELECT name FROM storage.migration WHERE service = $1", service)
    finally:
        await conn.close(timeout=5)
    return sorted(set(names).difference(row["name"] for row in rows))


async def create_roles(conn: asyncpg.Connection[asyncpg.Record]) -> None:
    """Create the services' roles that are not there, without a login, as the database's owner."""
    for role in ROLES.values():
        # Roles belong to the whole server: another database's migration may make it at the same moment.
        await conn.execute(f"""
            DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                    CREATE ROLE {role} NOLOGIN;
                END IF;
                IF NOT pg_has_role(current_user, '{role}', 'MEMBER') THEN
                    GRANT {role} TO current_user;
                END IF;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
            END $$
        """)


async def give_login(dsn: str, *, role: str, password: str) -> None:
    """Give a service's role a login with a password of its own (separate services; the embedded default needs none)."""
    conn = await asyncpg.connect(dsn, timeout=30)
    try:
        quoted = await conn.fetchval("SELECT quote_literal($1)", password)
        await conn.execute(f"ALTER ROLE {role} LOGIN PASSWORD {quoted}")
        database = await conn.fetchval("SELECT quote_ident(current_database())")
        await conn.execute(f"GRANT CONNECT ON DATABASE {database} TO {role}")
    finally:
        await conn.close(timeout=5)
