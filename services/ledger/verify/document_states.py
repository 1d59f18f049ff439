"""Checks of derived rows beside the journal: document states, payments and balances equal their recomputation."""

from __future__ import annotations

from typing import Final

from contracts.resources.document_kinds import KINDS
from ledger.verify.check import Check

# $1, $2: kinds of documents and their roles.
_DOCUMENT_STATES: Final = """
WITH settled AS (
    SELECT account_id, sale_id AS id, sum(amount_minor) AS minor FROM ledger.settlement GROUP BY account_id, sale_id
    UNION ALL
    SELECT account_id, credit_note_id, sum(amount_minor) FROM ledger.settlement
     WHERE credit_note_id IS NOT NULL GROUP BY account_id, credit_note_id
), refunded AS (
    SELECT account_id, credit_note_id AS id, sum(amount_minor) AS minor FROM ledger.refund
     WHERE credit_note_id IS NOT NULL GROUP BY account_id, credit_note_id
), written_off AS (
    SELECT account_id, document_id AS id, sum(amount_minor) AS minor FROM ledger.posting
     WHERE ledger_account = 'bad_debt' GROUP BY account_id, document_id
), credited AS (
    SELECT n.account_id, n.invoice_id AS id, sum(n.total_minor) AS minor FROM ledger.sale n
      JOIN ledger.sale_state t ON t.account_id = n.account_id AND t.sale_id = n.id
     WHERE t.role = 'credit' AND n.invoice_id IS NOT NULL AND t.status = 'issued'
     GROUP BY n.account_id, n.invoice_id
), made_of_it AS (
    SELECT m.account_id, m.converted_from AS id, min(m.id::text)::uuid AS made FROM ledger.sale m
      JOIN ledger.sale_state t ON t.account_id = m.account_id AND t.sale_id = m.id
     WHERE m.converted_from IS NOT NULL AND t.status <> 'void' GROUP BY m.account_id, m.converted_from
), sent AS (
    SELECT m.account_id, x.id, max(m.created_at) AS at FROM ledger.message m CROSS JOIN unnest(m.sale_ids) AS x (id)
     WHERE m.purpose = 'document' GROUP BY m.account_id, x.id
)
SELECT coalesce(s.account_id, t.account_id) AS account_id, coalesce(s.id, t.sale_id) AS id,
       'the standing of ' || coalesce(s.sale_type || ' ' || coalesce(s.number, 'draft'), 'no document') AS what,
       coalesce(s.currency, t.currency) AS currency, to_json(found) AS found, to_json(must) AS must
  FROM ledger.sale s
  FULL JOIN ledger.sale_state t ON t.account_id = s.account_id AND t.sale_id = s.id
  LEFT JOIN unnest($1::text[], $2::text[]) AS k (sale_type, role) ON k.sale_type = s.sale_type
  LEFT JOIN settled e ON e.account_id = s.account_id AND e.id = s.id
  LEFT JOIN refunded r ON r.account_id = s.account_id AND r.id = s.id
  LEFT JOIN written_off w ON w.account_id = s.account_id AND w.id = s.id
  LEFT JOIN credited c ON c.account_id = s.account_id AND c.id = s.id
  LEFT JOIN made_of_it m ON m.account_id = s.account_id AND m.id = s.id
  LEFT JOIN sent x ON x.account_id = s.account_id AND x.id = s.id
 CROSS JOIN LATERAL (SELECT
    t.total_minor, t.due_minor, t.settled_minor, t.refunded_minor, t.written_off_minor, t.credited_minor, t.sale_type,
    t.role, t.client_id, t.currency, t.date_due, t.converted_to, t.send_requested_at) found
 CROSS JOIN LATERAL (SELECT
    s.total_minor, s.total_minor - s.deposit_minor AS due_minor,
    CASE WHEN s.id IS NOT NULL THEN coalesce(e.minor, 0)::bigint END AS settled_minor,
    CASE WHEN s.id IS NOT NULL THEN coalesce(r.minor, 0)::bigint END AS refunded_minor,
    CASE WHEN s.id IS NOT NULL THEN coalesce(w.minor, 0)::bigint END AS written_off_minor,
    CASE WHEN s.id IS NOT NULL THEN coalesce(c.minor, 0)::bigint END AS credited_minor,
    s.sale_type, k.role, s.client_id, s.currency, s.date_due, m.made AS converted_to, x.at AS send_requested_at) must
 WHERE found IS DISTINCT FROM must
"""

