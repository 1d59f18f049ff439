"""Checks of what a plan counts and of the products that documents name: counters equal a recount."""

from __future__ import annotations

from typing import Final

from ledger.verify.check import Check

_QUOTAS: Final = """
WITH there AS (
    SELECT account_id, 'clients' AS quota, count(*) AS used FROM ledger.client
     WHERE archived_at IS NULL GROUP BY account_id
    UNION ALL
    SELECT account_id, 'products', count(*) FROM ledger.product WHERE archived_at IS NULL GROUP BY account_id
)
SELECT coalesce(c.account_id, t.account_id) AS account_id, coalesce(c.quota, t.quota) AS id, 'the counter of' AS what,
       NULL AS currency, to_json(found) AS found, to_json(must) AS must
  FROM ledger.usage_counter c
  FULL JOIN there t ON t.account_id = c.account_id AND t.quota = c.quota
 CROSS JOIN LATERAL (SELECT coalesce(c.used, 0) AS used) found
 CROSS JOIN LATERAL (SELECT coalesce(t.used, 0) AS used) must
 WHERE found IS DISTINCT FROM must
"""

_PRODUCTS: Final = """
WITH named AS (
    SELECT DISTINCT s.account_id, (l.value->>'product_id')::uuid AS id
      FROM ledger.sale s CROSS JOIN LATERAL jsonb_array_elements(s.lines) l
     WHERE l.value->>'product_id' IS NOT NULL
)
SELECT n.account_id, n.id, 'on lines of documents, product' AS what, NULL AS currency, to_json(found) AS found,
       to_json(must) AS must
  FROM named n
  LEFT JOIN ledger.product p ON p.account_id = n.account_id AND p.id = n.id
 CROSS JOIN LATERAL (SELECT p.id, p.referred) found
 CROSS JOIN LATERAL (SELECT n.id, true AS referred) must
 WHERE found IS DISTINCT FROM must
"""

_STORAGE: Final = """
WITH there AS (SELECT account_id, sum(size)::bigint AS used FROM ingress.stored_file GROUP BY account_id)
SELECT coalesce(c.account_id, t.account_id) AS account_id, 'files' AS id, 'the counter of' AS what, NULL AS currency,
       to_json(found) AS found, to_json(must) AS must
  FROM ingress.storage_usage c
  FULL JOIN there t ON t.account_id = c.account_id
 CROSS JOIN LATERAL (SELECT coalesce(c.used, 0) AS used) found
 CROSS JOIN LATERAL (SELECT coalesce(t.used, 0) AS used) must
 WHERE found IS DISTINCT FROM must
"""

CHECKS: Final = (
    Check("quotas", "what a plan counts equals a recount", _QUOTAS),
    Check("products", "products that lines name are there and known to be named", _PRODUCTS),
    Check(
        "storage",
        "the bytes that an account's files count are theirs",
        _STORAGE,
        requires=("ingress.stored_file", "ingress.storage_usage"),
    ),
)
