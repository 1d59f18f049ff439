-- What clients owed at the end of a day needs the due date of each invoice, and nothing else of the documents: it is read
-- from an index, where all of `ledger.sale` was read before. Only documents of the role `receivable` have receivables.
CREATE INDEX sale_state_due ON ledger.sale_state (account_id, sale_id) INCLUDE (date_due) WHERE role = 'receivable';

CREATE OR REPLACE FUNCTION ledger.open_as_of(account uuid, as_of date)
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
        SELECT o.client_id, o.currency, t.date_due, o.minor, 0::numeric
          FROM owed o
          JOIN ledger.sale_state t
            ON t.account_id = account AND t.sale_id = o.document_id AND t.role = 'receivable'
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
