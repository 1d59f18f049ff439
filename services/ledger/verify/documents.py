"""Checks of documents and payments against the journal beneath them, and of issued documents against their lines."""

from __future__ import annotations

from typing import Final

from ledger.verify.check import Check

# What the journal must hold for each document and payment, by ledger account.
_BOOKED: Final = """
WITH claim AS (
    SELECT s.account_id, s.id, s.sale_type || ' ' || coalesce(s.number, 'draft') AS what, s.client_id, s.currency,
           x.invoice * (t.due_minor - t.settled_minor - t.written_off_minor) AS receivable,
           x.note * (t.settled_minor + t.refunded_minor - s.total_minor) AS unapplied,
           (x.note - x.invoice) * s.net_minor AS revenue, (x.note - x.invoice) * s.tax_minor AS tax,
           -x.note * t.refunded_minor AS cash, x.invoice * s.deposit_minor AS deposits, t.written_off_minor AS bad_debt
      FROM ledger.sale s
      JOIN ledger.sale_state t ON t.account_id = s.account_id AND t.sale_id = s.id
     CROSS JOIN LATERAL (SELECT
        (t.role = 'receivable')::int AS invoice, (t.role = 'credit')::int AS note) x
     WHERE t.role IN ('receivable', 'credit') AND t.status IN ('issued', 'written_off')
       AND (s.net_minor, s.tax_minor) <> (0, 0)
    UNION ALL
    SELECT account_id, id, 'payment', client_id, currency, 0, settled_minor + refunded_minor - amount_minor, 0, 0,
           amount_minor - refunded_minor, 0, 0
      FROM ledger.payment WHERE status = 'confirmed'
), booked AS (
    SELECT account_id, document_id, client_id, currency,
           sum(amount_minor) FILTER (WHERE ledger_account = 'receivable') AS receivable,
           sum(amount_minor) FILTER (WHERE ledger_account = 'unapplied') AS unapplied,
           sum(amount_minor) FILTER (WHERE ledger_account = 'revenue') AS revenue,
           sum(amount_minor) FILTER (WHERE ledger_account = 'tax') AS tax,
           sum(amount_minor) FILTER (WHERE ledger_account = 'cash') AS cash,
           sum(amount_minor) FILTER (WHERE ledger_account = 'deposits') AS deposits,
           sum(amount_minor) FILTER (WHERE ledger_account = 'bad_debt') AS bad_debt
      FROM ledger.posting WHERE client_id IS NOT NULL GROUP BY account_id, document_id, client_id, currency
)
SELECT coalesce(c.account_id, b.account_id) AS account_id, coalesce(c.id, b.document_id) AS id,
       'the journal of ' || coalesce(c.what, 'what claims nothing or no more,') AS what,
       coalesce(c.currency, b.currency) AS currency, to_json(found) AS found, to_json(must) AS must
  FROM claim c
  FULL JOIN booked b
    ON b.account_id = c.account_id AND b.document_id = c.id AND b.client_id = c.client_id AND b.currency = c.currency
 CROSS JOIN LATERAL (SELECT
    coalesce(b.receivable, 0)::bigint AS receivable_minor, coalesce(b.unapplied, 0)::bigint AS unapplied_minor,
    coalesce(b.revenue, 0)::bigint AS revenue_minor, coalesce(b.tax, 0)::bigint AS tax_minor,
    coalesce(b.cash, 0)::bigint AS cash_minor, coalesce(b.deposits, 0)::bigint AS deposits_minor,
    coalesce(b.bad_debt, 0)::bigint AS bad_debt_minor) found
 CROSS JOIN LATERAL (SELECT
    coalesce(c.receivable, 0) AS receivable_minor, coalesce(c.unapplied, 0) AS unapplied_minor,
    coalesce(c.revenue, 0) AS revenue_minor, coalesce(c.tax, 0) AS tax_minor, coalesce(c.cash, 0) AS cash_minor,
    coalesce(c.deposits, 0) AS deposits_minor, coalesce(c.bad_debt, 0) AS bad_debt_minor) must
 WHERE found IS DISTINCT FROM must
"""

