"""SQL on sales documents, their states, and the counters of their numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from contracts.resources.transitions import ALLOCATIONS_MAX
from ledger.clients.rules import BalanceKey
from ledger.sales.crediting import TaxRows
from ledger.sales.document_state import DocumentState
from ledger.sales.numbers import Series
from ledger.sales.sale import Sale
from ledger.unit_of_work.state import Key
from storage.pool import Connection

_DOCUMENT_STATES: Final = """
SELECT t.account_id, t.sale_id, t.sale_type, t.role, t.status, t.client_id, t.currency, t.date_due, t.total_minor,
       t.due_minor, t.updated_at, s.document_date, s.invoice_id, s.payment_id, s.converted_from, t.settled_minor,
       t.refunded_minor, t.written_off_minor, t.credited_minor, t.converted_to, t.status_reason, t.send_requested_at,
       t.overdue_check_at, t.overdue_notified_at
  FROM unnest($1::uuid[], $2::uuid[]) AS w (account_id, id)
  JOIN ledger.sale_state t ON t.account_id = w.account_id AND t.sale_id = w.id
  JOIN ledger.sale s ON s.account_id = w.account_id AND s.id = w.id
"""


async def document_states(conn: Connection, *, keys: Collection[Key]) -> dict[Key, DocumentState]:
    """Read the states of documents."""
    if not keys:
        return {}
    rows = await conn.fetch(_DOCUMENT_STATES, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["account_id"], row["sale_id"]): DocumentState(**row) for row in rows}


_CREDITED: Final = """
SELECT s.account_id, s.invoice_id, s.id, s.taxes
  FROM unnest($1::uuid[], $2::uuid[]) AS w (account_id, id)
  JOIN ledger.sale s ON s.account_id = w.account_id AND s.invoice_id = w.id
  JOIN ledger.sale_state t ON t.account_id = s.account_id AND t.sale_id = s.id AND t.status = 'issued'
"""


async def credited(conn: Connection, *, keys: Collection[Key]) -> dict[Key, dict[UUID, TaxRows]]:
    """Read the tax breakdowns of the live credit notes against invoices."""
    if not keys:
        return {}
    found: dict[Key, dict[UUID, TaxRows]] = {key: {} for key in keys}
    for row in await conn.fetch(_CREDITED, [key[0] for key in keys], [key[1] for key in keys]):
        found[row["account_id"], row["invoice_id"]][row["id"]] = row["taxes"]
    return found


# The longest due of each client, as far as one allocation can reach.
_OPEN_INVOICES: Final = """
SELECT t.account_id, t.sale_id, t.sale_type, t.role, t.status, t.client_id, t.currency, t.date_due, t.total_minor,
       t.due_minor, t.updated_at, s.document_date, s.invoice_id, s.payment_id, s.converted_from, t.settled_minor,
       t.refunded_minor, t.written_off_minor, t.credited_minor, t.converted_to, t.status_reason, t.send_requested_at,
       t.overdue_check_at, t.overdue_notified_at
  FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS w (account_id, client_id, currency)
 CROSS JOIN LATERAL (
    SELECT * FROM ledger.sale_state x
     WHERE x.account_id = w.account_id AND x.client_id = w.client_id AND x.currency = w.currency
       AND x.role = 'receivable' AND x.status IN ('issued', 'written_off') AND x.open_minor > 0 AND x.owed
     ORDER BY x.date_due, x.sale_id LIMIT $4
 ) t
  JOIN ledger.sale s ON s.account_id = t.account_id AND s.id = t.sale_id
"""


async def open_invoices(conn: Connection, *, keys: Collection[BalanceKey]) -> dict[Key, DocumentState]:
    """Read the states of clients' open invoices, by (account, client, currency): the longest due first."""
    if not keys:
        return {}
    columns = [[key[0] for key in keys], [key[1] for key in keys], [key[2] for key in keys]]
    rows = await conn.fetch(_OPEN_INVOICES, *columns, ALLOCATIONS_MAX)
    return {(row["account_id"], row["sale_id"]): DocumentState(**row) for row in rows}


