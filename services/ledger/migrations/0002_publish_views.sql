-- What others may read of the books: one row for each thing, as `contracts.present` takes it. Lists go by id, newest
-- first: ids sort by the time they were made.
CREATE VIEW ledger_api.client AS
SELECT c.account_id, c.id, c.name, c.type, c.first_name, c.last_name, c.email, c.phone, c.reg_number, c.vat_number,
       c.address, c.locale, c.currency, c.pay_term, c.collector_id, c.external_id, c.comment, c.created_at,
       c.updated_at, b.balances
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
-- ask for is not in the books, but a quote, order or proforma still says what it would come to.
CREATE VIEW ledger_api.sale AS
SELECT d.account_id, d.id, d.sale_type, d.status, d.number, d.client_id, d.client, d.currency, d.document_date,
       d.date_due, d.pay_term, d.operation, d.tax_basis, d.include_tax, d.payment_method, d.shipping_type, d.lines,
       d.adjustments, d.taxes, d.shipping_minor, d.net_minor, d.tax_minor, d.total_minor, d.deposit_minor,
       d.comment, d.external_id, d.created_at, d.updated_at, d.issued_at, d.settled_minor, d.amount_due_minor,
       CASE
           WHEN d.status = 'void' OR d.sale_type NOT IN ('sales_invoice', 'sales_receipt') THEN NULL
           WHEN d.sale_type = 'sales_receipt' OR d.total_minor - d.deposit_minor <= d.settled_minor THEN 'paid'
           WHEN d.deposit_minor + d.settled_minor > 0 THEN 'partial'
           ELSE 'unpaid'
       END AS settlement,
       d.sale_type = 'sales_invoice' AND d.status = 'issued' AND d.amount_due_minor > 0
           AND coalesce(d.date_due < ledger.today(d.time_zone), false) AS overdue
  FROM (
    SELECT s.*, b.time_zone, t.settled_minor,
           CASE
               WHEN s.status IN ('draft', 'issued', 'accepted', 'confirmed')
                    AND s.sale_type NOT IN ('credit_note', 'sales_receipt')
               THEN s.total_minor - s.deposit_minor - t.settled_minor
               ELSE 0
           END AS amount_due_minor
      FROM ledger.sale s
      JOIN ledger.book b ON b.account_id = s.account_id
     CROSS JOIN LATERAL (
        SELECT coalesce(sum(x.amount_minor), 0)::bigint AS settled_minor
          FROM ledger.settlement x
         WHERE x.account_id = s.account_id AND x.sale_id = s.id
     ) t
  ) d;

CREATE VIEW ledger_api.payment AS
SELECT p.account_id, p.id, p.client_id, p.status, p.amount_minor, p.currency, p.date, p.method, p.reference,
       p.external_id, p.created_at, p.updated_at, t.allocations,
       CASE WHEN p.status = 'confirmed' THEN p.amount_minor - t.allocated_minor ELSE 0 END AS unapplied_minor
  FROM ledger.payment p
 CROSS JOIN LATERAL (
    SELECT coalesce(sum(y.amount_minor), 0)::bigint AS allocated_minor,
           coalesce(
               jsonb_agg(jsonb_build_object('sale_id', y.sale_id, 'amount_minor', y.amount_minor) ORDER BY y.first),
               '[]') AS allocations
      FROM (
        SELECT x.sale_id, sum(x.amount_minor)::bigint AS amount_minor, min(x.id::text) AS first
          FROM ledger.settlement x
         WHERE x.account_id = p.account_id AND x.payment_id = p.id
         GROUP BY x.sale_id HAVING sum(x.amount_minor) <> 0
      ) y
 ) t;

CREATE VIEW ledger_api.inbox_message AS
SELECT account_id, id, box, state, channel_id, content_type, received_at, warnings, duplicate_of, document, links,
       comment, committed_at
  FROM ledger.inbox_message;

CREATE VIEW ledger_api.inbox_raw AS
SELECT account_id, id, box, content_type, raw FROM ledger.inbox_message;

CREATE VIEW ledger_api.hop AS
SELECT account_id, correlation_id, at, 'ledger'::text AS service, command AS step, subject_id,
       command_id AS message_id, causation_id AS cause_id,
       jsonb_strip_nulls(jsonb_build_object('status', status, 'code', code)) AS detail
  FROM ledger.handled
UNION ALL
SELECT account_id, correlation_id, committed_at, 'ledger', 'receive_inbox_message', id, command_id, causation_id,
       jsonb_build_object('box', box, 'state', state)
  FROM ledger.inbox_message;

GRANT USAGE ON SCHEMA ledger_api TO ledgerwire_ingress, ledgerwire_dispatch, ledgerwire_execution;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger_api TO ledgerwire_ingress;
GRANT SELECT ON ledger_api.client, ledger_api.sale, ledger_api.payment, ledger_api.inbox_message TO ledgerwire_dispatch;
GRANT SELECT ON ledger_api.outcome, ledger_api.client, ledger_api.sale, ledger_api.payment, ledger_api.inbox_message
   TO ledgerwire_execution;
