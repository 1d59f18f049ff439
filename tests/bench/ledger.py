"""Fill an account's books with a great many documents, set by set: what lists and the checker are measured on.

All of it lies in last year: its events are no longer expected in the dispatcher's log. Of the invoices every
second is paid in full, the others are overdue and reported; the further documents are estimates, orders, proformas and
drafts, a quarter each. `ledgerwire verify` holds all of it to be as the ledger itself makes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

CLIENTS: Final = 997  # a prime: every client has documents of every kind
DAYS: Final = 300  # over which the documents are spread, from the first day of last year on
STATEMENT_SECONDS_MAX: Final = 600.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much to make: `documents` of so many clients with the invoices among them, each of so many lines."""

    documents: int = 1_000_000
    invoices: int = 200_000
    lines: int = 3
    clients: int = CLIENTS

    @property
    def postings(self) -> int:
        """Three for each invoice, and four for each that is paid."""
        return 3 * self.invoices + 4 * (self.invoices // 2)


# Ids sort by their moment and, beneath one, by their kind; they say a time in the past, as the rows do.
_TOOLS: Final = """
CREATE FUNCTION pg_temp.made_id(ms bigint, kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(ms), 12, '0') || '7' || lpad(to_hex(kind), 3, '0') || 'a' || lpad(to_hex(n), 15, '0'))::uuid
$$;
CREATE TEMP TABLE priced (
    price int PRIMARY KEY, net_minor bigint, tax_minor bigint, lines jsonb, taxes jsonb
);
CREATE TEMP TABLE billed (n int PRIMARY KEY, id uuid, snapshot jsonb);
CREATE TEMP TABLE made (
    n bigint, ms bigint, at timestamptz, id uuid, client int, price int, sale_type text, status text, prefix text,
    counter bigint, day date, due date, paid boolean, late boolean
);
"""

# What a document comes to at each of 90 prices: lines of 1 x (10 + price) at 21 %.
_PRICED: Final = """
INSERT INTO priced
SELECT p, $1 * (1000 + 100 * p), $1 * (210 + 21 * p),
       (SELECT jsonb_agg(jsonb_build_object(
            'product_id', NULL, 'item_code', 'P-' || line, 'description', 'Paper, quality ' || line, 'quantity', '1',
            'unit_price', (10 + p)::text || '.00', 'discount', '0', 'tax_rate', '21', 'tax_category', NULL,
            'taxes', '[]'::jsonb, 'unit', 'pack', 'net', (10 + p)::text || '.00'))
          FROM generate_series(1, $1::bigint) AS line),
       jsonb_build_array(jsonb_build_object(
            'category', NULL, 'rate', '21', 'net', ($1 * (10 + p))::text || '.00',
            'tax', to_char($1 * (210 + 21 * p) / 100.0, 'FM9999990.00')))
  FROM generate_series(0, 89) AS p
"""

_CLIENTS: Final = """
WITH named AS (
    SELECT n, pg_temp.made_id($2::bigint, 1, n) AS id, 'Client ' || n AS name FROM generate_series(1, $3::int) AS n
), inserted AS (
    INSERT INTO ledger.client (account_id, id, name, type, email, currency, created_at, updated_at)
    SELECT $1, id, name, 'company', 'client-' || n || '@example.com', 'EUR', to_timestamp($2 / 1000.0),
           to_timestamp($2 / 1000.0)
      FROM named
)
INSERT INTO billed SELECT n, id, jsonb_build_object('name', name, 'type', 'company') FROM named
"""

_USAGE: Final = """
INSERT INTO ledger.usage_counter (account_id, quota, used) VALUES ($1, 'clients', $2)
    ON CONFLICT (account_id, quota) DO UPDATE SET used = ledger.usage_counter.used + excluded.used
"""

_MADE: Final = """
INSERT INTO made
SELECT n, ms, to_timestamp(ms / 1000.0), pg_temp.made_id(ms, 2, n), 1 + n % $5, n % 90, t.sale_type, t.status, t.prefix,
       CASE WHEN n <= $3 THEN n WHEN t.prefix IS NOT NULL THEN (n - $3 + 3) / 4 END, d.day, d.day + 14,
       n <= $3 AND n % 2 = 0, n <= $3 AND n % 2 = 1
  FROM generate_series(1, $4::bigint) AS n
 CROSS JOIN LATERAL (SELECT $1::bigint + n * $2::bigint AS ms) m
 CROSS JOIN LATERAL (SELECT (to_timestamp(ms / 1000.0) AT TIME ZONE 'UTC')::date AS day) d
  JOIN (VALUES (-1, 'sales_invoice', 'issued', 'INV'), (0, 'sales_estimate', 'issued', 'EST'),
               (1, 'sales_order', 'confirmed', 'SO'), (2, 'sales_proforma', 'issued', 'PRO'),
               (3, 'sales_invoice', 'draft', NULL)) AS t (turn, sale_type, status, prefix)
    ON t.turn = CASE WHEN n <= $3::bigint THEN -1 ELSE (n - $3 - 1) % 4 END
 ORDER BY n
"""

_SALES: Final = """
INSERT INTO ledger.sale (
    account_id, id, sale_type, number, series, period, counter, client_id, client, currency, document_date, date_due,
    date_due_given, include_tax, lines, adjustments, taxes, shipping_minor, net_minor, tax_minor, total_minor,
    deposit_minor, calculation_version, created_at, issued_at)
SELECT $1, m.id, m.sale_type, m.prefix || '-' || extract(year FROM m.day) || '-' || lpad(m.counter::text, 6, '0'),
       m.prefix, CASE WHEN m.prefix IS NOT NULL THEN extract(year FROM m.day)::int END, m.counter, b.id, b.snapshot,
       'EUR', m.day, m.due, true, false, p.lines, '[]', p.taxes, 0, p.net_minor, p.tax_minor, p.net_minor + p.tax_minor,
       0, 1, m.at, CASE WHEN m.prefix IS NOT NULL THEN m.at END
  FROM made m JOIN billed b ON b.n = m.client JOIN priced p USING (price)
 ORDER BY m.n
"""

_DOCUMENT_STATES: Final = """
INSERT INTO ledger.sale_state (
    account_id, sale_id, sale_type, role, status, client_id, currency, date_due, total_minor, due_minor, settled_minor,
    refunded_minor, written_off_minor, credited_minor, overdue_notified_at, updated_at)
SELECT $1, m.id, m.sale_type, CASE m.sale_type WHEN 'sales_invoice' THEN 'receivable' ELSE 'offer' END, m.status,
       b.id, 'EUR', m.due, p.net_minor + p.tax_minor, p.net_minor + p.tax_minor,
       CASE WHEN m.paid THEN p.net_minor + p.tax_minor ELSE 0 END, 0, 0, 0,
       CASE WHEN m.late THEN m.at + interval '15 days' END, m.at
  FROM made m JOIN billed b ON b.n = m.client JOIN priced p USING (price)
 ORDER BY m.n
"""

_COUNTERS: Final = """
INSERT INTO ledger.number_counter (account_id, series, period, counter)
SELECT $1, prefix, extract(year FROM day)::int, max(counter) FROM made WHERE prefix IS NOT NULL GROUP BY 2, 3
"""

_PAYMENTS: Final = """
INSERT INTO ledger.payment (
    account_id, id, client_id, status, amount_minor, currency, date, method, settled_minor, refunded_minor, created_at,
    updated_at)
SELECT $1, pg_temp.made_id(m.ms, 3, m.n), b.id, 'confirmed', p.net_minor + p.tax_minor, 'EUR', m.day, 'bank',
       p.net_minor + p.tax_minor, 0, m.at, m.at
  FROM made m JOIN billed b ON b.n = m.client JOIN priced p USING (price)
 WHERE m.paid ORDER BY m.n
"""

_ENTRIES: Final = """
INSERT INTO ledger.entry (account_id, id, kind, document_id, booked_on, command_id, created_at)
SELECT $1, pg_temp.made_id(m.ms, k.number, m.n), k.kind,
       CASE WHEN k.kind = 'issue' THEN m.id ELSE pg_temp.made_id(m.ms, 3, m.n) END, m.day,
       pg_temp.made_id(m.ms, 7, m.n), m.at
  FROM made m JOIN (VALUES (4, 'issue'), (5, 'payment'), (6, 'settle')) AS k (number, kind)
    ON k.kind = 'issue' OR m.paid
 WHERE m.paid OR m.late ORDER BY m.n, k.number
"""

_POSTINGS: Final = """
INSERT INTO ledger.posting (
    account_id, entry_id, line, ledger_account, client_id, document_id, currency, amount_minor, booked_on)
SELECT $1, pg_temp.made_id(m.ms, k.number, m.n), k.line, k.ledger_account, b.id,
       CASE WHEN k.of_invoice THEN m.id ELSE pg_temp.made_id(m.ms, 3, m.n) END, 'EUR',
       k.net * p.net_minor + k.tax * p.tax_minor, m.day
  FROM made m JOIN billed b ON b.n = m.client JOIN priced p USING (price)
  JOIN (VALUES (4, 0, 'receivable', true, 1, 1), (4, 1, 'revenue', true, -1, 0), (4, 2, 'tax', true, 0, -1),
               (5, 0, 'cash', false, 1, 1), (5, 1, 'unapplied', false, -1, -1),
               (6, 0, 'unapplied', false, 1, 1), (6, 1, 'receivable', true, -1, -1))
    AS k (number, line, ledger_account, of_invoice, net, tax) ON k.number = 4 OR m.paid
 WHERE m.paid OR m.late ORDER BY m.n, k.number, k.line
"""

_SETTLEMENTS: Final = """
INSERT INTO ledger.settlement (account_id, id, sale_id, payment_id, amount_minor, entry_id, created_at)
SELECT $1, pg_temp.made_id(m.ms, 8, m.n), m.id, pg_temp.made_id(m.ms, 3, m.n), p.net_minor + p.tax_minor,
       pg_temp.made_id(m.ms, 6, m.n), m.at
  FROM made m JOIN priced p USING (price)
 WHERE m.paid ORDER BY m.n
"""

_BALANCES: Final = """
INSERT INTO ledger.client_balance (account_id, client_id, currency, receivable_minor, unapplied_minor)
SELECT $1, b.id, 'EUR', sum(CASE WHEN m.late THEN p.net_minor + p.tax_minor ELSE 0 END), 0
  FROM made m JOIN billed b ON b.n = m.client JOIN priced p USING (price)
 WHERE m.paid OR m.late GROUP BY b.id
"""

_EVENTS: Final = """
INSERT INTO ledger.document_event (
    account_id, event_id, document_id, trigger, status_before, status_after, command_id, at)
SELECT $1, pg_temp.made_id(m.ms, k.number, m.n),
       CASE WHEN k.trigger = 'payment.posted' THEN pg_temp.made_id(m.ms, 3, m.n) ELSE m.id END, k.trigger,
       CASE WHEN k.trigger = 'sale.posted' THEN 'draft'
            WHEN k.trigger IN ('sale.overdue', 'sale.paid') THEN 'issued' END,
       CASE k.trigger WHEN 'sale.created' THEN 'draft' WHEN 'payment.posted' THEN 'confirmed' ELSE m.status END,
       pg_temp.made_id(m.ms, 7, m.n), m.at
  FROM made m
  JOIN (VALUES (16, 'sale.created'), (17, 'sale.posted'), (18, 'sale.overdue'), (19, 'payment.posted'),
               (20, 'sale.paid')) AS k (number, trigger)
    ON CASE k.trigger WHEN 'sale.created' THEN true WHEN 'sale.posted' THEN m.prefix IS NOT NULL
                      WHEN 'sale.overdue' THEN m.late ELSE m.paid END
 ORDER BY m.n, k.number
"""


_LAST_EVENT: Final = """
INSERT INTO ledger.last_event (account_id, client_id, event_id)
SELECT DISTINCT ON (m.client) $1, b.id,
       pg_temp.made_id(m.ms, CASE WHEN m.paid THEN 20 WHEN m.late THEN 18 WHEN m.prefix IS NOT NULL THEN 17 ELSE 16 END,
                       m.n)
  FROM made m JOIN billed b ON b.n = m.client
 ORDER BY m.client, m.n DESC
"""


_COLLECTED: Final = """
INSERT INTO ledger.collected_client (account_id, client_id, due_at) SELECT $1, id, now() FROM billed ORDER BY id
"""


async def fill(dsn: str, account_id: UUID, size: Size) -> None:
    """Fill the empty ledger of an account, as the database's superuser, and update the planner's statistics.

    Triggers are left out for their time: that they would have let it pass is what the checker shows.
    """
    start = datetime(datetime.now(tz=UTC).year - 1, 1, 1, tzinfo=UTC)
    since_ms, step_ms = int(start.timestamp() * 1000), max(1, DAYS * 86_400_000 // size.documents)
    conn = await asyncpg.connect(dsn, command_timeout=STATEMENT_SECONDS_MAX)
    try:
        await conn.execute("SET session_replication_role = replica; SET work_mem = '64MB'; SET timezone = 'UTC'")
        await conn.execute(_TOOLS)
        await conn.execute("INSERT INTO ledger.book (account_id) VALUES ($1) ON CONFLICT DO NOTHING", account_id)
        await conn.execute(_PRICED, size.lines)
        await conn.execute(_CLIENTS, account_id, since_ms, size.clients)
        await conn.execute(_USAGE, account_id, size.clients)
        await conn.execute(_MADE, since_ms, step_ms, size.invoices, size.documents, size.clients)
        await conn.execute("ANALYZE made; ANALYZE billed; ANALYZE priced")
        for statement in _FILL:
            await conn.execute(statement, account_id)
        await conn.execute("VACUUM (ANALYZE) " + ", ".join(_TABLES))
    finally:
        await conn.close()


_FILL: Final = (
    _SALES, _DOCUMENT_STATES, _COUNTERS, _PAYMENTS, _ENTRIES, _POSTINGS, _SETTLEMENTS, _BALANCES, _EVENTS, _LAST_EVENT,
    _COLLECTED,
)  # fmt: skip
_TABLES: Final = tuple(
    f"ledger.{name}"
    for name in (
        "client", "client_balance", "sale", "sale_state", "payment", "entry", "posting", "settlement",
        "document_event",
    )
)  # fmt: skip


async def count_of(dsn: str, table: str) -> int:
    """How many rows a table of the ledger has."""
    conn: asyncpg.Connection[Any] = await asyncpg.connect(dsn, command_timeout=STATEMENT_SECONDS_MAX)
    try:
        return int(await conn.fetchval(f"SELECT count(*) FROM ledger.{table}"))  # noqa: S608  our own constants
    finally:
        await conn.close()
