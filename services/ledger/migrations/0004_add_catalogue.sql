-- Products, suppliers, what a plan counts, and how all of them are found by a part of what they say.

CREATE TABLE ledger.product (
    account_id uuid NOT NULL REFERENCES ledger.book,
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    type text NOT NULL CHECK (type IN ('product', 'service')),
    description text,
    barcode text,
    unit text,
    unit_price numeric CHECK (unit_price >= 0),    -- kept with the decimals it was written with
    currency text NOT NULL,
    tax_rate numeric CHECK (tax_rate BETWEEN 0 AND 100),
    tax_category text,
    external_id text,
    referred boolean NOT NULL,    -- a document names it, or did: it is archived, never deleted
    archived_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX product_code ON ledger.product (account_id, code);
CREATE UNIQUE INDEX product_external_id ON ledger.product (account_id, external_id) WHERE external_id IS NOT NULL;

CREATE TABLE ledger.supplier (
    account_id uuid NOT NULL REFERENCES ledger.book,
    id uuid NOT NULL,
    name text NOT NULL,
    reg_number text,
    tax_number text,
    email text,
    phone text,
    address jsonb,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX supplier_name ON ledger.supplier (account_id, lower(name));
CREATE INDEX supplier_reg_number ON ledger.supplier (account_id, reg_number) WHERE reg_number IS NOT NULL;
CREATE INDEX supplier_tax_number ON ledger.supplier (account_id, tax_number) WHERE tax_number IS NOT NULL;

-- How many there are of what a plan counts; equal to a recount at every commit.
CREATE TABLE ledger.usage_counter (
    account_id uuid NOT NULL REFERENCES ledger.book,
    quota text NOT NULL CHECK (quota IN ('clients', 'products')),
    used bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
    told_for date,    -- the first day of the last period in which `quota.reached` was fired
    PRIMARY KEY (account_id, quota)
) WITH (fillfactor = 50);
REVOKE DELETE ON ledger.usage_counter FROM ledgerwire_ledger;

-- Search for a part of a text through an index, as pg_trgm does, which not every server has: a text is known by each
-- three bytes that follow one another in it, and holds what is asked for only where it has all of that's. An account's
-- pieces are numbers of its own, so that nobody's search meets another's rows.
CREATE FUNCTION ledger_api.pieces(account uuid, said text) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(
               array_agg(a.base | get_byte(t.said, n) << 16 | get_byte(t.said, n + 1) << 8 | get_byte(t.said, n + 2)),
               '{}')
      FROM convert_to(lower(said), 'UTF8') AS t (said), (SELECT uuid_hash(account)::bigint << 24) AS a (base),
           generate_series(0, length(t.said) - 3) AS n
$$;

CREATE FUNCTION ledger_api.words(one text, two text, three text, four text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(one, '') || E'\n' || coalesce(two, '') || E'\n' || coalesce(three, '') || E'\n' || coalesce(four, '')
$$;

CREATE INDEX client_pieces ON ledger.client
 USING gin (ledger_api.pieces(account_id, ledger_api.words(name, email, reg_number, vat_number)));
CREATE INDEX product_pieces ON ledger.product
 USING gin (ledger_api.pieces(account_id, ledger_api.words(code, name, barcode, external_id)));
CREATE INDEX supplier_pieces ON ledger.supplier
 USING gin (ledger_api.pieces(account_id, ledger_api.words(name, reg_number, tax_number, email)));

CREATE VIEW ledger_api.product AS
SELECT account_id, id, code, name, type, description, barcode, unit, unit_price, currency, tax_rate, tax_category,
       external_id, archived_at, created_at, updated_at
  FROM ledger.product;

CREATE VIEW ledger_api.supplier AS
SELECT account_id, id, name, reg_number, tax_number, email, phone, address, created_at, updated_at
  FROM ledger.supplier;

CREATE VIEW ledger_api.usage AS
SELECT account_id, quota, used, told_for FROM ledger.usage_counter;

GRANT SELECT ON ledger_api.product, ledger_api.supplier, ledger_api.usage TO ledgerwire_ingress;
GRANT SELECT ON ledger_api.product TO ledgerwire_dispatch, ledgerwire_execution;
