"""Checks of collections: cases, their states and steps, reminders, messages, promises, calls and their events."""

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

# A case says what holds it, and that is so. $1: seconds of a lease.
_STATES: Final = """
SELECT c.account_id, c.id, 'the state of case' AS what, NULL AS currency, to_json(found) AS found,
       to_json(must) AS must
  FROM ledger.collection_case c
  JOIN ledger.client k ON k.account_id = c.account_id AND k.id = c.client_id
  LEFT JOIN ledger.collected_client d ON d.account_id = c.account_id AND d.client_id = c.client_id
 CROSS JOIN LATERAL (SELECT
    c.state, (c.state = 'settled') = (c.invoices = 0) AS settled_when_nothing_is_open,
    c.state <> 'scheduled' OR c.next_at IS NOT NULL AS has_a_date,
    c.state <> 'muted' OR c.muted_reason IS NOT NULL AS is_muted,
    c.state <> 'paused' OR c.paused_reason IS NOT NULL AS is_paused,
    c.state <> 'promised' OR EXISTS (
        SELECT FROM ledger.promise p WHERE p.account_id = c.account_id AND p.client_id = c.client_id
           AND p.state = 'open') AS has_a_promise,
    c.state <> 'disputed' OR EXISTS (
        SELECT FROM ledger.dispute x WHERE x.account_id = c.account_id AND x.client_id = c.client_id
           AND x.state = 'open') AS has_a_dispute,
    c.reason <> '' AND c.ends <> '' AS says_why) found
 CROSS JOIN LATERAL (SELECT
    c.state, true AS settled_when_nothing_is_open, true AS has_a_date, true AS is_muted, true AS is_paused,
    true AS has_a_promise, true AS has_a_dispute, true AS says_why) must
 WHERE found IS DISTINCT FROM must AND coalesce(d.due_at, 'infinity') > now() + make_interval(secs => $1)
"""

_PROGRESS: Final = """
SELECT c.account_id, c.id, 'the steps of case' AS what, NULL AS currency, to_json(found) AS found,
       to_json(must) AS must
  FROM ledger.collection_case c
 CROSS JOIN LATERAL (
    SELECT coalesce(max(s.step) FILTER (WHERE s.state = 'taken'), -1) AS taken,
           count(*) FILTER (WHERE s.step = c.last_step AND s.state <> 'released') AS of_last
      FROM ledger.collection_step s WHERE s.account_id = c.account_id AND s.case_id = c.id AND s.cycle = c.cycle) s
 CROSS JOIN LATERAL (SELECT greatest(c.last_step, s.taken) AS last_step, s.of_last AS rows_of_it) found
 CROSS JOIN LATERAL (SELECT c.last_step, (c.last_step >= 0)::int::bigint AS rows_of_it) must
 WHERE found IS DISTINCT FROM must
"""

# A promise whose day is over is looked at within a lease. $1: its seconds.
_PROMISES: Final = """
SELECT p.account_id, p.id, 'promise' AS what, NULL AS currency, to_json(found) AS found, to_json(must) AS must
  FROM ledger.promise p
 CROSS JOIN LATERAL (SELECT
    p.state, p.state <> 'open' OR p.ends_at + make_interval(secs => $1) > now() AS decided_when_over,
    p.state <> 'open' OR p.check_at IS NOT NULL AS has_a_check,
    p.state <> 'broken' OR p.ended_at >= p.ends_at - interval '1 day' AS broken_after_its_day) found
 CROSS JOIN LATERAL (SELECT
    p.state, true AS decided_when_over, true AS has_a_check, true AS broken_after_its_day) must
 WHERE found IS DISTINCT FROM must
"""

_CALLS: Final = """
SELECT k.account_id, k.id, 'call' AS what, NULL AS currency, to_json(found) AS found, to_json(must) AS must
  FROM ledger.call k
 CROSS JOIN LATERAL (SELECT
    EXISTS (SELECT FROM ledger.note n WHERE n.account_id = k.account_id AND n.client_id = k.client_id
               AND n.kind = 'call' AND n.created_at = k.created_at) AS has_its_note,
    (k.outcome = 'promised') = EXISTS (
        SELECT FROM ledger.promise p WHERE p.account_id = k.account_id AND p.id = k.promise_id
           AND p.client_id = k.client_id) AS has_its_promise,
    (SELECT count(*) FROM ledger.dispute d WHERE d.account_id = k.account_id AND d.id = ANY(k.dispute_ids)
        AND d.client_id = k.client_id) AS disputes) found
 CROSS JOIN LATERAL (SELECT
    true AS has_its_note, true AS has_its_promise, cardinality(k.dispute_ids)::bigint AS disputes) must
 WHERE found IS DISTINCT FROM must
"""

