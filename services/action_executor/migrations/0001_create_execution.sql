-- Deliveries and their attempts, runs of automations and their steps, hand-overs of messages.
SELECT storage.create_messaging_tables('execution', 'ledgerwire_execution');

-- One row for each (event, hook). Its id carries the event's time, so a range of ids is a range of time.
CREATE TABLE execution.delivery (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    event_id uuid NOT NULL,
    hook_id uuid NOT NULL,
    client_id uuid,
    correlation_id uuid NOT NULL,
    trigger text NOT NULL,
    body bytea NOT NULL,               -- the exact bytes of every attempt
    ordered boolean NOT NULL,          -- one at a time for each client, in the order of event ids
    after_id uuid,                     -- of an ordered one: the delivery that must be here before it may go
    state text NOT NULL CHECK (state IN ('pending', 'in_flight', 'succeeded', 'failed', 'cancelled')),
    is_retry boolean NOT NULL DEFAULT false, -- tried before: goes in the lane of retries
    attempts integer NOT NULL DEFAULT 0, -- settled, ever
    tries integer NOT NULL DEFAULT 0,    -- how far along the schedule; a redelivery begins it anew
    due_at timestamptz,                -- while pending: when the next attempt may start
    leased_until timestamptz,          -- while in flight: when another worker may take it over
    lease_epoch integer NOT NULL DEFAULT 0, -- rises with each lease, so that a zombie's late write is refused
    lost_workers smallint NOT NULL DEFAULT 0,  -- workers lost in a row while they held it
    status_code integer,               -- of the last attempt
    error text,                        -- why the last attempt failed, or why it was cancelled
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (account_id, id),
    CHECK ((state = 'pending') = (due_at IS NOT NULL)),
    CHECK ((state = 'in_flight') = (leased_until IS NOT NULL)),
    CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL))
) PARTITION BY RANGE (id);
-- The key alone leads with the account: in a partition without statistics yet the planner takes any index that does
-- for as good as the key, and would read an account's whole week to find one row.
CREATE INDEX delivery_due ON execution.delivery (hook_id, account_id, is_retry, due_at, id)
    WHERE state = 'pending' AND NOT ordered;
CREATE INDEX delivery_due_ordered ON execution.delivery (hook_id, account_id, due_at, id)
    WHERE state = 'pending' AND ordered;
CREATE INDEX delivery_open_ordered ON execution.delivery (hook_id, account_id, (coalesce(client_id, id)), event_id)
    WHERE ordered AND state IN ('pending', 'in_flight');
CREATE INDEX delivery_ordered_in_flight ON execution.delivery (hook_id, account_id, (coalesce(client_id, id)))
    WHERE ordered AND state = 'in_flight';
CREATE INDEX delivery_leased ON execution.delivery (leased_until) WHERE state = 'in_flight';
CREATE INDEX delivery_by_hook ON execution.delivery (hook_id, account_id, id);
CREATE INDEX delivery_by_event ON execution.delivery (event_id, account_id);
CREATE INDEX delivery_by_state ON execution.delivery (state, account_id, id)
    WHERE state IN ('pending', 'failed', 'cancelled');
CREATE INDEX delivery_by_correlation ON execution.delivery (correlation_id, account_id);

CREATE TABLE execution.attempt (
    account_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    number integer NOT NULL,           -- from 1
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    duration_ms integer NOT NULL,
    status_code integer,               -- null when no answer came
    error text,                        -- null when it succeeded
    response text,                     -- the first 2 KiB of the answer's body
    PRIMARY KEY (account_id, delivery_id, number)
) PARTITION BY RANGE (delivery_id);

