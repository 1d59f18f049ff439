-- The bus in Postgres: messages that wait, and those under a consumer's lease.
CREATE SCHEMA IF NOT EXISTS bus;

-- The declared queues, so that publishing to an undeclared queue is refused.
CREATE TABLE bus.queue (
    name text PRIMARY KEY,
    delivery_limit integer NOT NULL,
    length_max integer NOT NULL
);

-- `available_at` is in the future while a consumer holds a lease on the message or a pause runs.
-- `deliveries` also fences: a consumer whose lease ran out names an older number and acknowledges nothing.
CREATE TABLE bus.message (
    queue text NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    stable_id uuid NOT NULL,
    body bytea NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    available_at timestamptz NOT NULL DEFAULT now(),
    deliveries integer NOT NULL DEFAULT 0,
    PRIMARY KEY (queue, id)
) WITH (
    -- Room on the page for the claim's new version of the row, and dead rows cleared as fast as they arise.
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000,
    toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 5000
);
-- Bodies live for milliseconds: compressing them is work for nothing, and out of line a claim does not copy them.
ALTER TABLE bus.message ALTER COLUMN body SET STORAGE EXTERNAL;

-- The settings on the functions keep the plan on the primary key, whatever the statistics of a table that is empty
-- one moment and full the next happen to say.

-- Takes the oldest available messages of a queue under a lease.
CREATE FUNCTION bus.claim(of_queue text, at_most integer, lease interval)
RETURNS TABLE (id bigint, stable_id uuid, body bytea, deliveries integer)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
SET enable_mergejoin = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH picked AS MATERIALIZED (
        SELECT m.id FROM bus.message m
         WHERE m.queue = of_queue AND m.available_at <= clock_timestamp()
         ORDER BY m.id LIMIT at_most FOR UPDATE SKIP LOCKED
    )
    UPDATE bus.message m SET available_at = clock_timestamp() + lease, deliveries = m.deliveries + 1
      FROM picked WHERE m.queue = of_queue AND m.id = picked.id
    RETURNING m.id, m.stable_id, m.body, m.deliveries;
END $$;

-- Deletes acknowledged messages; returns how many of them were still the caller's.
CREATE FUNCTION bus.settle(of_queue text, ids bigint[], fences integer[]) RETURNS integer
LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
SET enable_mergejoin = off AS $$
DECLARE settled integer;
BEGIN
    DELETE FROM bus.message m USING unnest(ids, fences) AS mine(id, fence)
     WHERE m.queue = of_queue AND m.id = mine.id AND m.deliveries = mine.fence;
    GET DIAGNOSTICS settled = ROW_COUNT;
    RETURN settled;
END $$;

-- Moves the moment at which messages are available: a lease renewed, or given up (no interval at all). Returns those
-- that were still the caller's.
CREATE FUNCTION bus.postpone(of_queue text, ids bigint[], fences integer[], pause interval) RETURNS SETOF bigint
LANGUAGE sql SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
SET enable_mergejoin = off AS $$
    UPDATE bus.message m SET available_at = clock_timestamp() + pause FROM unnest(ids, fences) AS mine(id, fence)
     WHERE m.queue = of_queue AND m.id = mine.id AND m.deliveries = mine.fence
    RETURNING m.id;
$$;

-- Puts messages behind all others, for after a pause: by a new number, as if they were published now.
CREATE FUNCTION bus.give_back(of_queue text, ids bigint[], fences integer[], pause interval) RETURNS void
LANGUAGE sql SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
SET enable_mergejoin = off AS $$
    UPDATE bus.message m SET id = DEFAULT, available_at = clock_timestamp() + pause
      FROM unnest(ids, fences) AS mine(id, fence)
     WHERE m.queue = of_queue AND m.id = mine.id AND m.deliveries = mine.fence;
$$;

GRANT USAGE ON SCHEMA bus TO ledgerwire_ingress, ledgerwire_ledger, ledgerwire_dispatch, ledgerwire_execution;
GRANT SELECT, INSERT, UPDATE ON bus.queue
   TO ledgerwire_ingress, ledgerwire_ledger, ledgerwire_dispatch, ledgerwire_execution;
GRANT SELECT, INSERT, UPDATE, DELETE ON bus.message
   TO ledgerwire_ingress, ledgerwire_ledger, ledgerwire_dispatch, ledgerwire_execution;
