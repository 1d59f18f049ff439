"""SQL on sales documents and the counters of their numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from ledger.books import Key
from ledger.documents.numbers import Series
from ledger.documents.sale import Sale, Standing
from storage.pool import Connection

_STANDINGS: Final = """
SELECT s.account_id, s.id, s.sale_type, s.status, s.client_id, s.currency, s.document_date, s.date_due, s.total_minor,
       s.deposit_minor,
       (SELECT coalesce(sum(x.amount_minor), 0)::bigint FROM ledger.settlement x
         WHERE x.account_id = s.account_id AND x.sale_id = s.id) AS settled_minor
  FROM ledger.sale s
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON s.account_id = w.account_id AND s.id = w.id
"""


async def standings(conn: Connection, *, keys: Collection[Key]) -> dict[Key, Standing]:
    """Read where documents stand."""
    if not keys:
        return {}
    rows = await conn.fetch(_STANDINGS, [key[0] for key in keys], [key[1] for key in keys])
    return {
        (row["account_id"], row["id"]): Standing(**{name: row[name] for name in Standing.__slots__}) for row in rows
    }


_EXTERNAL_IDS: Final = """
SELECT s.account_id, s.sale_type, s.external_id, s.id
  FROM ledger.sale s
  JOIN unnest($1::uuid[], $2::text[], $3::text[]) AS w (account_id, sale_type, external_id)
    ON s.account_id = w.account_id AND s.sale_type = w.sale_type AND s.external_id = w.external_id
"""


async def external_ids(
    conn: Connection, *, wanted: Collection[tuple[UUID, str, str]]
) -> dict[tuple[UUID, str, str], UUID]:
    """Which of these (account, sale type, external id) are taken, and by which document."""
    if not wanted:
        return {}
    rows = await conn.fetch(
        _EXTERNAL_IDS, [one[0] for one in wanted], [one[1] for one in wanted], [one[2] for one in wanted]
    )
    return {(row["account_id"], row["sale_type"], row["external_id"]): row["id"] for row in rows}


_INSERT: Final = """
INSERT INTO ledger.sale
       (account_id, id, sale_type, status, number, series, period, counter, client_id, client, currency,
        document_date, date_due, pay_term, operation, tax_basis, include_tax, payment_method, shipping_type, lines,
        adjustments, taxes, shipping_minor, net_minor, tax_minor, total_minor, deposit_minor, calculation_version,
        comment, external_id, created_at, updated_at, issued_at)
SELECT account_id, id, sale_type, status, number, series, period, counter, client_id, client, currency,
       document_date, date_due, pay_term, operation, tax_basis, include_tax, payment_method, shipping_type, lines,
       adjustments, taxes, shipping_minor, net_minor, tax_minor, total_minor, deposit_minor, calculation_version,
       comment, external_id, created_at, updated_at, issued_at
  FROM jsonb_populate_recordset(NULL::ledger.sale, $1)
"""


async def insert(conn: Connection, *, sales: Sequence[Sale]) -> None:
    """Insert new documents with one statement."""
    if sales:
        await conn.execute(_INSERT, sales)


CounterKey = tuple[UUID, Series]
"""Account and series."""

_MAKE_COUNTERS: Final = """
INSERT INTO ledger.number_counter (account_id, series, period, counter)
SELECT w.*, 0 FROM unnest($1::uuid[], $2::text[], $3::int[]) AS w (account_id, series, period)
    ON CONFLICT DO NOTHING
"""

_COUNTERS: Final = """
SELECT c.account_id, c.series, c.period, c.counter
  FROM ledger.number_counter c
  JOIN unnest($1::uuid[], $2::text[], $3::int[]) AS w (account_id, series, period)
    ON c.account_id = w.account_id AND c.series = w.series AND c.period = w.period
"""


async def counters(conn: Connection, *, wanted: Collection[CounterKey]) -> dict[CounterKey, int]:
    """How far series have counted, making the counters of new ones; the books are locked, so nobody else counts."""
    if not wanted:
        return {}
    ordered = sorted(wanted)
    columns = (
        [account_id for account_id, _ in ordered],
        [series.prefix for _, series in ordered],
        [series.period for _, series in ordered],
    )
    rows = await conn.fetch(_COUNTERS, *columns)
    if len(rows) < len(ordered):
        await conn.execute(_MAKE_COUNTERS, *columns)
        rows = await conn.fetch(_COUNTERS, *columns)
    return {(row["account_id"], Series(row["series"], row["period"])): row["counter"] for row in rows}


_ADVANCE: Final = """
UPDATE ledger.number_counter c SET counter = w.after
  FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::bigint[])
       AS w (account_id, series, period, before, after)
 WHERE c.account_id = w.account_id AND c.series = w.series AND c.period = w.period AND c.counter = w.before
RETURNING c.counter
"""


class CounterMoved(Exception):
    """Somebody counted on beside us although the books were locked: a bug, and nothing is committed."""


async def advance(conn: Connection, *, moved: Mapping[CounterKey, tuple[int, int]]) -> None:
    """Move counters (before, after) for the numbers given: the last statement on the books.

    Raises:
        CounterMoved: a counter did not stand where it was read.
    """
    if not moved:
        return
    ordered = sorted(moved.items())
    rows = await conn.fetch(
        _ADVANCE,
        [account_id for (account_id, _), _ in ordered],
        [series.prefix for (_, series), _ in ordered],
        [series.period for (_, series), _ in ordered],
        [before for _, (before, _) in ordered],
        [after for _, (_, after) in ordered],
    )
    if len(rows) != len(ordered):
        raise CounterMoved
