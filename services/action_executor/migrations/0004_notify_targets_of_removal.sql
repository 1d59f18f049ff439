-- Hooks that ended on our side, whose targets are notified with a DELETE. A row is deleted once it succeeded or its tries are used up.
CREATE TABLE execution.removal_notice (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    hook_id uuid NOT NULL,
    version bigint NOT NULL,           -- the hook's when it ended: a hook that was changed since is not notified
    tries integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    leased boolean NOT NULL DEFAULT false,
    lease_epoch integer NOT NULL DEFAULT 0,
    lost_workers integer NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, id)
) WITH (fillfactor = 70);
CREATE INDEX removal_notice_due ON execution.removal_notice (due_at);
