-- The books: who owes, what was sold, what was paid, and the double entry beneath it.
--
-- Amounts are whole minor units of a currency. account_id leads every key. What another service may read is in
-- ledger_api, whose views give the rows that `contracts.resources` makes responses and events from.
SELECT storage.create_messaging_tables('ledger', 'ledgerwire_ledger');

-- One row for each account: whoever changes the account's books locks it first, so that everything beneath it
-- (balances, counters, what is open) is read and written by one transaction at a time.
CREATE TABLE ledger.book (
    account_id uuid PRIMARY KEY,
    time_zone text NOT NULL DEFAULT 'UTC',    -- as the account names it
    zone text NOT NULL DEFAULT 'UTC',         -- by which this server tells its days
    created_at timestamptz NOT NULL DEFAULT now()
);

-- The name of a zone that this server knows: what was asked for, else UTC.
CREATE FUNCTION ledger.known_zone(asked text) RETURNS text
LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog AS $$
BEGIN
    PERFORM now() AT TIME ZONE asked;
    RETURN asked;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN 'UTC';
END $$;

CREATE TABLE ledger.client (
    account_id uuid NOT NULL REFERENCES ledger.book,
    id uuid NOT NULL,
    name text NOT NULL,
    type text NOT NULL CHECK (type IN ('company', 'person')),
    first_name text,
    last_name text,
    email text,
    phone text,
    reg_number text,
    vat_number text,
    address jsonb,
    shipping_address jsonb,
    contacts jsonb NOT NULL DEFAULT '[]',
    locale text,
    currency text NOT NULL,
    pay_term jsonb,
    collector_id uuid,
    external_id text,
    comment text,
    archived_at timestamptz,    -- hidden from lists and from new documents since then
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX client_external_id ON ledger.client (account_id, external_id) WHERE external_id IS NOT NULL;
-- With the id, for the oldest of several.
CREATE INDEX client_email ON ledger.client (account_id, lower(email), id) WHERE email IS NOT NULL;
CREATE INDEX client_name ON ledger.client (account_id, name, coalesce(reg_number, ''), id);

-- A cache of the journal by client and currency; equal to its recomputation at every commit.
CREATE TABLE ledger.client_balance (
    account_id uuid NOT NULL,
    client_id uuid NOT NULL,
    currency text NOT NULL,
    receivable_minor bigint NOT NULL CHECK (receivable_minor >= 0),
    unapplied_minor bigint NOT NULL CHECK (unapplied_minor >= 0),
    PRIMARY KEY (account_id, client_id, currency),
    FOREIGN KEY (account_id, client_id) REFERENCES ledger.client
) WITH (fillfactor = 70);

-- A sales document as it was written. Issuing gives it its number; from then on it never changes by a byte, and what
-- becomes of it is in sale_state. lines, adjustments and taxes are kept as answers show them, with exact decimals
-- as text.
CREATE TABLE ledger.sale (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    sale_type text NOT NULL,
    number text,
    series text,
    period integer,
    counter bigint CHECK (counter > 0),
    client_id uuid NOT NULL,
    client jsonb NOT NULL,    -- as the client was when the document was made
    currency text NOT NULL,
    document_date date NOT NULL,
    date_due date,
    date_due_given boolean NOT NULL,    -- it was asked for, it does not follow from a pay term
    pay_term jsonb,
    operation text,
    tax_basis smallint,
    include_tax boolean NOT NULL,
    payment_method text,
    shipping_type smallint,
    lines jsonb NOT NULL,
    adjustments jsonb NOT NULL,
    taxes jsonb NOT NULL,
    shipping_minor bigint NOT NULL CHECK (shipping_minor >= 0),
    net_minor bigint NOT NULL,    -- lines may be below 0, and so net or tax alone
    tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL CHECK (total_minor >= 0),
    deposit_minor bigint NOT NULL,
    calculation_version integer NOT NULL,
    comment text,
    external_id text,
    invoice_id uuid,       -- that a credit note is against
    payment_id uuid,       -- that a receipt is for
    converted_from uuid,   -- the document that this one was made of
    created_at timestamptz NOT NULL,
    issued_at timestamptz,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, client_id) REFERENCES ledger.client,
    FOREIGN KEY (account_id, invoice_id) REFERENCES ledger.sale,
    FOREIGN KEY (account_id, converted_from) REFERENCES ledger.sale,
    CHECK (total_minor = net_minor + tax_minor),
    CHECK (deposit_minor BETWEEN 0 AND total_minor),
    CHECK (num_nulls(number, series, period, counter, issued_at) IN (0, 5))
);
CREATE UNIQUE INDEX sale_number ON ledger.sale (account_id, number) WHERE number IS NOT NULL;
CREATE UNIQUE INDEX sale_external_id ON ledger.sale (account_id, external_id, sale_type) WHERE external_id IS NOT NULL;
CREATE INDEX sale_invoice ON ledger.sale (account_id, invoice_id, id) WHERE invoice_id IS NOT NULL;
CREATE INDEX sale_payment ON ledger.sale (account_id, payment_id, id) WHERE payment_id IS NOT NULL;
CREATE INDEX sale_converted_from ON ledger.sale (account_id, converted_from) WHERE converted_from IS NOT NULL;

