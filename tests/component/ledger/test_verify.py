"""`verify` on a real Postgres: a consistent ledger passes, and every kind of damage is reported."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from chassis.command import prepare_database
from contracts.wire.envelope import Envelope
from ledger.verify.run import NotReadable, verify
from tests.bench.ledger import Size, fill
from tests.support.corruptions import A_SETTLEMENT, AN_INVOICE, DAMAGES
from tests.support.ledger import LedgerHarness, open_harness, prepare
from tests.support.postgres_server import Postgres
from tests.support.story import Story
from trigger_dispatcher.__main__ import PROGRAM as DISPATCHER
from trigger_dispatcher.events.event import read_event

COMMAND_SECONDS_MAX = 60


@pytest.fixture(scope="module")
async def story_dsn(postgres: Postgres) -> AsyncIterator[str]:
    """The address of a database with a ledger of every kind of command, for copies; it has no connection."""
    dsn = await postgres.copy_of(prepare)
    async with open_harness(dsn) as ledger:
        await Story(ledger).run()
    yield dsn
    await postgres.drop_database(dsn)


@pytest.fixture
async def state(postgres: Postgres, story_dsn: str) -> AsyncIterator[str]:
    """The address of a copy of these books."""
    dsn = await postgres.create_database(template=story_dsn)
    yield dsn
    await postgres.drop_database(dsn)


async def damage(dsn: str, *statements: str) -> None:
    """Change the ledger's tables as its role could not: as superuser, with triggers off."""
    conn = await asyncpg.connect(dsn)
    try:
        await conn.execute("SET session_replication_role = replica")
        for statement in statements:
            assert not (await conn.execute(statement)).endswith(" 0"), f"nothing was damaged by {statement}"
    finally:
        await conn.close()


async def found(dsn: str, *, settled: bool = False) -> dict[str, str]:
    """What is reported of the broken promises, by the names of their checks."""
    return {broken.check.name: broken.first for broken in (await verify(dsn, settled=settled)).broken}


async def test_the_ledger_after_every_transition_is_consistent(state: str) -> None:
    report = await verify(state)

    assert [broken.first for broken in report.broken] == []
    assert [check.name for check in report.left_out] == ["storage", "hand_overs", "collection_events", "log", "as_told"]
    assert (report.postings > 50, report.documents > 20, report.checks > 20) == (True, True, True)


@pytest.mark.parametrize(("statement", "check", "reported"), DAMAGES.values(), ids=DAMAGES)
async def test_damage_behind_the_ledgers_back_is_reported(
    state: str, statement: str, check: str, reported: str
) -> None:
    await damage(state, statement.replace("AN_INVOICE", AN_INVOICE).replace("A_SETTLEMENT", A_SETTLEMENT))

    broken = await found(state)

    assert re.search(reported, broken.get(check, "")), broken


async def test_an_entry_undone_twice_is_reported(state: str) -> None:
    await damage(
        state,
        "DROP INDEX ledger.entry_mirror_of",
        "INSERT INTO ledger.entry SELECT account_id, gen_random_uuid(), kind, document_id, booked_on, reversal_of,"
        " command_id, created_at FROM ledger.entry WHERE kind = 'void'",
    )

    assert "times undone is 2, must be 1" in (await found(state))["mirrors"]


async def test_a_number_given_twice_is_reported(state: str) -> None:
    await damage(
        state,
        "DROP INDEX ledger.sale_number",
        "UPDATE ledger.sale SET number = replace(number, '000002', '000001'), counter = 1 WHERE series = 'CN'"
        " AND counter = 2",
    )

    broken = await found(state)

    assert "times given is 2, must be 1" in broken["numbers"]
    assert re.search("different is 2, must be 3", broken["counters"])


@pytest.mark.parametrize("number", ["CN {year} 1", "0001/CN/{year}", "{year}CN-01", "1-CN{year}/A7"])
async def test_a_number_may_have_any_form_that_contains_its_counter(state: str, number: str) -> None:
    form = number.replace("{year}", "' || period || '")
    await damage(state, f"UPDATE ledger.sale SET number = '{form}' WHERE series = 'CN' AND counter = 1")  # noqa: S608

    assert await found(state) == {}


async def test_how_often_and_where_first_is_reported(state: str) -> None:
    await damage(state, "UPDATE ledger.payment SET refunded_minor = 0, settled_minor = 0")

    (payments,) = [one for one in (await verify(state)).broken if one.check.name == "payments"]

    conn = await asyncpg.connect(state)
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
    await prepare_database(dsn, DISPATCHER)
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


async def test_books_whose_events_are_all_in_the_log_are_sound(state: str) -> None:
    await log_all(state)

    report = await verify(state, settled=True)

    assert [broken.first for broken in report.broken] == []
    assert [check.name for check in report.left_out] == ["storage", "hand_overs"]


