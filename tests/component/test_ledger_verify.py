"""`verify` on a real Postgres: sound books pass, and every kind of damage done behind the ledger's back is told."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest

from chassis.command import prepare
from contracts.envelope import Envelope
from ledger.verify.run import NotReadable, verify
from tests.bench.books import Size, fill
from tests.support.ledger import LedgerHarness, open_harness
from tests.support.postgres_server import Postgres
from tests.support.story import Story
from trigger_dispatcher.__main__ import PROGRAM as DISPATCHER
from trigger_dispatcher.event import read_event

COMMAND_SECONDS_MAX = 60


@pytest.fixture(scope="module")
async def story_dsn(postgres: Postgres) -> AsyncIterator[str]:
    """The address of a database with a whole story in its books, for copies; nobody is connected to it."""
    dsn = await postgres.create_database()
    async with open_harness(dsn) as ledger:
        await Story(ledger).tell()
    yield dsn
    await postgres.drop_database(dsn)


@pytest.fixture
async def books(postgres: Postgres, story_dsn: str) -> AsyncIterator[str]:
    """The address of a copy of these books."""
    dsn = await postgres.create_database(template=story_dsn)
    yield dsn
    await postgres.drop_database(dsn)


async def damage(dsn: str, *statements: str) -> None:
    """Do something to the books that the ledger's role could not: as superuser, with triggers off."""
    conn = await asyncpg.connect(dsn)
    try:
        await conn.execute("SET session_replication_role = replica")
        for statement in statements:
            assert not (await conn.execute(statement)).endswith(" 0"), f"nothing was damaged by {statement}"
    finally:
        await conn.close()


async def found(dsn: str, *, settled: bool = False) -> dict[str, str]:
    """What is told of the broken promises, by the names of their checks."""
    return {broken.check.name: broken.first for broken in (await verify(dsn, settled=settled)).broken}


async def test_the_books_of_a_story_with_every_move_are_sound(books: str) -> None:
    report = await verify(books)

    assert [broken.first for broken in report.broken] == []
    assert [check.name for check in report.left_out] == ["log", "as_told"]
    assert (report.postings > 50, report.documents > 20, report.checks > 20) == (True, True, True)


AN_INVOICE = (
    "(SELECT sale_id FROM ledger.sale_standing WHERE sale_type = 'sales_invoice' AND status = 'issued'"
    " AND settlement = 'unpaid' AND currency = 'EUR' ORDER BY sale_id LIMIT 1)"
)
A_SETTLEMENT = "(SELECT min(id::text)::uuid FROM ledger.settlement WHERE mirror_of IS NULL)"


class Damage(NamedTuple):
    """What is done, the check that must notice, and what is told; AN_INVOICE and A_SETTLEMENT stand for ids."""

    statement: str
    check: str
    told: str


