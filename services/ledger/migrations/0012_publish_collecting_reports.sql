-- What collecting comes to: how long it takes until sales are paid, and what reminders bring.

-- Per currency and month: what the receivables changed by, and what was invoiced, credit notes taken off. All before the
-- first month is in the month before it.
CREATE FUNCTION ledger_api.receivables_by_month(account uuid, first_month date, as_of date)
RETURNS TABLE (month date, currency text, receivable_minor numeric, invoiced_minor numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT greatest(date_trunc('month', p.booked_on::timestamp), first_month - interval '1 month')::date, p.currency,
           coalesce(sum(p.amount_minor) FILTER (WHERE p.ledger_account = 'receivable'), 0),
           coalesce(sum(p.amount_minor) FILTER (
               WHERE e.kind IN ('issue', 'void', 'credit_note', 'void_credit_note')), 0)
      FROM ledger.posting p
      JOIN ledger.entry e ON e.account_id = p.account_id AND e.id = p.entry_id
     WHERE p.account_id = account AND p.booked_on <= as_of AND p.ledger_account IN ('receivable', 'unapplied')
       AND p.client_id IS NOT NULL
     GROUP BY 1, 2
$$;

-- Per collector, step and currency: the steps taken in a period, and what their clients promised and paid after each,
-- until the next step of the client was taken.
CREATE FUNCTION ledger_api.collected(account uuid, from_day date, to_day date)
RETURNS TABLE (collector_id uuid, collector_name text, step int, channel text, currency text, reminded bigint,
               reminded_minor numeric, promised bigint, promised_minor numeric, collected_minor numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    WITH zone AS (SELECT b.zone FROM ledger.book b WHERE b.account_id = account),
    taken AS (
        SELECT s.collector_id, s.step, s.channel, s.currency, s.open_minor, s.at, c.client_id,
               lead(s.at, 1, 'infinity') OVER (PARTITION BY c.client_id, s.currency ORDER BY s.at, s.case_id) AS until
          FROM ledger.collection_step s
          JOIN ledger.collection_case c ON c.account_id = s.account_id AND c.id = s.case_id
         WHERE s.account_id = account AND s.state = 'taken' AND s.currency IS NOT NULL
           AND s.at >= (SELECT from_day::timestamp AT TIME ZONE z.zone FROM zone z)
    )
    SELECT t.collector_id, l.name, t.step, t.channel, t.currency, count(*), sum(t.open_minor),
           coalesce(sum(p.many), 0)::bigint, coalesce(sum(p.minor), 0), coalesce(sum(y.minor), 0)
      FROM taken t
      JOIN ledger.collector l ON l.account_id = account AND l.id = t.collector_id
     CROSS JOIN LATERAL (
        SELECT count(*) AS many, sum(q.amount_minor) AS minor FROM ledger.promise q
         WHERE q.account_id = account AND q.client_id = t.client_id AND q.currency = t.currency
           AND q.created_at >= t.at AND q.created_at < t.until
     ) p
     CROSS JOIN LATERAL (
        SELECT sum(x.amount_minor) AS minor
          FROM ledger.sale_state o
          JOIN ledger.settlement x ON x.account_id = o.account_id AND x.sale_id = o.sale_id
         WHERE o.account_id = account AND o.client_id = t.client_id AND o.currency = t.currency
           AND x.payment_id IS NOT NULL AND x.created_at >= t.at AND x.created_at < t.until
     ) y
     WHERE t.at < (SELECT (to_day + 1)::timestamp AT TIME ZONE z.zone FROM zone z)
     GROUP BY t.collector_id, l.name, t.step, t.channel, t.currency
     ORDER BY l.name, t.collector_id, t.step, t.channel, t.currency
$$;

REVOKE ALL ON FUNCTION ledger_api.receivables_by_month(uuid, date, date), ledger_api.collected(uuid, date, date)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_api.receivables_by_month(uuid, date, date), ledger_api.collected(uuid, date, date)
   TO ledgerwire_ingress;