_DOCUMENTS: Final = """
SELECT s.account_id, s.id, s.sale_type, s.client_id, s.client, s.currency, s.document_date, s.date_due,
       s.date_due_given, s.pay_term, s.operation, s.tax_basis, s.include_tax, s.payment_method, s.shipping_type,
       s.lines, s.adjustments, s.taxes, s.shipping_minor, s.net_minor, s.tax_minor, s.total_minor, s.deposit_minor,
       s.calculation_version, s.comment, s.external_id, s.created_at, s.invoice_id, s.payment_id, s.converted_from,
       s.number, s.series, s.period, s.counter, s.issued_at
  FROM ledger.sale s
  JOIN unnest($1::uuid[], $2::uuid[]) AS w (account_id, id) ON s.account_id = w.account_id AND s.id = w.id
"""


async def documents(conn: Connection, *, keys: Collection[Key]) -> dict[Key, Sale]:
    """Read what is written on documents."""
    if not keys:
        return {}
    rows = await conn.fetch(_DOCUMENTS, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["account_id"], row["id"]): Sale(**row) for row in rows}


_EXTERNAL_IDS: Final = """
SELECT s.account_id, s.sale_type, s.external_id, s.id
  FROM ledger.sale s
  JOIN unnest($1::uuid[], $2::text[]) AS w (account_id, external_id)
    ON s.account_id = w.account_id AND s.external_id = w.external_id
"""


async def external_ids(conn: Connection, *, wanted: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str, str], UUID]:
    """The documents of each kind with these external ids: (account, sale type, external id) to the id."""
    if not wanted:
        return {}
    rows = await conn.fetch(_EXTERNAL_IDS, [one[0] for one in wanted], [one[1] for one in wanted])
    return {(row["account_id"], row["sale_type"], row["external_id"]): row["id"] for row in rows}


_INSERT: Final = """
INSERT INTO ledger.sale
       (account_id, id, sale_type, number, series, period, counter, client_id, client, currency, document_date,
        date_due, date_due_given, pay_term, operation, tax_basis, include_tax, payment_method, shipping_type, lines,
        adjustments, taxes, shipping_minor, net_minor, tax_minor, total_minor, deposit_minor, calculation_version,
        comment, external_id, invoice_id, payment_id, converted_from, created_at, issued_at)
SELECT account_id, id, sale_type, number, series, period, counter, client_id, client, currency, document_date,
       date_due, date_due_given, pay_term, operation, tax_basis, include_tax, payment_method, shipping_type, lines,
       adjustments, taxes, shipping_minor, net_minor, tax_minor, total_minor, deposit_minor, calculation_version,
       comment, external_id, invoice_id, payment_id, converted_from, created_at, issued_at
  FROM jsonb_populate_recordset(NULL::ledger.sale, $1)
"""

_INSERT_STANDINGS: Final = """
INSERT INTO ledger.sale_state
       (account_id, sale_id, sale_type, role, status, client_id, currency, date_due, total_minor, due_minor,
        settled_minor, refunded_minor, written_off_minor, credited_minor, converted_to, overdue_check_at, updated_at)
SELECT account_id, sale_id, sale_type, role, status, client_id, currency, date_due, total_minor, due_minor,
       settled_minor, refunded_minor, written_off_minor, credited_minor, converted_to, overdue_check_at, updated_at
  FROM jsonb_populate_recordset(NULL::ledger.sale_state, $1)
"""


async def insert(conn: Connection, *, sales: Sequence[Sale], document_states: Sequence[DocumentState]) -> None:
    """Insert new documents with their states: two statements for all."""
    if sales:
        await conn.execute(_INSERT, sales)
        await conn.execute(_INSERT_STANDINGS, document_states)


