-- People who sign in. One person may belong to several accounts, so a login belongs to none: these few rows are a
-- reference table where the others are distributed.
CREATE TABLE ingress.login (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    email text,                               -- where a password reset is sent
    locale text NOT NULL DEFAULT 'en',
    password_hash text NOT NULL,              -- argon2id
    totp_secret bytea,                        -- encrypted; null: no second factor
    totp_step bigint,                         -- of the last code that was taken: no code is taken twice
    recovery_hashes bytea[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    signed_in_at timestamptz
);
CREATE UNIQUE INDEX login_name ON ingress.login (lower(name));

CREATE TABLE ingress.membership (
    account_id uuid NOT NULL REFERENCES ingress.account,
    user_id uuid NOT NULL REFERENCES ingress.login ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('owner', 'member', 'viewer')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, user_id)
);
CREATE INDEX membership_user ON ingress.membership (user_id);

-- An offer to join an account, redeemed once by a person who has a login already.
CREATE TABLE ingress.invitation (
    account_id uuid NOT NULL REFERENCES ingress.account,
    id uuid NOT NULL,
    role text NOT NULL CHECK (role IN ('owner', 'member', 'viewer')),
    secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX invitation_secret ON ingress.invitation (secret_hash);

-- A browser that has signed in, found by the SHA-256 of its cookie; account_id is the one it works in now.
CREATE TABLE ingress.session (
    id uuid PRIMARY KEY,
    secret_hash bytea NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
    user_id uuid NOT NULL REFERENCES ingress.login ON DELETE CASCADE,
    account_id uuid NOT NULL,
    address text,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_of_user ON ingress.session (user_id);
CREATE INDEX session_expires_at ON ingress.session (expires_at);