# Sums could agree although an entry was posted twice and reversed twice.
_BOOKED_ONCE: Final = """
WITH claim AS (
    SELECT s.account_id, s.id, s.sale_type || ' ' || s.number AS what,
           (t.role = 'receivable')::int AS issued, (t.role = 'credit')::int AS credited,
           0 AS paid, (t.status = 'void')::int AS undone, (t.status = 'written_off')::int AS written_off
      FROM ledger.sale s
      JOIN ledger.sale_state t ON t.account_id = s.account_id AND t.sale_id = s.id
     WHERE t.role IN ('receivable', 'credit') AND s.number IS NOT NULL
       AND (s.net_minor, s.tax_minor) <> (0, 0)
    UNION ALL
    SELECT account_id, id, 'payment', 0, 0, 1, (status = 'reversed')::int, 0
      FROM ledger.payment WHERE status IN ('confirmed', 'reversed')
), booked AS (
    SELECT account_id, document_id, count(*) FILTER (WHERE kind = 'issue') AS issued,
           count(*) FILTER (WHERE kind = 'credit_note') AS credited, count(*) FILTER (WHERE kind = 'payment') AS paid,
           count(*) FILTER (WHERE kind IN ('void', 'void_credit_note', 'reverse')) AS undone,
           count(*) FILTER (WHERE kind = 'write_off') - count(*) FILTER (WHERE kind = 'write_back') AS written_off
      FROM ledger.entry GROUP BY account_id, document_id
)
SELECT coalesce(c.account_id, b.account_id) AS account_id, coalesce(c.id, b.document_id) AS id,
       'the journal of ' || coalesce(c.what, 'what books nothing,') AS what, NULL AS currency,
       to_json(found) AS found, to_json(must) AS must
  FROM claim c FULL JOIN booked b ON b.account_id = c.account_id AND b.document_id = c.id
 CROSS JOIN LATERAL (SELECT
    coalesce(b.issued, 0) AS times_issued, coalesce(b.credited, 0) AS times_credited, coalesce(b.paid, 0) AS times_paid,
    coalesce(b.undone, 0) AS times_undone, coalesce(b.written_off, 0) AS times_written_off) found
 CROSS JOIN LATERAL (SELECT
    coalesce(c.issued, 0)::bigint AS times_issued, coalesce(c.credited, 0)::bigint AS times_credited,
    coalesce(c.paid, 0)::bigint AS times_paid, coalesce(c.undone, 0)::bigint AS times_undone,
    coalesce(c.written_off, 0)::bigint AS times_written_off) must
 WHERE found IS DISTINCT FROM must
"""

# Lines and taxes have amounts as text with exactly the currency's decimals: without the point they are minor units.
# Where prices include tax, the net part of the shipping is not stored: any part of it is accepted.
_LINES: Final = """
SELECT s.account_id, s.id, s.sale_type || ' ' || s.number AS what, s.currency, to_json(found) AS found,
       to_json(must) AS must
  FROM ledger.sale s
 CROSS JOIN LATERAL (
    SELECT coalesce(sum(replace(e.value->>'net', '.', '')::bigint), 0) AS minor
      FROM jsonb_array_elements(s.lines) AS e
 ) l
 CROSS JOIN LATERAL (
    SELECT coalesce(sum(CASE e.value->>'type' WHEN 'discount' THEN -1 ELSE 1 END
                        * replace(e.value->>'net', '.', '')::bigint), 0) AS minor
      FROM jsonb_array_elements(s.adjustments) AS e
 ) a
 CROSS JOIN LATERAL (
    SELECT coalesce(sum(replace(e.value->>'tax', '.', '')::bigint), 0)::bigint AS minor
      FROM jsonb_array_elements(s.taxes) AS e
 ) x
 CROSS JOIN LATERAL (SELECT
    (l.minor + a.minor + CASE WHEN s.include_tax THEN 0 ELSE s.shipping_minor END)::bigint AS least,
    (l.minor + a.minor + s.shipping_minor)::bigint AS most) net
 CROSS JOIN LATERAL (SELECT s.net_minor, s.tax_minor, s.total_minor) found
 CROSS JOIN LATERAL (SELECT
    least(greatest(s.net_minor, net.least), net.most) AS net_minor, x.minor AS tax_minor,
    s.net_minor + s.tax_minor AS total_minor) must
 WHERE s.number IS NOT NULL AND found IS DISTINCT FROM must
"""

CHECKS: Final = (
    Check("booked", "the journal holds for each document what is left of it", _BOOKED),
    Check("booked_once", "a document is booked once, and undone once when it is void", _BOOKED_ONCE),
    Check("lines", "an issued document's totals are those of its lines", _LINES),
)
