-- Partitions by time: a UUIDv7 sorts by the moment it was made, so a range of ids is a range of time.
CREATE SCHEMA IF NOT EXISTS storage;

CREATE OR REPLACE FUNCTION storage.uuid7_floor(moment timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes one partition beside its table and attaches it. The table itself stays open to readers and writers (SHARE
-- UPDATE EXCLUSIVE); only the default partition is locked for the moment in which it is seen to hold nothing of that
-- range.
CREATE OR REPLACE FUNCTION storage.attach_partition(parent regclass, part text, starts text, ends text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    space name; kind text; keyed name;
BEGIN
    SELECT n.nspname, a.attname, format_type(a.atttypid, NULL) INTO space, keyed, kind
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_partitioned_table p ON p.partrelid = c.oid
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
     WHERE c.oid = parent;
    EXECUTE format('CREATE TABLE %I.%I (LIKE %s INCLUDING ALL)', space, part, parent);
    -- What the range says, said beforehand: attaching then has nothing to read.
    EXECUTE format('ALTER TABLE %I.%I ADD CONSTRAINT in_range CHECK (%I IS NOT NULL AND %I >= %L::%s AND %I < %L::%s)',
                   space, part, keyed, keyed, starts, kind, keyed, ends, kind);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)', parent, space, part, starts,
                   ends);
    EXECUTE format('ALTER TABLE %I.%I DROP CONSTRAINT in_range', space, part);
END $$;

-- Makes one change that a table needs: a partition from `back` periods ago to `ahead` periods from now (and a default
-- one for what is older, or what a clock gone wrong has made), or the end of one whose whole content is older than
-- `keep_days`. Returns 'changed' after one (call again, in another transaction, so that no lock is held while waiting
-- for the next), 'postponed' when a long transaction held a lock, null when there is nothing to do. No other session
-- waits for this longer than the timeout. (Postgres cannot detach concurrently beside a default partition.)
CREATE OR REPLACE FUNCTION storage.maintain_table(parent regclass, every_days int, back int, ahead int, keep_days int)
RETURNS text LANGUAGE plpgsql SET timezone = 'UTC' SET lock_timeout = '1s' AS $$
DECLARE
    space name; base name; kind text; step int; starts timestamptz; ends timestamptz; part text; old regclass;
    postponed boolean := false;
