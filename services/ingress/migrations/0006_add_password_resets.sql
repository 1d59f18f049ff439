-- A way to a new password for a person who forgot theirs: one at a time, sent to their mail address, of use once.
CREATE TABLE ingress.password_reset (
    user_id uuid PRIMARY KEY REFERENCES ingress.login ON DELETE CASCADE,
    secret_hash bytea NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
    expires_at timestamptz NOT NULL
);
