"""Damage done to the ledger's tables, each with the check that must report it and its words."""

from __future__ import annotations

from typing import NamedTuple

AN_INVOICE = (
    "(SELECT sale_id FROM ledger.sale_state WHERE sale_type = 'sales_invoice' AND status = 'issued'"
    " AND settlement = 'unpaid' AND currency = 'EUR' ORDER BY sale_id LIMIT 1)"
)
A_SETTLEMENT = "(SELECT min(id::text)::uuid FROM ledger.settlement WHERE reversal_of IS NULL)"


A_CASE = (
    "UPDATE ledger.collected_client SET due_at = NULL;"
    " INSERT INTO ledger.collection_case (account_id, id, client_id, collector_id, version, cycle, state, reason, ends,"
    " since, entered_at, moved_in, starts_manually, last_step, contacted, open_minor, overdue_minor, amounts, sale_ids,"
    " invoices, created_at, updated_at) SELECT account_id, gen_random_uuid(), id, id, 1, 1, 'STATE', 'x', 'x', now(),"
    " now(), false, false, LAST, false, 0, 0, '[]', '{}', 0, now(), now() FROM ledger.client LIMIT 1"
)


class Damage(NamedTuple):
    """What is done, the check that must notice, and what is reported; AN_INVOICE and A_SETTLEMENT stand for ids."""

    statement: str
    check: str
    reported: str