BEGIN
    SELECT n.nspname, c.relname, format_type(a.atttypid, NULL) INTO space, base, kind
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_partitioned_table p ON p.partrelid = c.oid
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
     WHERE c.oid = parent;
    IF to_regclass(format('%I.%I', space, base || '_default')) IS NULL THEN
        EXECUTE format('CREATE TABLE %I.%I PARTITION OF %s DEFAULT', space, base || '_default', parent);
        RETURN 'changed';
    END IF;
    FOR step IN -back..ahead LOOP
        starts := to_timestamp((floor(extract(epoch FROM now()) / 86400 / every_days) + step) * every_days * 86400);
        ends := starts + make_interval(days => every_days);
        part := base || '_' || to_char(starts, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(format('%I.%I', space, part)) IS NOT NULL;
        BEGIN
            PERFORM storage.attach_partition(
                parent, part,
                CASE WHEN kind = 'uuid' THEN storage.uuid7_floor(starts)::text ELSE starts::text END,
                CASE WHEN kind = 'uuid' THEN storage.uuid7_floor(ends)::text ELSE ends::text END);
            RETURN 'changed';
        EXCEPTION
            WHEN lock_not_available THEN postponed := true;
            -- Rows of that period are in the default partition already, or another replica was first.
            WHEN check_violation OR duplicate_table THEN NULL;
        END;
    END LOOP;
    FOR old IN SELECT c.oid::regclass FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = parent AND c.relname ~ '_\d{8}$'
                  AND to_date(right(c.relname, 8), 'YYYYMMDD') + every_days < current_date - keep_days LOOP
        BEGIN
            EXECUTE format('DROP TABLE %s', old);
            RETURN 'changed';
        EXCEPTION WHEN lock_not_available THEN postponed := true;
        END;
    END LOOP;
    RETURN CASE WHEN postponed THEN 'postponed' END;
END $$;

-- Writes a row as a service does, and commits: it fails whenever writes fail. The caller's timeout is the bound.
CREATE OR REPLACE FUNCTION storage.prove_writable(space name) RETURNS void
LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
DECLARE written regclass;
BEGIN
    FOR written IN SELECT c.oid::regclass FROM pg_class c
                    WHERE c.relnamespace = space::regnamespace AND NOT c.relispartition AND c.relkind IN ('r', 'p')
                      AND has_table_privilege(c.oid, 'INSERT') LOOP
        EXECUTE format('LOCK TABLE %s IN ROW EXCLUSIVE MODE', written);
    END LOOP;
    EXECUTE format('UPDATE %I.heartbeat SET at = clock_timestamp()', space);
END $$;
GRANT USAGE ON SCHEMA storage TO PUBLIC;

-- Creates a service's messaging tables (see libs/outbox), its two schemas and the grants of its role.
CREATE OR REPLACE FUNCTION storage.create_messaging_tables(space name, role name) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %1$I; CREATE SCHEMA IF NOT EXISTS %2$I', space, space || '_api');
    EXECUTE format('GRANT USAGE ON SCHEMA %1$I, %2$I TO %3$I', space, space || '_api', role);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %1$I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %2$I;
                    ALTER DEFAULT PRIVILEGES IN SCHEMA %1$I GRANT USAGE ON SEQUENCES TO %2$I;
                    ALTER DEFAULT PRIVILEGES IN SCHEMA %3$I GRANT SELECT ON TABLES TO %2$I',
                   space, role, space || '_api');
    EXECUTE format($t$
        CREATE TABLE %1$I.outbox (
            id uuid PRIMARY KEY,
            queue text NOT NULL,
            body bytea NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now()
        ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
        CREATE INDEX outbox_created_at ON %1$I.outbox (created_at);
        CREATE TABLE %1$I.processed_message (
            account_id uuid NOT NULL,
            message_id uuid NOT NULL,
            seen_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (account_id, message_id)
        ) PARTITION BY RANGE (message_id);
        CREATE TABLE %1$I.outcome (
            account_id uuid NOT NULL,
            command_id uuid NOT NULL,
            status integer NOT NULL,
            body jsonb NOT NULL,
            committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (account_id, command_id)
        ) PARTITION BY RANGE (command_id);
        CREATE TABLE %1$I.dead_letter (
            id uuid PRIMARY KEY,
            queue text NOT NULL,
            body bytea NOT NULL,
            reason text NOT NULL,
            deliveries integer NOT NULL,
            dead_lettered_at timestamptz NOT NULL DEFAULT now(),
            replayed_at timestamptz,
            account_id uuid,        -- of the message, if known
            message_id uuid,
            correlation_id uuid     -- the request that it comes from
        );
        CREATE INDEX dead_letter_correlation ON %1$I.dead_letter (account_id, correlation_id) WHERE account_id IS NOT NULL;
        CREATE VIEW %2$I.dead_letter AS
        SELECT account_id, correlation_id, message_id, queue, reason, dead_lettered_at, replayed_at
          FROM %1$I.dead_letter WHERE account_id IS NOT NULL;
        CREATE TABLE %1$I.heartbeat (
            single boolean PRIMARY KEY DEFAULT true CHECK (single),
            at timestamptz NOT NULL DEFAULT now()
        ) WITH (fillfactor = 50);
        INSERT INTO %1$I.heartbeat DEFAULT VALUES;
        CREATE VIEW %2$I.outcome AS SELECT account_id, command_id, status, body, committed_at FROM %1$I.outcome;
    $t$, space, space || '_api');
    WHILE storage.maintain_messaging_tables(space) = 'changed' LOOP
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION storage.maintain_messaging_tables(space name) RETURNS text
LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
DECLARE
    part text; said text; postponed boolean := false;
BEGIN
    -- Replicas that look at the same moment take turns: the second one finds it done.
    PERFORM pg_advisory_xact_lock(hashtextextended('maintain ' || space, 0));
    FOREACH part IN ARRAY ARRAY['processed_message', 'outcome'] LOOP
        said := storage.maintain_table(format('%I.%I', space, part)::regclass, 7, 1, 2, 30);
        IF said = 'changed' THEN
            RETURN said;
        END IF;
        postponed := postponed OR said IS NOT NULL;
    END LOOP;
    RETURN CASE WHEN postponed THEN 'postponed' END;
END $$;

-- A backup asks the services' consumers to report when no older message is on a broker only. While the fence stands,
-- messages that the bus has confirmed are moved from the outbox to `outbox_kept` instead of being deleted, so that a
-- snapshot has every message that may not be handled yet (libs/outbox/fence.py).
CREATE TABLE IF NOT EXISTS storage.backup_fence (
    id uuid PRIMARY KEY,
    round integer NOT NULL DEFAULT 1,
    expires_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS storage.backup_report (
    fence_id uuid NOT NULL REFERENCES storage.backup_fence ON DELETE CASCADE,
    round integer NOT NULL,
    queue text NOT NULL,
    consumer_id uuid NOT NULL,
    consumers integer NOT NULL,    -- of the queue in all; 0: its messages are rows of this database
    PRIMARY KEY (fence_id, round, queue, consumer_id)
);
GRANT SELECT ON storage.backup_fence
   TO ledgerwire_ingress, ledgerwire_ledger, ledgerwire_dispatch, ledgerwire_execution;
GRANT INSERT ON storage.backup_report
   TO ledgerwire_ingress, ledgerwire_ledger, ledgerwire_dispatch, ledgerwire_execution;

-- Where a service's confirmed messages are kept while a backup's fence stands.
CREATE OR REPLACE FUNCTION storage.create_kept_messages_table(space name, role name) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %1$I.outbox_kept (
                        id uuid PRIMARY KEY,
                        queue text NOT NULL,
                        body bytea NOT NULL
                    );
                    GRANT SELECT, INSERT, DELETE ON %1$I.outbox_kept TO %2$I', space, role);
END $$;