_REWRITE: Final = """
UPDATE ledger.sale s
   SET number = w.number, series = w.series, period = w.period, counter = w.counter, client_id = w.client_id,
       client = w.client, currency = w.currency, document_date = w.document_date, date_due = w.date_due,
       date_due_given = w.date_due_given, pay_term = w.pay_term, operation = w.operation, tax_basis = w.tax_basis,
       include_tax = w.include_tax, payment_method = w.payment_method, shipping_type = w.shipping_type,
       lines = w.lines, adjustments = w.adjustments, taxes = w.taxes, shipping_minor = w.shipping_minor,
       net_minor = w.net_minor, tax_minor = w.tax_minor, total_minor = w.total_minor, deposit_minor = w.deposit_minor,
       calculation_version = w.calculation_version, comment = w.comment, external_id = w.external_id,
       invoice_id = w.invoice_id, payment_id = w.payment_id, issued_at = w.issued_at
  FROM jsonb_populate_recordset(NULL::ledger.sale, $1) w
 WHERE s.account_id = w.account_id AND s.id = w.id
"""


async def rewrite(conn: Connection, *, sales: Sequence[Sale]) -> None:
    """Update drafts, some of them with their number, after which they never change."""
    if sales:
        await conn.execute(_REWRITE, sales)


# The scheduler changes overdue_check_at without the account's lock: it is set here once, when the document is issued.
_MOVE: Final = """
UPDATE ledger.sale_state t
   SET status = w.status, client_id = w.client_id, currency = w.currency, date_due = w.date_due,
       total_minor = w.total_minor, due_minor = w.due_minor, settled_minor = w.settled_minor,
       refunded_minor = w.refunded_minor, written_off_minor = w.written_off_minor, credited_minor = w.credited_minor,
       converted_to = w.converted_to, status_reason = w.status_reason, send_requested_at = w.send_requested_at,
       overdue_check_at = coalesce(t.overdue_check_at, w.overdue_check_at),
       overdue_notified_at = w.overdue_notified_at, updated_at = w.updated_at
  FROM jsonb_populate_recordset(NULL::ledger.sale_state, $1) w
 WHERE t.account_id = w.account_id AND t.sale_id = w.sale_id
"""


async def move(conn: Connection, *, document_states: Sequence[DocumentState]) -> None:
    """Update the states of documents."""
    if document_states:
        await conn.execute(_MOVE, document_states)


_DELETE: Final = """
DELETE FROM ledger.sale s USING unnest($1::uuid[], $2::uuid[]) AS w (account_id, id)
 WHERE s.account_id = w.account_id AND s.id = w.id
"""


async def delete(conn: Connection, *, keys: Collection[Key]) -> None:
    """Delete drafts with their states."""
    if keys:
        await conn.execute(_DELETE, [key[0] for key in keys], [key[1] for key in keys])


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
    """The counters of series, 0 for new ones; the account's lock excludes other writers."""
    if not wanted:
        return {}
    rows = await conn.fetch(_COUNTERS, *_columns(sorted(wanted)))
    known = {(row["account_id"], Series(row["series"], row["period"])): row["counter"] for row in rows}
    return dict.fromkeys(wanted, 0) | known


def _columns(keys: Sequence[CounterKey]) -> tuple[list[UUID], list[str], list[int]]:
    return (
        [account_id for account_id, _ in keys],
        [series.prefix for _, series in keys],
        [series.period for _, series in keys],
    )


_ADVANCE: Final = """
UPDATE ledger.number_counter c SET counter = w.after
  FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::bigint[])
       AS w (account_id, series, period, before, after)
 WHERE c.account_id = w.account_id AND c.series = w.series AND c.period = w.period AND c.counter = w.before
RETURNING c.counter
"""


class CounterMoved(Exception):
    """A counter changed despite the account's lock: a bug; nothing is committed."""


async def advance(conn: Connection, *, moved: Mapping[CounterKey, tuple[int, int]]) -> None:
    """Advance counters (before, after) for the assigned numbers: the last statement of the transaction.

    Raises:
        CounterMoved: a counter changed since it was read.
    """
    if not moved:
        return
    ordered = sorted(moved.items())
    new = [key for key, (before, _) in ordered if before == 0]
    if new:
        await conn.execute(_MAKE_COUNTERS, *_columns(new))
    rows = await conn.fetch(
        _ADVANCE,
        *_columns([key for key, _ in ordered]),
        [before for _, (before, _) in ordered],
        [after for _, (_, after) in ordered],
    )
    if len(rows) != len(ordered):
        raise CounterMoved
