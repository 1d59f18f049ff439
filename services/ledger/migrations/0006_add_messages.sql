-- Messages to clients: asked for here, handed to a provider by the executor, which confirms.

CREATE TABLE ledger.message (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('document')),    -- what it is for: a sales document goes to its client
    direction text NOT NULL CHECK (direction IN ('sent', 'received')),
    channel text NOT NULL CHECK (channel IN ('email', 'sms')),
    state text NOT NULL CHECK (state IN ('requested', 'sent', 'failed', 'cancelled', 'received')),
    sale_ids uuid[] NOT NULL,
    sender text,
    recipient text NOT NULL,
    subject text,
    body text NOT NULL,
    in_reply_to uuid,
    provider_message_id text,    -- of a mail its Message-ID
    detail text,                 -- what the provider said, or why it failed
    command_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, client_id) REFERENCES ledger.client,
    CHECK ((sent_at IS NOT NULL) = (state = 'sent'))
) WITH (fillfactor = 80);
CREATE INDEX message_client ON ledger.message (account_id, client_id, id);
CREATE INDEX message_state ON ledger.message (account_id, state, id);
CREATE INDEX message_sales ON ledger.message USING gin (sale_ids);
REVOKE DELETE ON ledger.message FROM ledgerwire_ledger;

CREATE VIEW ledger_api.message AS
SELECT m.account_id, m.id, m.client_id, c.name AS client_name, c.email AS client_email,
       c.external_id AS client_external_id, m.direction, m.channel, m.state,
       m.sale_ids, m.sender, m.recipient, m.subject, m.body, m.in_reply_to, m.provider_message_id, m.detail,
       m.created_at, m.sent_at
  FROM ledger.message m JOIN ledger.client c ON c.account_id = m.account_id AND c.id = m.client_id;

GRANT SELECT ON ledger_api.message TO ledgerwire_ingress, ledgerwire_dispatch, ledgerwire_execution;
