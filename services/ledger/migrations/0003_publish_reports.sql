-- What the journal says as of a day: trial balance, ageing, a client's statement, and the entries themselves. Sums are
-- numeric: those of many amounts may be larger than one amount can be.

-- Today where the account is.
CREATE FUNCTION ledger_api.today(account uuid) RETURNS date
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT (now() AT TIME ZONE coalesce((SELECT b.zone FROM ledger.book b WHERE b.account_id = account), 'UTC'))::date
$$;

-- What was posted to each of the journal's accounts up to the end of a day.
CREATE FUNCTION ledger_api.trial_balance(account uuid, as_of date)
RETURNS TABLE (ledger_account text, currency text, debit_minor numeric, credit_minor numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT p.ledger_account, p.currency, coalesce(sum(p.amount_minor) FILTER (WHERE p.amount_minor > 0), 0),
           coalesce(-sum(p.amount_minor) FILTER (WHERE p.amount_minor < 0), 0)
      FROM ledger.posting p
     WHERE p.account_id = account AND p.booked_on <= as_of
     GROUP BY p.currency, p.ledger_account
     ORDER BY p.currency, p.ledger_account
$$;

-- What clients owed at the end of a day, by document, and what they had to spare (document_id null). Where nothing is
-- booked after that day it is what stands now, and that has an index; else it is summed up from the journal.
CREATE FUNCTION ledger.open_as_of(account uuid, as_of date)
RETURNS TABLE (client_id uuid, currency text, date_due date, owed_minor numeric, spare_minor numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger.entry e WHERE e.account_id = account AND e.booked_on > as_of) THEN
        RETURN QUERY
        WITH owed AS (
            SELECT p.client_id, p.currency, p.document_id, sum(p.amount_minor) AS minor
              FROM ledger.posting p
             WHERE p.account_id = account AND p.ledger_account = 'receivable' AND p.booked_on <= as_of
             GROUP BY p.client_id, p.currency, p.document_id
            HAVING sum(p.amount_minor) <> 0
        )
        SELECT o.client_id, o.currency, s.date_due, o.minor, 0::numeric
          FROM owed o
          JOIN ledger.sale s ON s.account_id = account AND s.id = o.document_id
        UNION ALL
        SELECT p.client_id, p.currency, NULL, 0, -sum(p.amount_minor)
          FROM ledger.posting p
         WHERE p.account_id = account AND p.ledger_account = 'unapplied' AND p.booked_on <= as_of
         GROUP BY p.client_id, p.currency
        HAVING sum(p.amount_minor) <> 0;
    ELSE
        RETURN QUERY
        SELECT t.client_id, t.currency, t.date_due, t.open_minor::numeric, 0::numeric
          FROM ledger.sale_state t
         WHERE t.account_id = account AND t.role = 'receivable' AND t.status IN ('issued', 'written_off')
           AND t.open_minor > 0
        UNION ALL
        SELECT b.client_id, b.currency, NULL, 0, b.unapplied_minor
          FROM ledger.client_balance b
         WHERE b.account_id = account AND b.unapplied_minor <> 0;
    END IF;
END $$;
CREATE INDEX sale_state_open ON ledger.sale_state (account_id, client_id)
 WHERE role = 'receivable' AND status IN ('issued', 'written_off') AND open_minor > 0;

-- The same by how long it had been due. Rows without a client are the sums of all.
CREATE FUNCTION ledger_api.ageing(account uuid, as_of date)
RETURNS TABLE (client_id uuid, currency text, not_due_minor numeric, days_1_30_minor numeric, days_31_60_minor numeric,
               days_61_90_minor numeric, over_90_minor numeric, receivable_minor numeric, unapplied_minor numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    WITH facts AS (
        SELECT o.client_id, o.currency, o.owed_minor AS minor, o.spare_minor AS spare,
               greatest(as_of - coalesce(o.date_due, as_of), 0) AS days
          FROM ledger.open_as_of(account, as_of) o
    )
    SELECT f.client_id, f.currency,
           coalesce(sum(f.minor) FILTER (WHERE f.days = 0), 0),
           coalesce(sum(f.minor) FILTER (WHERE f.days BETWEEN 1 AND 30), 0),
           coalesce(sum(f.minor) FILTER (WHERE f.days BETWEEN 31 AND 60), 0),
           coalesce(sum(f.minor) FILTER (WHERE f.days BETWEEN 61 AND 90), 0),
           coalesce(sum(f.minor) FILTER (WHERE f.days > 90), 0),
           sum(f.minor), sum(f.spare)
      FROM facts f
     GROUP BY GROUPING SETS ((f.client_id, f.currency), (f.currency))
$$;

-- What a client owed in a currency, less what it had to spare, before an entry that is booked on a day: before all of
-- that day where the entry is the lowest id.
CREATE FUNCTION ledger_api.balance_before(account uuid, client uuid, of_currency text, on_day date, entry uuid)
RETURNS numeric
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT coalesce(sum(p.amount_minor), 0) FROM ledger.posting p
     WHERE p.account_id = account AND p.client_id = client AND p.currency = of_currency
       AND p.ledger_account IN ('receivable', 'unapplied') AND (p.booked_on, p.entry_id) < (on_day, entry)
$$;

-- The entries that changed that, oldest first, after an entry of a day and up to the end of another day. Settling
-- changes nothing: what is owed and what is to spare go down together.
CREATE FUNCTION ledger_api.statement(account uuid, client uuid, of_currency text, from_day date, after_entry uuid,
                                     to_day date, most int)
RETURNS TABLE (entry_id uuid, booked_on date, kind text, document_id uuid, sale_type text, number text, reference text,
               amount_minor numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    WITH changed AS (
        SELECT p.entry_id, p.booked_on, sum(p.amount_minor) AS minor
          FROM ledger.posting p
         WHERE p.account_id = account AND p.client_id = client AND p.currency = of_currency
           AND p.ledger_account IN ('receivable', 'unapplied')
           AND (p.booked_on, p.entry_id) > (from_day, after_entry) AND p.booked_on <= to_day
         GROUP BY p.booked_on, p.entry_id
        HAVING sum(p.amount_minor) <> 0
         ORDER BY p.booked_on, p.entry_id
         LIMIT most
    )
    SELECT c.entry_id, c.booked_on, e.kind, e.document_id, s.sale_type, s.number, y.reference, c.minor
      FROM changed c
      JOIN ledger.entry e ON e.account_id = account AND e.id = c.entry_id
      LEFT JOIN ledger.sale s ON s.account_id = account AND s.id = e.document_id
      LEFT JOIN ledger.payment y ON y.account_id = account AND y.id = e.document_id
     ORDER BY c.booked_on, c.entry_id
$$;

REVOKE ALL ON FUNCTION ledger_api.today(uuid), ledger_api.trial_balance(uuid, date), ledger_api.ageing(uuid, date),
    ledger_api.balance_before(uuid, uuid, text, date, uuid),
    ledger_api.statement(uuid, uuid, text, date, uuid, date, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_api.today(uuid), ledger_api.trial_balance(uuid, date), ledger_api.ageing(uuid, date),
    ledger_api.balance_before(uuid, uuid, text, date, uuid),
    ledger_api.statement(uuid, uuid, text, date, uuid, date, int) TO ledgerwire_ingress;

-- The entries, by the day they count on.
CREATE VIEW ledger_api.journal AS
SELECT e.account_id, e.id, e.booked_on, e.kind, e.document_id, e.reversal_of, e.command_id, e.created_at, p.postings
  FROM ledger.entry e
 CROSS JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('account', x.ledger_account, 'client_id', x.client_id, 'supplier_id',
                                        x.supplier_id, 'document_id', x.document_id, 'currency', x.currency, 'amount_minor', x.amount_minor)
                     ORDER BY x.line) AS postings
      FROM ledger.posting x
     WHERE x.account_id = e.account_id AND x.entry_id = e.id
 ) p;
GRANT SELECT ON ledger_api.journal TO ledgerwire_ingress;
