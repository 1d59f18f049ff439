-- Collections: collectors in versions, and cases, which are the runs of a collector for a client or an invoice.

CREATE TABLE ledger.collector (
    account_id uuid NOT NULL REFERENCES ledger.book,
    id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('client', 'invoice')),
    is_default boolean NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    replaced_by uuid,           -- of one that was removed: where what named it goes on
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (account_id, id),
    CHECK (deleted_at IS NULL OR NOT is_default)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX collector_default ON ledger.collector (account_id) WHERE is_default;

CREATE TABLE ledger.collector_version (
    account_id uuid NOT NULL,
    collector_id uuid NOT NULL,
    version integer NOT NULL,
    steps jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, collector_id, version),
    FOREIGN KEY (account_id, collector_id) REFERENCES ledger.collector
);

-- An invoice that was moved: its collector, instead of its client's.
CREATE TABLE ledger.collected_invoice (
    account_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    collector_id uuid NOT NULL,
    moved_at timestamptz NOT NULL,
    starts_manually boolean NOT NULL,    -- its first step there waits for a person
    PRIMARY KEY (account_id, sale_id),
    FOREIGN KEY (account_id, sale_id) REFERENCES ledger.sale,
    FOREIGN KEY (account_id, collector_id) REFERENCES ledger.collector
);
CREATE INDEX collected_invoice_collector ON ledger.collected_invoice (account_id, collector_id);

-- A case: a collector's run for a client (sale_id is null) or an invoice. A cycle ends when nothing that it was about
-- is open any more; the next one begins at the first step again.
CREATE TABLE ledger.collection_case (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    sale_id uuid,
    collector_id uuid NOT NULL,
    version integer NOT NULL,
    cycle integer NOT NULL CHECK (cycle > 0),
    state text NOT NULL CHECK (state IN ('scheduled', 'pending', 'paused', 'muted', 'promised', 'disputed',
                                         'awaiting_reply', 'idle', 'settled')),
    reason text NOT NULL,
    ends text NOT NULL,                  -- what ends this state
    since timestamptz NOT NULL,
    ends_at timestamptz,                 -- when it ends by itself
    next_step integer,
    next_channel text,
    next_at timestamptz,
    entered_at timestamptz NOT NULL,
    moved_in boolean NOT NULL,           -- it began by a move, at its first step
    starts_manually boolean NOT NULL,
    last_step integer NOT NULL CHECK (last_step >= -1),
    last_step_at timestamptz,
    last_due date,                       -- the oldest invoice's due date when the last step was taken
    contacted boolean NOT NULL,
    forced_step integer,                 -- that a person wants to be taken now
    muted_reason text,
    paused_reason text,
    paused_until timestamptz,
    thread_id uuid,                      -- the first mail of the cycle
    currency text,
    open_minor bigint NOT NULL,
    overdue_minor bigint NOT NULL,
    amounts jsonb NOT NULL,              -- open and overdue in each currency
    oldest_due date,
    sale_ids uuid[] NOT NULL,            -- the open invoices, longest due first, as far as a message names them
    invoices integer NOT NULL,           -- how many there are
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, client_id) REFERENCES ledger.client,
    FOREIGN KEY (account_id, collector_id, version) REFERENCES ledger.collector_version
) WITH (fillfactor = 70);
CREATE INDEX collection_case_client ON ledger.collection_case (account_id, client_id, id);
CREATE INDEX collection_case_amount ON ledger.collection_case (account_id, open_minor, id) WHERE state <> 'settled';
CREATE INDEX collection_case_age ON ledger.collection_case (account_id, coalesce(oldest_due, date '9999-12-30'), id)
 WHERE state <> 'settled';
CREATE INDEX collection_case_collector ON ledger.collection_case (account_id, collector_id, open_minor, id)
 WHERE state <> 'settled';
CREATE INDEX collection_case_state ON ledger.collection_case (account_id, state, open_minor, id);
REVOKE DELETE ON ledger.collection_case FROM ledgerwire_ledger;

