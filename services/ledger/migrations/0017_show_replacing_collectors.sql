-- What names a collector that was removed goes on in the one that replaces it, and is shown there: a client at once, a
-- case until its invoices are moved. A settled case keeps the name of the collector that it ran in.
CREATE OR REPLACE VIEW ledger_api.client AS
SELECT c.account_id, c.id, c.name, c.type, c.first_name, c.last_name, c.email, c.phone, c.reg_number, c.vat_number,
       c.address, c.shipping_address, c.contacts, c.locale, c.currency, c.pay_term,
       coalesce(l.replaced_by, c.collector_id) AS collector_id, c.external_id, c.comment, c.archived_at, c.created_at,
       c.updated_at, b.balances
  FROM ledger.client c
  LEFT JOIN ledger.collector l ON l.account_id = c.account_id AND l.id = c.collector_id
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

CREATE OR REPLACE VIEW ledger_api.collector AS
SELECT c.account_id, c.id, c.name, c.kind, c.is_default, c.version, v.steps, c.created_at, c.updated_at, c.deleted_at,
       c.replaced_by
  FROM ledger.collector c
  JOIN ledger.collector_version v
    ON v.account_id = c.account_id AND v.collector_id = c.id AND v.version = c.version;

CREATE OR REPLACE VIEW ledger_api.collection_case AS
SELECT c.account_id, c.id, c.client_id, k.name AS client_name, k.email AS client_email,
       k.external_id AS client_external_id, c.sale_id, c.collector_id, coalesce(r.name, l.name) AS collector_name,
       c.version, c.cycle, c.state, c.reason, c.ends, c.since, c.ends_at, c.next_step, c.next_channel, c.next_at,
       c.last_step, c.last_step_at, c.currency, c.open_minor, c.overdue_minor, c.amounts, c.oldest_due, c.sale_ids,
       c.invoices, coalesce(c.oldest_due, date '9999-12-30') AS due_order, c.entered_at, c.updated_at, c.muted_reason,
       c.paused_reason, c.paused_until, coalesce(r.id, c.collector_id) AS current_collector_id
  FROM ledger.collection_case c
  JOIN ledger.client k ON k.account_id = c.account_id AND k.id = c.client_id
  JOIN ledger.collector l ON l.account_id = c.account_id AND l.id = c.collector_id
  LEFT JOIN ledger.collector r ON r.account_id = l.account_id AND r.id = l.replaced_by AND c.state <> 'settled';
