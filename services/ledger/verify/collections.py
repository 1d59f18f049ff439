"""Checks of collections: who owes has a case, each reminder is one step's, one collector is the default."""

from __future__ import annotations

from typing import Final

from ledger.collections.cases.scheduler import LEASE
from ledger.collections.cases.store import INVOICES_MAX
from ledger.verify.check import Check

# What is due, or leased by a scheduler, is decided on in a moment. $1: seconds of a lease, $2: invoices of a client.
_CASES: Final = """
WITH owing AS (
    SELECT account_id, client_id, least(count(*), $2) AS invoices FROM ledger.sale_state WHERE owed
     GROUP BY account_id, client_id
), followed AS (
    SELECT account_id, client_id, sum(invoices)::bigint AS invoices FROM ledger.collection_case
     WHERE state <> 'settled' GROUP BY account_id, client_id
)
SELECT coalesce(o.account_id, f.account_id) AS account_id, coalesce(o.client_id, f.client_id) AS id,
       'the cases of client' AS what, NULL AS currency, to_json(found) AS found, to_json(must) AS must
  FROM owing o
  FULL JOIN followed f ON f.account_id = o.account_id AND f.client_id = o.client_id
  LEFT JOIN ledger.collected_client d ON d.account_id = coalesce(o.account_id, f.account_id)
   AND d.client_id = coalesce(o.client_id, f.client_id)
 CROSS JOIN LATERAL (SELECT coalesce(f.invoices, 0) AS open_invoices) found
 CROSS JOIN LATERAL (SELECT coalesce(o.invoices, 0) AS open_invoices) must
 WHERE found IS DISTINCT FROM must AND coalesce(d.due_at, 'infinity') > now() + make_interval(secs => $1)
"""

_REMINDERS: Final = """
SELECT m.account_id, m.id, 'reminder' AS what, NULL AS currency, json_build_object('steps', count(s.case_id)) AS found,
       json_build_object('steps', 1) AS must
  FROM ledger.message m
  LEFT JOIN ledger.collection_step s
    ON s.account_id = m.account_id AND s.message_id = m.id AND s.state = 'taken'
 WHERE m.purpose = 'reminder' AND m.state IN ('requested', 'sent', 'failed')
 GROUP BY m.account_id, m.id HAVING count(s.case_id) <> 1
"""

_DEFAULTS: Final = """
SELECT account_id, account_id AS id, 'the collectors of' AS what, NULL AS currency,
       json_build_object('defaults', count(*) FILTER (WHERE is_default)) AS found,
       json_build_object('defaults', 1) AS must
  FROM ledger.collector GROUP BY account_id HAVING count(*) FILTER (WHERE is_default) <> 1
"""

CHECKS: Final = (
    Check(
        "cases",
        "every open invoice of a client is in a case, or its client is about to be decided on",
        _CASES,
        (LEASE.total_seconds() + 1.0, INVOICES_MAX),
    ),
    Check("reminders", "a reminder is that of one step of a case, taken once", _REMINDERS),
    Check("default_collectors", "an account with collectors has one default", _DEFAULTS),
)
