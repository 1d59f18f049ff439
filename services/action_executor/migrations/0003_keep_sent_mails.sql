-- Mails to clients as they went: the proof of what exactly was sent, for as long as the settings say.
CREATE TABLE execution.mail_source (
    account_id uuid NOT NULL,
    message_id uuid NOT NULL,
    source bytea NOT NULL,    -- MIME, deflated (RFC 1950)
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, message_id)
) PARTITION BY RANGE (message_id);
ALTER TABLE execution.mail_source ALTER COLUMN source SET STORAGE EXTERNAL;    -- compressed already

DO $$ BEGIN
    WHILE storage.maintain_table('execution.mail_source', 28, 1, 2, 1100) = 'changed' LOOP
    END LOOP;
END $$;

CREATE VIEW execution_api.mail_source AS SELECT account_id, message_id, source FROM execution.mail_source;
GRANT SELECT ON execution_api.mail_source TO ledgerwire_ingress;
