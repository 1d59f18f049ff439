"""SQL on calls."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from ledger.collections.calls.models import Call
from storage.pool import Connection

_INSERT: Final = """
INSERT INTO ledger.call
       (account_id, id, client_id, outcome, note, snooze_until, advance, sale_ids, promise_id, dispute_ids, origin,
        created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_VALUES: Final = attrgetter(
    "account_id", "id", "client_id", "outcome", "note", "snooze_until", "advance", "sale_ids", "promise_id",
    "dispute_ids", "origin", "created_at",
)  # fmt: skip


async def insert(conn: Connection, *, calls: Sequence[Call]) -> None:
    """Insert calls."""
    if calls:
        await conn.executemany(_INSERT, [_VALUES(one) for one in calls])