-- Only a draft may change or go.
CREATE FUNCTION ledger.forbid_change_after_issue() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF OLD.issued_at IS NOT NULL THEN
        RAISE EXCEPTION 'sale % is issued and stays as it is', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER forbid_change_after_issue BEFORE UPDATE OR DELETE ON ledger.sale FOR EACH ROW EXECUTE FUNCTION ledger.forbid_change_after_issue();

-- Where each document stands: its state, and a cache of what settlements, refunds and credit notes come to, equal to
-- its recomputation at every commit. Lists are read along these indexes, newest first.
--
-- settled_minor is what an invoice is paid, or what a credit note has paid; what is derived is derived here, once.
CREATE TABLE ledger.sale_state (
    account_id uuid NOT NULL,
    sale_id uuid NOT NULL,
    sale_type text NOT NULL,
    role text NOT NULL CHECK (role IN ('receivable', 'credit', 'receipt', 'offer')),    -- of its kind, to the books
    status text NOT NULL CHECK (status IN ('draft', 'issued', 'accepted', 'declined', 'expired', 'converted', 'confirmed',
                                           'closed', 'cancelled', 'written_off', 'void')),
    client_id uuid NOT NULL,
    currency text NOT NULL,
    date_due date,
    total_minor bigint NOT NULL,
    due_minor bigint NOT NULL CHECK (due_minor BETWEEN 0 AND total_minor),    -- total less deposit
    settled_minor bigint NOT NULL CHECK (settled_minor >= 0),
    refunded_minor bigint NOT NULL CHECK (refunded_minor >= 0),               -- from a credit note
    written_off_minor bigint NOT NULL CHECK (written_off_minor >= 0),         -- of an invoice
    credited_minor bigint NOT NULL CHECK (credited_minor BETWEEN 0 AND total_minor),    -- by live credit notes
    converted_to uuid,             -- what was made of it; of an order, only while that is not void
    status_reason text,
    send_requested_at timestamptz,
    overdue_check_at timestamptz,          -- when the clock looks at it: as it becomes overdue, later while one is at it
    overdue_notified_at timestamptz,   -- when `sale.overdue` was fired, which happens once
    updated_at timestamptz NOT NULL,
    open_minor bigint NOT NULL GENERATED ALWAYS AS (
        CASE
            WHEN role IN ('credit', 'receipt') THEN 0
            WHEN status IN ('draft', 'issued', 'accepted', 'confirmed', 'written_off')
            THEN due_minor - settled_minor - written_off_minor
            ELSE 0
        END) STORED,
    unapplied_minor bigint NOT NULL GENERATED ALWAYS AS (
        CASE WHEN role = 'credit' AND status = 'issued' THEN total_minor - settled_minor - refunded_minor ELSE 0
        END) STORED,
    settlement text GENERATED ALWAYS AS (
        CASE
            WHEN status = 'void' OR role NOT IN ('receivable', 'receipt') THEN NULL
            WHEN role = 'receipt' OR due_minor <= settled_minor THEN 'paid'
            WHEN total_minor - due_minor + settled_minor > 0 THEN 'partial'
            ELSE 'unpaid'
        END) STORED,
    owed boolean NOT NULL GENERATED ALWAYS AS (
        role = 'receivable' AND status = 'issued' AND due_minor > settled_minor) STORED,
    late boolean NOT NULL GENERATED ALWAYS AS (
        role = 'receivable' AND status = 'issued' AND due_minor > settled_minor
        AND overdue_notified_at IS NOT NULL) STORED,
    PRIMARY KEY (account_id, sale_id),
    FOREIGN KEY (account_id, sale_id) REFERENCES ledger.sale ON DELETE CASCADE,
    CHECK (settled_minor + written_off_minor <= due_minor),
    CHECK (settled_minor + refunded_minor <= total_minor)
) WITH (fillfactor = 80);
CREATE INDEX sale_state_type ON ledger.sale_state (account_id, sale_type, sale_id);
CREATE INDEX sale_state_status ON ledger.sale_state (account_id, status, sale_id);
CREATE INDEX sale_state_type_status ON ledger.sale_state (account_id, sale_type, status, sale_id);
CREATE INDEX sale_state_client ON ledger.sale_state (account_id, client_id, sale_id);
CREATE INDEX sale_state_settlement ON ledger.sale_state (account_id, settlement, sale_id);
CREATE INDEX sale_state_late ON ledger.sale_state (account_id, late, sale_id);
CREATE INDEX sale_state_owed ON ledger.sale_state (account_id, date_due, sale_id) WHERE owed AND NOT late;
CREATE INDEX sale_state_clock ON ledger.sale_state (overdue_check_at) WHERE owed AND NOT late;

