-- Automations that start by a clock, while they are enabled: when each fires next.
CREATE TABLE dispatch.schedule (
    account_id uuid NOT NULL,
    id uuid NOT NULL,                  -- the automation's
    version integer NOT NULL,          -- the published one, which the tick runs
    cron text NOT NULL,
    time_zone text NOT NULL,
    tick_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, id) REFERENCES dispatch.automation (account_id, id)
) WITH (fillfactor = 70);
CREATE INDEX schedule_due ON dispatch.schedule (tick_at);
