"""Checks of documents' numbers: unique and without gaps in each series and period, and spelled as they count."""

from __future__ import annotations

from typing import Final

from ledger.sales.numbers import PREFIXES
from ledger.verify.check import Check

_COUNTED: Final = """
WITH given AS (
    SELECT account_id, series, period, count(*) AS numbers, count(DISTINCT counter) AS different, min(counter) AS first,
           max(counter) AS last
      FROM ledger.sale WHERE number IS NOT NULL GROUP BY account_id, series, period
)
SELECT coalesce(g.account_id, c.account_id) AS account_id,
       coalesce(g.series, c.series) || ' ' || coalesce(g.period, c.period) AS id, 'the series' AS what,
       NULL AS currency, to_json(found) AS found, to_json(must) AS must
  FROM given g
  FULL JOIN ledger.number_counter c ON c.account_id = g.account_id AND c.series = g.series AND c.period = g.period
 CROSS JOIN LATERAL (SELECT
    coalesce(c.counter, 0) AS its_counter, coalesce(g.first, 1) AS first_number, coalesce(g.different, 0) AS different,
    coalesce(g.numbers, 0) AS numbers_given) found
 CROSS JOIN LATERAL (SELECT
    coalesce(g.last, 0) AS its_counter, 1::bigint AS first_number, coalesce(g.last, 0) AS different,
    coalesce(g.last, 0) AS numbers_given) must
 WHERE found IS DISTINCT FROM must
"""

# $1, $2: kinds of documents and their series. An account chooses the form of its numbers, so that a number is only
# held to contain its series, year and counter; what it would be by the default form is shown where it does not. Its
# digits are split the same way in every row: a pattern of the row's own would be compiled for each.
_SPELLED: Final = """
SELECT s.account_id, s.id, s.sale_type AS what, NULL AS currency, to_json(found) AS found, to_json(must) AS must
  FROM ledger.sale s
  LEFT JOIN unnest($1::text[], $2::text[]) AS k (sale_type, series) ON k.sale_type = s.sale_type
 CROSS JOIN LATERAL (SELECT s.number, s.series, s.period AS year) found
 CROSS JOIN LATERAL (SELECT
    CASE WHEN position(s.series in s.number) > 0 AND position(lpad(s.period::text, 4, '0') in s.number) > 0
              AND s.counter::text = ANY (regexp_split_to_array(s.number, '[^0-9]+0*|^0+')) THEN s.number
         ELSE s.series || '-' || lpad(s.period::text, 4, '0') || '-'
              || lpad(s.counter::text, greatest(6, length(s.counter::text)), '0') END AS number,
    k.series, extract(year FROM s.document_date)::int AS year) must
 WHERE s.number IS NOT NULL AND found IS DISTINCT FROM must
UNION ALL
SELECT account_id, (min(id::text))::uuid, 'the number ' || number || ', document', NULL,
       json_build_object('times_given', count(*)), json_build_object('times_given', 1)
  FROM ledger.sale WHERE number IS NOT NULL GROUP BY account_id, number HAVING count(*) > 1
"""

CHECKS: Final = (
    Check("counters", "numbers run from 1 without a gap to their counter", _COUNTED),
    Check(
        "numbers", "a number is unique and consists of its series, year and counter", _SPELLED,
        args=(list(PREFIXES), list(PREFIXES.values())),
    ),
)  # fmt: skip
