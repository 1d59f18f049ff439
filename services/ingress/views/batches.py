"""Read rows in batches of bounded size, so that no list is in memory as a whole.

A document of 5,000 lines takes 20 MB as a decoded row, and a list may have 200 of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final
from uuid import UUID
from weakref import WeakValueDictionary

Row = Mapping[str, Any]
"""A view's row, jsonb already read."""

BATCH_ROWS: Final = 32

BATCH_BYTES: Final = 48 * 1024
"""As stored, and one row more. Postgres compresses to 1/91 at most, so a batch is some 4 MiB of JSON at worst."""


class BatchReads:
    """Serialize an account's batch reads, in order of arrival.

    Decoding the largest batch holds the event loop for 0.1 s: ten readers at once would hold it for a second.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def in_turn(self, account_id: UUID, batches: AsyncIterator[list[Row]]) -> AsyncIterator[list[Row]]:
        """Yield `batches`, each read under the account's lock."""
        lock = self._locks.setdefault(account_id, asyncio.Lock())
        while True:
            async with lock:
                batch = await anext(batches, None)
            if batch is None:
                return
            yield batch


def sized(select: str, *, order: str) -> str:
    """The statement for the first rows of `select` by `order`: at most `$2` rows and `$3` stored bytes, at least one.

    Each row has the number of rows up to `$2` in `found`.
    """
    return f"""
SELECT * FROM (
    SELECT *, sum(row_bytes) OVER (ORDER BY {order} ROWS UNBOUNDED PRECEDING) - row_bytes AS bytes_before,
           count(*) OVER () AS found
      FROM (SELECT r.*, pg_column_size(r) AS row_bytes FROM ({select} ORDER BY {order} LIMIT $2) r) measured
) sized
 WHERE bytes_before < $3 ORDER BY {order}
"""  # noqa: S608  constants


async def in_batches(read: Callable[[Row | None, int], Awaitable[list[Row]]], limit: int) -> AsyncIterator[list[Row]]:
    """Yield at most `limit` rows. `read` takes the last row of the previous batch and the number of rows to return.

    Its rows are those of a `sized` statement.
    """
    last: Row | None = None
    while limit > 0:
        rows_max = min(limit, BATCH_ROWS)
        batch = await read(last, rows_max)
        if batch:
            yield batch
        if not batch or len(batch) == batch[0]["found"] < rows_max:
            return
        limit, last = limit - len(batch), batch[-1]
