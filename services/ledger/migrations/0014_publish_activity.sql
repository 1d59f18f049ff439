-- What happened between an account and its clients, as one list: each part by its own index, newest first by its id.
CREATE VIEW ledger_api.activity AS
SELECT account_id, id, client_id, 'message'::text AS kind, coalesce(occurred_at, created_at) AS at, origin,
       jsonb_build_object('direction', direction, 'channel', channel, 'state', state, 'subject', subject,
                          'purpose', purpose, 'automatic', automatic) AS detail
  FROM ledger.message
UNION ALL
SELECT account_id, id, client_id, 'note'::text, created_at, origin,
       jsonb_build_object('note_kind', kind, 'body', body, 'needs_response', needs_response AND resolved_at IS NULL)
  FROM ledger.note
UNION ALL
SELECT account_id, id, client_id, 'call'::text, created_at, origin,
       jsonb_build_object('outcome', outcome, 'note', note, 'snooze_until', snooze_until)
  FROM ledger.call
UNION ALL
SELECT account_id, id, client_id, 'dispute'::text, created_at, 'own'::text,
       jsonb_build_object('sale_id', sale_id, 'reason', reason, 'state', state, 'resolution', resolution)
  FROM ledger.dispute
UNION ALL
SELECT account_id, id, client_id, 'promise'::text, created_at, 'own'::text,
       jsonb_build_object('date', date, 'amount_minor', amount_minor, 'currency', currency, 'state', state)
  FROM ledger.promise
UNION ALL
SELECT account_id, id, client_id, 'move'::text, at, shown->>'origin',
       jsonb_build_object('cause', cause, 'from_collector', shown->'from_collector',
                          'to_collector', shown->'to_collector', 'invoices', jsonb_array_length(shown->'invoices'))
  FROM ledger.invoice_move;

GRANT SELECT ON ledger_api.activity TO ledgerwire_ingress;