-- One row for each hook that ever had to wait: when its next delivery is due, and its receiver's failures. The process
-- that locks it is the only one to choose among the hook's deliveries.
CREATE TABLE execution.delivery_queue (
    account_id uuid NOT NULL,
    hook_id uuid NOT NULL,
    ordered boolean NOT NULL DEFAULT false, -- it has had deliveries that keep their clients' order
    due_at timestamptz,                -- null while nothing is pending
    open_until timestamptz,            -- the circuit breaker: nothing is sent before
    failures integer NOT NULL DEFAULT 0, -- in a row
    failing_since timestamptz,         -- the first failure after the last success
    version bigint NOT NULL DEFAULT 0, -- of the hook that failures, failing_since and open_until are about
    PRIMARY KEY (account_id, hook_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX delivery_queue_due ON execution.delivery_queue (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX lane_failing ON execution.delivery_queue (account_id, hook_id) WHERE failures > 0;

-- The processes that deliver: each takes its share of a hook's rate and concurrency.
CREATE TABLE execution.worker (
    id uuid PRIMARY KEY,
    seen_at timestamptz NOT NULL DEFAULT now()
);

-- Not partitioned: a run may wait for months between its steps. Finished ones are deleted after 30 days. An action that
-- was called by itself is a run of one step without an automation: its body holds the action and its input, its id is
-- that of the command whose outcome its end is.
CREATE TABLE execution.run (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    automation_id uuid,
    version integer NOT NULL,
    event_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    trigger text NOT NULL,
    body bytea NOT NULL,               -- the event as hooks see it
    depth integer NOT NULL,            -- automations that caused one another before this
    state text NOT NULL CHECK (state IN ('running', 'waiting', 'succeeded', 'filtered', 'failed', 'cancelled')),
    step_no integer NOT NULL DEFAULT 0, -- the current outermost step, from 0
    step_path text NOT NULL DEFAULT '0', -- the current step, also inside a branch or an item
    due_at timestamptz,                -- when a worker may claim it; while leased, when another one may
    lease_epoch integer NOT NULL DEFAULT 0,
    lost_workers smallint NOT NULL DEFAULT 0, -- workers lost in a row while they held it
    leased boolean NOT NULL DEFAULT false,
    queue_key text,                    -- of the runs of its automation that share a limit with it
    admitted boolean NOT NULL DEFAULT false, -- it is among those of its key that are under way
    replays smallint NOT NULL DEFAULT 0, -- how often it was taken up again after its end
    reply_to text,                     -- of a run without an automation: who waits for its end
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (account_id, id),
    CHECK ((state IN ('running', 'waiting')) = (due_at IS NOT NULL)),
    CHECK ((state IN ('running', 'waiting')) = (finished_at IS NULL)),
    definition jsonb,                  -- of a trial: the steps that it takes, published or not
    dry boolean NOT NULL DEFAULT false, -- a trial that changes nothing and is deleted with its end
    dry_commands jsonb NOT NULL DEFAULT '[]', -- the commands that it would have sent to the ledger so far
    CHECK (reply_to IS NULL OR automation_id IS NULL OR definition IS NOT NULL)
) WITH (fillfactor = 85);
CREATE INDEX run_due ON execution.run (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX run_queue ON execution.run (account_id, automation_id, queue_key, id)
    WHERE queue_key IS NOT NULL AND finished_at IS NULL;
CREATE INDEX run_by_automation ON execution.run (automation_id, account_id, id);
CREATE INDEX run_by_event ON execution.run (event_id, account_id);
CREATE INDEX run_by_correlation ON execution.run (correlation_id, account_id);
CREATE INDEX run_finished ON execution.run (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE execution.step (
    account_id uuid NOT NULL,
    run_id uuid NOT NULL,
    path text NOT NULL,                -- 2, or inside of it 2.branches.0.steps.1 and 2.items.7.steps.0
    number integer NOT NULL,           -- from 0, as in `steps[n]`, its own or its outermost container's; on_failure's from 1000
    action text NOT NULL,
    guarantee text NOT NULL,           -- exactly_once or at_least_once, as the catalog says
    state text NOT NULL CHECK (state IN ('pending', 'running', 'waiting', 'succeeded', 'skipped', 'failed')),
    input jsonb,                       -- as it was sent, templates filled in
    output jsonb,
    attempts integer NOT NULL DEFAULT 0,
    replay_no smallint NOT NULL DEFAULT 0, -- the replay that gave its effect a new id; 0 for the first id
    template_kills smallint NOT NULL DEFAULT 0, -- template workers that ended with its templates
    warnings jsonb NOT NULL DEFAULT '[]', -- [{"path", "code", "message"}]: what was missing in its input
    error text,
    started_at timestamptz,
    finished_at timestamptz,
    PRIMARY KEY (account_id, run_id, path),
    FOREIGN KEY (account_id, run_id) REFERENCES execution.run (account_id, id) ON DELETE CASCADE
) WITH (fillfactor = 85);

-- The last mail about failures of an automation: the next one is sent an hour later.
CREATE TABLE execution.failure_notice (
    account_id uuid NOT NULL,
    automation_id uuid NOT NULL,
    run_id uuid NOT NULL,
    sent_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, automation_id)
);

-- What steps fetched and is not text: outputs name it by its id, later steps send its bytes. It goes with its run.
CREATE TABLE execution.file (
    account_id uuid NOT NULL,
    run_id uuid NOT NULL,
    id uuid NOT NULL,
    content_type text NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, run_id) REFERENCES execution.run (account_id, id) ON DELETE CASCADE
);
CREATE INDEX file_by_run ON execution.file (account_id, run_id);
ALTER TABLE execution.file ALTER COLUMN bytes SET STORAGE EXTERNAL; -- files are mostly compressed already

-- The ledger's messages on their way to a mail server or an SMS gateway. `begun` stands from right before a try until
-- its outcome is written: a row that is leased anew with it may have been sent, and is not sent again.
CREATE TABLE execution.hand_over (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    message_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('email', 'sms')),
    job jsonb NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'failed', 'cancelled')),
    tries integer NOT NULL DEFAULT 0,
    begun boolean NOT NULL DEFAULT false,
    due_at timestamptz DEFAULT now(),
    leased boolean NOT NULL DEFAULT false,
    lease_epoch integer NOT NULL DEFAULT 0,
    lost_workers integer NOT NULL DEFAULT 0,
    provider_id text,
    detail text,                            -- what the provider said last
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (account_id, id),
    CHECK ((state = 'pending') = (due_at IS NOT NULL)),
    CHECK ((state = 'pending') = (finished_at IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX hand_over_due ON execution.hand_over (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX hand_over_correlation ON execution.hand_over (account_id, correlation_id);
CREATE INDEX hand_over_finished ON execution.hand_over (finished_at) WHERE finished_at IS NOT NULL;

CREATE FUNCTION execution.maintain_partitions() RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    parent text; said text; postponed boolean := false;
BEGIN
    -- First what takes long: a partition that is made or dropped stays locked to the end.
    DELETE FROM execution.run WHERE (account_id, id) IN (
        SELECT account_id, id FROM execution.run WHERE finished_at < now() - interval '30 days'
         ORDER BY finished_at LIMIT 100000 FOR UPDATE SKIP LOCKED);
    DELETE FROM execution.hand_over WHERE (account_id, id) IN (
        SELECT account_id, id FROM execution.hand_over WHERE finished_at < now() - interval '30 days'
         ORDER BY finished_at LIMIT 100000 FOR UPDATE SKIP LOCKED);
    DELETE FROM execution.worker WHERE seen_at < now() - interval '1 day';
    said := storage.maintain_messaging_tables('execution');
    FOREACH parent IN ARRAY ARRAY['execution.delivery', 'execution.attempt'] LOOP
        EXIT WHEN said = 'changed';
        postponed := postponed OR said IS NOT NULL;
        said := storage.maintain_table(parent::regclass, 7, 1, 2, 30);
    END LOOP;
    RETURN coalesce(said, CASE WHEN postponed THEN 'postponed' END);
END $$;
REVOKE EXECUTE ON FUNCTION execution.maintain_partitions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION execution.maintain_partitions() TO ledgerwire_execution;
DO $$ BEGIN
    WHILE execution.maintain_partitions() = 'changed' LOOP
    END LOOP;
END $$;

CREATE VIEW execution_api.delivery AS
SELECT account_id, id, event_id, hook_id, client_id, correlation_id, trigger, state, attempts, due_at, status_code,
       error, created_at, finished_at
  FROM execution.delivery;

CREATE VIEW execution_api.hook_health AS
SELECT account_id, hook_id, failures, failing_since, CASE WHEN open_until > now() THEN open_until END AS paused_until
  FROM execution.delivery_queue;

CREATE VIEW execution_api.attempt AS
SELECT account_id, delivery_id, number, started_at, finished_at, duration_ms, status_code, error, response
  FROM execution.attempt;

CREATE VIEW execution_api.run AS
SELECT account_id, id, automation_id, version, event_id, correlation_id, trigger, body, depth, state, step_no,
       CASE WHEN state = 'waiting' THEN due_at END AS due_at, error, replays, created_at, finished_at
  FROM execution.run WHERE NOT dry;

CREATE VIEW execution_api.step AS
SELECT account_id, run_id, path, number, action, guarantee, state, input, output, attempts, warnings, error, started_at,
       finished_at
  FROM execution.step;

-- The journey's entries. `subject_id` is the delivery or the run, `message_id` what was taken, `cause_id` its event.
CREATE VIEW execution_api.journey_entry AS
SELECT account_id, correlation_id, created_at AS at, 'action_executor'::text AS service,
       'delivery_accepted'::text AS step, id AS subject_id, id AS message_id, event_id AS cause_id,
       jsonb_build_object('trigger', trigger, 'hook_id', hook_id) AS detail
  FROM execution.delivery
UNION ALL
SELECT d.account_id, d.correlation_id, a.finished_at, 'action_executor',
       CASE WHEN a.error IS NULL THEN 'delivered' ELSE 'delivery_attempt_failed' END, d.id, d.id, d.event_id,
       jsonb_build_object('trigger', d.trigger, 'hook_id', d.hook_id, 'attempt', a.number, 'status', a.status_code,
                          'duration_ms', a.duration_ms, 'error', a.error)
  FROM execution.delivery d
  JOIN execution.attempt a ON a.account_id = d.account_id AND a.delivery_id = d.id
UNION ALL
SELECT account_id, correlation_id, finished_at, 'action_executor', 'delivery_cancelled', id, id, event_id,
       jsonb_build_object('trigger', trigger, 'hook_id', hook_id, 'error', error)
  FROM execution.delivery WHERE state = 'cancelled'
UNION ALL
SELECT account_id, correlation_id, created_at, 'action_executor', 'run_accepted', id, id, event_id,
       jsonb_build_object('trigger', trigger, 'automation_id', automation_id, 'version', version)
  FROM execution.run WHERE NOT dry
UNION ALL
SELECT r.account_id, r.correlation_id, coalesce(s.finished_at, s.started_at), 'action_executor', 'step_' || s.state,
       r.id, r.id, r.event_id,
       jsonb_build_object('automation_id', r.automation_id, 'number', s.number, 'path', s.path, 'action', s.action,
                          'attempts', s.attempts, 'error', s.error)
  FROM execution.run r
  JOIN execution.step s ON s.account_id = r.account_id AND s.run_id = r.id
 WHERE s.started_at IS NOT NULL AND NOT r.dry
UNION ALL
SELECT account_id, correlation_id, finished_at, 'action_executor', 'run_' || state, id, id, event_id,
       jsonb_build_object('automation_id', automation_id, 'error', error)
  FROM execution.run WHERE finished_at IS NOT NULL
UNION ALL
SELECT account_id, correlation_id, finished_at, 'action_executor', 'message_' || state, message_id, id, NULL,
       jsonb_build_object('channel', channel, 'tries', tries, 'detail', detail)
  FROM execution.hand_over WHERE finished_at IS NOT NULL AND job ->> 'origin' = 'ledger';

GRANT USAGE ON SCHEMA execution_api TO ledgerwire_ingress, ledgerwire_dispatch;
GRANT SELECT ON execution_api.delivery TO ledgerwire_dispatch; -- to recover what a hook has not got
GRANT SELECT ON ALL TABLES IN SCHEMA execution_api TO ledgerwire_ingress;
