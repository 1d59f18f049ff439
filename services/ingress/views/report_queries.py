"""Read the ledger's published journal as of a day: sums, statements and entries."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any, Final, cast
from uuid import UUID

from ingress.views.batches import BATCH_BYTES, Row, in_batches, sized
from ingress.views.queries import HIGHEST_ID
from storage.pool import Pool

LOWEST_ID: Final = UUID(int=0)


async def today(pool: Pool, *, account_id: UUID) -> dt.date:
    """The current date in the account's time zone."""
    return cast("dt.date", await pool.fetchval("SELECT ledger_api.today($1)", account_id))


async def trial_balance(pool: Pool, *, account_id: UUID, as_of: dt.date) -> list[Row]:
    """`(ledger_account, currency, debit_minor, credit_minor)` by currency and account."""
    rows = await pool.fetch("SELECT * FROM ledger_api.trial_balance($1, $2)", account_id, as_of)
    return cast("list[Row]", rows)


# One snapshot for both: the sums of all, and the clients after the last one shown.
_AGEING: Final = """
WITH found AS MATERIALIZED (SELECT * FROM ledger_api.ageing($1, $2))
(SELECT f.*, NULL AS name FROM found f WHERE f.client_id IS NULL ORDER BY f.currency)
UNION ALL
(SELECT f.*, c.name FROM found f
   JOIN ledger_api.client c ON c.account_id = $1 AND c.id = f.client_id
  WHERE (f.client_id, f.currency) < ($3, $4) ORDER BY f.client_id DESC, f.currency DESC LIMIT $5)
"""


async def ageing(
    pool: Pool, *, account_id: UUID, as_of: dt.date, before: tuple[UUID, str] | None, limit: int
) -> tuple[list[Row], list[Row]]:
    """The sums by currency, and a page of clients, newest first: rows of `ledger_api.ageing` with each one's name."""
    client_id, currency = before or (HIGHEST_ID, "")
    rows = cast("list[Row]", await pool.fetch(_AGEING, account_id, as_of, client_id, currency, limit))
    return [row for row in rows if row["client_id"] is None], [row for row in rows if row["client_id"] is not None]


async def balance_before(pool: Pool, *, account_id: UUID, client_id: UUID, currency: str, **where: Any) -> int:
    """A client's receivable less its credit, before the entry `entry_id` of the day `on`."""
    minor = await pool.fetchval(
        "SELECT ledger_api.balance_before($1, $2, $3, $4, $5)",
        account_id, client_id, currency, where["on"], where["entry_id"],
    )  # fmt: skip
    return int(minor)


async def statement(
    pool: Pool,
    *,
    account_id: UUID,
    client_id: UUID,
    currency: str,
    after: tuple[dt.date, UUID],
    to: dt.date,
    limit: int,
) -> list[Row]:
    """The entries that changed a client's balance, oldest first, from after a place up to the end of a day."""
    rows = await pool.fetch(
        "SELECT * FROM ledger_api.statement($1, $2, $3, $4, $5, $6, $7)",
        account_id, client_id, currency, after[0], after[1], to, limit,
    )  # fmt: skip
    return cast("list[Row]", rows)


_JOURNAL: Final = """
SELECT id, booked_on, kind, document_id, reversal_of, created_at, postings FROM ledger_api.journal
 WHERE account_id = $1 AND booked_on >= $4 AND (booked_on, id) < ($5, $6)"""

_LATEST: Final = "booked_on DESC, id DESC"
_ENTRIES: Final = sized(_JOURNAL, order=_LATEST)
_ENTRIES_OF: Final = sized(f"{_JOURNAL} AND document_id = $7", order=_LATEST)


async def journal(
    pool: Pool,
    *,
    account_id: UUID,
    since: dt.date,
    before: tuple[dt.date, UUID],
    limit: int,
    document_id: UUID | None = None,
) -> AsyncIterator[list[Row]]:
    """Yield entries with their postings, the latest day first, in batches; those of one document or payment, if named.

    There are at most `limit`.
    """
    statement, document = (_ENTRIES, ()) if document_id is None else (_ENTRIES_OF, (document_id,))

    async def read(last: Row | None, rows_max: int) -> list[Row]:
        place = before if last is None else (last["booked_on"], last["id"])
        rows = await pool.fetch(statement, account_id, rows_max, BATCH_BYTES, since, *place, *document)
        return cast("list[Row]", rows)

    async for batch in in_batches(read, limit):
        yield batch


async def receivables_by_month(pool: Pool, *, account_id: UUID, first_month: dt.date, as_of: dt.date) -> list[Row]:
    """What receivables changed by and what was invoiced, by month and currency; all before the first in one row."""
    rows = await pool.fetch("SELECT * FROM ledger_api.receivables_by_month($1, $2, $3)", account_id, first_month, as_of)
    return cast("list[Row]", rows)


async def collected(pool: Pool, *, account_id: UUID, since: dt.date, to: dt.date) -> list[Row]:
    """What was reminded, promised and collected, by collector, step and currency."""
    rows = await pool.fetch("SELECT * FROM ledger_api.collected($1, $2, $3)", account_id, since, to)
    return cast("list[Row]", rows)


async def money_in(pool: Pool, *, account_id: UUID, since: dt.date, to: dt.date, unit: str) -> list[Row]:
    """`(date, currency, received_minor, payments)` by day or week, the latest first."""
    rows = await pool.fetch("SELECT * FROM ledger_api.money_in($1, $2, $3, $4)", account_id, since, to, unit)
    return cast("list[Row]", rows)


async def sale_timeline(
    pool: Pool, *, account_id: UUID, sale_id: UUID, before: tuple[dt.datetime, UUID], limit: int
) -> list[Row]:
    """`(at, id, kind, detail)` of what happened to a sales document before a place, the latest first."""
    rows = await pool.fetch(
        "SELECT * FROM ledger_api.sale_timeline($1, $2, $3, $4, $5)", account_id, sale_id, *before, limit
    )
    return cast("list[Row]", rows)
