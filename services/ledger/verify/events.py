"""Checks of events: replayed, they give each status; each transition fired once, and reached the log."""

from __future__ import annotations

from typing import Final

from ledger.sales.transitions import STARTS, TRANSITIONS
from ledger.verify.check import Check

_REPLAYED: Final = """
WITH step AS (
    SELECT account_id, document_id, trigger, status_after, lead(event_id) OVER w IS NULL AS last,
           status_before IS DISTINCT FROM lag(status_after) OVER w AS torn,
           command_id = lag(command_id) OVER w AND trigger = lag(trigger) OVER w AS doubled
      FROM ledger.document_event
    WINDOW w AS (PARTITION BY account_id, document_id ORDER BY event_id)
), reported AS (
    SELECT account_id, document_id, max(status_after) FILTER (WHERE last) AS status,
           count(*) FILTER (WHERE torn) AS torn, count(*) FILTER (WHERE doubled) AS doubled,
           count(*) FILTER (WHERE trigger = 'sale.created') AS created,
           count(*) FILTER (WHERE trigger IN ('sale.posted', 'payment.posted')) AS posted,
           count(*) FILTER (WHERE trigger IN ('sale.voided', 'payment.reversed')) AS undone,
           count(*) FILTER (WHERE trigger = 'sale.overdue') AS overdue
      FROM step GROUP BY account_id, document_id
), thing AS (
    SELECT t.account_id, t.sale_id AS id, t.sale_type || ' ' || coalesce(s.number, 'draft') AS what, t.status,
           1 AS created, (s.number IS NOT NULL)::int AS posted, (t.status = 'void')::int AS undone,
           (t.overdue_notified_at IS NOT NULL)::int AS overdue
      FROM ledger.sale_state t
      JOIN ledger.sale s ON s.account_id = t.account_id AND s.id = t.sale_id
    UNION ALL
    SELECT account_id, id, 'payment', status, 0, (status IN ('confirmed', 'reversed'))::int,
           (status = 'reversed')::int, 0
      FROM ledger.payment
)
SELECT coalesce(t.account_id, e.account_id) AS account_id, coalesce(t.id, e.document_id) AS id,
       'as its events tell, ' || coalesce(t.what, 'a document that is no more') AS what, NULL AS currency,
       to_json(found) AS found, to_json(must) AS must
  FROM thing t FULL JOIN reported e ON e.account_id = t.account_id AND e.document_id = t.id
 CROSS JOIN LATERAL (SELECT
    e.status, e.torn AS events_that_do_not_follow_on, e.doubled AS events_told_again, e.created AS times_created,
    e.posted AS times_posted, e.undone AS times_undone, e.overdue AS times_overdue) found
 CROSS JOIN LATERAL (SELECT
    coalesce(t.status, 'deleted') AS status, 0::bigint AS events_that_do_not_follow_on, 0::bigint AS events_told_again,
    coalesce(t.created, 1)::bigint AS times_created, coalesce(t.posted, 0)::bigint AS times_posted,
    coalesce(t.undone, 0)::bigint AS times_undone, coalesce(t.overdue, 0)::bigint AS times_overdue) must
 WHERE found IS DISTINCT FROM must
"""

# $1, $2, $3: kind, status before ('' for none) and status after of every move that some command makes.
_POSSIBLE: Final = """
WITH thing AS (
    SELECT account_id, sale_id AS id, sale_type AS kind FROM ledger.sale_state
    UNION ALL
    SELECT account_id, id, 'payment' FROM ledger.payment
)
SELECT e.account_id, e.document_id AS id, t.kind AS what, NULL AS currency,
       json_build_object(
            'move', coalesce(e.status_before, 'nothing') || ' to ' || e.status_after || ' in ' || e.event_id) AS found,
       json_build_object('move', 'one that a command makes') AS must
  FROM ledger.document_event e
  JOIN thing t ON t.account_id = e.account_id AND t.id = e.document_id
 WHERE e.status_before IS DISTINCT FROM e.status_after
   AND NOT EXISTS (
        SELECT FROM unnest($1::text[], $2::text[], $3::text[]) AS m (kind, before, after)
         WHERE m.kind = t.kind AND m.before = coalesce(e.status_before, '') AND m.after = e.status_after)
"""

# Of the time that the dispatcher's log covers. What is not in it may wait in our outbox, in the bus in Postgres, among
# what was dead-lettered, or in the broker, which cannot be asked here: what came ten minutes later is missing.
# $1: nothing is in progress, so that every event must be in the log.
_LOGGED: Final = """
WITH log AS (
    SELECT max(at) - interval '10 minutes' AS up_to FROM dispatch.event
), waiting AS (
    SELECT id FROM ledger.outbox
    UNION ALL
    SELECT stable_id FROM bus.message
    UNION ALL
    SELECT substring(encode(body, 'escape') FROM '"id":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"')::uuid
      FROM dispatch.dead_letter
)
SELECT e.account_id, e.event_id AS id, e.trigger || ' of ' || e.document_id || ', event' AS what, NULL AS currency,
       json_build_object('in_the_log_or_on_its_way', 'no') AS found,
       json_build_object('in_the_log_or_on_its_way', 'yes') AS must
  FROM ledger.document_event e
 CROSS JOIN log
 WHERE e.event_id >= storage.uuid7_floor(
           now() - make_interval(days => (SELECT event_days FROM dispatch.retention_setting)))
   AND ($1::boolean OR e.at < log.up_to)
   AND NOT EXISTS (SELECT FROM dispatch.event d WHERE d.account_id = e.account_id AND d.event_id = e.event_id)
   AND NOT EXISTS (SELECT FROM waiting w WHERE w.id = e.event_id)
"""

