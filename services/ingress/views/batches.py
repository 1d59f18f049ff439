"""Read rows in batches of bounded size, so that no list is held in memory as a whole.

A document of 5,000 lines takes 20 MB as a row that was read, and a list may ask for 200 of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

Row = Mapping[str, Any]
"""A view's row, jsonb already read."""

BATCH_ROWS: Final = 32

BATCH_BYTES: Final = 48 * 1024
"""As stored, and one row more. Postgres compresses to 1/91 at most, so a batch is some 4 MiB of JSON at worst."""


def sized(select: str, *, order: str) -> str:
    """The statement for the first rows of `select` by `order`: at most `$2` rows and `$3` stored bytes, at least one.

    Each row tells in `found` how many rows there are up to `$2`.
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
    """Yield at most `limit` rows. `read` takes the last row of the batch before and how many rows it may give.

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
