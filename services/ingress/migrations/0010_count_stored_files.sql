-- The files that an account has stored, and their bytes together: what the storage of its plan counts. A row is
-- committed with the file, and gone with it (libs/storage/counted_blobs.py).
ALTER TABLE ingress.account ADD COLUMN storage_max bigint    -- bytes; null: the installation's default; -1: no limit
    CONSTRAINT account_storage_max CHECK (storage_max >= -1);

CREATE TABLE ingress.stored_file (
    account_id uuid NOT NULL,
    sha256 text NOT NULL,
    size bigint NOT NULL CHECK (size >= 0),
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, sha256)
);

CREATE TABLE ingress.storage_usage (
    account_id uuid PRIMARY KEY,
    used bigint NOT NULL CHECK (used >= 0)
) WITH (fillfactor = 50);

-- Null when the file is recorded, or was before; else the limit that it would exceed, and nothing is recorded. The
-- counter stays locked until the caller's transaction ends: files of one account are stored and removed in turn.
CREATE FUNCTION ingress_api.record_file(of_account uuid, of_sha256 text, of_size bigint, default_max bigint)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE most bigint; before bigint;
BEGIN
    INSERT INTO ingress.storage_usage (account_id, used) VALUES (of_account, 0) ON CONFLICT DO NOTHING;
    SELECT used INTO before FROM ingress.storage_usage WHERE account_id = of_account FOR UPDATE;
    IF EXISTS (SELECT FROM ingress.stored_file WHERE account_id = of_account AND sha256 = of_sha256) THEN
        RETURN NULL;
    END IF;
    most := coalesce((SELECT storage_max FROM ingress.account WHERE account_id = of_account), default_max);
    IF most >= 0 AND before + of_size > most THEN
        RETURN most;
    END IF;
    INSERT INTO ingress.stored_file (account_id, sha256, size) VALUES (of_account, of_sha256, of_size);
    UPDATE ingress.storage_usage SET used = used + of_size WHERE account_id = of_account;
    RETURN NULL;
END $$;

-- Gives the file's bytes back; the caller removes it in the same transaction.
CREATE FUNCTION ingress_api.forget_file(of_account uuid, of_sha256 text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE freed bigint;
BEGIN
    PERFORM FROM ingress.storage_usage WHERE account_id = of_account FOR UPDATE;
    DELETE FROM ingress.stored_file WHERE account_id = of_account AND sha256 = of_sha256 RETURNING size INTO freed;
    IF freed IS NOT NULL THEN
        UPDATE ingress.storage_usage SET used = used - freed WHERE account_id = of_account;
    END IF;
END $$;

REVOKE ALL ON FUNCTION ingress_api.record_file(uuid, text, bigint, bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION ingress_api.forget_file(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ingress_api.record_file(uuid, text, bigint, bigint)
   TO ledgerwire_ingress, ledgerwire_execution;
GRANT EXECUTE ON FUNCTION ingress_api.forget_file(uuid, text) TO ledgerwire_ingress;

-- What was stored before is counted from the messages that name it.
DO $$ BEGIN
    IF to_regclass('ledger.message') IS NULL OR to_regclass('ledger.inbox_message') IS NULL THEN
        RETURN;    -- a new installation: ledger's tables come after these
    END IF;
    INSERT INTO ingress.stored_file (account_id, sha256, size)
    SELECT DISTINCT ON (account_id, file ->> 'sha256') account_id, file ->> 'sha256', (file ->> 'size')::bigint
      FROM (SELECT account_id, source AS file FROM ledger.message
            UNION ALL SELECT account_id, jsonb_array_elements(attachments) FROM ledger.message
            UNION ALL SELECT account_id, raw_file FROM ledger.inbox_message
            UNION ALL SELECT account_id, i.file FROM ledger.inbox_message i
            UNION ALL SELECT account_id, jsonb_array_elements(attachments) FROM ledger.inbox_message) named
     WHERE file ->> 'sha256' IS NOT NULL AND file ->> 'size' IS NOT NULL;
    INSERT INTO ingress.storage_usage (account_id, used)
    SELECT account_id, sum(size) FROM ingress.stored_file GROUP BY account_id;
END $$;