# By client first: compared event by event, each of very many events meets every client of its account.
_LAST_EVENT: Final = """
WITH thing AS (
    SELECT account_id, sale_id AS id, client_id FROM ledger.sale_state
    UNION ALL
    SELECT account_id, id, client_id FROM ledger.payment
), fired AS (
    SELECT h.account_id, h.client_id, max(e.event_id::text COLLATE "C")::uuid AS event_id
      FROM ledger.document_event e
      JOIN thing h ON h.account_id = e.account_id AND h.id = e.document_id
     GROUP BY h.account_id, h.client_id
)
SELECT f.account_id, f.client_id AS id, 'of the events of client' AS what, NULL AS currency,
       json_build_object('the_last', t.event_id) AS found, json_build_object('the_last', f.event_id) AS must
  FROM fired f
  LEFT JOIN ledger.last_event t ON t.account_id = f.account_id AND t.client_id = f.client_id
 WHERE t.event_id IS NULL OR t.event_id < f.event_id
"""

# The event of issuing, as long as the log has it, equals the document.
_AS_EMITTED: Final = """
SELECT s.account_id, s.id, 'as it was issued, ' || s.sale_type || ' ' || coalesce(s.number, 'draft') AS what,
       s.currency, to_json(found) AS found, to_json(must) AS must
  FROM dispatch.event e
  JOIN ledger.sale s ON s.account_id = e.account_id AND s.id = e.subject_id
 CROSS JOIN LATERAL (SELECT convert_from(e.body, 'UTF8')::jsonb->'data' AS data OFFSET 0) emitted
 CROSS JOIN LATERAL (SELECT
    s.number, s.net_minor, s.tax_minor, s.total_minor, s.shipping_minor, s.deposit_minor, s.currency,
    s.client_id::text, s.document_date::text, s.date_due::text, s.comment, s.external_id, s.include_tax, s.client,
    s.lines, s.adjustments, s.taxes) found
 CROSS JOIN LATERAL (SELECT
    data->>'number' AS number, replace(data->>'net', '.', '')::bigint AS net_minor,
    replace(data->>'tax', '.', '')::bigint AS tax_minor, replace(data->>'total', '.', '')::bigint AS total_minor,
    replace(data->>'shipping_charge', '.', '')::bigint AS shipping_minor,
    replace(data->>'deposit', '.', '')::bigint AS deposit_minor, data->>'currency' AS currency,
    data->>'client_id' AS client_id, data->>'document_date' AS document_date, data->>'date_due' AS date_due,
    data->>'comment' AS comment, data->>'external_id' AS external_id, (data->>'include_tax')::boolean AS include_tax,
    (data->'client') - 'id' AS client, data->'lines' AS lines, data->'adjustments' AS adjustments,
    data->'taxes' AS taxes) must
 WHERE e.trigger = 'sale.posted' AND found IS DISTINCT FROM must
"""

_REFUSED: Final = """
WITH refused AS (
    SELECT account_id, command_id, command, status FROM ledger.processed_command WHERE status >= 400
), done AS (
    SELECT account_id, command_id FROM ledger.entry
    UNION ALL
    SELECT account_id, command_id FROM ledger.document_event
)
SELECT r.account_id, r.command_id AS id, 'refused ' || r.command || ', command' AS what, NULL AS currency,
       json_build_object('entries_and_events', count(*)) AS found, json_build_object('entries_and_events', 0) AS must
  FROM refused r JOIN done d ON d.account_id = r.account_id AND d.command_id = r.command_id
 GROUP BY r.account_id, r.command_id, r.command
"""

_MOVES: Final = sorted(
    {(kind, before, move.to) for (kind, before, _), move in TRANSITIONS.items()}
    | {(kind, "", start) for kind, starts in STARTS.items() for start in starts}
)


def checks(*, settled: bool) -> tuple[Check, ...]:
    """The checks of this module; `settled`: no event is on its way to the log."""
    kinds, before, after = map(list, zip(*_MOVES, strict=True))
    return (
        Check("events", "replayed events give every status, and each transition fired once", _REPLAYED),
        Check("moves", "every move is one that some command makes", _POSSIBLE, args=(kinds, before, after)),
        Check("last_event", "no event of a client is after the one known as its last", _LAST_EVENT),
        Check(
            "log", "every event is in the dispatcher's log or on its way", _LOGGED, args=(settled,),
            requires=(
                "dispatch.event", "dispatch.retention_setting", "dispatch.dead_letter",
                "bus.message",
            ),
        ),
        Check(
            "as_told", "an issued document equals its event of issuing", _AS_EMITTED,
            requires=("dispatch.event",),
        ),
        Check("refused", "a refused command changed nothing and fired nothing", _REFUSED),
    )  # fmt: skip
