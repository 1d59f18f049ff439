-- How long deliveries, runs and sent mails are kept, by settings; what is older than any partition goes as well.
CREATE TABLE execution.retention_setting (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    delivery_days integer NOT NULL CHECK (delivery_days > 0),
    run_days integer NOT NULL CHECK (run_days > 0),
    mail_days integer NOT NULL CHECK (mail_days > 0)
);
INSERT INTO execution.retention_setting (delivery_days, run_days, mail_days) VALUES (30, 30, 1100);
REVOKE INSERT, DELETE ON execution.retention_setting FROM ledgerwire_execution;

CREATE OR REPLACE FUNCTION execution.maintain_partitions() RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    parent text; said text; kept execution.retention_setting; postponed boolean := false;
BEGIN
    SELECT * INTO kept FROM execution.retention_setting;
    -- First what takes long: a partition that is made or dropped stays locked to the end.
    DELETE FROM execution.run WHERE (account_id, id) IN (
        SELECT account_id, id FROM execution.run WHERE finished_at < now() - make_interval(days => kept.run_days)
         ORDER BY finished_at LIMIT 100000 FOR UPDATE SKIP LOCKED);
    DELETE FROM execution.hand_over WHERE (account_id, id) IN (
        SELECT account_id, id FROM execution.hand_over WHERE finished_at < now() - make_interval(days => kept.run_days)
         ORDER BY finished_at LIMIT 100000 FOR UPDATE SKIP LOCKED);
    DELETE FROM execution.worker WHERE seen_at < now() - interval '1 day';
    said := storage.maintain_messaging_tables('execution');
    FOREACH parent IN ARRAY ARRAY['execution.delivery', 'execution.attempt'] LOOP
        EXIT WHEN said = 'changed';
        postponed := postponed OR said IS NOT NULL;
        said := storage.maintain_table(parent::regclass, 7, 1, 2, kept.delivery_days);
    END LOOP;
    IF said IS DISTINCT FROM 'changed' THEN
        postponed := postponed OR said IS NOT NULL;
        said := storage.maintain_table('execution.mail_source', 28, 1, 2, kept.mail_days);
    END IF;
    IF said IS NULL THEN
        DELETE FROM execution.delivery_default
         WHERE id < storage.uuid7_floor(now() - make_interval(days => kept.delivery_days)) AND state NOT IN ('pending', 'in_flight');
        DELETE FROM execution.attempt_default
         WHERE delivery_id < storage.uuid7_floor(now() - make_interval(days => kept.delivery_days));
        DELETE FROM execution.mail_source_default
         WHERE message_id < storage.uuid7_floor(now() - make_interval(days => kept.mail_days));
    END IF;
    RETURN coalesce(said, CASE WHEN postponed THEN 'postponed' END);
END $$;
