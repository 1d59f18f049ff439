"""The journal's own protection: what the database refuses, whatever our code tries."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from contracts.primitives.ids import new_id
from tests.support.ledger import LedgerHarness, open_harness


@pytest.fixture
async def ledger(ledger_dsn: str) -> AsyncIterator[LedgerHarness]:
    async with open_harness(ledger_dsn) as harness:
        client_id = await harness.client()
        sale = await harness.sale(client_id)
        await harness.pay(client_id, "100.00", (sale.id, "65.01"))
        yield harness


async def test_every_entry_and_every_currency_sums_to_zero(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(name="Second")
    for currency, price in (("EUR", "0.05"), ("JPY", "7"), ("KWD", "1.235")):
        line = {"description": "A", "quantity": "3", "unit_price": price, "tax_rate": "7.7"}
        await ledger.sale(client_id, currency=currency, lines=[line], include_tax=True)

    by_entry = await ledger.owner.fetch("SELECT sum(amount_minor) AS s FROM ledger.posting GROUP BY entry_id, currency")
    assert len(by_entry) >= 6
    assert {row["s"] for row in by_entry} == {0}


async def test_balances_equal_their_recomputation(ledger: LedgerHarness) -> None:
    kept = await ledger.owner.fetch(
        "SELECT client_id, currency, receivable_minor, unapplied_minor FROM ledger.client_balance ORDER BY 1, 2"
    )
    counted = await ledger.owner.fetch("""
        SELECT client_id, currency,
               coalesce(sum(amount_minor) FILTER (WHERE ledger_account = 'receivable'), 0)::bigint AS receivable_minor,
               coalesce(-sum(amount_minor) FILTER (WHERE ledger_account = 'unapplied'), 0)::bigint AS unapplied_minor
          FROM ledger.posting GROUP BY 1, 2 ORDER BY 1, 2
    """)
    assert [tuple(row) for row in kept] == [tuple(row) for row in counted]
    assert [(row["receivable_minor"], row["unapplied_minor"]) for row in kept] == [(10_000, 3_499)]


@pytest.mark.parametrize("table", ["entry", "posting", "settlement", "document_event"])
async def test_the_ledgers_role_can_neither_change_nor_remove_what_is_booked(ledger: LedgerHarness, table: str) -> None:
    for statement in ("UPDATE ledger.{} SET account_id = account_id", "DELETE FROM ledger.{}", "TRUNCATE ledger.{}"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ledger.pool.execute(statement.format(table))


async def test_an_entry_that_does_not_sum_to_zero_is_refused_at_commit(ledger: LedgerHarness) -> None:
    entry = await ledger.owner.fetchrow("SELECT account_id, entry_id, client_id FROM ledger.posting LIMIT 1")
    assert entry is not None
    with pytest.raises(asyncpg.CheckViolationError, match="does not sum to zero: 1 EUR are left"):
        await ledger.pool.execute(
            "INSERT INTO ledger.posting VALUES ($1, $2, 9, 'cash', $3, $3, 'EUR', 1, current_date)", *entry.values()
        )


async def test_what_is_issued_stays_as_it_was_written(ledger: LedgerHarness) -> None:
    for change in ("comment = 'x'", "total_minor = 0, net_minor = 0, tax_minor = 0", "number = 'INV-2026-000009'"):
        with pytest.raises(asyncpg.CheckViolationError, match="is issued and stays as it is"):
            await ledger.pool.execute(f"UPDATE ledger.sale SET {change}")  # noqa: S608
    with pytest.raises(asyncpg.CheckViolationError, match="is issued"):
        await ledger.pool.execute("DELETE FROM ledger.sale")


async def test_a_number_cannot_be_given_twice(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(name="Second")
    await ledger.owner.execute("UPDATE ledger.number_counter SET counter = 0")

    with pytest.raises(asyncpg.UniqueViolationError):
        await ledger.sale(client_id)


async def test_an_unexpected_database_error_leaves_nothing_of_the_batch(ledger: LedgerHarness) -> None:
    before = await ledger.contents()
    await ledger.owner.execute("ALTER TABLE ledger.posting ADD CHECK (amount_minor < 1000000) NOT VALID")

    with pytest.raises(asyncpg.CheckViolationError):
        await ledger.sale(
            await ledger.client(name="X"), lines=[{"description": "A", "quantity": "1", "unit_price": "10000"}]
        )

    after = await ledger.contents()
    assert after == before | {name: before[name] + 1 for name in ("client", "used", "outbox")}


@pytest.mark.parametrize("role", ["ledgerwire_ingress", "ledgerwire_dispatch", "ledgerwire_execution"])
async def test_other_services_read_the_views_and_nothing_beneath(ledger: LedgerHarness, role: str) -> None:
    await ledger.owner.execute(f"SET ROLE {role}")
    try:
        for view in ("client", "sale", "payment", "inbox_message"):
            await ledger.owner.fetch(f"SELECT * FROM ledger_api.{view}")  # noqa: S608
        for table in ("client", "posting", "outcome", "inbox_message"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await ledger.owner.fetch(f"SELECT * FROM ledger.{table}")  # noqa: S608
    finally:
        await ledger.owner.execute("RESET ROLE")


async def test_replaying_the_events_rebuilds_the_statuses(ledger: LedgerHarness) -> None:
    await ledger.sale(await ledger.client(name="Draft"), issue=False)
    statuses: dict[UUID, str] = {}
    for row in await ledger.owner.fetch("SELECT * FROM ledger.document_event ORDER BY event_id"):
        assert statuses.get(row["document_id"]) == row["status_before"]
        statuses[row["document_id"]] = row["status_after"]

    stored = await ledger.owner.fetch(
        "SELECT sale_id AS id, status FROM ledger.sale_state UNION ALL SELECT id, status FROM ledger.payment"
    )
    assert statuses == {row["id"]: row["status"] for row in stored}
    fired = {event.id for event in await ledger.events() if event.name != "client.created"}
    assert fired == {row["event_id"] for row in await ledger.owner.fetch("SELECT event_id FROM ledger.document_event")}


async def test_the_journey_has_a_row_for_each_command_also_a_refused_one(ledger: LedgerHarness) -> None:
    request, cause = new_id(), new_id()
    refused = await ledger.sale(str(new_id()))
    made = await ledger.ask("create_client", {"name": "A"}, correlation_id=request, causation_id=cause)

    rows = await ledger.pool.fetch("SELECT * FROM ledger_api.journey_entry ORDER BY at, message_id")
    assert [row["step"] for row in rows] == [
        "create_client", "create_sale", "record_payment", "create_sale", "create_client",
    ]  # fmt: skip
    assert rows[3]["detail"] == {"status": 404, "code": refused.body["code"]}
    assert (rows[4]["correlation_id"], rows[4]["cause_id"], str(rows[4]["subject_id"])) == (request, cause, made.id)
