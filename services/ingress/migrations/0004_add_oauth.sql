-- OAuth 2.1: the programs that may ask for consent, and what users have let them do.
CREATE TABLE ingress.oauth_client (
    id text PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    secret_hash bytea CHECK (length(secret_hash) = 32),    -- null: a public client
    redirect_uris text[] NOT NULL,
    first_party boolean NOT NULL DEFAULT false,            -- our own console: signing in is enough
    registered_from text,                                  -- the address that registered it; null: an operator did
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX oauth_client_registered ON ingress.oauth_client (created_at) WHERE registered_from IS NOT NULL;

-- An application that a user has let into an account. connected_at is null until its code is redeemed.
CREATE TABLE ingress.oauth_grant (
    account_id uuid NOT NULL REFERENCES ingress.account,
    id uuid NOT NULL,
    client_id text NOT NULL REFERENCES ingress.oauth_client,
    user_id uuid NOT NULL,
    session_id uuid REFERENCES ingress.session ON DELETE CASCADE,    -- of a first-party client: it ends with it
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    connected_at timestamptz,
    last_used_at timestamptz,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, user_id) REFERENCES ingress.membership ON DELETE CASCADE
);
CREATE INDEX oauth_grant_client ON ingress.oauth_grant (client_id);
CREATE INDEX oauth_grant_session ON ingress.oauth_grant (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX oauth_grant_user ON ingress.oauth_grant (account_id, user_id);
CREATE INDEX oauth_grant_unconnected ON ingress.oauth_grant (created_at) WHERE connected_at IS NULL;

-- Codes and tokens, by the SHA-256 of 256 random bits. What was used stays until it ends: a second use is an attack.
CREATE TABLE ingress.oauth_code (
    secret_hash bytea PRIMARY KEY CHECK (length(secret_hash) = 32),
    account_id uuid NOT NULL,
    grant_id uuid NOT NULL,
    redirect_uri text NOT NULL,
    code_challenge text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    FOREIGN KEY (account_id, grant_id) REFERENCES ingress.oauth_grant ON DELETE CASCADE
);
CREATE INDEX oauth_code_grant ON ingress.oauth_code (account_id, grant_id);
CREATE TABLE ingress.oauth_token (
    secret_hash bytea PRIMARY KEY CHECK (length(secret_hash) = 32),
    account_id uuid NOT NULL,
    grant_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('access', 'refresh')),
    scopes text[] NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    FOREIGN KEY (account_id, grant_id) REFERENCES ingress.oauth_grant ON DELETE CASCADE
);
CREATE INDEX oauth_token_grant ON ingress.oauth_token (account_id, grant_id);
CREATE INDEX oauth_token_expires_at ON ingress.oauth_token (expires_at);
