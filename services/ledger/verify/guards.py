"""Checks of constraints: references exist, triggers are enabled, and the role can only insert."""

from __future__ import annotations

from typing import Final

from ledger.verify.check import Check
from storage.pool import Connection

INSERT_ONLY: Final = ("entry", "posting", "settlement", "refund", "document_event")

# One statement for all foreign keys of the schema, whatever tables it has by now.
_REFERENCES: Final = """
SELECT string_agg(format(
        $f$SELECT c.account_id, concat_ws(' ', %s) AS id, %L AS what, NULL AS currency,
                  json_build_object('id', NULL) AS found, json_build_object('id', concat_ws(' ', %s)) AS must
             FROM %s c
            WHERE num_nulls(%s) = 0 AND NOT EXISTS (SELECT FROM %s p WHERE %s)$f$,
        k.named, 'the ' || parent.relname || ' that is named by ' || child.relname, r.given, f.conrelid::regclass,
        r.given, f.confrelid::regclass, r.same), ' UNION ALL ' ORDER BY child.relname, f.conname)
  FROM pg_constraint f
  JOIN pg_class child ON child.oid = f.conrelid
  JOIN pg_class parent ON parent.oid = f.confrelid
 CROSS JOIN LATERAL (
    SELECT string_agg(format('c.%I', a.attname), ', ' ORDER BY x.place) AS given,
           string_agg(format('p.%I = c.%I', b.attname, a.attname), ' AND ' ORDER BY x.place) AS same
      FROM unnest(f.conkey, f.confkey) WITH ORDINALITY AS x (own, theirs, place)
      JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = x.own
      JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = x.theirs
 ) r
 CROSS JOIN LATERAL (
    SELECT string_agg(format('c.%I', a.attname), ', ' ORDER BY x.place) AS named
      FROM pg_constraint p
     CROSS JOIN LATERAL unnest(p.conkey) WITH ORDINALITY AS x (own, place)
      JOIN pg_attribute a ON a.attrelid = p.conrelid AND a.attnum = x.own
     WHERE p.conrelid = f.conrelid AND p.contype = 'p'
 ) k
 WHERE f.contype = 'f' AND f.conparentid = 0 AND f.connamespace = 'ledger'::regnamespace
"""

# $1: tables that only grow.
_GUARDS: Final = """
SELECT NULL::uuid AS account_id, c.relname || '.' || t.tgname AS id, 'the trigger' AS what, NULL AS currency,
       json_build_object('state', 'off') AS found, json_build_object('state', 'on') AS must
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE c.relnamespace = 'ledger'::regnamespace AND t.tgenabled NOT IN ('O', 'A')
UNION ALL
SELECT NULL, w.trigger, 'the trigger', NULL, json_build_object('state', NULL), json_build_object('state', 'there')
  FROM (VALUES ('sale.forbid_change_after_issue'), ('posting.refuse_unbalanced')) AS w (trigger)
 WHERE NOT EXISTS (
    SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE c.relnamespace = 'ledger'::regnamespace AND c.relname || '.' || t.tgname = w.trigger)
UNION ALL
SELECT NULL, 'ledger.' || w.name, 'the table that only grows,', NULL,
       json_build_object('right_of_the_role', r.right), json_build_object('right_of_the_role', 'SELECT and INSERT')
  FROM unnest($1::text[]) AS w (name)
 CROSS JOIN (VALUES ('UPDATE'), ('DELETE'), ('TRUNCATE')) AS r ("right")
 WHERE has_table_privilege('ledgerwire_ledger', to_regclass('ledger.' || w.name), r.right)
   AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = 'ledgerwire_ledger')
UNION ALL
SELECT NULL, c.conrelid::regclass || '.' || c.conname, 'the constraint', NULL,
       json_build_object('state', 'not validated'), json_build_object('state', 'validated')
  FROM pg_constraint c WHERE c.connamespace = 'ledger'::regnamespace AND NOT c.convalidated
UNION ALL
SELECT NULL, i.indexrelid::regclass::text, 'the index', NULL, json_build_object('state', 'invalid'),
       json_build_object('state', 'valid')
  FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
 WHERE c.relnamespace = 'ledger'::regnamespace AND NOT i.indisvalid
"""


async def checks(conn: Connection) -> tuple[Check, ...]:
    """The checks of this module, by the tables that there are."""
    references = await conn.fetchval(_REFERENCES)
    return (
        Check("references", "whatever a row names is there", references),
        Check("guards", "the constraints of the ledger are in force", _GUARDS, args=(list(INSERT_ONLY),)),
    )
