-- How long received mails are kept as they came, by a setting; what was read of them stays.
CREATE TABLE ledger.retention_setting (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    mail_days integer NOT NULL CHECK (mail_days > 0)
);
INSERT INTO ledger.retention_setting (mail_days) VALUES (1100);
REVOKE INSERT, DELETE ON ledger.retention_setting FROM ledgerwire_ledger;
CREATE INDEX message_source ON ledger.message (id) WHERE source IS NOT NULL;

CREATE OR REPLACE FUNCTION ledger.maintain_partitions() RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    said text; also text; kept ledger.retention_setting;
BEGIN
    SELECT * INTO kept FROM ledger.retention_setting;
    -- The file goes as those of erased persons do, unless something else names it.
    WITH old AS MATERIALIZED (
        SELECT account_id, id, source ->> 'sha256' AS sha256 FROM ledger.message
         WHERE source IS NOT NULL AND id < storage.uuid7_floor(now() - make_interval(days => kept.mail_days))
         ORDER BY id LIMIT 10000 FOR UPDATE SKIP LOCKED
    ), cleared AS (
        UPDATE ledger.message m SET source = NULL FROM old o WHERE m.account_id = o.account_id AND m.id = o.id
    )
    INSERT INTO ledger.erased_file (account_id, sha256, erased_at)
    SELECT DISTINCT account_id, sha256, now() FROM old
        ON CONFLICT (account_id, sha256) DO UPDATE SET erased_at = excluded.erased_at;
    said := storage.maintain_messaging_tables('ledger');
    IF said = 'changed' THEN
        RETURN said;
    END IF;
    also := storage.maintain_table('ledger.processed_command', 7, 1, 2, 90);
    RETURN coalesce(also, said);
END $$;
