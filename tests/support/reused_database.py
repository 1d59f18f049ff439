"""A database with open sessions for many tests: emptied after each, made anew where one changed more than rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Final, Generic, TypeVar

import asyncpg

from storage.pool import register_codecs
from tests.support.postgres_server import Postgres, Prepare

HarnessT = TypeVar("HarnessT")

# Rows that tests wrote stay in the files and indexes until a vacuum, so that each test is slower than the one before.
TESTS_MAX: Final = 100
_TABLES: Final = """
    SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'storage')
"""
# The newest change of each catalogue that describes tables, functions or rights; a vacuum leaves no trace in them.
_DEFINITIONS: Final = " UNION ALL ".join(
    f"SELECT max(xmin::text::bigint) FROM {catalogue}"  # noqa: S608  the names below
    for catalogue in ("pg_class", "pg_attribute", "pg_constraint", "pg_trigger", "pg_proc", "pg_namespace")
)


class ReusedDatabase(Generic[HarnessT]):
    """Hands one harness over a copy of what `prepare` made to one test after another.

    A fresh database costs a test 60 ms and cold sessions as much again; emptying one takes 3 ms.
    """

    def __init__(
        self, postgres: Postgres, prepare: Prepare, opened: Callable[[str], AbstractAsyncContextManager[HarnessT]]
    ) -> None:
        self._postgres = postgres
        self._prepare = prepare
        self._opened = opened
        self._stack = AsyncExitStack()
        self._harness: HarnessT | None = None
        self._tests = 0

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[HarnessT]:
        """A harness whose database has no rows but those that `prepare` and opening the harness left."""
        harness = self._harness if self._harness is not None else await self._open()
        self._tests += 1
        yield harness
        if self._tests == TESTS_MAX or not await self._empty():
            await self.close()

    async def close(self) -> None:
        """Close the harness and drop the database; the next test gets another one."""
        self._harness = None
        await self._stack.aclose()

    async def _open(self) -> HarnessT:
        dsn = await self._postgres.copy_of(self._prepare)
        self._stack.push_async_callback(self._postgres.drop_database, dsn)
        self._tests = 0
        self._harness = await self._stack.enter_async_context(self._opened(dsn))
        # Without triggers and foreign keys, and without waiting for what a test may have left open.
        cleaner = await asyncpg.connect(
            dsn, server_settings={"session_replication_role": "replica", "lock_timeout": "2s"}
        )
        self._stack.push_async_callback(cleaner.close)
        await register_codecs(cleaner)
        tables = [row[0] for row in await cleaner.fetch(_TABLES)]
        self._kept: dict[str, Any] = {
            table: rows
            for table in tables
            if (rows := await cleaner.fetchval(f"SELECT jsonb_agg(to_jsonb(r)) FROM {table} r"))  # noqa: S608
        }
        self._delete = ";".join(f"DELETE FROM {table}" for table in tables)  # noqa: S608
        self._definitions = await cleaner.fetch(_DEFINITIONS)
        self._cleaner = cleaner
        return self._harness

    async def _empty(self) -> bool:
        """Whether the database is as it was; not where a test changed a definition or ended the sessions."""
        try:
            if await self._cleaner.fetch(_DEFINITIONS) != self._definitions:
                return False
            async with self._cleaner.transaction():
                await self._cleaner.execute(self._delete)
                for table, rows in self._kept.items():
                    await self._cleaner.execute(
                        f"INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, $1)",  # noqa: S608
                        rows,
                    )
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return False
        return True
