"""Checks of the inboxes: what is accepted is in the books once, and nothing is that was not accepted."""

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

# A draft may be deleted afterwards: then its events still tell that it was made.
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
    Check("inbox_sales", "an accepted order has its one document", _SALES),
)
