"""Payments on a real Postgres: what they settle, what stays with the client, what is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from contracts.primitives.ids import new_id
from contracts.wire.commands import RECORD_PAYMENT
from tests.support.ledger import LedgerHarness, a_payment


async def test_a_payment_of_all_makes_the_invoice_paid(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale = await ledger.sale(client_id)

    payment = await ledger.pay(client_id, "165.01", (sale.id, "165.01"), date="2026-03-10", reference="INV-1")

    assert payment.status == 201
    assert {name: payment.body[name] for name in ("status", "amount", "unapplied", "date", "method", "reference")} == {
        "status": "confirmed",
        "amount": "165.01",
        "unapplied": "0.00",
        "date": "2026-03-10",
        "method": "bank",
        "reference": "INV-1",
    }
    assert payment.body["allocations"] == [{"sale_id": sale.id, "amount": "165.01"}]
    row = await ledger.row("sale", sale.id)
    assert (row["settlement"], row["amount_due_minor"], row["overdue"]) == ("paid", 0, False)
    assert (await ledger.triggers())[-2:] == ["payment.posted", "sale.paid"]
    assert (await ledger.events())[-1].data["object"]["settlement"] == "paid"
    assert await ledger.balances() == {"receivable": 0, "revenue": -13866, "tax": -2635, "cash": 16501, "unapplied": 0}


async def test_part_payments_add_up_and_the_last_one_is_reported(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale = await ledger.sale(client_id)

    await ledger.pay(client_id, "65.00", (sale.id, "65.00"))
    part = await ledger.row("sale", sale.id)
    await ledger.pay(client_id, "100.01", (sale.id, "100.01"))

    assert (part["settlement"], part["amount_due_minor"]) == ("partial", 10001)
    assert (await ledger.row("sale", sale.id))["settlement"] == "paid"
    assert (await ledger.triggers()).count("sale.paid") == 1


async def test_what_is_paid_too_much_stays_with_the_client(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale = await ledger.sale(client_id)

    payment = await ledger.pay(client_id, "200.00", (sale.id, "165.01"))

    assert payment.body["unapplied"] == "34.99"
    balances = (await ledger.row("client", client_id))["balances"]
    assert balances == [{"currency": "EUR", "receivable_minor": 0, "unapplied_minor": 3499}]


async def test_one_payment_settles_several_in_the_order_asked(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sales = [await ledger.sale(client_id) for _ in range(3)]
    ctx = [(sale.id, "55.00") for sale in reversed(sales)]

    payment = await ledger.pay(client_id, "165.00", *ctx)

    assert [(one["sale_id"], one["amount"]) for one in payment.body["allocations"]] == ctx
    assert await ledger.owner.fetchval("SELECT count(*) FROM ledger.entry WHERE kind = 'settle'") == 3


async def test_the_settlement_counts_from_the_later_of_the_two_dates(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    early = await ledger.sale(client_id, document_date="2026-01-10")
    late = await ledger.sale(client_id, document_date="2026-02-20")

    await ledger.pay(client_id, "20", (early.id, "10"), (late.id, "10"), date="2026-02-01")

    days = await ledger.owner.fetch("SELECT booked_on FROM ledger.entry WHERE kind = 'settle' ORDER BY booked_on")
    assert [row["booked_on"].isoformat() for row in days] == ["2026-02-01", "2026-02-20"]


async def test_16_payers_at_once_never_settle_more_than_the_invoice(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale = await ledger.sale(client_id, lines=[{"description": "A", "quantity": "1", "unit_price": "100"}])
    commands = [ledger.command(RECORD_PAYMENT, a_payment(client_id, "10.00", (sale.id, "10.00"))) for _ in range(16)]

    await asyncio.gather(*(ledger.handle(command) for command in commands))

    statuses = sorted([(await ledger.outcome(command.id)).status for command in commands])
    assert statuses == [201] * 10 + [409] * 6
    assert (await ledger.row("sale", sale.id))["settled_minor"] == 10_000
    assert (await ledger.triggers()).count("sale.paid") == 1


async def test_payments_of_one_batch_see_one_another(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    sale = await ledger.sale(client_id)
    commands = [
        ledger.command(RECORD_PAYMENT, a_payment(client_id, amount, (sale.id, amount)))
        for amount in ("100.00", "100.00", "65.01")
    ]

    await ledger.handle(*commands)

    answers = [await ledger.outcome(command.id) for command in commands]
    assert [answer.status for answer in answers] == [201, 422, 201]
    assert answers[1].body["errors"] == [
        {"path": "allocations[0].amount", "message": "is more than what is open: 65.01"}
    ]


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"amount": "0"}, 422, "amount"),
    ({"amount": "1.999"}, 422, "amount"),
    ({"amount": "1e30"}, 422, "amount"),
    ({"amount": "-5"}, 422, "amount"),
    ({"amount": "NaN"}, 422, "amount"),
    ({"amount": "99999999999999999.99"}, 422, "amount"),
    ({"currency": "XXX"}, 422, "currency"),
    ({"currency": "USD"}, 422, "allocations[0].sale_id"),
    ({"client_id": "018f0000-0000-7000-8000-000000000000"}, 404, "client_id"),
    ({"method": "barter"}, 422, "method"),
    ({"amount": "5"}, 422, "allocations"),
]


@pytest.mark.parametrize(("fields", "status", "path"), REFUSED)
async def test_a_refused_payment_changes_nothing(
    ledger: LedgerHarness, fields: dict[str, Any], status: int, path: str
) -> None:
    client_id = await ledger.client()
    sale = await ledger.sale(client_id)
    before = await ledger.contents()

    answer = await ledger.ask(RECORD_PAYMENT, a_payment(client_id, "10", (sale.id, "10")) | fields)

    assert (answer.status, answer.body["errors"][0]["path"]) == (status, path)
    assert await ledger.contents() == before


async def test_only_the_clients_own_issued_invoices_can_be_settled(ledger: LedgerHarness) -> None:
    client_id, other = await ledger.client(), await ledger.client(name="Other")
    foreign = await ledger.sale(other)
    draft = await ledger.sale(client_id, issue=False)
    quote = await ledger.sale(client_id, sale_type="sales_estimate")

    answers = [
        await ledger.pay(client_id, "10", (sale_id, "10"))
        for sale_id in (foreign.id, draft.id, quote.id, str(new_id()))
    ]

    assert [answer.status for answer in answers] == [422, 409, 422, 404]
    assert {answer.body["errors"][0]["path"] for answer in answers} == {"allocations[0].sale_id"}


async def test_an_external_id_is_taken_once(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()

    answers = [await ledger.pay(client_id, "10", external_id="bank-1") for _ in range(2)]

    assert [answer.status for answer in answers] == [201, 409]
    assert (await ledger.contents())["payment"] == 1
