-- Promises to pay: a client is not reminded while one is open, and one that is not kept is broken when its day is over.

CREATE TABLE ledger.promise (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    date date NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL,
    sale_ids uuid[] NOT NULL,           -- the invoices that it is about; none: all of the client's in its currency
    state text NOT NULL CHECK (state IN ('open', 'kept', 'broken', 'cancelled')),
    ends_at timestamptz NOT NULL,       -- when its day is over in the account's time zone
    check_at timestamptz,               -- when the scheduler looks at it; later while one is at it
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, client_id) REFERENCES ledger.client,
    CHECK ((state = 'open') = (ended_at IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX promise_client ON ledger.promise (account_id, client_id, id);
CREATE INDEX promise_state ON ledger.promise (account_id, state, id);
CREATE INDEX promise_due ON ledger.promise (check_at) WHERE check_at IS NOT NULL;
CREATE INDEX promise_live ON ledger.promise (account_id, client_id) WHERE state IN ('open', 'kept');
REVOKE DELETE ON ledger.promise FROM ledgerwire_ledger;

CREATE VIEW ledger_api.promise AS
SELECT p.account_id, p.id, p.client_id, c.name AS client_name, c.email AS client_email,
       c.external_id AS client_external_id, p.date, p.amount_minor, p.currency, p.sale_ids, p.state, p.created_at,
       p.ended_at
  FROM ledger.promise p JOIN ledger.client c ON c.account_id = p.account_id AND c.id = p.client_id;

GRANT SELECT ON ledger_api.promise TO ledgerwire_ingress, ledgerwire_dispatch, ledgerwire_execution;
