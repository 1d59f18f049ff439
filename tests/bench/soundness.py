"""Verify the ledger after the measurements: how long it takes, and that nothing is damaged."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import asyncpg

from ledger.verify.run import Report, verify
from tests.support.eventually import eventually

SETTLE_SECONDS_MAX = 180.0

_UNLOGGED = """
SELECT (SELECT count(*) FROM ledger.outbox) + (SELECT count(*) FROM ledger.document_event e
         WHERE e.event_id >= storage.uuid7_floor(now() - interval '1 day')
           AND NOT EXISTS (SELECT FROM dispatch.event d WHERE d.account_id = e.account_id AND d.event_id = e.event_id))
"""


async def checked(dsn: str, *, progress: Callable[[str], None]) -> Report:
    """Wait until every event is in the dispatcher's log, then run `verify`; what is missing then is damage."""
    conn: asyncpg.Connection[Any] = await asyncpg.connect(dsn)
    try:

        async def settled() -> bool:
            return bool(await conn.fetchval(_UNLOGGED) == 0)

        with suppress(AssertionError):
            await eventually(settled, deadline_seconds=SETTLE_SECONDS_MAX, pause_seconds=1.0)
    finally:
        await conn.close()
    report = await verify(dsn, settled=True)
    for broken in report.broken:
        progress(f"BROKEN {broken.check.promise}, {broken.rows} times: {broken.first}")
    return report
