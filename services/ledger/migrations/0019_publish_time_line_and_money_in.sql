-- What a person looks at over time: all that happened to one sales document, and the money that came in.

-- Newest first, before a place: the document's own events, what settled it or was settled with it, and what was written,
-- noted, promised and disputed about it. Each part is found by an index; a document has few of each. A draft that is
-- changed is one event each time, so the events are bounded here.
CREATE FUNCTION ledger_api.sale_timeline(account uuid, sale uuid, before_at timestamptz, before_id uuid, most int)
RETURNS TABLE (at timestamptz, id uuid, kind text, detail jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    WITH document AS (
        SELECT s.client_id, s.currency FROM ledger.sale s WHERE s.account_id = account AND s.id = sale
    ), found AS (
        (SELECT e.at, e.event_id AS id, 'event' AS kind,
                jsonb_build_object('trigger', e.trigger, 'status_before', e.status_before, 'status', e.status_after) AS detail
           FROM ledger.document_event e
          WHERE e.account_id = account AND e.document_id = sale AND (e.at, e.event_id) < (before_at, before_id)
          ORDER BY e.at DESC, e.event_id DESC LIMIT most)
        UNION ALL
        SELECT x.created_at, x.id, 'settlement',
               jsonb_build_object('sale_id', x.sale_id, 'payment_id', x.payment_id, 'credit_note_id', x.credit_note_id,
                                  'amount_minor', x.amount_minor, 'currency', d.currency)
          FROM document d, ledger.settlement x
         WHERE x.account_id = account AND (x.sale_id = sale OR x.credit_note_id = sale)
        UNION ALL
        SELECT r.created_at, r.id, 'refund',
               jsonb_build_object('amount_minor', r.amount_minor, 'currency', d.currency, 'date', r.date,
                                  'reference', r.reference)
          FROM document d, ledger.refund r
         WHERE r.account_id = account AND r.credit_note_id = sale
        UNION ALL
        SELECT coalesce(m.occurred_at, m.sent_at, m.created_at), m.id, 'message',
               jsonb_build_object('direction', m.direction, 'channel', m.channel, 'state', m.state,
                                  'purpose', m.purpose, 'subject', m.subject, 'to', m.recipient, 'from', m.sender,
                                  'detail', m.detail)
          FROM ledger.message m
         WHERE m.account_id = account AND m.sale_ids @> ARRAY[sale]
        UNION ALL
        SELECT n.created_at, n.id, 'note', jsonb_build_object('note_kind', n.kind, 'body', n.body)
          FROM ledger.note n
         WHERE n.account_id = account AND n.sale_id = sale AND n.kind <> 'dispute'    -- which is there itself
        UNION ALL
        SELECT t.at, y.id, 'dispute', jsonb_build_object('state', t.state, 'reason', y.reason, 'resolution', t.resolution)
          FROM ledger.dispute y
         CROSS JOIN LATERAL (
            VALUES (y.created_at, 'open', NULL::text), (y.resolved_at, 'resolved', y.resolution)
         ) t (at, state, resolution)
         WHERE y.account_id = account AND y.sale_id = sale AND t.at IS NOT NULL
        UNION ALL
        SELECT t.at, p.id, 'promise',
               jsonb_build_object('state', t.state, 'date', p.date, 'amount_minor', p.amount_minor,
                                  'currency', p.currency)
          FROM document d, ledger.promise p
         CROSS JOIN LATERAL (VALUES (p.created_at, 'open'), (p.ended_at, p.state)) t (at, state)
         WHERE p.account_id = account AND p.client_id = d.client_id AND p.sale_ids @> ARRAY[sale] AND t.at IS NOT NULL
    )
    SELECT f.at, f.id, f.kind, f.detail FROM found f
     WHERE (f.at, f.id) < (before_at, before_id)
     ORDER BY f.at DESC, f.id DESC LIMIT most
$$;

-- The confirmed payments by the day that they came in. Settling and refunding change no column of the index.
CREATE INDEX payment_came_in ON ledger.payment (account_id, date) INCLUDE (currency, amount_minor)
 WHERE status = 'confirmed';

-- Their sums, by day or by the week (from Monday) that the day is in.
CREATE FUNCTION ledger_api.money_in(account uuid, from_day date, to_day date, by_unit text)
RETURNS TABLE (date date, currency text, received_minor numeric, payments bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT date_trunc(by_unit, p.date::timestamp)::date, p.currency, sum(p.amount_minor), count(*)
      FROM ledger.payment p
     WHERE p.account_id = account AND p.status = 'confirmed' AND p.date BETWEEN from_day AND to_day
     GROUP BY 1, 2
     ORDER BY 1 DESC, 2
$$;

REVOKE ALL ON FUNCTION ledger_api.sale_timeline(uuid, uuid, timestamptz, uuid, int),
    ledger_api.money_in(uuid, date, date, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_api.sale_timeline(uuid, uuid, timestamptz, uuid, int),
    ledger_api.money_in(uuid, date, date, text) TO ledgerwire_ingress;