# A requested message has its hand-over, or the job for it waits somewhere: what was requested a minute ago has it.
_HAND_OVERS: Final = """
SELECT m.account_id, m.id, 'message' AS what, NULL AS currency, to_json(found) AS found, to_json(must) AS must
  FROM ledger.message m
  LEFT JOIN LATERAL (
    SELECT h.state FROM execution.hand_over h
     WHERE h.account_id = m.account_id AND h.message_id = m.id ORDER BY h.state = 'sent' DESC LIMIT 1) h ON true
 CROSS JOIN LATERAL (SELECT m.state, h.state AS hand_over) found
 CROSS JOIN LATERAL (SELECT m.state, CASE WHEN h.state = 'sent' THEN 'sent' ELSE 'none that was sent' END
    AS hand_over) must
 WHERE m.direction = 'sent' AND m.origin = 'own' AND m.state = 'sent' AND h.state IS NOT NULL AND h.state <> 'sent'
"""

# Each of these facts fires its event once. $1: no event is on its way, so that none may be missing either.
_EVENTS_OF_FACTS: Final = """
WITH fact AS (
    SELECT account_id, id, 'message.created' AS trigger, 1 AS times, created_at FROM ledger.message
     WHERE purpose <> 'notification' AND client_id IS NOT NULL AND automatic IS NULL
       AND (state IN ('sent', 'received') OR sent_at IS NOT NULL)
    UNION ALL
    SELECT account_id, id, 'note.created', 1, created_at FROM ledger.note
    UNION ALL
    SELECT account_id, id, 'call.recorded', 1, created_at FROM ledger.call
    UNION ALL
    SELECT account_id, id, 'promise.recorded', 1, created_at FROM ledger.promise
    UNION ALL
    SELECT account_id, id, 'promise.broken', (state = 'broken')::int, created_at FROM ledger.promise
    UNION ALL
    SELECT account_id, id, 'dispute.opened', 1, created_at FROM ledger.dispute
    UNION ALL
    SELECT account_id, id, 'dispute.resolved', (state = 'resolved')::int, created_at FROM ledger.dispute
    UNION ALL
    SELECT account_id, id, 'invoices.moved', 1, greatest(at, now() - interval '1 day') FROM ledger.invoice_move
), fired AS (
    SELECT account_id, subject_id, trigger, count(*) AS times FROM dispatch.event
     WHERE trigger IN ('message.created', 'note.created', 'call.recorded', 'promise.recorded', 'promise.broken',
                       'dispute.opened', 'dispute.resolved', 'invoices.moved')
     GROUP BY account_id, subject_id, trigger
)
SELECT f.account_id, f.id, f.trigger || ' of' AS what, NULL AS currency, to_json(found) AS found, to_json(must) AS must
  FROM fact f
  LEFT JOIN fired e ON e.account_id = f.account_id AND e.subject_id = f.id AND e.trigger = f.trigger
 CROSS JOIN LATERAL (SELECT coalesce(e.times, 0) AS events) found
 CROSS JOIN LATERAL (SELECT f.times::bigint AS events) must
 WHERE found.events > must.events
    OR ($1 AND found.events < must.events
        AND f.created_at > now() - make_interval(days => (SELECT event_days FROM dispatch.retention_setting) - 1))
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
_LEASE: Final = (LEASE.total_seconds() + 1.0,)


def checks(*, settled: bool) -> tuple[Check, ...]:
    """The checks of this module; `settled`: no event is on its way to the log."""
    log = ("dispatch.event", "dispatch.retention_setting")
    return (
        *CHECKS,
        Check("case_states", "a case is in the state that the facts give, and says why", _STATES, _LEASE),
        Check("case_steps", "a case's progress is that of the steps taken in its cycle", _PROGRESS),
        Check("promises", "a promise is decided on when its day is over, and not before", _PROMISES, _LEASE),
        Check("calls", "a call has its note, and the promise or disputes that it brought", _CALLS),
        Check("hand_overs", "what is sent was handed over", _HAND_OVERS, requires=("execution.hand_over",)),
        Check(
            "collection_events",
            "each fact of collections fired its event once",
            _EVENTS_OF_FACTS,
            (settled,),
            requires=log,
        ),
    )