-- How far each series has counted in each period. A counter moves only with the document that bears its number.
CREATE TABLE ledger.number_counter (
    account_id uuid NOT NULL REFERENCES ledger.book,
    series text NOT NULL,
    period integer NOT NULL,
    counter bigint NOT NULL CHECK (counter >= 0),
    PRIMARY KEY (account_id, series, period)
) WITH (fillfactor = 50);

CREATE TABLE ledger.payment (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'confirmed', 'failed', 'reversed')),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL,
    date date NOT NULL,
    method text NOT NULL,
    reference text,
    external_id text,
    settled_minor bigint NOT NULL CHECK (settled_minor >= 0),    -- caches, as in sale_state
    refunded_minor bigint NOT NULL CHECK (refunded_minor >= 0),
    receipt_id uuid,    -- the live receipt for it
    status_reason text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, client_id) REFERENCES ledger.client,
    FOREIGN KEY (account_id, receipt_id) REFERENCES ledger.sale,
    CHECK (settled_minor + refunded_minor <= amount_minor)
);
ALTER TABLE ledger.sale ADD FOREIGN KEY (account_id, payment_id) REFERENCES ledger.payment;
CREATE UNIQUE INDEX payment_external_id ON ledger.payment (account_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX payment_client ON ledger.payment (account_id, client_id, id);
CREATE INDEX payment_status ON ledger.payment (account_id, status, id);

-- The journal. An entry's postings are debits above 0 and credits below, and sum to zero in every currency.
CREATE TABLE ledger.entry (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    document_id uuid NOT NULL,    -- the sale, payment or bill that it was booked for
    booked_on date NOT NULL,
    reversal_of uuid,               -- the entry that this one undoes
    command_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, reversal_of) REFERENCES ledger.entry
);
CREATE UNIQUE INDEX entry_mirror_of ON ledger.entry (account_id, reversal_of) WHERE reversal_of IS NOT NULL;
CREATE INDEX entry_document ON ledger.entry (account_id, document_id);
CREATE INDEX entry_booked_on ON ledger.entry (account_id, booked_on, id);

-- The primary key is also the index that the check below needs.
CREATE TABLE ledger.posting (
    account_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    line smallint NOT NULL,
    ledger_account text NOT NULL,
    client_id uuid,
    document_id uuid NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    booked_on date NOT NULL,    -- the entry's, for sums as of a day
    supplier_id uuid,    -- instead of a client, in the entries of bills
    CHECK (num_nonnulls(client_id, supplier_id) = 1),
    PRIMARY KEY (account_id, entry_id, line),
    FOREIGN KEY (account_id, entry_id) REFERENCES ledger.entry
);
CREATE INDEX posting_client ON ledger.posting (account_id, client_id, booked_on, entry_id);

CREATE FUNCTION ledger.refuse_unbalanced() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE off record;
BEGIN
    SELECT currency, sum(amount_minor) AS minor INTO off FROM ledger.posting
     WHERE account_id = NEW.account_id AND entry_id = NEW.entry_id
     GROUP BY currency HAVING sum(amount_minor) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % does not sum to zero: % % are left', NEW.entry_id, off.minor, off.currency
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER refuse_unbalanced AFTER INSERT ON ledger.posting
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger.refuse_unbalanced();

