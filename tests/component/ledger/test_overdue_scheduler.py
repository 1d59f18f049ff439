"""The ledger's clock on a real Postgres: `sale.overdue` once for each invoice, by the account's midnight."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.wire.commands import CREATE_SALE, ISSUE_SALE, REVERSE_PAYMENT
from ledger.app import open_service
from ledger.sales.overdue_scheduler import LEASE, OverdueScheduler
from ledger.settings import LedgerSettings
from messaging.postgres import LocalNotifier
from tests.support.eventually import eventually
from tests.support.ledger import LedgerHarness, an_invoice, handle

DUE = "2026-03-16"
IN_TIME = datetime(2026, 3, 16, 23, 59, 59, tzinfo=UTC)
OVER = datetime(2026, 3, 17, 0, 0, 0, tzinfo=UTC)


def a_scheduler(ledger: LedgerHarness, at: datetime) -> OverdueScheduler:
    return OverdueScheduler(ledger.pool, ledger.pipeline, handle, now=lambda: at)


async def fire_due(ledger: LedgerHarness, at: datetime) -> list[UUID]:
    """Run the overdue scheduler once; return the invoices reported so far."""
    await a_scheduler(ledger, at).fire_due()
    return await notified(ledger)


async def notified(ledger: LedgerHarness) -> list[UUID]:
    return [UUID(event.data["subject_id"]) for event in await ledger.events() if event.name == "sale.overdue"]


async def an_issued(ledger: LedgerHarness, client_id: str, **fields: Any) -> UUID:
    sale = await ledger.sale(client_id, **({"document_date": "2026-03-02", "date_due": DUE} | fields))
    return UUID(sale.id)


async def test_it_is_reported_once_when_the_due_day_is_over(ledger: LedgerHarness) -> None:
    sale_id = await an_issued(ledger, await ledger.client())

    assert await fire_due(ledger, IN_TIME) == []
    assert await fire_due(ledger, OVER) == [sale_id]
    assert await fire_due(ledger, OVER + 2 * LEASE) == [sale_id]
    row = await ledger.row("sale", sale_id)
    assert (row["overdue"], row["late"]) == (True, True)
    event = (await ledger.events())[-1]
    assert (event.data["object"]["overdue"], event.data["object"]["status"]) == (True, "issued")


async def test_midnight_is_the_accounts(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id, time_zone="Pacific/Auckland")  # 13 hours ahead in March
    sale_id = await an_issued(ledger, await ledger.client())

    assert await fire_due(ledger, datetime(2026, 3, 16, 10, 59, 59, tzinfo=UTC)) == []
    assert await fire_due(ledger, datetime(2026, 3, 16, 11, 0, 0, tzinfo=UTC)) == [sale_id]


async def test_an_account_that_moves_takes_its_midnight_along(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale_id = await an_issued(ledger, client_id)
    await ledger.add_account(ledger.account_id, time_zone="America/New_York")
    await ledger.client(name="Somebody")  # the next command on its books

    assert await fire_due(ledger, OVER) == []
    assert await fire_due(ledger, OVER + timedelta(hours=4)) == [sale_id]


async def test_an_account_that_moves_is_followed_when_nothing_is_asked_of_it(ledger: LedgerHarness) -> None:
    sale_id = await an_issued(ledger, await ledger.client())
    await ledger.add_account(ledger.account_id, time_zone="Pacific/Auckland")

    clock = a_scheduler(ledger, datetime(2026, 3, 16, 11, 0, 0, tzinfo=UTC))
    running = asyncio.create_task(clock.poller.run())
    try:
        await eventually(lambda: _is_notified(ledger, [sale_id]))
    finally:
        running.cancel()


async def _is_notified(ledger: LedgerHarness, wanted: list[UUID]) -> bool:
    return await notified(ledger) == wanted


@pytest.mark.parametrize(
    "fields",
    [
        {"issue": False},
        {"sale_type": "sales_estimate"},
        {"sale_type": "sales_order"},
        {"sale_type": "credit_note"},
        {"date_due": None, "pay_term": {"type": 4}},
        {"date_due": "2199-12-31"},
        {"deposit": "165.01"},
        {"lines": [{"description": "A gift", "quantity": "1", "unit_price": "0"}]},
    ],
)
async def test_what_is_not_owed_is_never_overdue(ledger: LedgerHarness, fields: dict[str, Any]) -> None:
    await an_issued(ledger, await ledger.client(), **fields)

    assert await fire_due(ledger, datetime(2199, 12, 31, tzinfo=UTC)) == []


async def test_what_is_paid_in_time_is_reported_only_when_its_payment_is_reversed(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale_id = await an_issued(ledger, client_id)
    payment = await ledger.pay(client_id, "165.01", (str(sale_id), "165.01"), date="2026-03-10")

    assert await fire_due(ledger, OVER) == []
    await ledger.ask(REVERSE_PAYMENT, {"id": payment.id})
    assert await fire_due(ledger, OVER) == [sale_id]


async def test_becoming_overdue_a_second_time_is_not_reported_again(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale_id = await an_issued(ledger, client_id)
    assert await fire_due(ledger, OVER) == [sale_id]

    payment = await ledger.pay(client_id, "165.01", (str(sale_id), "165.01"))
    assert (await ledger.row("sale", sale_id))["overdue"] is False
    await ledger.ask(REVERSE_PAYMENT, {"id": payment.id})

    assert (await ledger.row("sale", sale_id))["overdue"] is True
    assert await fire_due(ledger, OVER + 2 * LEASE) == [sale_id]


async def test_several_clocks_at_once_tell_of_each_invoice_once(ledger: LedgerHarness) -> None:
    other = await ledger.add_account()
    commands = [
        ledger.command(
            CREATE_SALE,
            an_invoice(client={"name": "A"}, document_date="2026-03-02", date_due=DUE),
            account_id=account_id,
        )
        for account_id in (ledger.account_id, other)
        for _ in range(60)
    ]
    await ledger.handle(*commands)
    clocks = [a_scheduler(ledger, OVER) for _ in range(4)]

    await asyncio.gather(*(clock.fire_due() for clock in clocks for _ in range(3)))

    fired = await notified(ledger)
    assert len(fired) == len(set(fired)) == 120


async def test_what_a_dead_scheduler_claimed_is_reported_after_its_lease(ledger: LedgerHarness) -> None:
    sale_id = await an_issued(ledger, await ledger.client())

    class Died(Exception):
        pass

    async def die(*_: Any) -> None:
        raise Died

    with pytest.raises(Died):
        await OverdueScheduler(ledger.pool, ledger.pipeline, die, now=lambda: OVER).fire_due()

    assert await fire_due(ledger, OVER) == []
    assert await fire_due(ledger, OVER + LEASE) == [sale_id]


async def test_what_became_overdue_while_the_service_was_down_is_reported_at_its_next_start_and_once(
    ledger: LedgerHarness,
) -> None:
    sale_id = await an_issued(ledger, await ledger.client())
    settings = LedgerSettings.read(postgres_dsn=ledger.dsn)

    for _ in range(2):
        async with open_service(settings, wakeups=LocalNotifier()):
            await eventually(lambda: _is_noted(ledger, sale_id))

    noted = await ledger.owner.fetch("SELECT document_id FROM ledger.document_event WHERE trigger = 'sale.overdue'")
    assert [row["document_id"] for row in noted] == [sale_id]


async def _is_noted(ledger: LedgerHarness, sale_id: UUID) -> bool:
    return bool((await ledger.row("sale", sale_id))["late"])


async def test_a_running_clock_wakes_for_what_is_issued_late_and_needs_no_second_look(ledger: LedgerHarness) -> None:
    clock = OverdueScheduler(ledger.pool, ledger.pipeline, handle)
    running = asyncio.create_task(clock.poller.run())

    async def received(*args: Any) -> None:
        await handle(*args, expect={"sales": clock.expect})

    try:
        client_id = await ledger.client()
        draft = await ledger.sale(client_id, document_date="2026-01-02", date_due="2026-01-16", issue=False)
        await eventually(lambda: clock.poller.is_asleep)  # asleep
        effects = await ledger.pipeline.commit([ledger.command(ISSUE_SALE, {"id": draft.id})], received)
        for call in effects.after_commit:
            call()
        await eventually(lambda: _is_notified(ledger, [UUID(draft.id)]))
    finally:
        running.cancel()