@pytest.mark.parametrize(
    ("change", "reported"),
    [
        ("lines = lines || lines", "lines is .*, must be "),
        ("comment = 'Changed'", "comment is Changed, must be nothing"),
        ('client = client || \'{"name": "Somebody else"}\'', "client is .*Somebody else.*, must be .*Ozola"),
    ],
)
async def test_an_issued_document_that_was_changed_since_is_reported(state: str, change: str, reported: str) -> None:
    await log_all(state)
    await damage(state, f"UPDATE ledger.sale SET {change} WHERE sale_type = 'sales_estimate'")  # noqa: S608

    assert re.search(
        f"as it was issued, sales_estimate EST-.* {reported}", (await found(state, settled=True))["as_told"]
    )


async def test_an_event_that_reached_no_subscriber_is_reported(state: str) -> None:
    await prepare_database(state, DISPATCHER)
    assert await found(state) == {}  # all of them wait in the outbox
    await damage(
        state,
        "DELETE FROM ledger.outbox WHERE id = (SELECT max(event_id::text)::uuid FROM ledger.document_event"
        " WHERE trigger = 'sale.voided')",
    )

    assert await found(state) == {}  # it may be on its way
    reported = (await found(state, settled=True))["log"]

    assert re.search("sale.voided of .*, event .* in the log or on its way is no, must be yes", reported)


async def test_an_event_is_missed_once_much_later_ones_are_in_the_log(state: str) -> None:
    await prepare_database(state, DISPATCHER)
    await damage(
        state,
        "INSERT INTO dispatch.event (account_id, event_id, trigger, at, subject_id, correlation_id, body)"
        " SELECT account_id, event_id, trigger, now() + interval '11 minutes', document_id, command_id, ''"
        " FROM ledger.document_event WHERE trigger = 'payment.reversed'",
        "DELETE FROM ledger.outbox",
    )

    assert set(await found(state)) == {"log"}


async def test_books_are_sound_at_any_moment_while_they_are_written_to(ledger_dsn: str) -> None:
    async with open_harness(ledger_dsn, sessions=10) as ledger:
        client_id, stop = await ledger.client(), asyncio.Event()
        writers = [asyncio.create_task(_write(ledger, client_id, stop)) for _ in range(6)]
        try:
            reports = [await verify(ledger_dsn) for _ in range(4)]
        finally:
            stop.set()
            await asyncio.gather(*writers)

    assert [broken.first for report in reports for broken in report.broken] == []
    assert reports[-1].documents > reports[0].documents


async def _write(ledger: LedgerHarness, client_id: str, stop: asyncio.Event) -> None:
    while not stop.is_set():
        sale = await ledger.sale(client_id)
        await ledger.pay(client_id, "165.01", (sale.id, "165.01"))


async def test_the_ledger_that_the_benchmark_makes_is_consistent(ledger_dsn: str) -> None:
    size = Size(documents=400, invoices=120, lines=3)
    async with open_harness(ledger_dsn) as ledger:
        await fill(ledger_dsn, ledger.account_id, size)

    report = await verify(ledger_dsn)

    assert [broken.first for broken in report.broken] == []
    assert (report.postings, report.documents) == (size.postings, 400)


async def test_the_ledgers_own_role_may_check_its_books(state: str) -> None:
    report = await verify(f"{state}?role=ledgerwire_ledger")

    assert report.broken == ()
    assert [check.name for check in report.left_out] == ["storage", "hand_overs", "collection_events", "log", "as_told"]


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
    reported, progress = await asyncio.wait_for(process.communicate(), COMMAND_SECONDS_MAX)
    assert process.returncode is not None
    return process.returncode, reported.decode(), progress.decode()


async def test_the_command_says_that_books_are_sound_and_exits_0(state: str, tmp_path: Path) -> None:
    for command in (("ledger", "verify"), ("standalone.cli", "verify", "--home", str(tmp_path))):
        status, reported, progress = await run(*command, dsn=state)

        assert status == 0, progress
        assert re.search("the ledger is consistent: [0-9]+ checks of [0-9]+ postings and [0-9]+ documents", reported)
        assert len(re.findall("[0-9.]+ s  .*: holds", progress)) > 15


async def test_the_command_names_the_first_broken_row_and_exits_1(state: str) -> None:
    await damage(state, "UPDATE ledger.client_balance SET receivable_minor = 7 WHERE currency = 'JPY'")

    status, reported, progress = await run("ledger", "verify", dsn=state)

    assert status == 1
    assert re.search("broken: clients' balances .*\n  the balance of client .* receivable is 7 JPY, must be", reported)
    assert re.search("1 of [0-9]+ promises are broken", reported)
    assert "BROKEN 1 times" in progress


async def test_the_command_exits_2_where_there_is_nothing_to_check(database_dsn: str) -> None:
    status, _, progress = await run("ledger", "verify", dsn=database_dsn)

    assert (status, "tables are not there" in progress) == (2, True)
