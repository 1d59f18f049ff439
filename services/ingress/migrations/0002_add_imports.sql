-- Files on their way into the books: what was asked for and what became of it, and the lines that are still to go.
CREATE TABLE ingress.import (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('clients', 'products')),
    format text NOT NULL CHECK (format IN ('csv', 'jsonl')),
    on_error text NOT NULL CHECK (on_error IN ('skip', 'abort')),
    on_conflict text NOT NULL CHECK (on_conflict IN ('error', 'update', 'return')),
    state text NOT NULL CHECK (state IN ('running', 'done', 'aborted')),
    lines integer NOT NULL DEFAULT 0,
    created integer NOT NULL DEFAULT 0,
    updated integer NOT NULL DEFAULT 0,
    unchanged integer NOT NULL DEFAULT 0,
    refused integer NOT NULL DEFAULT 0,
    faults jsonb NOT NULL DEFAULT '[]',
    due_at timestamptz DEFAULT '-infinity',    -- or when its lease ends; NULL once it is finished
    leased boolean NOT NULL DEFAULT false,
    lease_epoch integer NOT NULL DEFAULT 0,
    lost_workers integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX import_running ON ingress.import (account_id, id) WHERE state = 'running';
CREATE INDEX import_finished_at ON ingress.import (finished_at) WHERE finished_at IS NOT NULL;

-- Each is one command, and gone once that command's outcome is counted.
CREATE TABLE ingress.import_chunk (
    account_id uuid NOT NULL,
    import_id uuid NOT NULL,
    number integer NOT NULL,
    body bytea NOT NULL,    -- the command's data
    PRIMARY KEY (account_id, import_id, number),
    FOREIGN KEY (account_id, import_id) REFERENCES ingress.import ON DELETE CASCADE
);