DAMAGES = {
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
        "mirror_postings", "line 0 of the undoing entry .* amount is -[0-9.]+ EUR, must be -[0-9.]+ EUR",
    ),
    "an undoing entry that undoes nothing": Damage(
        "UPDATE ledger.entry SET mirror_of = NULL WHERE kind = 'reverse'",
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
        "DELETE FROM ledger.sale_standing WHERE sale_type = 'sales_estimate'",
        "standings", "the standing of sales_estimate EST-.* is not there, must be: total [0-9.]+ EUR",
    ),
    "a standing without its document": Damage(
        "DELETE FROM ledger.sale WHERE sale_type = 'sales_estimate'",
        "standings", "the standing of no document .* is there, must not be",
    ),
    "an invoice that says it is settled further": Damage(
        "UPDATE ledger.sale_standing SET settled_minor = 1 WHERE sale_id = AN_INVOICE",
        "standings", "the standing of sales_invoice INV-.* settled is 0.01 EUR, must be 0.00 EUR",
    ),
    "an invoice that forgets its credit note": Damage(
        "UPDATE ledger.sale_standing SET credited_minor = 0 WHERE credited_minor > 0",
        "standings", "credited is 0.00 EUR, must be 119.00 EUR",
    ),
    "an order that forgets what it became": Damage(
        "UPDATE ledger.sale_standing SET converted_to = NULL WHERE sale_type = 'sales_order' AND status = 'closed'",
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
        "UPDATE ledger.settlement SET amount_minor = -1 WHERE mirror_of IS NOT NULL",
        "taken_back", "settlement taken back .* amount is -1, must be -[0-9]+",
    ),
    "a refund booked otherwise": Damage(
        "UPDATE ledger.refund SET amount_minor = 1 WHERE mirror_of IS NULL AND payment_id IS NOT NULL",
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
    # events
    "a status that no event tells o": Damage(
        "UPDATE ledger.sale_standing SET status = 'written_off' WHERE sale_id = AN_INVOICE",
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
    "an event told again": Damage(
        "INSERT INTO ledger.document_event SELECT account_id, gen_random_uuid(), document_id, trigger, status_before,"
        " status_after, command_id, at FROM ledger.document_event WHERE document_id = AN_INVOICE",
        "events", "as its events tell, sales_invoice INV-.* must be",
    ),
    "a move that no command makes": Damage(
        "UPDATE ledger.document_event SET status_after = 'accepted' WHERE trigger = 'sale.voided'",
        "moves", "move is issued to accepted in .*, must be one that a command makes",
    ),
    "a client whose last event is forgotten": Damage(
        "DELETE FROM ledger.last_told", "last_told", "of the events of client .* is not there, must be: the last ",
    ),
    "a refused command that did something": Damage(
        "UPDATE ledger.entry SET command_id = (SELECT command_id FROM ledger.handled WHERE status = 409 LIMIT 1)"
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
    "a bill of a message that nobody accepted": Damage(
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
        "ALTER TABLE ledger.sale DISABLE TRIGGER keep_issued", "guards", "the trigger sale.keep_issued: state is of",
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


@pytest.mark.parametrize(("statement", "check", "told"), DAMAGES.values(), ids=DAMAGES)
async def test_damage_behind_the_ledgers_back_is_told(books: str, statement: str, check: str, told: str) -> None:
    await damage(books, statement.replace("AN_INVOICE", AN_INVOICE).replace("A_SETTLEMENT", A_SETTLEMENT))

    broken = await found(books)

    assert re.search(told, broken.get(check, "")), broken


async def test_an_entry_undone_twice_is_told(books: str) -> None:
    await damage(
        books,
        "DROP INDEX ledger.entry_mirror_of",
        "INSERT INTO ledger.entry SELECT account_id, gen_random_uuid(), kind, document_id, booked_on, mirror_of,"
        " command_id, created_at FROM ledger.entry WHERE kind = 'void'",
    )

    assert "times undone is 2, must be 1" in (await found(books))["mirrors"]


async def test_a_number_given_twice_is_told(books: str) -> None:
    await damage(
        books,
        "DROP INDEX ledger.sale_number",
        "UPDATE ledger.sale SET number = replace(number, '000002', '000001'), counter = 1 WHERE series = 'CN'"
        " AND counter = 2",
    )

    broken = await found(books)

    assert "times given is 2, must be 1" in broken["numbers"]
    assert re.search("different is 2, must be 3", broken["counters"])


async def test_how_often_and_where_first_is_told(books: str) -> None:
    await damage(books, "UPDATE ledger.payment SET refunded_minor = 0, settled_minor = 0")

    (payments,) = [one for one in (await verify(books)).broken if one.check.name == "payments"]

    conn = await asyncpg.connect(books)
    settled = await conn.fetch(
        "SELECT DISTINCT coalesce(s.payment_id, r.payment_id) AS id FROM ledger.payment p"
        " LEFT JOIN ledger.settlement s ON s.payment_id = p.id LEFT JOIN ledger.refund r ON r.payment_id = p.id"
        " WHERE p.status = 'confirmed' AND num_nonnulls(s.payment_id, r.payment_id) > 0 ORDER BY 1"
    )
    await conn.close()
    assert payments.rows == len(settled)
    assert payments.first.startswith(f"payment {settled[0]['id']} of account ")


async def log_all(dsn: str) -> None:
    """Let the dispatcher's log have what waits in the outbox."""
    await prepare(dsn, DISPATCHER)
    conn = await asyncpg.connect(dsn)
    try:
        for row in await conn.fetch("SELECT body FROM ledger.outbox WHERE queue = 'dispatcher.events'"):
            event = read_event(Envelope.decode(row["body"]))
            await conn.execute(
                "INSERT INTO dispatch.event (account_id, event_id, trigger, at, subject_id, correlation_id, body)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                event.account_id, event.id, event.trigger, event.at, event.subject_id, event.correlation_id, event.body,
            )  # fmt: skip
        await conn.execute("DELETE FROM ledger.outbox")
    finally:
        await conn.close()


async def test_books_whose_events_are_all_in_the_log_are_sound(books: str) -> None:
    await log_all(books)

    report = await verify(books, settled=True)

    assert ([broken.first for broken in report.broken], report.left_out) == ([], ())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("lines = lines || lines", "lines is .*, must be "),
        ("comment = 'Changed'", "comment is Changed, must be nothing"),
        ('client = client || \'{"name": "Somebody else"}\'', "client is .*Somebody else.*, must be .*Ozola"),
    ],
)
async def test_an_issued_document_that_was_changed_since_is_told(books: str, change: str, told: str) -> None:
    await log_all(books)
    await damage(books, f"UPDATE ledger.sale SET {change} WHERE sale_type = 'sales_estimate'")  # noqa: S608

    assert re.search(f"as it was issued, sales_estimate EST-.* {told}", (await found(books, settled=True))["as_told"])


async def test_an_event_that_reached_nobody_is_told(books: str) -> None:
    await prepare(books, DISPATCHER)
    assert await found(books) == {}  # all of them wait in the outbox
    await damage(
        books,
        "DELETE FROM ledger.outbox WHERE id = (SELECT event_id FROM ledger.document_event WHERE trigger = 'sale.sent')",
    )

    assert await found(books) == {}  # it may be on its way
    told = (await found(books, settled=True))["log"]

    assert re.search("sale.sent of .*, event .* in the log or on its way is no, must be yes", told)


async def test_an_event_is_missed_once_much_later_ones_are_in_the_log(books: str) -> None:
    await prepare(books, DISPATCHER)
    await damage(
        books,
        "INSERT INTO dispatch.event (account_id, event_id, trigger, at, subject_id, correlation_id, body)"
        " SELECT account_id, event_id, trigger, now() + interval '11 minutes', document_id, command_id, ''"
        " FROM ledger.document_event WHERE trigger = 'payment.reversed'",
        "DELETE FROM ledger.outbox",
    )

    assert set(await found(books)) == {"log"}


async def test_books_are_sound_at_any_moment_while_they_are_written_to(database_dsn: str) -> None:
    async with open_harness(database_dsn, sessions=10) as ledger:
        client_id, stop = await ledger.client(), asyncio.Event()
        writers = [asyncio.create_task(_write(ledger, client_id, stop)) for _ in range(6)]
        try:
            reports = [await verify(database_dsn) for _ in range(4)]
        finally:
            stop.set()
            await asyncio.gather(*writers)

    assert [broken.first for report in reports for broken in report.broken] == []
    assert reports[-1].documents > reports[0].documents


async def _write(ledger: LedgerHarness, client_id: str, stop: asyncio.Event) -> None:
    while not stop.is_set():
        sale = await ledger.sale(client_id)
        await ledger.pay(client_id, "165.01", (sale.id, "165.01"))


async def test_the_books_that_the_benchmark_makes_are_sound(database_dsn: str) -> None:
    size = Size(documents=400, invoices=120, lines=3)
    async with open_harness(database_dsn) as ledger:
        await fill(database_dsn, ledger.account_id, size)

    report = await verify(database_dsn)

    assert [broken.first for broken in report.broken] == []
    assert (report.postings, report.documents) == (size.postings, 400)


async def test_the_ledgers_own_role_may_check_its_books(books: str) -> None:
    report = await verify(f"{books}?role=ledgerwire_ledger")

    assert (report.broken, [check.name for check in report.left_out]) == ((), ["log", "as_told"])


async def test_a_database_without_books_cannot_be_checked(database_dsn: str) -> None:
    with pytest.raises(NotReadable):
        await verify(database_dsn)


async def run(*command: str, dsn: str) -> tuple[int, str, str]:
    """Run a program of ours; its exit status, standard output and standard error."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERWIRE_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command,
        env=own | {"LEDGERWIRE_POSTGRES_DSN": dsn}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    told, progress = await asyncio.wait_for(process.communicate(), COMMAND_SECONDS_MAX)
    assert process.returncode is not None
    return process.returncode, told.decode(), progress.decode()


async def test_the_command_says_that_books_are_sound_and_exits_0(books: str, tmp_path: Path) -> None:
    for command in (("ledger", "verify"), ("standalone.cli", "verify", "--home", str(tmp_path))):
        status, told, progress = await run(*command, dsn=books)

        assert status == 0, progress
        assert re.search("the books are sound: [0-9]+ checks of [0-9]+ postings and [0-9]+ documents", told)
        assert len(re.findall("[0-9.]+ s  .*: holds", progress)) > 15


async def test_the_command_names_the_first_broken_row_and_exits_1(books: str) -> None:
    await damage(books, "UPDATE ledger.client_balance SET receivable_minor = 7 WHERE currency = 'JPY'")

    status, told, progress = await run("ledger", "verify", dsn=books)

    assert status == 1
    assert re.search("broken: clients' balances .*\n  the balance of client .* receivable is 7 JPY, must be", told)
    assert re.search("1 of [0-9]+ promises are broken", told)
    assert "BROKEN 1 times" in progress


async def test_the_command_exits_2_where_there_is_nothing_to_check(database_dsn: str) -> None:
    status, _, progress = await run("ledger", "verify", dsn=database_dsn)

    assert (status, "tables are not there" in progress) == (2, True)
