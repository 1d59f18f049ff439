-- Credentials towards applications outside, named by steps of automations.
CREATE TABLE execution.connection (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('chat', 'http', 's3', 'webdav', 'sftp', 'folder', 'google_sheets')),
    origin text NOT NULL,              -- the server of its URL, all of the URL that is shown; or the folder
    header_names text[] NOT NULL,
    encrypted bytea,                      -- all that was sent, URL and headers among it; gone when it was removed
    created_at timestamptz NOT NULL DEFAULT now(),
    removed_at timestamptz,            -- the row stays: removing twice is no error, and runs say what happened
    PRIMARY KEY (account_id, id),
    CHECK ((encrypted IS NULL) = (removed_at IS NOT NULL))
);

CREATE TABLE execution.key_check_value (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    encrypted bytea NOT NULL
);

-- All of a connection but its secrets.
CREATE VIEW execution_api.connection AS
SELECT account_id, id, name, kind, origin, header_names, created_at
  FROM execution.connection WHERE removed_at IS NULL;

GRANT SELECT ON execution_api.connection TO ledgerwire_ingress;
-- An automation whose step names no connection of its account is refused when it is made.
GRANT USAGE ON SCHEMA execution_api TO ledgerwire_dispatch;
GRANT SELECT ON execution_api.connection TO ledgerwire_dispatch;
