"""Checks of settlements and refunds: within their invoice and source, posted exactly, reversed exactly."""

from __future__ import annotations

from typing import Final

from ledger.verify.check import Check

# By invoice and source together, by invoice, and by source with its refunds.
_BOUNDS: Final = """
WITH settled AS (
    SELECT account_id, sale_id, coalesce(payment_id, credit_note_id) AS source_id, sum(amount_minor)::bigint AS minor
      FROM ledger.settlement GROUP BY 1, 2, 3
), invoice AS (
    SELECT account_id, sale_id AS id, sum(minor)::bigint AS minor FROM settled GROUP BY 1, 2
), applied AS (
    SELECT account_id, id, sum(minor)::bigint AS minor
      FROM (
        SELECT account_id, source_id AS id, minor FROM settled
        UNION ALL
        SELECT account_id, coalesce(payment_id, credit_note_id), amount_minor FROM ledger.refund
      ) x GROUP BY 1, 2
), source AS (
    SELECT account_id, id, 'payment' AS what, currency, client_id,
           CASE WHEN status = 'confirmed' THEN amount_minor ELSE 0 END AS most FROM ledger.payment
    UNION ALL
    SELECT account_id, sale_id, 'credit note', currency, client_id,
           CASE WHEN status = 'issued' THEN total_minor ELSE 0 END
      FROM ledger.sale_state WHERE role = 'credit'
)
SELECT s.account_id, s.sale_id AS id, 'with ' || s.source_id || ', invoice' AS what, t.currency,
       json_build_object('settled_minor', s.minor) AS found, json_build_object('settled_minor', 0) AS must
  FROM settled s LEFT JOIN ledger.sale_state t ON t.account_id = s.account_id AND t.sale_id = s.sale_id
 WHERE s.minor < 0
UNION ALL
SELECT i.account_id, i.id, coalesce(t.sale_type, 'document'), t.currency, json_build_object('settled_minor', i.minor),
       json_build_object('settled_minor', least(greatest(i.minor, 0), m.most))
  FROM invoice i
  LEFT JOIN ledger.sale_state t ON t.account_id = i.account_id AND t.sale_id = i.id
 CROSS JOIN LATERAL (SELECT
    CASE WHEN t.role = 'receivable' AND t.status IN ('issued', 'written_off') THEN t.due_minor ELSE 0 END
    AS most) m
 WHERE i.minor NOT BETWEEN 0 AND m.most
UNION ALL
SELECT a.account_id, a.id, coalesce(s.what, 'source'), s.currency,
       json_build_object('settled_and_refunded_minor', a.minor),
       json_build_object('settled_and_refunded_minor', least(greatest(a.minor, 0), coalesce(s.most, 0)))
  FROM applied a LEFT JOIN source s ON s.account_id = a.account_id AND s.id = a.id
 WHERE a.minor NOT BETWEEN 0 AND coalesce(s.most, 0)
UNION ALL
SELECT e.account_id, e.sale_id, 'settled with ' || s.what || ' ' || s.id || ', invoice', NULL,
       json_build_object('the_client_of_what_settles_it', s.client_id, 'its_currency', s.currency),
       json_build_object('the_client_of_what_settles_it', t.client_id, 'its_currency', t.currency)
  FROM settled e
  JOIN ledger.sale_state t ON t.account_id = e.account_id AND t.sale_id = e.sale_id
  JOIN source s ON s.account_id = e.account_id AND s.id = e.source_id
 WHERE (s.client_id, s.currency) <> (t.client_id, t.currency)
"""

# A settlement is one entry, Dr unapplied of the source / Cr receivable of the invoice; reversed with opposite signs.
_SETTLED: Final = """
WITH booked AS (
    SELECT e.account_id, e.id, e.reversal_of,
           min(p.document_id::text) FILTER (WHERE p.ledger_account = 'unapplied') AS source,
           min(p.document_id::text) FILTER (WHERE p.ledger_account = 'receivable') AS invoice,
           sum(p.amount_minor) FILTER (WHERE p.ledger_account = 'unapplied') AS debit,
           -sum(p.amount_minor) FILTER (WHERE p.ledger_account = 'receivable') AS credit
      FROM ledger.entry e
      JOIN ledger.posting p ON p.account_id = e.account_id AND p.entry_id = e.id
     WHERE e.kind IN ('settle', 'unsettle') GROUP BY e.account_id, e.id, e.reversal_of
)
SELECT coalesce(s.account_id, b.account_id) AS account_id, coalesce(s.id, b.id) AS id,
       CASE WHEN s.id IS NULL THEN 'settlement of the entry' ELSE 'entry of settlement' END AS what, NULL AS currency,
       to_json(found) AS found, to_json(must) AS must
  FROM ledger.settlement s
  FULL JOIN booked b ON b.account_id = s.account_id AND b.id = s.entry_id
  LEFT JOIN ledger.settlement o ON o.account_id = s.account_id AND o.id = s.reversal_of
 CROSS JOIN LATERAL (SELECT
    b.debit::bigint AS unapplied_minor, b.credit::bigint AS receivable_minor, b.source, b.invoice,
    b.reversal_of AS the_entry_it_undoes) found
 CROSS JOIN LATERAL (SELECT
    s.amount_minor AS unapplied_minor, s.amount_minor AS receivable_minor,
    coalesce(s.payment_id, s.credit_note_id)::text AS source, s.sale_id::text AS invoice,
    o.entry_id AS the_entry_it_undoes) must
 WHERE found IS DISTINCT FROM must
"""

