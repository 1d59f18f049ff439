-- Notes on clients, and invoices that a client disputes: both keep collections from going on by themselves.

CREATE TABLE ledger.note (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    sale_id uuid,
    kind text NOT NULL CHECK (kind IN ('note', 'call', 'dispute')),
    body text NOT NULL,
    pinned boolean NOT NULL,
    needs_response boolean NOT NULL,    -- blocks further automatic steps until it is resolved
    resolved_at timestamptz,
    origin text NOT NULL CHECK (origin IN ('own', 'external')),
    author jsonb,    -- {kind, id, name} of who wrote it; null: the ledger itself
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, client_id) REFERENCES ledger.client,
    FOREIGN KEY (account_id, sale_id) REFERENCES ledger.sale,
    CHECK (resolved_at IS NULL OR needs_response)
) WITH (fillfactor = 80);
CREATE INDEX note_client ON ledger.note (account_id, client_id, id);
CREATE INDEX note_blocking ON ledger.note (account_id, client_id) WHERE needs_response AND resolved_at IS NULL;
CREATE INDEX note_sale ON ledger.note (account_id, sale_id) WHERE sale_id IS NOT NULL;
REVOKE DELETE ON ledger.note FROM ledgerwire_ledger;

CREATE TABLE ledger.dispute (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    reason text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'resolved')),
    resolution text,
    created_at timestamptz NOT NULL,
    resolved_at timestamptz,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, client_id) REFERENCES ledger.client,
    FOREIGN KEY (account_id, sale_id) REFERENCES ledger.sale,
    CHECK ((state = 'resolved') = (resolved_at IS NOT NULL))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX dispute_open ON ledger.dispute (account_id, sale_id) WHERE state = 'open';
CREATE INDEX dispute_sale ON ledger.dispute (account_id, sale_id, id);
CREATE INDEX dispute_client ON ledger.dispute (account_id, client_id, id);
REVOKE DELETE ON ledger.dispute FROM ledgerwire_ledger;

CREATE VIEW ledger_api.note AS
SELECT n.account_id, n.id, n.client_id, c.name AS client_name, c.email AS client_email,
       c.external_id AS client_external_id, n.sale_id, n.kind, n.body, n.pinned, n.needs_response, n.resolved_at,
       n.origin, n.author, n.created_at, n.updated_at
  FROM ledger.note n JOIN ledger.client c ON c.account_id = n.account_id AND c.id = n.client_id;

CREATE VIEW ledger_api.dispute AS
SELECT d.account_id, d.id, d.client_id, c.name AS client_name, c.email AS client_email,
       c.external_id AS client_external_id, d.sale_id, s.number, d.reason, d.state, d.resolution, d.created_at,
       d.resolved_at
  FROM ledger.dispute d
  JOIN ledger.client c ON c.account_id = d.account_id AND c.id = d.client_id
  JOIN ledger.sale s ON s.account_id = d.account_id AND s.id = d.sale_id;

GRANT SELECT ON ledger_api.note, ledger_api.dispute TO ledgerwire_ingress, ledgerwire_dispatch, ledgerwire_execution;
