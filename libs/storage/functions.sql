-- Partitions by time: a UUIDv7 sorts by the moment it was made, so a range of ids is a range of time.
CREATE SCHEMA IF NOT EXISTS storage;

CREATE OR REPLACE FUNCTION storage.uuid7_floor(moment timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes the partitions of `parent` from `back` periods ago to `ahead` periods from now, and a default one that takes
-- what is older or what a clock gone wrong has made.
CREATE OR REPLACE FUNCTION storage.make_partitions(parent regclass, every_days int, back int, ahead int) RETURNS void
LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
    space name; base name; kind text; step int; starts timestamptz; ends timestamptz; part text;
BEGIN
    SELECT n.nspname, c.relname INTO space, base
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = parent;
    SELECT format_type(a.atttypid, NULL) INTO kind
      FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
     WHERE p.partrelid = parent;
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I.%I PARTITION OF %s DEFAULT', space, base || '_default', parent);
    FOR step IN -back..ahead LOOP
        starts := to_timestamp((floor(extract(epoch FROM now()) / 86400 / every_days) + step) * every_days * 86400);
        ends := starts + make_interval(days => every_days);
        part := base || '_' || to_char(starts, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(format('%I.%I', space, part)) IS NOT NULL;
        BEGIN
            IF kind = 'uuid' THEN
                EXECUTE format('CREATE TABLE %I.%I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', space, part, parent,
                               storage.uuid7_floor(starts), storage.uuid7_floor(ends));
            ELSE
                EXECUTE format('CREATE TABLE %I.%I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', space, part, parent,
                               starts, ends);
            END IF;
        EXCEPTION WHEN check_violation OR duplicate_table THEN
            -- Rows of that period are in the default partition already, or another replica was first.
            NULL;
        END;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION storage.drop_partitions(parent regclass, every_days int, keep_days int) RETURNS void
LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE part record; starts date;
BEGIN
    FOR part IN SELECT c.oid::regclass AS name, c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = parent AND c.relname ~ '_\d{8}$' LOOP
        starts := to_date(right(part.relname, 8), 'YYYYMMDD');
        IF starts + every_days < current_date - keep_days THEN
            EXECUTE format('DROP TABLE %s', part.name);
        END IF;
    END LOOP;
END $$;

-- The tables that make a service's hop safe (see libs/outbox), its two schemas and the grants of its role.
CREATE OR REPLACE FUNCTION storage.make_hop(space name, role name) RETURNS void
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
        CREATE TABLE %1$I.seen (
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
        CREATE TABLE %1$I.parked (
            id uuid PRIMARY KEY,
            queue text NOT NULL,
            body bytea NOT NULL,
            reason text NOT NULL,
            deliveries integer NOT NULL,
            parked_at timestamptz NOT NULL DEFAULT now(),
            replayed_at timestamptz
        );
        CREATE VIEW %2$I.outcome AS SELECT account_id, command_id, status, body, committed_at FROM %1$I.outcome;
    $t$, space, space || '_api');
    PERFORM storage.maintain_hop(space);
END $$;

CREATE OR REPLACE FUNCTION storage.maintain_hop(space name) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE part text;
BEGIN
    -- Replicas that look at the same moment take turns, to the end of the whole maintenance: the second one finds it done.
    PERFORM pg_advisory_xact_lock(hashtextextended('maintain ' || space, 0));
    FOREACH part IN ARRAY ARRAY['seen', 'outcome'] LOOP
        PERFORM storage.make_partitions(format('%I.%I', space, part)::regclass, 7, 1, 2);
        PERFORM storage.drop_partitions(format('%I.%I', space, part)::regclass, 7, 30);
    END LOOP;
END $$;
