-- Views for other services: one row a resource, as its `from_row` in `contracts.resources` takes it. Lists go by id, newest
-- first: ids sort by the time they were made.
CREATE VIEW ledger_api.client AS
SELECT c.account_id, c.id, c.name, c.type, c.first_name, c.last_name, c.email, c.phone, c.reg_number, c.vat_number,
       c.address, c.shipping_address, c.contacts, c.locale, c.currency, c.pay_term, c.collector_id, c.external_id,
       c.comment, c.archived_at, c.created_at, c.updated_at, b.balances
  FROM ledger.client c
 CROSS JOIN LATERAL (
    SELECT coalesce(
               jsonb_agg(
                   jsonb_build_object('currency', x.currency, 'receivable_minor', x.receivable_minor,
                                      'unapplied_minor', x.unapplied_minor)
                   ORDER BY x.currency),
               '[]') AS balances
      FROM ledger.client_balance x
     WHERE x.account_id = c.account_id AND x.client_id = c.id
 ) b;

-- settlement is null where nothing can be owed. An invoice is owed until it is void or written off; what other kinds
-- ask for is not in the books, but a quote, order or proforma still says what it would come to. An invoice is overdue
-- once its due day is over in the account's time zone; what the clock has told of stays so while it is owed.
CREATE VIEW ledger_api.sale AS
SELECT t.account_id, t.sale_id AS id, t.sale_type, t.status, s.number, t.client_id, s.client, t.currency,
       s.document_date, t.date_due, s.pay_term, s.operation, s.tax_basis, s.include_tax, s.payment_method,
       s.shipping_type, s.lines, s.adjustments, s.taxes, s.shipping_minor, s.net_minor, s.tax_minor, t.total_minor,
       s.deposit_minor, s.comment, s.external_id, s.invoice_id, s.payment_id, s.converted_from, t.converted_to,
       t.status_reason, t.send_requested_at, s.created_at, t.updated_at, s.issued_at, t.settled_minor,
       t.open_minor AS amount_due_minor, t.credited_minor, t.unapplied_minor, t.settlement, t.late,
       t.late OR t.owed AND coalesce(t.date_due < (now() AT TIME ZONE b.zone)::date, false) AS overdue,
       a.allocations, r.refunds
  FROM ledger.sale_state t
  JOIN ledger.sale s ON s.account_id = t.account_id AND s.id = t.sale_id
  JOIN ledger.book b ON b.account_id = t.account_id
 CROSS JOIN LATERAL (
    SELECT coalesce(
               jsonb_agg(jsonb_build_object('sale_id', y.sale_id, 'amount_minor', y.amount_minor) ORDER BY y.first),
               '[]') AS allocations
      FROM (
        SELECT x.sale_id, sum(x.amount_minor)::bigint AS amount_minor, min(x.id::text) AS first
          FROM ledger.settlement x
         WHERE t.role = 'credit' AND x.account_id = t.account_id AND x.credit_note_id = t.sale_id
         GROUP BY x.sale_id HAVING sum(x.amount_minor) <> 0
      ) y
 ) a
 CROSS JOIN LATERAL (
    SELECT coalesce(
               jsonb_agg(jsonb_build_object('id', x.id, 'amount_minor', x.amount_minor, 'date', x.date,
                                            'reference', x.reference) ORDER BY x.id),
               '[]') AS refunds
      FROM ledger.refund x
     WHERE t.refunded_minor > 0 AND x.account_id = t.account_id AND x.credit_note_id = t.sale_id
       AND x.reversal_of IS NULL
       AND NOT EXISTS (SELECT FROM ledger.refund m WHERE m.account_id = x.account_id AND m.reversal_of = x.id)
 ) r;

-- The invoices of an account that are overdue and that the clock has not told of yet: few, and most of the time none.
CREATE FUNCTION ledger_api.overdue_unmarked(account uuid) RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT coalesce(array_agg(t.sale_id), '{}') FROM ledger.sale_state t
     WHERE t.account_id = account AND t.owed AND NOT t.late
       AND t.date_due < (SELECT (now() AT TIME ZONE b.zone)::date FROM ledger.book b WHERE b.account_id = account)
$$;
REVOKE ALL ON FUNCTION ledger_api.overdue_unmarked(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_api.overdue_unmarked(uuid) TO ledgerwire_ingress;

CREATE VIEW ledger_api.payment AS
SELECT p.account_id, p.id, p.client_id, p.status, p.amount_minor, p.currency, p.date, p.method, p.reference,
       p.external_id, p.receipt_id, p.status_reason, p.refunded_minor, p.created_at, p.updated_at, t.allocations,
       r.refunds,
       jsonb_build_object('id', c.id, 'name', c.name, 'email', c.email, 'external_id', c.external_id) AS client,
       CASE WHEN p.status = 'confirmed' THEN p.amount_minor - p.settled_minor - p.refunded_minor ELSE 0
       END AS unapplied_minor
  FROM ledger.payment p
  JOIN ledger.client c ON c.account_id = p.account_id AND c.id = p.client_id
 CROSS JOIN LATERAL (
    SELECT coalesce(
               jsonb_agg(jsonb_build_object('sale_id', y.sale_id, 'amount_minor', y.amount_minor) ORDER BY y.first),
               '[]') AS allocations
      FROM (
        SELECT x.sale_id, sum(x.amount_minor)::bigint AS amount_minor, min(x.id::text) AS first
          FROM ledger.settlement x
         WHERE p.settled_minor > 0 AND x.account_id = p.account_id AND x.payment_id = p.id
         GROUP BY x.sale_id HAVING sum(x.amount_minor) <> 0
      ) y
 ) t
 CROSS JOIN LATERAL (
    SELECT coalesce(
               jsonb_agg(jsonb_build_object('id', x.id, 'amount_minor', x.amount_minor, 'date', x.date,
                                            'reference', x.reference) ORDER BY x.id),
               '[]') AS refunds
      FROM ledger.refund x
     WHERE p.refunded_minor > 0 AND x.account_id = p.account_id AND x.payment_id = p.id AND x.reversal_of IS NULL
       AND NOT EXISTS (SELECT FROM ledger.refund m WHERE m.account_id = x.account_id AND m.reversal_of = x.id)
 ) r;

CREATE VIEW ledger_api.inbox_message AS
SELECT account_id, id, box, state, channel, content_type, received_at, warnings, duplicate_of, document, links,
       comment, committed_at
  FROM ledger.inbox_message;

CREATE VIEW ledger_api.inbox_raw AS
SELECT account_id, id, box, content_type, raw FROM ledger.inbox_message;

CREATE VIEW ledger_api.journey_entry AS
SELECT account_id, correlation_id, at, 'ledger'::text AS service, command AS step, subject_id,
       command_id AS message_id, causation_id AS cause_id,
       jsonb_strip_nulls(jsonb_build_object('status', status, 'code', code)) AS detail
  FROM ledger.processed_command
UNION ALL
SELECT account_id, correlation_id, committed_at, 'ledger', 'receive_inbox_message', id, command_id, causation_id,
       jsonb_build_object('box', box, 'state', state)
  FROM ledger.inbox_message;

GRANT USAGE ON SCHEMA ledger_api TO ledgerwire_ingress, ledgerwire_dispatch, ledgerwire_execution;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger_api TO ledgerwire_ingress;
GRANT SELECT ON ledger_api.client, ledger_api.sale, ledger_api.payment, ledger_api.inbox_message TO ledgerwire_dispatch;
GRANT SELECT ON ledger_api.outcome, ledger_api.client, ledger_api.sale, ledger_api.payment, ledger_api.inbox_message
   TO ledgerwire_execution;
