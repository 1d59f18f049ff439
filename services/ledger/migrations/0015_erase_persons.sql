-- Erasure of a client's personal data: what the law on books does not require to be kept.

-- Text in rows that otherwise never change.
GRANT UPDATE (note) ON ledger.call TO ledgerwire_ledger;
GRANT UPDATE (detail) ON ledger.collection_entry TO ledgerwire_ledger;
GRANT UPDATE (shown) ON ledger.invoice_move TO ledgerwire_ledger;

-- Files that erased messages had. Ingress, which has the file store, removes those that nothing else names.
CREATE TABLE ledger.erased_file (
    account_id uuid NOT NULL,
    sha256 text NOT NULL,
    erased_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, sha256)
);
CREATE INDEX erased_file_time ON ledger.erased_file (erased_at);

CREATE VIEW ledger_api.erased_file AS
SELECT e.account_id, e.sha256, e.erased_at
  FROM ledger.erased_file e
 WHERE NOT EXISTS (
        SELECT FROM ledger.message m
         WHERE m.account_id = e.account_id
           AND (m.source ->> 'sha256' = e.sha256
                OR m.attachments @> jsonb_build_array(jsonb_build_object('sha256', e.sha256))))
   AND NOT EXISTS (
        SELECT FROM ledger.inbox_message i
         WHERE i.account_id = e.account_id
           AND (e.sha256 IN (i.raw_file ->> 'sha256', i.file ->> 'sha256')
                OR i.attachments @> jsonb_build_array(jsonb_build_object('sha256', e.sha256))));
GRANT SELECT ON ledger_api.erased_file TO ledgerwire_ingress;
