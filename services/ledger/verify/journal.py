"""Checks of the journal: entries are complete and balanced, and a reversal is the exact mirror."""

from __future__ import annotations

from typing import Final

from ledger.journal.rules import UNDONE_BY
from ledger.verify.check import Check

_ENTRIES: Final = """
SELECT coalesce(e.account_id, p.account_id) AS account_id, coalesce(e.id, p.entry_id) AS id, 'entry' AS what,
       p.first_currency AS currency, to_json(found) AS found, to_json(must) AS must
  FROM ledger.entry e
  FULL JOIN (
    SELECT account_id, entry_id, count(*) AS postings, sum(amount_minor)::bigint AS minor, min(booked_on) AS first_day,
           max(booked_on) AS last_day, min(currency COLLATE "C") AS first_currency,
           max(currency COLLATE "C") AS last_currency
      FROM ledger.posting GROUP BY account_id, entry_id
  ) p ON p.account_id = e.account_id AND p.entry_id = e.id
 CROSS JOIN LATERAL (SELECT
    p.minor AS sum_minor, p.last_currency AS the_currency_of_a_posting, p.first_day AS the_day_of_a_posting,
    p.last_day AS the_day_of_another_posting, e.id AS the_entry_itself) found
 CROSS JOIN LATERAL (SELECT
    0::bigint AS sum_minor, p.first_currency AS the_currency_of_a_posting, e.booked_on AS the_day_of_a_posting,
    e.booked_on AS the_day_of_another_posting, p.entry_id AS the_entry_itself) must
 WHERE found IS DISTINCT FROM must
"""

_ACCOUNTS: Final = """
SELECT account_id, account_id AS id, 'the journal' AS what, currency,
       json_build_object('sum_minor', sum(amount_minor)) AS found, json_build_object('sum_minor', 0) AS must
  FROM ledger.posting GROUP BY account_id, currency HAVING sum(amount_minor) <> 0
"""

# $1, $2: kinds of entries and the kinds that undo them.
_MIRRORS: Final = """
SELECT m.account_id, m.id, 'the ' || m.kind || ', entry' AS what, NULL AS currency, to_json(found) AS found,
       to_json(must) AS must
  FROM ledger.entry m
  LEFT JOIN ledger.entry o ON o.account_id = m.account_id AND o.id = m.reversal_of
  LEFT JOIN unnest($1::text[], $2::text[]) AS k (kind, undone_by) ON k.kind = o.kind
 CROSS JOIN LATERAL (SELECT
    o.id::text AS the_entry_that_it_undoes, m.kind AS its_kind, m.document_id AS its_document) found
 CROSS JOIN LATERAL (SELECT
    coalesce(m.reversal_of::text, 'some entry') AS the_entry_that_it_undoes, k.undone_by AS its_kind,
    o.document_id AS its_document) must
 WHERE (m.reversal_of IS NOT NULL OR m.kind = ANY($2::text[])) AND found IS DISTINCT FROM must
UNION ALL
SELECT account_id, reversal_of, 'entry', NULL, json_build_object('times_undone', count(*)),
       json_build_object('times_undone', 1)
  FROM ledger.entry WHERE reversal_of IS NOT NULL GROUP BY account_id, reversal_of HAVING count(*) > 1
"""

_MIRROR_POSTINGS: Final = """
WITH pair AS MATERIALIZED (
    SELECT account_id, id, reversal_of FROM ledger.entry WHERE reversal_of IS NOT NULL
), undoing AS (
    SELECT r.id AS of_entry, p.* FROM pair r
      JOIN ledger.posting p ON p.account_id = r.account_id AND p.entry_id = r.id
), undone AS (
    SELECT r.id AS of_entry, p.* FROM pair r
      JOIN ledger.posting p ON p.account_id = r.account_id AND p.entry_id = r.reversal_of
)
SELECT coalesce(m.account_id, o.account_id) AS account_id, coalesce(m.of_entry, o.of_entry) AS id,
       'line ' || coalesce(m.line, o.line) || ' of the undoing entry' AS what,
       coalesce(m.currency, o.currency) AS currency, to_json(found) AS found, to_json(must) AS must
  FROM undoing m
  FULL JOIN undone o ON o.account_id = m.account_id AND o.of_entry = m.of_entry AND o.line = m.line
 CROSS JOIN LATERAL (SELECT
    m.amount_minor, m.ledger_account, m.currency, m.document_id, m.client_id, m.supplier_id) found
 CROSS JOIN LATERAL (SELECT
    -o.amount_minor AS amount_minor, o.ledger_account, o.currency, o.document_id, o.client_id, o.supplier_id) must
 WHERE found IS DISTINCT FROM must
"""

CHECKS: Final = (
    Check("entries", "every entry is complete, of one day and currency, and sums to zero", _ENTRIES),
    Check("accounts", "every account sums to zero in every currency", _ACCOUNTS),
    Check(
        "mirrors", "what undoes an entry is of the kind that does, and alone", _MIRRORS,
        args=(list(UNDONE_BY), list(UNDONE_BY.values())),
    ),
    Check("mirror_postings", "what undoes an entry is its exact mirror", _MIRROR_POSTINGS),
)  # fmt: skip
