-- Who may call, what was accepted, and what was sent before.
--
-- account_id leads every key. What a caller presents instead of an account (a token, a channel's URL) is found through
-- a plain index: it is random enough to be unique, and a unique index without account_id could not be distributed.
SELECT storage.create_messaging_tables('ingress', 'ledgerwire_ingress');

CREATE TABLE ingress.account (
    account_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    time_zone text NOT NULL DEFAULT 'UTC',
    locale text NOT NULL DEFAULT 'en',
    currency text NOT NULL DEFAULT 'EUR',
    number_format text,                       -- of document numbers; null: the ledger's default
    default_pay_term jsonb,                   -- of clients without one of their own; null: the ledger's default
    profile jsonb NOT NULL DEFAULT '{}',      -- what is only shown and printed, as answers show it
    collections jsonb NOT NULL DEFAULT '{}',  -- settings of collections, as answers show them
    logo jsonb,                               -- its content type, size and SHA-256
    clients_max bigint CHECK (clients_max >= 0),    -- null: no limit
    products_max bigint CHECK (products_max >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE ingress.account_logo (
    account_id uuid PRIMARY KEY REFERENCES ingress.account,
    content bytea NOT NULL
);

-- The key pair: one for each account, so that a new one ends the old one.
CREATE TABLE ingress.api_credential (
    account_id uuid NOT NULL REFERENCES ingress.account,
    id uuid NOT NULL,
    api_key text NOT NULL,
    secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    PRIMARY KEY (account_id, id),
    UNIQUE (account_id)
);
CREATE INDEX api_credential_key ON ingress.api_credential (api_key);

-- SHA-256 of 256 random bits: there is nothing to guess, so a slow hash would only slow every request.
CREATE TABLE ingress.access_token (
    account_id uuid NOT NULL REFERENCES ingress.account,
    id uuid NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX access_token_hash ON ingress.access_token (secret_hash);

-- id is public and stays; the URL's secret is found by its SHA-256 and kept encrypted, because admins may see the URL again.
CREATE TABLE ingress.channel (
    account_id uuid NOT NULL REFERENCES ingress.account,
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('direct', 'orders', 'replies', 'hook')),
    name text CHECK (length(name) BETWEEN 1 AND 200),
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
    secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
    secret_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    disabled_at timestamptz,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX channel_secret ON ingress.channel (secret_hash);

-- Encrypted once: proves at every start that the keys open what this schema's secrets were encrypted with.
CREATE TABLE ingress.key_check_value (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    encrypted bytea NOT NULL
);

-- What was accepted: the root of a journey, and what `202` points at. id = command id = request id = correlation id.
CREATE TABLE ingress.operation (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    command text NOT NULL,
    method text NOT NULL,
    path text NOT NULL,    -- as the route is written: a channel's URL holds a secret
    subject_id uuid,
    credential_id uuid,    -- what was presented; to it alone secrets in the outcome are shown
    accepted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX operation_subject ON ingress.operation (account_id, subject_id) WHERE subject_id IS NOT NULL;

-- One key, one effect. scope is '' for the API and a channel's id for its senders, who know nothing of one another.
CREATE TABLE ingress.idempotency (
    account_id uuid NOT NULL,
    scope text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    command_id uuid NOT NULL,
    answer bytea,    -- the first answer where no outcome row holds it; encrypted when it has a secret in it
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, scope, key)
);
CREATE INDEX idempotency_created_at ON ingress.idempotency (created_at);

-- By which a document is recognised when it comes again: the first content under each reference, and further ones.
CREATE TABLE ingress.message_dedup_key (
    account_id uuid NOT NULL,
    stem uuid NOT NULL,
    identity bytea NOT NULL,
    content bytea NOT NULL,
    message_id uuid NOT NULL,
    PRIMARY KEY (account_id, stem, identity)
);
CREATE TABLE ingress.message_variant (
    account_id uuid NOT NULL,
    stem uuid NOT NULL,
    identity bytea NOT NULL,
    content bytea NOT NULL,
    message_id uuid NOT NULL,
    PRIMARY KEY (account_id, stem, identity, content)
);

CREATE VIEW ingress_api.account AS
SELECT account_id, name, time_zone, locale, currency, number_format, default_pay_term, profile, collections, clients_max,
       products_max, created_at
  FROM ingress.account;

CREATE VIEW ingress_api.journey_entry AS
SELECT account_id, id AS correlation_id, accepted_at AS at, 'ingress'::text AS service, 'accepted'::text AS step,
       subject_id, id AS message_id, NULL::uuid AS cause_id,
       jsonb_build_object('command', command, 'method', method, 'path', path) AS detail
  FROM ingress.operation;

CREATE VIEW ingress_api.account_logo AS SELECT account_id, content FROM ingress.account_logo;

GRANT USAGE ON SCHEMA ingress_api TO ledgerwire_ledger, ledgerwire_dispatch, ledgerwire_execution;
GRANT SELECT ON ingress_api.account TO ledgerwire_ledger, ledgerwire_dispatch, ledgerwire_execution;
GRANT SELECT ON ingress_api.account_logo TO ledgerwire_execution;

CREATE FUNCTION ingress.maintain_partitions() RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    said text := storage.maintain_messaging_tables('ingress'); also text;
BEGIN
    IF said = 'changed' THEN
        RETURN said;
    END IF;
    -- As long as outcomes are kept: an operation without its outcome would look unfinished.
    also := storage.maintain_table('ingress.operation', 7, 1, 2, 30);
    RETURN coalesce(also, said);
END $$;
REVOKE ALL ON FUNCTION ingress.maintain_partitions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ingress.maintain_partitions() TO ledgerwire_ingress;
DO $$ BEGIN
    WHILE ingress.maintain_partitions() = 'changed' LOOP
    END LOOP;
END $$;
