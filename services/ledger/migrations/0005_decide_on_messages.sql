-- Messages come with files and are decided on: accepted into the books, by people or by rules, or rejected.

-- Where a message's file lies is known by its hash; see storage.blobs.
ALTER TABLE ledger.inbox_message
    ADD COLUMN file jsonb,          -- {name, content_type, size, sha256}
    ADD COLUMN attachments jsonb NOT NULL,    -- files inside the document, a list of the same
    ADD COLUMN decided_at timestamptz,
    ADD COLUMN decided_by jsonb,    -- {kind, id, name}
    ADD COLUMN reason text,
    ADD COLUMN result jsonb,        -- what came of it: {client_id, sale_id} or {supplier_id, bill_id}
    ADD CHECK ((state IN ('accepted', 'rejected')) = (decided_at IS NOT NULL)),
    ADD CHECK ((state = 'accepted') = (result IS NOT NULL));

-- Lists without a state, and by what people know a document by: its reference, and who sent it.
CREATE INDEX inbox_message_box ON ledger.inbox_message (account_id, box, id);
CREATE INDEX inbox_message_reference ON ledger.inbox_message (account_id, box, (document ->> 'document_ref'), id);
CREATE INDEX inbox_message_sender ON ledger.inbox_message
    (account_id, box,
     lower(CASE box WHEN 'purchases' THEN document #>> '{supplier,name}' ELSE document #>> '{client,name}' END), id);
CREATE INDEX inbox_message_duplicate_of ON ledger.inbox_message (account_id, duplicate_of)
 WHERE duplicate_of IS NOT NULL;

-- What suppliers ask for, as they state it. Invoices, receipts and credit notes are in the journal.
CREATE TABLE ledger.bill (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    document_type text NOT NULL,
    document_ref text NOT NULL,
    supplier_id uuid NOT NULL,
    supplier jsonb NOT NULL,    -- as the supplier was when the bill was recorded
    document_date date NOT NULL,
    date_due date,
    currency text NOT NULL,
    pay_term jsonb,
    include_tax boolean NOT NULL,
    lines jsonb NOT NULL,
    adjustments jsonb NOT NULL,
    shipping_minor bigint NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL,
    prepaid_minor bigint NOT NULL,     -- below 0: carried over from before
    rounding_minor bigint NOT NULL,
    payable_minor bigint NOT NULL,     -- as the supplier states it
    comment text,
    links jsonb NOT NULL,
    file jsonb,
    message_id uuid NOT NULL,
    taxes jsonb NOT NULL,          -- as stated, else as computed
    payment_method text,
    payment_means jsonb NOT NULL,  -- where to pay to: [{code, account, account_name, bic, reference}]
    attachments jsonb NOT NULL,    -- files inside the document: [{name, content_type, size, sha256}]
    status text NOT NULL CHECK (status IN ('recorded', 'void')),
    status_reason text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, supplier_id) REFERENCES ledger.supplier,
    FOREIGN KEY (account_id, message_id) REFERENCES ledger.inbox_message,
    CHECK (total_minor = net_minor + tax_minor)
);
-- A message is accepted once, whatever happens.
CREATE UNIQUE INDEX bill_message ON ledger.bill (account_id, message_id);
CREATE INDEX bill_reference ON ledger.bill (account_id, document_ref, id);
CREATE INDEX bill_supplier ON ledger.bill (account_id, supplier_id, id);

-- Whose messages are accepted as they come.
CREATE TABLE ledger.inbox_rule (
    account_id uuid NOT NULL REFERENCES ledger.book,
    id uuid NOT NULL,
    box text NOT NULL CHECK (box IN ('purchases', 'sales')),
    match jsonb NOT NULL,
    max_amount_minor bigint CHECK (max_amount_minor >= 0),
    currency text,
    no_warnings boolean NOT NULL,
    issue boolean NOT NULL,
    auto_processing boolean NOT NULL,
    name text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    CHECK ((max_amount_minor IS NULL) = (currency IS NULL))
);

CREATE OR REPLACE VIEW ledger_api.inbox_message AS
SELECT account_id, id, box, state, channel, content_type, received_at, warnings, duplicate_of, document, links,
       comment, committed_at, file, decided_at, decided_by, reason, result, document ->> 'document_ref' AS document_ref,
       CASE box WHEN 'purchases' THEN document #>> '{supplier,name}' ELSE document #>> '{client,name}' END AS sender,
       format, attachments
  FROM ledger.inbox_message;

CREATE OR REPLACE VIEW ledger_api.inbox_raw AS
SELECT account_id, id, box, content_type, raw, file, raw_file FROM ledger.inbox_message;

-- As a message came, whatever became of it since.
CREATE OR REPLACE VIEW ledger_api.journey_entry AS
SELECT account_id, correlation_id, at, 'ledger'::text AS service, command AS step, subject_id,
       command_id AS message_id, causation_id AS cause_id,
       jsonb_strip_nulls(jsonb_build_object('status', status, 'code', code)) AS detail
  FROM ledger.processed_command
UNION ALL
SELECT account_id, correlation_id, committed_at, 'ledger', 'receive_inbox_message', id, command_id, causation_id,
       jsonb_build_object('box', box, 'state', CASE WHEN duplicate_of IS NULL THEN 'received' ELSE 'duplicate' END)
  FROM ledger.inbox_message;

CREATE VIEW ledger_api.bill AS
SELECT account_id, id, document_type, document_ref, supplier_id, supplier, document_date, date_due, currency, pay_term,
       include_tax, lines, adjustments, shipping_minor, net_minor, tax_minor, total_minor, prepaid_minor,
       rounding_minor, payable_minor, comment, links, file, message_id, created_at, updated_at, taxes, payment_method,
       payment_means, attachments, status, status_reason
  FROM ledger.bill;

CREATE VIEW ledger_api.inbox_rule AS
SELECT account_id, id, box, match, max_amount_minor, currency, no_warnings, issue, auto_processing, name, created_at
  FROM ledger.inbox_rule;

GRANT SELECT ON ledger_api.bill, ledger_api.inbox_rule TO ledgerwire_ingress;
GRANT SELECT ON ledger_api.bill TO ledgerwire_dispatch, ledgerwire_execution;