# A refund is one entry, Dr unapplied / Cr cash of its source.
_REFUNDED: Final = """
WITH booked AS (
    SELECT e.account_id, e.id, e.reversal_of, min(p.document_id::text) AS source,
           sum(p.amount_minor) FILTER (WHERE p.ledger_account = 'unapplied') AS debit,
           -sum(p.amount_minor) FILTER (WHERE p.ledger_account = 'cash') AS credit
      FROM ledger.entry e
      JOIN ledger.posting p ON p.account_id = e.account_id AND p.entry_id = e.id
     WHERE e.kind IN ('refund', 'unrefund') GROUP BY e.account_id, e.id, e.reversal_of
)
SELECT coalesce(s.account_id, b.account_id) AS account_id, coalesce(s.id, b.id) AS id,
       CASE WHEN s.id IS NULL THEN 'refund of the entry' ELSE 'entry of refund' END AS what, NULL AS currency,
       to_json(found) AS found, to_json(must) AS must
  FROM ledger.refund s
  FULL JOIN booked b ON b.account_id = s.account_id AND b.id = s.entry_id
  LEFT JOIN ledger.refund o ON o.account_id = s.account_id AND o.id = s.reversal_of
 CROSS JOIN LATERAL (SELECT
    b.debit::bigint AS unapplied_minor, b.credit::bigint AS cash_minor, b.source,
    b.reversal_of AS the_entry_it_undoes) found
 CROSS JOIN LATERAL (SELECT
    s.amount_minor AS unapplied_minor, s.amount_minor AS cash_minor,
    coalesce(s.payment_id, s.credit_note_id)::text AS source, o.entry_id AS the_entry_it_undoes) must
 WHERE found IS DISTINCT FROM must
"""

_TAKEN_BACK: Final = """
SELECT m.account_id, m.id, 'settlement taken back' AS what, NULL AS currency, to_json(found) AS found,
       to_json(must) AS must
  FROM ledger.settlement m
  LEFT JOIN ledger.settlement o ON o.account_id = m.account_id AND o.id = m.reversal_of
 CROSS JOIN LATERAL (SELECT m.amount_minor, m.sale_id, m.payment_id, m.credit_note_id) found
 CROSS JOIN LATERAL (SELECT -o.amount_minor AS amount_minor, o.sale_id, o.payment_id, o.credit_note_id) must
 WHERE m.reversal_of IS NOT NULL AND found IS DISTINCT FROM must
UNION ALL
SELECT m.account_id, m.id, 'refund taken back', NULL, to_json(found), to_json(must)
  FROM ledger.refund m
  LEFT JOIN ledger.refund o ON o.account_id = m.account_id AND o.id = m.reversal_of
 CROSS JOIN LATERAL (SELECT m.amount_minor, m.payment_id, m.credit_note_id) found
 CROSS JOIN LATERAL (SELECT -o.amount_minor AS amount_minor, o.payment_id, o.credit_note_id) must
 WHERE m.reversal_of IS NOT NULL AND found IS DISTINCT FROM must
UNION ALL
SELECT account_id, reversal_of, 'settlement', NULL, json_build_object('times_taken_back', count(*)),
       json_build_object('times_taken_back', 1)
  FROM ledger.settlement WHERE reversal_of IS NOT NULL GROUP BY account_id, reversal_of HAVING count(*) > 1
UNION ALL
SELECT account_id, reversal_of, 'refund', NULL, json_build_object('times_taken_back', count(*)),
       json_build_object('times_taken_back', 1)
  FROM ledger.refund WHERE reversal_of IS NOT NULL GROUP BY account_id, reversal_of HAVING count(*) > 1
"""

CHECKS: Final = (
    Check("bounds", "settlements are within their invoice and within their source", _BOUNDS),
    Check("settlements", "a settlement is posted exactly once, with its amount", _SETTLED),
    Check("refunds", "a refund is posted exactly once, with its amount", _REFUNDED),
    Check("taken_back", "a reversal of a settlement or refund is its mirror, once", _TAKEN_BACK),
)