_PAYMENTS: Final = """
WITH settled AS (
    SELECT account_id, payment_id AS id, sum(amount_minor) AS minor FROM ledger.settlement
     WHERE payment_id IS NOT NULL GROUP BY account_id, payment_id
), refunded AS (
    SELECT account_id, payment_id AS id, sum(amount_minor) AS minor FROM ledger.refund
     WHERE payment_id IS NOT NULL GROUP BY account_id, payment_id
), receipt AS (
    SELECT s.account_id, s.payment_id AS id, min(s.id::text)::uuid AS receipt_id, count(*) AS receipts
      FROM ledger.sale s
      JOIN ledger.sale_state t ON t.account_id = s.account_id AND t.sale_id = s.id
     WHERE t.role = 'receipt' AND s.payment_id IS NOT NULL AND t.status = 'issued'
     GROUP BY s.account_id, s.payment_id
)
SELECT p.account_id, p.id, 'payment' AS what, p.currency, to_json(found) AS found, to_json(must) AS must
  FROM ledger.payment p
  LEFT JOIN settled e ON e.account_id = p.account_id AND e.id = p.id
  LEFT JOIN refunded r ON r.account_id = p.account_id AND r.id = p.id
  LEFT JOIN receipt c ON c.account_id = p.account_id AND c.id = p.id
 CROSS JOIN LATERAL (SELECT
    p.settled_minor, p.refunded_minor, p.receipt_id, coalesce(c.receipts, 0) AS live_receipts) found
 CROSS JOIN LATERAL (SELECT
    coalesce(e.minor, 0)::bigint AS settled_minor, coalesce(r.minor, 0)::bigint AS refunded_minor, c.receipt_id,
    least(coalesce(c.receipts, 0), 1) AS live_receipts) must
 WHERE found IS DISTINCT FROM must
"""

_BALANCES: Final = """
WITH booked AS (
    SELECT account_id, client_id, currency,
           sum(amount_minor) FILTER (WHERE ledger_account = 'receivable') AS receivable,
           -sum(amount_minor) FILTER (WHERE ledger_account = 'unapplied') AS unapplied
      FROM ledger.posting WHERE ledger_account IN ('receivable', 'unapplied')
     GROUP BY account_id, client_id, currency
)
SELECT coalesce(b.account_id, j.account_id) AS account_id, coalesce(b.client_id, j.client_id) AS id,
       'the balance of client' AS what, coalesce(b.currency, j.currency) AS currency, to_json(found) AS found,
       to_json(must) AS must
  FROM ledger.client_balance b
  FULL JOIN booked j ON j.account_id = b.account_id AND j.client_id = b.client_id AND j.currency = b.currency
 CROSS JOIN LATERAL (SELECT
    coalesce(b.receivable_minor, 0) AS receivable_minor, coalesce(b.unapplied_minor, 0) AS unapplied_minor) found
 CROSS JOIN LATERAL (SELECT
    greatest(j.receivable, 0)::bigint AS receivable_minor, greatest(j.unapplied, 0)::bigint AS unapplied_minor) must
 WHERE found IS DISTINCT FROM must
"""

CHECKS: Final = (
    Check(
        "standings",
        "a document's state equals its entries, settlements and refunds",
        _DOCUMENT_STATES,
        args=(list(KINDS), [kind.role for kind in KINDS.values()]),
    ),
    Check("payments", "a payment's state equals its settlements, refunds and receipt", _PAYMENTS),
    Check("balances", "clients' balances equal the journal, and none is below 0", _BALANCES),
)
