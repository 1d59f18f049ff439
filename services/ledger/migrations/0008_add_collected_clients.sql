-- Clients whose collection cases are decided on again at due_at: the scheduler's queue, one row for each client.
CREATE TABLE ledger.collected_client (
    account_id uuid NOT NULL,
    client_id uuid NOT NULL,
    due_at timestamptz,    -- null: only a change makes it due
    revision bigint NOT NULL DEFAULT 0,    -- grows with every change and every lease, whatever the clocks say
    PRIMARY KEY (account_id, client_id),
    FOREIGN KEY (account_id, client_id) REFERENCES ledger.client ON DELETE CASCADE
) WITH (fillfactor = 70);
CREATE INDEX collected_client_due ON ledger.collected_client (due_at) WHERE due_at IS NOT NULL;
