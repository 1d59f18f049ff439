-- Who changed access, channels, hooks, automations or the account, or took an export, and from where. An entry is made
-- before the change and completed after it: status is null where the process ended in between.
CREATE TABLE ingress.audit_entry (
    account_id uuid NOT NULL,
    id uuid NOT NULL,              -- of the request
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    action text NOT NULL,          -- the operation's name in the API, such as createToken
    actor jsonb,                   -- {kind, id, name}
    address text,
    subject_id uuid,               -- of what the path names
    status integer,                -- of the answer
    PRIMARY KEY (account_id, id)
) PARTITION BY RANGE (id);
CREATE INDEX audit_entry_action ON ingress.audit_entry (account_id, action, id);

-- What is written stays: only an answer's status is added.
REVOKE UPDATE, DELETE ON ingress.audit_entry FROM ledgerwire_ingress;
GRANT UPDATE (status) ON ingress.audit_entry TO ledgerwire_ingress;

-- What the settings say about keeping, for the maintenance that runs as the owner. More than a year: who audits the books
-- of a year looks after its end.
CREATE TABLE ingress.retention_setting (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    audit_days integer NOT NULL CHECK (audit_days > 0)
);
INSERT INTO ingress.retention_setting (audit_days) VALUES (400);
REVOKE INSERT, DELETE ON ingress.retention_setting FROM ledgerwire_ingress;

CREATE OR REPLACE FUNCTION ingress.maintain_partitions() RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    said text := storage.maintain_messaging_tables('ingress'); postponed boolean := said IS NOT NULL; part regclass;
    days int;
BEGIN
    IF said IS DISTINCT FROM 'changed' THEN
        -- As long as outcomes are kept: an operation without its outcome would look unfinished.
        said := storage.maintain_table('ingress.operation', 7, 1, 2, 30);
        postponed := postponed OR said IS NOT NULL;
    END IF;
    IF said IS DISTINCT FROM 'changed' THEN
        SELECT audit_days INTO days FROM ingress.retention_setting;
        said := storage.maintain_table('ingress.audit_entry', 28, 1, 2, days);
        FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'ingress.audit_entry'::regclass LOOP
            IF has_table_privilege('ledgerwire_ingress', part, 'SELECT, UPDATE, DELETE') THEN
                EXECUTE format('REVOKE ALL ON %s FROM ledgerwire_ingress', part);
            END IF;
        END LOOP;
    END IF;
    RETURN coalesce(said, CASE WHEN postponed THEN 'postponed' END);
END $$;
DO $$ BEGIN
    WHILE ingress.maintain_partitions() = 'changed' LOOP
    END LOOP;
END $$;
