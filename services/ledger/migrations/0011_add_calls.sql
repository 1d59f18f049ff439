-- Calls with clients, as they were recorded.

CREATE TABLE ledger.call (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('no_answer', 'left_message', 'spoke', 'promised', 'wrong_number',
                                             'disputed', 'other')),
    note text,
    snooze_until date,
    advance boolean NOT NULL,    -- it ended the call step that was due
    sale_ids uuid[] NOT NULL,
    promise_id uuid,
    dispute_ids uuid[] NOT NULL,
    origin text NOT NULL CHECK (origin IN ('own', 'external')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, client_id) REFERENCES ledger.client,
    FOREIGN KEY (account_id, promise_id) REFERENCES ledger.promise
);
CREATE INDEX call_client ON ledger.call (account_id, client_id, id);
REVOKE UPDATE, DELETE ON ledger.call FROM ledgerwire_ledger;

CREATE VIEW ledger_api.call AS
SELECT k.account_id, k.id, k.client_id, c.name AS client_name, c.email AS client_email,
       c.external_id AS client_external_id, k.outcome, k.note, k.snooze_until, k.advance, k.sale_ids, k.promise_id,
       k.dispute_ids, k.origin, k.created_at
  FROM ledger.call k JOIN ledger.client c ON c.account_id = k.account_id AND c.id = k.client_id;

GRANT SELECT ON ledger_api.call TO ledgerwire_ingress, ledgerwire_dispatch, ledgerwire_execution;