DAMAGES = {
    # collections
    "a client that owes and is forgotten": Damage(
        "UPDATE ledger.collected_client SET due_at = NULL",
        "cases", "the cases of client .* open invoices is 0, must be [0-9]+",
    ),
    "a reminder of no step": Damage(
        "INSERT INTO ledger.message (account_id, id, client_id, purpose, direction, channel, state, sale_ids,"
        " recipient, body, command_id, created_at, updated_at) SELECT account_id, gen_random_uuid(), id, 'reminder',"
        " 'sent', 'email', 'requested', '{}', 'a@b.example', 'x', id, now(), now() FROM ledger.client LIMIT 1",
        "reminders", "reminder .* steps is 0, must be 1",
    ),
    "a case that is not settled although nothing is open": Damage(
        A_CASE.replace("STATE", "idle").replace("LAST", "-1"),
        "case_states", "the state of case .* settled when nothing is open is False, must be True",
    ),
    "a step that was counted and not taken": Damage(
        A_CASE.replace("STATE", "settled").replace("LAST", "3"),
        "case_steps", "the steps of case .* rows of it is 0, must be 1",
    ),
    "a promise that is not looked at any more": Damage(
        "INSERT INTO ledger.promise (account_id, id, client_id, date, amount_minor, currency, sale_ids, state, ends_at,"
        " created_at, updated_at) SELECT account_id, gen_random_uuid(), id, '2020-01-01', 1, 'EUR', '{}', 'open',"
        " '2020-01-02', now(), now() FROM ledger.client LIMIT 1",
        "promises", "promise .* decided when over is False, must be True",
    ),
    "a call without its note": Damage(
        "INSERT INTO ledger.call (account_id, id, client_id, outcome, advance, sale_ids, dispute_ids, origin,"
        " created_at) SELECT account_id, gen_random_uuid(), id, 'spoke', false, '{}', '{}', 'own', now()"
        " FROM ledger.client LIMIT 1",
        "calls", "call .* has its note is False, must be True",
    ),
    # the journal
    "a posting of another amount": Damage(
        "UPDATE ledger.posting SET amount_minor = amount_minor + 1 WHERE (entry_id, line) ="
        " (SELECT entry_id, line FROM ledger.posting ORDER BY 1, 2 LIMIT 1)",
        "entries", "entry .* sum is 0.01 EUR, must be 0.00 EUR",
    ),
    "a whole currency that does not sum to zero": Damage(
        "UPDATE ledger.posting SET amount_minor = amount_minor + 1 WHERE (entry_id, line) ="
        " (SELECT entry_id, line FROM ledger.posting ORDER BY 1, 2 LIMIT 1)",
        "accounts", "the journal .* sum is 0.01 EUR, must be 0.00 EUR",
    ),
    "a posting on another day": Damage(
        "UPDATE ledger.posting SET booked_on = booked_on - 1 WHERE line = 0 AND ledger_account = 'cash'",
        "entries", "entry .* the day of a posting is .*, must be ",
    ),
    "an entry without its postings": Damage(
        "DELETE FROM ledger.posting WHERE entry_id = (SELECT id FROM ledger.entry WHERE kind = 'issue' LIMIT 1)",
        "entries", "entry .* sum is nothing, must be 0",
    ),
    "postings without their entry": Damage(
        "DELETE FROM ledger.entry WHERE id = (SELECT id FROM ledger.entry WHERE kind = 'payment' LIMIT 1)",
        "entries", "entry .* must be",
    ),
    "amounts moved from one ledger account to another": Damage(
        "UPDATE ledger.posting SET ledger_account = 'deposits' WHERE ledger_account = 'receivable'"
        " AND document_id = AN_INVOICE",
        "booked", "the journal of sales_invoice INV-.* receivable is 0.00 EUR, must be [0-9.]+ EUR",
    ),
    "postings of another client": Damage(
        "UPDATE ledger.posting SET client_id = account_id WHERE ledger_account = 'cash'",
        "booked", "the journal of .* must be",
    ),
    "a mirror of other amounts": Damage(
        "UPDATE ledger.posting p SET amount_minor = 2 * amount_minor FROM ledger.entry e"
        " WHERE e.id = p.entry_id AND e.kind = 'void'",
        "mirror_postings", "line [0-9]+ of the undoing entry .* amount is -?[0-9.]+ EUR, must be -?[0-9.]+ EUR",
    ),
    "an undoing entry that undoes nothing": Damage(
        "UPDATE ledger.entry SET reversal_of = NULL WHERE kind = 'reverse'",
        "mirrors", "the reverse, entry .* the entry that it undoes is nothing, must be some entry",
    ),
    "an undoing entry of another kind": Damage(
        "UPDATE ledger.entry SET kind = 'unrefund' WHERE kind = 'unsettle'",
        "mirrors", "its kind is unrefund, must be unsettle",
    ),
    "an invoice issued twice and taken back once": Damage(
        "WITH twice AS (INSERT INTO ledger.entry SELECT account_id, gen_random_uuid(), kind, document_id, booked_on,"
        " NULL, command_id, created_at FROM ledger.entry WHERE kind = 'issue' ORDER BY id LIMIT 1 RETURNING *)"
        " SELECT 1 FROM twice",
        "booked_once", "the journal of sales_invoice .* times issued is 2, must be 1",
    ),
    # documents
    "an issued document of another net": Damage(
        "UPDATE ledger.sale SET net_minor = net_minor + 1, total_minor = total_minor + 1 WHERE id = AN_INVOICE",
        "lines", "sales_invoice INV-.* net is [0-9.]+ EUR, must be [0-9.]+ EUR",
    ),
    "an issued document with another line": Damage(
        "UPDATE ledger.sale SET lines = jsonb_set(lines, '{0,net}', '\"9999.00\"') WHERE currency = 'EUR'"
        " AND id = AN_INVOICE",
        "lines", "sales_invoice INV-.* net is [0-9.]+ EUR, must be 9999.00 EUR",
    ),
    "an issued document with another tax": Damage(
        "UPDATE ledger.sale SET taxes = jsonb_set(taxes, '{0,tax}', '\"0\"') WHERE currency = 'JPY'",
        "lines", "sales_invoice INV-.* tax is [0-9]+ JPY, must be [0-9]+ JPY",
    ),
    "a document that stands nowhere": Damage(
        "DELETE FROM ledger.sale_state WHERE sale_type = 'sales_estimate'",
        "standings", "the standing of sales_estimate EST-.* is not there, must be: total [0-9.]+ EUR",
    ),
    "a standing without its document": Damage(
        "DELETE FROM ledger.sale WHERE sale_type = 'sales_estimate'",
        "standings", "the standing of no document .* is there, must not be",
    ),
    "an invoice that says it is settled further": Damage(
        "UPDATE ledger.sale_state SET settled_minor = 1 WHERE sale_id = AN_INVOICE",
        "standings", "the standing of sales_invoice INV-.* settled is 0.01 EUR, must be 0.00 EUR",
    ),
    "an estimate that is another kind to the ledger": Damage(
        "UPDATE ledger.sale_state SET role = 'receipt' WHERE sale_type = 'sales_estimate' AND status = 'declined'",
        "standings", "the standing of sales_estimate EST-.* role is receipt, must be offer",
    ),
    "an invoice that forgets its credit note": Damage(
        "UPDATE ledger.sale_state SET credited_minor = 0 WHERE credited_minor > 0",
        "standings", "credited is 0.00 EUR, must be 119.00 EUR",
    ),
    "an order that forgets what it became": Damage(
        "UPDATE ledger.sale_state SET converted_to = NULL WHERE sale_type = 'sales_order' AND status = 'closed'",
        "standings", "the standing of sales_order SO-.* converted to is nothing, must be ",
    ),
    "a payment that says it is settled further": Damage(
        "UPDATE ledger.payment SET settled_minor = 1 WHERE settled_minor = 0 AND status = 'confirmed'",
        "payments", "payment .* settled is 0.01 EUR, must be 0.00 EUR",
    ),
    "a payment that forgets its receipt": Damage(
        "UPDATE ledger.payment SET receipt_id = NULL WHERE receipt_id IS NOT NULL",
        "payments", "payment .* receipt id is nothing, must be ",
    ),
    "a balance that is too high": Damage(
        "UPDATE ledger.client_balance SET receivable_minor = receivable_minor + 100 WHERE currency = 'KWD'",
        "balances", "the balance of client .* receivable is [0-9.]+ KWD, must be [0-9.]+ KWD",
    ),
    "a balance that is gone": Damage(
        "DELETE FROM ledger.client_balance WHERE currency = 'EUR'",
        "balances", "the balance of client .* receivable is 0.00 EUR, must be",
    ),
    # settlements
    "a settlement beyond its invoice": Damage(
        "UPDATE ledger.settlement SET amount_minor = 100000 WHERE id = A_SETTLEMENT",
        "bounds", "sales_invoice .* settled is 1000.00 EUR, must be [0-9.]+ EUR",
    ),
    "a settlement beyond its source": Damage(
        "UPDATE ledger.settlement SET amount_minor = 6502 WHERE id = A_SETTLEMENT",
        "bounds", "payment .* settled and refunded is 65.02 EUR, must be 65.01 EUR",
    ),
    "a settlement between two clients": Damage(
        "UPDATE ledger.payment SET client_id = account_id WHERE settled_minor > 0",
        "bounds", "settled with payment .* the client of what settles it is ",
    ),
    "a settlement booked otherwise": Damage(
        "UPDATE ledger.settlement SET amount_minor = 1 WHERE id = A_SETTLEMENT",
        "settlements", "entry of settlement .* is 6501, must be 1",
    ),
    "a settlement that is gone": Damage(
        "DELETE FROM ledger.settlement WHERE id = A_SETTLEMENT",
        "settlements", "settlement of the entry .* is there, must not be",
    ),
    "a settlement taken back in part": Damage(
        "UPDATE ledger.settlement SET amount_minor = -1 WHERE reversal_of IS NOT NULL",
        "taken_back", "settlement taken back .* amount is -1, must be -[0-9]+",
    ),
    "a refund booked otherwise": Damage(
        "UPDATE ledger.refund SET amount_minor = 1 WHERE reversal_of IS NULL AND payment_id IS NOT NULL",
        "refunds", "entry of refund .* unapplied is 3499, must be 1",
    ),
    # numbers
    "a number left out": Damage(
        "UPDATE ledger.sale SET counter = 1000, number = 'INV-' || period || '-001000' WHERE counter = 3"
        " AND series = 'INV'",
        "counters", "the series INV [0-9]+ .* is [0-9]+, must be 1000",
    ),
    "a counter that ran ahead": Damage(
        "UPDATE ledger.number_counter SET counter = counter + 1 WHERE series = 'CN'",
        "counters", "the series CN [0-9]+ .* its counter is 4, must be 3",
    ),
    "a counter that is gone": Damage(
        "DELETE FROM ledger.number_counter WHERE series = 'RCP'",
        "counters", "the series RCP [0-9]+ .* its counter is 0, must be 2",
    ),
    "a number of another series": Damage(
        "UPDATE ledger.sale SET series = 'INV', number = 'INV-' || period || '-900000', counter = 900000"
        " WHERE series = 'PRO' AND counter = 1",
        "numbers", "sales_proforma .* series is INV, must be PRO",
    ),
    "a number misspelled": Damage(
        "UPDATE ledger.sale SET number = 'CN 1' WHERE series = 'CN' AND counter = 1",
        "numbers", "credit_note .* number is CN 1, must be CN-[0-9]+-000001",
    ),
    "a number that only begins with its counter": Damage(
        "UPDATE ledger.sale SET number = 'CN-' || period || '-0000010' WHERE series = 'CN' AND counter = 1",
        "numbers", "credit_note .* number is CN-[0-9]+-0000010, must be CN-[0-9]+-000001",
    ),
    # events
    "a status that no event tells o": Damage(
        "UPDATE ledger.sale_state SET status = 'written_off' WHERE sale_id = AN_INVOICE",
        "events", "as its events tell, sales_invoice INV-.* status is issued, must be written_of",
    ),
    "an event that is gone": Damage(
        "DELETE FROM ledger.document_event WHERE trigger = 'sale.posted' AND document_id = AN_INVOICE",
        "events", "as its events tell, sales_invoice INV-.* must be",
    ),
    "all events of a document gone": Damage(
        "DELETE FROM ledger.document_event WHERE document_id = AN_INVOICE",
        "events", "as its events tell, sales_invoice INV-.* is not there, must be: status issued",
    ),
    "a repeated event": Damage(
        "INSERT INTO ledger.document_event SELECT account_id, gen_random_uuid(), document_id, trigger, status_before,"
        " status_after, command_id, at FROM ledger.document_event WHERE document_id = AN_INVOICE",
        "events", "as its events tell, sales_invoice INV-.* must be",
    ),
    "a move that no command makes": Damage(
        "UPDATE ledger.document_event SET status_after = 'accepted' WHERE trigger = 'sale.voided'",
        "moves", "move is issued to accepted in .*, must be one that a command makes",
    ),
    "a client whose last event is forgotten": Damage(
        "DELETE FROM ledger.last_event", "last_event", "of the events of client .* is not there, must be: the last ",
    ),
    "a client whose last event is one before": Damage(
        "UPDATE ledger.last_event t SET event_id = (SELECT min(e.event_id::text)::uuid FROM ledger.document_event e"
        " WHERE e.account_id = t.account_id)",
        "last_event", "of the events of client .*: the last is [0-9a-f-]+, must be [0-9a-f-]+",
    ),
    "a refused command that did something": Damage(
        "UPDATE ledger.entry SET command_id ="
        " (SELECT command_id FROM ledger.processed_command WHERE status = 409 LIMIT 1)"
        " WHERE kind = 'write_back'",
        "refused", "refused [a-z_]+, command .* entries and events is 1, must be 0",
    ),
    # what a plan counts
    "a client that is not counted": Damage(
        "UPDATE ledger.usage_counter SET used = used - 1 WHERE quota = 'clients'",
        "quotas", "the counter of clients .* used is 1, must be 2",
    ),
    "a product archived behind its counter": Damage(
        "UPDATE ledger.product SET archived_at = now() WHERE archived_at IS NULL",
        "quotas", "the counter of products .* used is 1, must be 0",
    ),
    "a product on a line that is gone": Damage(
        "DELETE FROM ledger.product WHERE archived_at IS NOT NULL",
        "products", "on lines of documents, product .* is not there, must be: id ",
    ),
    # inboxes
    "an accepted purchase without its bill": Damage(
        "DELETE FROM ledger.bill", "bills", "purchase message .* is not there, must be: bill ",
    ),
    "a bill that is booked otherwise": Damage(
        "UPDATE ledger.bill SET net_minor = net_minor + 1, total_minor = total_minor + 1",
        "bills_booked", "the journal of bill .* expense is .*, must be ",
    ),
    "a bill of a message that was not accepted": Damage(
        "UPDATE ledger.inbox_message SET state = 'received', decided_at = NULL, result = NULL WHERE box = 'purchases'",
        "bills", "purchase message .* is there, must not be: bill ",
    ),
    "an accepted order without its document": Damage(
        "UPDATE ledger.inbox_message SET result = jsonb_build_object('sale_id', account_id) WHERE box = 'sales'"
        " AND state = 'accepted'",
        "inbox_sales", "sales message .* sales made is 0, must be 1",
    ),
    # what guards
    "a client that is gone": Damage(
        "DELETE FROM ledger.client", "references", "the client that is named by .* is not there, must be: id ",
    ),
    "a trigger switched of": Damage(
        "ALTER TABLE ledger.sale DISABLE TRIGGER forbid_change_after_issue",
        "guards",
        "the trigger sale.forbid_change_after_issue: state is of",
    ),
    "a trigger dropped": Damage(
        "DROP TRIGGER refuse_unbalanced ON ledger.posting", "guards",
        "the trigger posting.refuse_unbalanced: is not there",
    ),
    "the right to change the journal": Damage(
        "GRANT UPDATE ON ledger.posting TO ledgerwire_ledger", "guards",
        "the table that only grows, ledger.posting: right of the role is UPDATE, must be SELECT and INSERT",
    ),
}  # fmt: skip
