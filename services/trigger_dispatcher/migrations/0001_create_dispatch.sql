-- The event log, the subscribers (hooks and automations), and the dispatches of events to them.
SELECT storage.create_messaging_tables('dispatch', 'ledgerwire_dispatch');

-- What happened, once for each event id, exactly as every subscriber sees it. Feeds polls, samples, recovery, the journey.
CREATE TABLE dispatch.event (
    account_id uuid NOT NULL,
    event_id uuid NOT NULL,
    trigger text NOT NULL,
    at timestamptz NOT NULL,           -- when it happened, by the clock of who said so
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    subject_id uuid NOT NULL,          -- the thing it happened to
    client_id uuid,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    depth smallint NOT NULL DEFAULT 0,
    body bytea NOT NULL,               -- the public body: the same bytes in every delivery, sample and poll
    PRIMARY KEY (account_id, event_id)
) PARTITION BY RANGE (event_id);
CREATE INDEX event_by_trigger ON dispatch.event (account_id, trigger, event_id);
CREATE INDEX event_by_correlation ON dispatch.event (account_id, correlation_id);
CREATE INDEX event_by_client ON dispatch.event (account_id, client_id, event_id) WHERE client_id IS NOT NULL;
-- What was just recorded, of any account: streams look for it all the time. Rows come in this order, so it stays tiny.
CREATE INDEX event_recorded ON dispatch.event USING brin (recorded_at) WITH (pages_per_range = 16);
CREATE INDEX event_by_subject ON dispatch.event (account_id, subject_id);

-- The job that was made for an event and a subscriber: at most one each, however often the event arrives.
CREATE TABLE dispatch.dispatch (
    account_id uuid NOT NULL,
    event_id uuid NOT NULL,
    subscriber_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('hook', 'automation')),
    job_id uuid NOT NULL,              -- the delivery's or the run's id
    dispatched_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account_id, event_id, subscriber_id)
) PARTITION BY RANGE (event_id);

-- Events that wait for the one before them about the same client, in accounts with an ordered hook.
CREATE TABLE dispatch.pending_ordered_event (
    account_id uuid NOT NULL,
    event_id uuid NOT NULL,
    after_id uuid NOT NULL,
    held_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account_id, event_id)
);
CREATE INDEX pending_ordered_event_after ON dispatch.pending_ordered_event (account_id, after_id);
CREATE INDEX pending_ordered_event_held_at ON dispatch.pending_ordered_event (held_at);

-- The last job that each ordered hook got about each client: the next one names it.
CREATE TABLE dispatch.ordered_predecessor (
    account_id uuid NOT NULL,
    hook_id uuid NOT NULL,
    client_id uuid NOT NULL,
    job_id uuid NOT NULL,
    PRIMARY KEY (account_id, hook_id, client_id)
) WITH (fillfactor = 70);

-- Rises with every change of an account's hooks and automations, in the transaction of the change: a process that
-- has them in memory compares it in each batch. Its row is also the lock under which an account's commands take turns.
CREATE TABLE dispatch.subscription_version (
    account_id uuid PRIMARY KEY,
    version bigint NOT NULL
) WITH (fillfactor = 70);

-- Removed hooks stay as rows: their deliveries still name them, and removing twice is no error.
CREATE TABLE dispatch.hook (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    target_url text NOT NULL,
    triggers text[] NOT NULL,
    filters jsonb NOT NULL,            -- {dotted path: [values as text] or {"gte", "lte"}}
    ordered text CHECK (ordered IN ('client')),
    rate_per_second float8 CHECK (rate_per_second > 0), -- null: the installation's
    concurrency integer CHECK (concurrency > 0),        -- null: the installation's
    name text,
    state text NOT NULL CHECK (state IN ('active', 'disabled', 'removed')),
    reason text,                       -- why it is not active, when it was not its owner's wish
    fingerprint bytea NOT NULL,        -- of target, triggers and filters
    version bigint NOT NULL DEFAULT 1, -- rises with target and secret: an answer counts for the version it was sent to
    secret bytea NOT NULL,             -- encrypted
    previous_secret bytea,             -- encrypted; signs too until previous_until
    previous_until timestamptz,
    effective_from timestamptz NOT NULL, -- what happened before is not for it, unless recovered
    created_by jsonb,                  -- {kind, id, name} of the credential that made it
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, id),
    CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
);
CREATE UNIQUE INDEX hook_same ON dispatch.hook (account_id, fingerprint) WHERE state <> 'removed';
CREATE INDEX hook_active ON dispatch.hook (account_id) WHERE state = 'active';

-- Removed automations stay as rows too: runs pin their versions.
CREATE TABLE dispatch.automation (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    enabled boolean NOT NULL,
    version integer NOT NULL,          -- the published one
    effective_from timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    removed_at timestamptz,
    created_by jsonb,                  -- the credential: {"kind", "id", "name"}
    draft jsonb,                       -- {"name", "definition"}: what `publish` makes the next version
    draft_at timestamptz,
    PRIMARY KEY (account_id, id),
    CHECK ((draft IS NULL) = (draft_at IS NULL))
);
CREATE INDEX automation_enabled ON dispatch.automation (account_id) WHERE enabled AND removed_at IS NULL;

CREATE TABLE dispatch.automation_version (
    account_id uuid NOT NULL,
    automation_id uuid NOT NULL,
    version integer NOT NULL,
    definition jsonb NOT NULL,         -- {"trigger": {"key", "filters"}, "steps": [...]}
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, automation_id, version),
    FOREIGN KEY (account_id, automation_id) REFERENCES dispatch.automation (account_id, id)
);

