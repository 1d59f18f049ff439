"""Run all checks of the ledger in one snapshot: nothing is locked or written, at most one row of each is kept."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

import asyncpg
import orjson

from ledger.verify import (
    collections,
    document_states,
    documents,
    events,
    guards,
    inboxes,
    journal,
    numbers,
    quotas,
    settlements,
)
from ledger.verify.check import Check, spelled
from scheduling.ending import end_tasks
from storage.pool import Connection, register_codecs

CONNECT_SECONDS: Final = 30.0
SESSIONS: Final = 2  # that share the snapshot: one core each

Tell = Callable[[str], None]

# Sorts and hashes beyond this spill to disk: it bounds the check's memory, whatever the size of the ledger.
_BOUNDS: Final[Mapping[str, str]] = {
    "work_mem": "32MB",
    "jit": "off",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": "10s",
}

_FIRST_BROKEN: Final = """
WITH broken AS MATERIALIZED (
{sql}
)
SELECT *, (SELECT count(*) FROM broken) AS rows FROM broken ORDER BY account_id, id LIMIT 1
"""


class NotReadable(Exception):
    """The ledger cannot be read."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A violated invariant: the number of rows, and the first of them in words."""

    check: Check
    rows: int
    first: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found. `left_out` are checks whose tables cannot be read by who runs it."""

    postings: int
    documents: int
    checks: int
    seconds: float
    broken: tuple[Broken, ...]
    left_out: tuple[Check, ...]


async def verify(dsn: str, *, settled: bool = False, report: Tell = lambda _: None) -> Report:
    """Check the ledger of all accounts in one snapshot; `tell` is called as each check ends.

    `settled`: nothing is in progress, so every event must have reached the dispatcher's log.

    Raises:
        NotReadable: the ledger's tables do not exist, or this user may not read them.
        OSError, asyncpg.PostgresError: the server cannot be reached or gives up.
    """
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        first, *others = [await stack.enter_async_context(_session(dsn)) for _ in range(SESSIONS)]
        if not await _readable(first, "ledger.posting"):
            raise NotReadable("the ledger's tables are not there, or this user may not read them")
        snapshot = await first.fetchval("SELECT pg_export_snapshot()")
        for other in others:
            await other.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")  # takes no parameters; the server made it
        run = _Run([
            *await guards.checks(first), *journal.CHECKS, *documents.CHECKS, *document_states.CHECKS,
            *settlements.CHECKS, *numbers.CHECKS, *quotas.CHECKS, *inboxes.CHECKS,
            *collections.checks(settled=settled), *events.checks(settled=settled),
        ], report)  # fmt: skip
        await _together(run.work(conn) for conn in (first, *others))
        return await run.report(first, began)


async def _together(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run them concurrently; when one fails, the others end before it is reported."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        await end_tasks(tasks)


@asynccontextmanager
async def _session(dsn: str) -> AsyncIterator[Connection]:
    conn = await asyncpg.connect(
        dsn, timeout=CONNECT_SECONDS, server_settings={"application_name": "ledgerwire-verify", **_BOUNDS}
    )
    try:
        await register_codecs(conn)
        # json keeps its keys in the order of the statement, jsonb does not.
        await conn.set_type_codec("json", encoder=str, decoder=orjson.loads, schema="pg_catalog")
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            yield conn
    finally:
        await conn.close(timeout=CONNECT_SECONDS)


class _Run:
    """The checks of one run, distributed to its sessions."""

    def __init__(self, checks: Sequence[Check], report: Tell) -> None:
        self._checks, self._tell = checks, report
        self._left = deque(checks)
        self._broken: dict[str, Broken] = {}
        self._left_out: set[str] = set()
        self._done = 0

    async def work(self, conn: Connection) -> None:
        """Run checks until none is left."""
        while self._left:
            check, since = self._left.popleft(), time.monotonic()
            result = await self._one(conn, check)
            self._done += 1
            took = time.monotonic() - since
            self._tell(f"  {self._done:2}/{len(self._checks)}  {took:5.1f} s  {check.promise}: {result}")

    async def _one(self, conn: Connection, check: Check) -> str:
        if not all([await _readable(conn, relation) for relation in check.requires]):
            self._left_out.add(check.name)
            return "left out, it cannot be read from here"
        if (broken := await _broken(conn, check)) is None:
            return "holds"
        self._broken[check.name] = broken
        return f"BROKEN {broken.rows} times"

    async def report(self, conn: Connection, began: float) -> Report:
        """The findings, in the order of the checks."""
        return Report(
            postings=await conn.fetchval("SELECT count(*) FROM ledger.posting"),
            documents=await conn.fetchval("SELECT count(*) FROM ledger.sale"),
            checks=self._done - len(self._left_out),
            seconds=time.monotonic() - began,
            broken=tuple(self._broken[check.name] for check in self._checks if check.name in self._broken),
            left_out=tuple(check for check in self._checks if check.name in self._left_out),
        )


async def _broken(conn: Connection, check: Check) -> Broken | None:
    row = await conn.fetchrow(_FIRST_BROKEN.format(sql=check.sql), *check.args)
    return None if row is None else Broken(check, row["rows"], spelled(cast("Mapping[str, Any]", row)))


async def _readable(conn: Connection, relation: str) -> bool:
    """Whether a relation is there and we may read it."""
    return bool(
        await conn.fetchval(
            "SELECT coalesce(has_schema_privilege(to_regnamespace(split_part($1, '.', 1)), 'USAGE')"
            " AND has_table_privilege(to_regclass($1), 'SELECT'), false)",
            relation,
        )
    )
