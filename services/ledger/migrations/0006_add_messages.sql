-- Messages to and from clients. What is sent is asked for here, handed to a provider by the executor, which confirms.

CREATE TABLE ledger.message (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    client_id uuid,              -- null: received, and matched to no client
    -- What it is for: a sales document goes to its client, a person writes, a collector reminds, a client answers, a
    -- person of the account is notified.
    purpose text NOT NULL CHECK (purpose IN ('document', 'message', 'reminder', 'reply', 'notification')),
    direction text NOT NULL CHECK (direction IN ('sent', 'received')),
    channel text NOT NULL CHECK (channel IN ('email', 'sms')),
    state text NOT NULL CHECK (state IN ('requested', 'sent', 'failed', 'cancelled', 'received')),
    origin text NOT NULL DEFAULT 'own' CHECK (origin IN ('own', 'external')),
    sale_ids uuid[] NOT NULL,
    sender text,
    recipient text,
    subject text,
    body text NOT NULL,
    quoted text,                 -- what the writer of a received one quoted below it
    in_reply_to uuid,
    provider_message_id text,    -- of a mail its Message-ID
    detail text,                 -- what the provider said, or why it failed
    automatic text CHECK (automatic IN ('auto_reply', 'bounce', 'complaint')),    -- written by a program
    needs_response boolean NOT NULL DEFAULT false,    -- holds reminders back until it is resolved
    resolved_at timestamptz,
    attachments jsonb NOT NULL DEFAULT '[]',    -- files of a received one: [{name, content_type, size, sha256}]
    source jsonb,                -- of a received one, the file that has it as it came
    source_kept boolean NOT NULL DEFAULT false,    -- of a sent one: the executor has it as it went
    command_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    occurred_at timestamptz,     -- when it was sent or received
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, client_id) REFERENCES ledger.client,
    CHECK (state <> 'sent' OR sent_at IS NOT NULL),
    CHECK (sent_at IS NULL OR state IN ('sent', 'failed')),    -- failed: it came back
    CHECK ((direction = 'received') = (state = 'received')),
    CHECK (client_id IS NOT NULL OR direction = 'received'),
    CHECK (resolved_at IS NULL OR needs_response)
) WITH (fillfactor = 80);
CREATE INDEX message_client ON ledger.message (account_id, client_id, id);
CREATE INDEX message_state ON ledger.message (account_id, state, id);
CREATE INDEX message_sales ON ledger.message USING gin (sale_ids);
CREATE INDEX message_unmatched ON ledger.message (account_id, id) WHERE client_id IS NULL;
CREATE INDEX message_waiting ON ledger.message (account_id, client_id) WHERE needs_response AND resolved_at IS NULL;
CREATE INDEX message_provider_id ON ledger.message (account_id, provider_message_id)
 WHERE provider_message_id IS NOT NULL;
CREATE INDEX message_recipient ON ledger.message (account_id, lower(recipient), id) WHERE direction = 'sent';
REVOKE DELETE ON ledger.message FROM ledgerwire_ledger;

-- Addresses and numbers that do not take messages: nothing goes there by itself.
CREATE TABLE ledger.unreachable_address (
    account_id uuid NOT NULL REFERENCES ledger.book,
    channel text NOT NULL CHECK (channel IN ('email', 'sms')),
    address text NOT NULL,       -- in small letters
    reason text NOT NULL CHECK (reason IN ('bounce', 'complaint')),
    message_id uuid NOT NULL,    -- that reported it
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, channel, address)
);

CREATE VIEW ledger_api.message AS
SELECT m.account_id, m.id, m.client_id, c.name AS client_name, c.email AS client_email,
       c.external_id AS client_external_id, m.direction, m.channel, m.state, m.origin,
       m.sale_ids, m.sender, m.recipient, m.subject, m.body, m.quoted, m.in_reply_to, m.provider_message_id, m.detail,
       m.automatic, m.needs_response, m.resolved_at, m.attachments, m.source,
       m.source IS NOT NULL OR m.source_kept AS has_source, m.created_at, m.sent_at, m.occurred_at
  FROM ledger.message m LEFT JOIN ledger.client c ON c.account_id = m.account_id AND c.id = m.client_id;

GRANT SELECT ON ledger_api.message TO ledgerwire_ingress, ledgerwire_dispatch, ledgerwire_execution;

-- Digits that a phone number ends with, whatever stands between them: by these a number is looked up.
CREATE FUNCTION ledger.last_digits(number text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
    SELECT right(regexp_replace(number, '[^0-9]', '', 'g'), 7)
$$;
CREATE INDEX client_phone ON ledger.client (account_id, ledger.last_digits(phone)) WHERE phone IS NOT NULL;
CREATE INDEX client_contacts ON ledger.client USING gin (contacts jsonb_path_ops);