-- One invoice meets one payment or one credit note. Taking a settlement back is a further row, its mirror, below 0.
CREATE TABLE ledger.settlement (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    sale_id uuid NOT NULL,
    payment_id uuid,
    credit_note_id uuid,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    entry_id uuid NOT NULL,
    reversal_of uuid,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, sale_id) REFERENCES ledger.sale,
    FOREIGN KEY (account_id, payment_id) REFERENCES ledger.payment,
    FOREIGN KEY (account_id, credit_note_id) REFERENCES ledger.sale,
    FOREIGN KEY (account_id, entry_id) REFERENCES ledger.entry,
    FOREIGN KEY (account_id, reversal_of) REFERENCES ledger.settlement,
    CHECK (num_nonnulls(payment_id, credit_note_id) = 1),
    CHECK ((reversal_of IS NOT NULL) = (amount_minor < 0))
);
CREATE UNIQUE INDEX settlement_mirror_of ON ledger.settlement (account_id, reversal_of) WHERE reversal_of IS NOT NULL;
CREATE INDEX settlement_sale ON ledger.settlement (account_id, sale_id);
CREATE INDEX settlement_payment ON ledger.settlement (account_id, payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX settlement_credit_note ON ledger.settlement (account_id, credit_note_id) WHERE credit_note_id IS NOT NULL;

-- Money given back of a payment or credit note; that it did not take place after all is a further row, below 0.
CREATE TABLE ledger.refund (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    payment_id uuid,
    credit_note_id uuid,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    date date NOT NULL,
    reference text,
    entry_id uuid NOT NULL,
    reversal_of uuid,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, payment_id) REFERENCES ledger.payment,
    FOREIGN KEY (account_id, credit_note_id) REFERENCES ledger.sale,
    FOREIGN KEY (account_id, entry_id) REFERENCES ledger.entry,
    FOREIGN KEY (account_id, reversal_of) REFERENCES ledger.refund,
    CHECK (num_nonnulls(payment_id, credit_note_id) = 1),
    CHECK ((reversal_of IS NOT NULL) = (amount_minor < 0))
);
CREATE UNIQUE INDEX refund_mirror_of ON ledger.refund (account_id, reversal_of) WHERE reversal_of IS NOT NULL;
CREATE INDEX refund_payment ON ledger.refund (account_id, payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX refund_credit_note ON ledger.refund (account_id, credit_note_id) WHERE credit_note_id IS NOT NULL;

-- What happened to each document and payment, one row for each outgoing event: played again in the order of event_id,
-- `status_after` gives the status.
CREATE TABLE ledger.document_event (
    account_id uuid NOT NULL,
    event_id uuid NOT NULL,
    document_id uuid NOT NULL,
    trigger text NOT NULL,
    status_before text,    -- null: it was not there
    status_after text NOT NULL,
    command_id uuid NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (account_id, event_id)
);
CREATE INDEX document_event_document ON ledger.document_event (account_id, document_id, event_id);

-- The last outgoing event about each client, under the account's lock: the next one names it.
CREATE TABLE ledger.last_event (
    account_id uuid NOT NULL,
    client_id uuid NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (account_id, client_id)
) WITH (fillfactor = 70);

-- Documents that others pushed, as they came and as they were read.
CREATE TABLE ledger.inbox_message (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    box text NOT NULL CHECK (box IN ('purchases', 'sales')),
    state text NOT NULL CHECK (state IN ('received', 'accepted', 'rejected', 'duplicate')),
    channel jsonb,    -- {id, kind, name}; null when it came over the API
    format text NOT NULL CHECK (format IN ('paytraq', 'ubl', 'cii', 'facturx', 'estonian', 'json', 'file')),
    content_type text NOT NULL,
    raw bytea NOT NULL,    -- empty when the bytes are in the file store
    raw_file jsonb,    -- {name, content_type, size, sha256} of the bytes in the file store
    document jsonb NOT NULL,
    links jsonb NOT NULL,
    comment text,
    auto_processing jsonb,
    warnings jsonb NOT NULL,
    duplicate_of uuid,    -- the first message under the same reference, when this one's content differs
    received_at timestamptz NOT NULL,
    command_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account_id, id)
);
CREATE INDEX inbox_message_state ON ledger.inbox_message (account_id, box, state, id);
CREATE INDEX inbox_message_correlation ON ledger.inbox_message (account_id, correlation_id);

-- The commands that were handled, for the journey. A received message is its own record.
CREATE TABLE ledger.processed_command (
    account_id uuid NOT NULL,
    command_id uuid NOT NULL,
    command text NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    subject_id uuid,
    status integer NOT NULL,
    code text,    -- of the problem, when it was refused
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (account_id, command_id)
) PARTITION BY RANGE (command_id);
CREATE INDEX processed_command_correlation ON ledger.processed_command (account_id, correlation_id);
CREATE INDEX processed_command_subject ON ledger.processed_command (account_id, subject_id) WHERE subject_id IS NOT NULL;

-- Insert only: these rows never change, whatever our code tries.
REVOKE UPDATE, DELETE ON ledger.entry, ledger.posting, ledger.settlement, ledger.refund, ledger.document_event
   FROM ledgerwire_ledger;
REVOKE DELETE ON ledger.payment, ledger.number_counter, ledger.client_balance, ledger.book FROM ledgerwire_ledger;

CREATE FUNCTION ledger.maintain_partitions() RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    said text := storage.maintain_messaging_tables('ledger'); also text;
BEGIN
    IF said = 'changed' THEN
        RETURN said;
    END IF;
    also := storage.maintain_table('ledger.processed_command', 7, 1, 2, 90);
    RETURN coalesce(also, said);
END $$;
REVOKE ALL ON FUNCTION ledger.maintain_partitions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.maintain_partitions() TO ledgerwire_ledger;
DO $$ BEGIN
    WHILE ledger.maintain_partitions() = 'changed' LOOP
    END LOOP;
END $$;