-- What the settings say about keeping, for the maintenance that runs as the owner.
CREATE TABLE dispatch.retention_setting (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    event_days integer NOT NULL CHECK (event_days > 0)
);
INSERT INTO dispatch.retention_setting (event_days) VALUES (30);

CREATE TABLE dispatch.key_check_value (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    encrypted bytea NOT NULL
);

-- What happened stays what it was: the log and the dispatches only grow, and go by whole partitions.
REVOKE UPDATE, DELETE ON dispatch.event, dispatch.dispatch FROM ledgerwire_dispatch;
REVOKE INSERT, DELETE ON dispatch.retention_setting FROM ledgerwire_dispatch;
REVOKE UPDATE, DELETE ON dispatch.automation_version FROM ledgerwire_dispatch;

CREATE FUNCTION dispatch.maintain_partitions() RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '1s' AS $$
DECLARE
    parent text; part regclass; days int; said text; postponed boolean := false;
BEGIN
    -- Replicas that start together take turns: two of them changing one table's grants would collide.
    PERFORM pg_advisory_xact_lock('dispatch.event'::regclass::oid::bigint);
    SELECT event_days INTO days FROM dispatch.retention_setting;
    said := storage.maintain_messaging_tables('dispatch');
    FOREACH parent IN ARRAY ARRAY['dispatch.event', 'dispatch.dispatch'] LOOP
        EXIT WHEN said = 'changed';
        postponed := postponed OR said IS NOT NULL;
        said := storage.maintain_table(parent::regclass, 7, 1, 2, days);
        -- New tables get the schema's usual grants: take back here what the parent does not give either.
        FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = parent::regclass LOOP
            IF has_table_privilege('ledgerwire_dispatch', part, 'SELECT, UPDATE, DELETE') THEN
                EXECUTE format('REVOKE ALL ON %s FROM ledgerwire_dispatch', part);
            END IF;
        END LOOP;
    END LOOP;
    IF said IS NULL THEN
        -- What is older than any partition lies in the default one; now that nothing is locked.
        DELETE FROM dispatch.event_default WHERE event_id < storage.uuid7_floor(now() - make_interval(days => days));
        DELETE FROM dispatch.dispatch_default WHERE event_id < storage.uuid7_floor(now() - make_interval(days => days));
    END IF;
    RETURN coalesce(said, CASE WHEN postponed THEN 'postponed' END);
END $$;
REVOKE EXECUTE ON FUNCTION dispatch.maintain_partitions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dispatch.maintain_partitions() TO ledgerwire_dispatch;
DO $$ BEGIN
    WHILE dispatch.maintain_partitions() = 'changed' LOOP
    END LOOP;
END $$;

CREATE VIEW dispatch_api.event AS
SELECT account_id, event_id, trigger, at, recorded_at, subject_id, client_id, correlation_id, causation_id, depth, body
  FROM dispatch.event;

CREATE VIEW dispatch_api.dispatch AS
SELECT account_id, event_id, subscriber_id, kind, job_id, dispatched_at FROM dispatch.dispatch;

CREATE VIEW dispatch_api.hook AS
SELECT account_id, id, target_url, triggers, filters, ordered, rate_per_second, concurrency, name, state, reason,
       secret, previous_secret, previous_until, created_at, updated_at, version, created_by
  FROM dispatch.hook;

CREATE VIEW dispatch_api.automation AS
SELECT a.account_id, a.id, a.name, a.enabled, a.version, v.definition, a.created_at, a.updated_at, a.created_by,
       a.draft, a.draft_at
  FROM dispatch.automation a
  JOIN dispatch.automation_version v USING (account_id)
 WHERE a.removed_at IS NULL AND v.automation_id = a.id AND v.version = a.version;

CREATE VIEW dispatch_api.automation_version AS
SELECT v.account_id, v.automation_id, v.version, v.definition, v.created_at, a.name, a.version AS published_version,
       a.enabled AND a.removed_at IS NULL AS enabled, a.removed_at
  FROM dispatch.automation_version v
  JOIN dispatch.automation a USING (account_id)
 WHERE a.id = v.automation_id;

-- An event's own step is its trigger: that is what a journey is read for.
CREATE VIEW dispatch_api.journey_entry AS
SELECT account_id, correlation_id, recorded_at AS at, 'trigger_dispatcher'::text AS service, trigger AS step,
       subject_id, event_id AS message_id, causation_id AS cause_id, jsonb_build_object('trigger', trigger) AS detail
  FROM dispatch.event
UNION ALL
SELECT e.account_id, e.correlation_id, d.dispatched_at, 'trigger_dispatcher', 'dispatched', e.subject_id, d.job_id,
       e.event_id, jsonb_build_object('trigger', e.trigger, 'kind', d.kind, 'subscriber_id', d.subscriber_id)
  FROM dispatch.event e
  JOIN dispatch.dispatch d ON d.account_id = e.account_id AND d.event_id = e.event_id;

GRANT USAGE ON SCHEMA dispatch_api TO ledgerwire_ingress, ledgerwire_execution;
GRANT SELECT ON dispatch_api.event, dispatch_api.dispatch, dispatch_api.automation, dispatch_api.automation_version,
                dispatch_api.journey_entry, dispatch_api.outcome, dispatch_api.dead_letter TO ledgerwire_ingress;
-- All of a hook but its secrets.
GRANT SELECT (account_id, id, target_url, triggers, filters, ordered, rate_per_second, concurrency, name, state, reason,
              created_by, created_at, updated_at)
   ON dispatch_api.hook TO ledgerwire_ingress;
GRANT SELECT ON dispatch_api.hook, dispatch_api.automation_version, dispatch_api.event TO ledgerwire_execution;
