-- The link that creates the first account: its secret's hash, as long as there is no account.
CREATE TABLE ingress.setup_link (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now()
);
