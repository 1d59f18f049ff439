"""Checks of the inboxes: an accepted message has exactly one document or bill, any other none."""

from __future__ import annotations

from typing import Final

from ledger.verify.check import Check

_BILLS: Final = """
SELECT coalesce(m.account_id, b.account_id) AS account_id, coalesce(m.id, b.message_id) AS id,
       'purchase message' AS what, NULL AS currency, to_json(found) AS found, to_json(must) AS must
  FROM (SELECT * FROM ledger.inbox_message WHERE box = 'purchases') m
  FULL JOIN ledger.bill b ON b.account_id = m.account_id AND b.message_id = m.id
 CROSS JOIN LATERAL (SELECT b.id::text AS bill, b.supplier_id::text AS supplier) found
 CROSS JOIN LATERAL (SELECT m.result ->> 'bill_id' AS bill, m.result ->> 'supplier_id' AS supplier) must
 WHERE found IS DISTINCT FROM must
"""

# The journal's amounts of each valid bill, by ledger account: of a supplier's credit note with opposite signs.
_BILLS_BOOKED: Final = """
WITH claim AS (
    SELECT b.account_id, b.id, b.supplier_id, b.currency, x.sign * b.net_minor AS expense,
           x.sign * b.tax_minor AS input_tax, -x.sign * b.total_minor AS payable
      FROM ledger.bill b
     CROSS JOIN LATERAL (SELECT CASE b.document_type WHEN 'credit_note' THEN -1 ELSE 1 END AS sign) x
     WHERE b.status = 'recorded' AND b.document_type IN ('invoice', 'receipt', 'credit_note')
), booked AS (
    SELECT account_id, document_id, supplier_id, currency,
           sum(amount_minor) FILTER (WHERE ledger_account = 'expense') AS expense,
           sum(amount_minor) FILTER (WHERE ledger_account = 'input_tax') AS input_tax,
           sum(amount_minor) FILTER (WHERE ledger_account = 'payable') AS payable
      FROM ledger.posting WHERE supplier_id IS NOT NULL GROUP BY account_id, document_id, supplier_id, currency
)
SELECT coalesce(c.account_id, b.account_id) AS account_id, coalesce(c.id, b.document_id) AS id,
       'the journal of bill' AS what, coalesce(c.currency, b.currency) AS currency, to_json(found) AS found,
       to_json(must) AS must
  FROM claim c
  FULL JOIN booked b ON b.account_id = c.account_id AND b.document_id = c.id AND b.supplier_id = c.supplier_id
   AND b.currency = c.currency
 CROSS JOIN LATERAL (SELECT
    coalesce(b.expense, 0)::bigint AS expense_minor, coalesce(b.input_tax, 0)::bigint AS input_tax_minor,
    coalesce(b.payable, 0)::bigint AS payable_minor) found
 CROSS JOIN LATERAL (SELECT
    coalesce(c.expense, 0) AS expense_minor, coalesce(c.input_tax, 0) AS input_tax_minor,
    coalesce(c.payable, 0) AS payable_minor) must
 WHERE found IS DISTINCT FROM must
"""

# A draft may be deleted later: its events show that it was created.
_SALES: Final = """
SELECT m.account_id, m.id, 'sales message' AS what, NULL AS currency, json_build_object('sales_made', count(e.event_id))
       AS found, json_build_object('sales_made', 1) AS must
  FROM ledger.inbox_message m
  LEFT JOIN ledger.document_event e
    ON e.account_id = m.account_id AND e.document_id = (m.result ->> 'sale_id')::uuid AND e.trigger = 'sale.created'
 WHERE m.box = 'sales' AND m.state = 'accepted'
 GROUP BY m.account_id, m.id HAVING count(e.event_id) <> 1
"""

CHECKS: Final = (
    Check("bills", "an accepted purchase has its one bill, and a bill its accepted purchase", _BILLS),
    Check("bills_booked", "the journal has each bill's amounts, and none once it is void", _BILLS_BOOKED),
    Check("inbox_sales", "an accepted order has its one document", _SALES),
)