-- What was done of a case's steps: each at most once in a cycle. A step whose message was called off before it went
-- is released, and may be taken again; `before` is the case's progress that it goes back to.
CREATE TABLE ledger.collection_step (
    account_id uuid NOT NULL,
    case_id uuid NOT NULL,
    cycle integer NOT NULL,
    step integer NOT NULL,
    attempt integer NOT NULL,
    state text NOT NULL CHECK (state IN ('taken', 'skipped', 'released')),
    collector_id uuid NOT NULL,
    version integer NOT NULL,
    channel text NOT NULL,
    by_person boolean NOT NULL,
    message_id uuid,
    open_minor bigint NOT NULL,
    currency text,
    before jsonb NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (account_id, case_id, cycle, step),
    FOREIGN KEY (account_id, case_id) REFERENCES ledger.collection_case
) WITH (fillfactor = 90);
CREATE INDEX collection_step_message ON ledger.collection_step (account_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX collection_step_collector ON ledger.collection_step (account_id, collector_id, at);

-- What happened to a case besides its steps: changes of its state with their reason, and what people did.
CREATE TABLE ledger.collection_entry (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    case_id uuid NOT NULL,
    cycle integer NOT NULL,
    kind text NOT NULL,
    detail jsonb NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, case_id) REFERENCES ledger.collection_case
);
CREATE INDEX collection_entry_case ON ledger.collection_entry (account_id, case_id, id);
REVOKE UPDATE, DELETE ON ledger.collection_entry FROM ledgerwire_ledger;

-- Moves of invoices to another collector, as `invoices.moved` shows them.
CREATE TABLE ledger.invoice_move (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    cause text NOT NULL CHECK (cause IN ('person', 'workflow')),
    shown jsonb NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, client_id) REFERENCES ledger.client
);
CREATE INDEX invoice_move_client ON ledger.invoice_move (account_id, client_id, id);
REVOKE UPDATE, DELETE ON ledger.invoice_move FROM ledgerwire_ledger;

-- The account's settings with which its clients' cases were decided on last; where they change, all are due.
CREATE TABLE ledger.collection_settings (
    account_id uuid PRIMARY KEY REFERENCES ledger.book,
    settings jsonb NOT NULL
);

CREATE INDEX sale_state_collected ON ledger.sale_state (account_id, client_id, date_due, sale_id) WHERE owed;
CREATE INDEX message_reminder ON ledger.message (account_id, client_id)
 WHERE state = 'requested' AND purpose = 'reminder';
CREATE INDEX message_contact ON ledger.message (account_id, client_id, created_at)
 WHERE direction = 'sent' AND purpose <> 'notification' AND state IN ('requested', 'sent');

CREATE VIEW ledger_api.collector AS
SELECT c.account_id, c.id, c.name, c.kind, c.is_default, c.version, v.steps, c.created_at, c.updated_at, c.deleted_at
  FROM ledger.collector c
  JOIN ledger.collector_version v
    ON v.account_id = c.account_id AND v.collector_id = c.id AND v.version = c.version;

CREATE VIEW ledger_api.collector_version AS
SELECT account_id, collector_id, version, steps, created_at FROM ledger.collector_version;

CREATE VIEW ledger_api.collection_case AS
SELECT c.account_id, c.id, c.client_id, k.name AS client_name, k.email AS client_email,
       k.external_id AS client_external_id, c.sale_id, c.collector_id, l.name AS collector_name, c.version, c.cycle,
       c.state, c.reason, c.ends, c.since, c.ends_at, c.next_step, c.next_channel, c.next_at, c.last_step,
       c.last_step_at, c.currency, c.open_minor, c.overdue_minor, c.amounts, c.oldest_due, c.sale_ids, c.invoices,
       coalesce(c.oldest_due, date '9999-12-30') AS due_order, c.entered_at, c.updated_at, c.muted_reason, c.paused_reason, c.paused_until
  FROM ledger.collection_case c
  JOIN ledger.client k ON k.account_id = c.account_id AND k.id = c.client_id
  JOIN ledger.collector l ON l.account_id = c.account_id AND l.id = c.collector_id;

CREATE VIEW ledger_api.collection_step AS
SELECT s.account_id, s.case_id, s.cycle, s.step, s.state, s.channel, s.by_person, s.message_id, s.at, s.collector_id,
       s.version, s.open_minor, s.currency, m.state AS message_state, m.detail AS message_detail
  FROM ledger.collection_step s
  LEFT JOIN ledger.message m ON m.account_id = s.account_id AND m.id = s.message_id;

CREATE VIEW ledger_api.collection_entry AS
SELECT account_id, id, case_id, cycle, kind, detail, at FROM ledger.collection_entry;

CREATE VIEW ledger_api.invoice_move AS SELECT account_id, id, client_id, cause, shown, at FROM ledger.invoice_move;

GRANT SELECT ON ledger_api.collector, ledger_api.collector_version, ledger_api.collection_case, ledger_api.collection_step,
                ledger_api.collection_entry, ledger_api.invoice_move
   TO ledgerwire_ingress, ledgerwire_dispatch, ledgerwire_execution;
