"""Sales documents on a real Postgres: amounts, numbers, states, and what a refusal leaves behind."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.primitives.ids import new_id
from contracts.wire.commands import CREATE_SALE
from tests.support.ledger import URLS, LedgerHarness, a_line, an_invoice


async def test_a_redelivered_invoice_is_posted_once(ledger: LedgerHarness) -> None:
    command = ledger.command(CREATE_SALE, an_invoice(await ledger.client()))

    await ledger.handle(command, command)
    first = await ledger.outcome(command.id)
    await ledger.handle(command)

    assert await ledger.triggers() == ["client.created", "sale.created", "sale.posted"]
    assert await ledger.outcome(command.id) == first
    assert (await ledger.contents())["sale"] == 1


async def test_an_issued_invoice_has_its_number_amounts_and_journal(ledger: LedgerHarness) -> None:
    answer = await ledger.sale(await ledger.client(), document_date="2026-03-02")

    assert answer.status == 201
    shown = {name: answer.body[name] for name in ("number", "status", "net", "tax", "total", "amount_due")}
    assert shown == {
        "number": "INV-2026-000001",
        "status": "issued",
        "net": "138.66",
        "tax": "26.35",
        "total": "165.01",
        "amount_due": "165.01",
    }
    assert answer.body["taxes"] == [{"category": None, "rate": "19", "net": "138.66", "tax": "26.35"}]
    assert (answer.body["settlement"], answer.body["pdf_url"]) == ("unpaid", f"{URLS.base}/v1/sales/{answer.id}/pdf")
    assert await ledger.balances() == {"receivable": 16501, "revenue": -13866, "tax": -2635}


VECTORS: list[tuple[dict[str, Any], str, str]] = [
    ({"lines": [a_line("1", "138.66", "19")]}, "26.35", "165.01"),
    ({"lines": [a_line("1", "8180", "9.975")]}, "815.96", "8995.96"),
    ({"lines": [a_line("95", "26.0347")]}, "0.00", "2473.30"),
    ({"lines": [a_line("1", "140", "14.975")]}, "20.97", "160.97"),
    ({"lines": [a_line("3", "33.33", "21", discount="100")]}, "0.00", "0.00"),
    ({"lines": [a_line("1", "165.01", "19")], "include_tax": True}, "26.35", "165.01"),
    ({"currency": "JPY", "lines": [a_line("3", "100.5", "10")]}, "30", "332"),
    ({"currency": "KWD", "lines": [a_line("1", "1.2345", "5")]}, "0.062", "1.297"),
    ({"lines": [a_line("1", "100", "20")], "shipping_charge": "10.00"}, "22.00", "132.00"),
    (
        {"lines": [a_line("1", "100", "20")], "adjustments": [{"type": "discount", "mode": "pct", "amount": "10"}]},
        "18.00",
        "108.00",
    ),
]


@pytest.mark.parametrize(("fields", "tax", "total"), VECTORS)
async def test_amounts_come_out_as_the_vectors_say(
    ledger: LedgerHarness, fields: dict[str, Any], tax: str, total: str
) -> None:
    answer = await ledger.sale(await ledger.client(), **fields)

    assert (answer.status, answer.body["tax"], answer.body["total"]) == (201, tax, total)
    assert sum((await ledger.balances()).values()) == 0


async def test_a_draft_has_no_number_and_books_nothing(ledger: LedgerHarness) -> None:
    answer = await ledger.sale(await ledger.client(), issue=False)

    assert (answer.body["status"], answer.body["number"], answer.body["settlement"]) == ("draft", None, "unpaid")
    assert await ledger.triggers() == ["client.created", "sale.created"]
    assert await ledger.balances() == {}


async def test_creating_and_issuing_at_once_is_two_transitions_with_an_event_each(ledger: LedgerHarness) -> None:
    answer = await ledger.sale(await ledger.client())

    noted = await ledger.owner.fetch(
        "SELECT trigger, status_before, status_after, event_id FROM ledger.document_event ORDER BY event_id"
    )
    fired = [event for event in await ledger.events() if event.name.startswith("sale.")]
    assert [(row["trigger"], row["status_before"], row["status_after"]) for row in noted] == [
        ("sale.created", None, "draft"),
        ("sale.posted", "draft", "issued"),
    ]
    assert [event.id for event in fired] == [row["event_id"] for row in noted]
    assert all(event.data["object"] == answer.body for event in fired)


@pytest.mark.parametrize(
    ("sale_type", "status", "number", "booked"),
    [
        ("sales_estimate", "issued", "EST-2026-000001", {}),
        ("sales_order", "confirmed", "SO-2026-000001", {}),
        ("sales_proforma", "issued", "PRO-2026-000001", {}),
        ("credit_note", "issued", "CN-2026-000001", {"unapplied": -16501, "revenue": 13866, "tax": 2635}),
    ],
)
async def test_each_kind_is_issued_into_its_own_series_and_state(
    ledger: LedgerHarness, sale_type: str, status: str, number: str, booked: dict[str, int]
) -> None:
    client_id = await ledger.client()
    await ledger.sale(client_id, document_date="2026-01-15")

    answer = await ledger.sale(client_id, sale_type=sale_type, document_date="2026-01-15")

    invoice = {"receivable": 16501, "revenue": -13866, "tax": -2635}
    together = {name: minor for name in invoice | booked if (minor := invoice.get(name, 0) + booked.get(name, 0))}
    assert (answer.body["status"], answer.body["number"]) == (status, number)
    assert {name: minor for name, minor in (await ledger.balances()).items() if minor} == together


async def test_a_receipt_is_not_issued_without_a_payment(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    before = await ledger.contents()

    answer = await ledger.sale(client_id, sale_type="sales_receipt")

    assert (answer.status, answer.body["code"]) == (409, "no_confirmed_payment")
    assert await ledger.contents() == before


async def test_numbers_are_contiguous_with_16_issuers_at_once(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()

    async def issue_some() -> None:
        for _ in range(5):
            await ledger.handle(
                *(ledger.command(CREATE_SALE, an_invoice(client_id, document_date="2026-05-05")) for _ in range(2))
            )

    await asyncio.gather(*(issue_some() for _ in range(16)))

    rows = await ledger.owner.fetch("SELECT counter, number FROM ledger.sale ORDER BY counter")
    assert [row["counter"] for row in rows] == list(range(1, 161))
    assert rows[-1]["number"] == "INV-2026-000160"
    assert await ledger.owner.fetchval("SELECT receivable_minor FROM ledger.client_balance") == 160 * 16501


async def test_a_year_is_a_period_of_its_own(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()

    numbers = [
        (await ledger.sale(client_id, document_date=day)).body["number"]
        for day in ("2025-12-31", "2026-01-01", "2025-12-30")
    ]

    assert numbers == ["INV-2025-000001", "INV-2026-000001", "INV-2025-000002"]


async def test_commands_of_many_accounts_share_a_batch_and_nothing_else(ledger: LedgerHarness) -> None:
    accounts = [await ledger.add_account() for _ in range(5)]
    batch = [
        ledger.command(CREATE_SALE, an_invoice(client={"name": "Aya"}), account_id=account_id)
        for account_id in accounts * 2
    ]

    await ledger.handle(*batch)

    rows = await ledger.owner.fetch(
        "SELECT account_id, count(*) AS sales, count(DISTINCT client_id) AS clients, max(counter) AS last"
        " FROM ledger.sale GROUP BY 1"
    )
    assert {row["account_id"]: (row["sales"], row["clients"], row["last"]) for row in rows} == dict.fromkeys(
        accounts, (2, 1, 2)
    )


async def test_batches_over_the_same_accounts_in_any_order_never_block_one_another_for_good(
    ledger: LedgerHarness,
) -> None:
    accounts = [new_id() for _ in range(12)]
    batches = [
        [
            ledger.command(CREATE_SALE, an_invoice(client={"name": "Aya"}), account_id=account_id)
            for account_id in accounts[turn % 12 :] + accounts[: turn % 12]
        ]
        for turn in range(16)
    ]

    await asyncio.gather(*(ledger.handle(*batch) for batch in batches))

    rows = await ledger.owner.fetch(
        "SELECT max(counter) AS last, count(*) AS sales FROM ledger.sale GROUP BY account_id"
    )
    assert [(row["last"], row["sales"]) for row in rows] == [(16, 16)] * 12
    assert (await ledger.contents())["client"] == 12


async def test_a_refused_sale_changes_nothing_beside_one_that_is_taken(ledger: LedgerHarness) -> None:
    good = ledger.command(CREATE_SALE, an_invoice(client={"name": "Good"}))
    before = await ledger.contents()
    bad = [
        ledger.command(CREATE_SALE, an_invoice(client={"name": "New"}, deposit="900")),
        ledger.command(CREATE_SALE, an_invoice(client={"name": "New"}, colour="red")),
        ledger.command(CREATE_SALE, an_invoice(str(new_id()))),
        ledger.command(CREATE_SALE, an_invoice(client={"name": "N\x00l"})),
    ]

    await ledger.handle(*bad)
    assert await ledger.contents() == before
    await ledger.handle(bad[0].model_copy(update={"id": new_id()}), good, bad[1].model_copy(update={"id": new_id()}))

    answers = [await ledger.outcome(command.id) for command in bad]
    assert [(answer.status, answer.body["errors"][0]["path"]) for answer in answers] == [
        (422, "deposit"),
        (422, "colour"),
        (404, "client_id"),
        (422, "client.name"),
    ]
    assert (await ledger.outcome(good.id)).status == 201
    assert await ledger.triggers() == ["client.created", "sale.created", "sale.posted"]


async def test_every_fault_of_amounts_and_dates_is_listed(ledger: LedgerHarness) -> None:
    answer = await ledger.sale(
        await ledger.client(),
        lines=[a_line("999999999999", "999999999999.99999999"), a_line("1", "1")],
        shipping_charge="1.999",
        pay_term={"type": 0},
    )

    assert answer.status == 422
    assert [error["path"] for error in answer.body["errors"]] == ["lines[0]", "shipping_charge", "date_due"]


async def test_a_balance_beyond_the_column_is_refused_not_an_error(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    large: dict[str, Any] = {"lines": [a_line("1", "90000000000"), a_line("999999", "90000000000")]}

    first = await ledger.sale(client_id, **large)
    second = await ledger.sale(client_id, **large)

    assert (first.status, second.status, second.body["code"]) == (201, 422, "invalid_input")


async def test_5000_lines_are_taken(ledger: LedgerHarness) -> None:
    answer = await ledger.sale(await ledger.client(), lines=[a_line("1", "0.01", "20")] * 5000)

    assert (answer.body["net"], answer.body["tax"], len(answer.body["lines"])) == ("50.00", "10.00", 5000)


async def test_an_external_id_is_taken_once_for_each_kind(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    first = await ledger.sale(client_id, external_id="order-7")
    together = [
        ledger.command(CREATE_SALE, an_invoice(client_id, external_id="order-8")),
        ledger.command(CREATE_SALE, an_invoice(client_id, external_id="order-8")),
    ]

    again = await ledger.sale(client_id, external_id="order-7")
    quote = await ledger.sale(client_id, external_id="order-7", sale_type="sales_estimate")
    await ledger.handle(*together)

    assert (again.status, again.body["code"]) == (409, "external_id_taken")
    assert first.id in again.body["errors"][0]["message"]
    assert quote.status == 201
    assert [(await ledger.outcome(command.id)).status for command in together] == [201, 409]


async def test_a_product_is_refused_as_long_as_there_are_none(ledger: LedgerHarness) -> None:
    answer = await ledger.sale(await ledger.client(), lines=[a_line("1", "1", product_id=str(new_id()))])

    assert (answer.status, answer.body["errors"][0]["path"]) == (404, "lines[0].product_id")


async def test_without_a_date_it_is_the_accounts_day_when_the_caller_asked(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id, time_zone="Pacific/Auckland")
    asked_at = datetime(2026, 6, 30, 23, 0, tzinfo=UTC)

    answer = await ledger.ask(CREATE_SALE, an_invoice(client={"name": "Kiri"}), at=asked_at)

    assert (answer.body["document_date"], answer.body["date_due"]) == ("2026-07-01", "2026-07-15")


async def test_it_is_due_by_the_clients_usual_pay_term(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(pay_term={"type": 1, "days": 14})

    answer = await ledger.sale(client_id, document_date="2026-03-02")

    assert answer.body["date_due"] == "2026-03-16"


async def test_it_becomes_overdue_when_the_due_day_is_over_in_the_accounts_time_zone(ledger: LedgerHarness) -> None:
    ahead, behind = await ledger.add_account(), await ledger.add_account()
    await ledger.owner.execute("UPDATE ingress_api.account SET time_zone = 'Etc/GMT-14' WHERE account_id = $1", ahead)
    await ledger.owner.execute("UPDATE ingress_api.account SET time_zone = 'Etc/GMT+12' WHERE account_id = $1", behind)
    # 26 hours lie between the two zones, so their dates always differ by one or two days.
    due = await ledger.owner.fetchval("SELECT (now() AT TIME ZONE 'Etc/GMT+12')::date")
    command = an_invoice(client={"name": "A"}, date_due=due.isoformat(), document_date="2026-01-01")

    answers = [await ledger.ask(CREATE_SALE, command, account_id=account_id) for account_id in (ahead, behind)]

    assert [answer.body["overdue"] for answer in answers] == [True, False]


async def test_an_unknown_time_zone_is_taken_as_utc(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id, time_zone="Mars/Olympus")

    answer = await ledger.sale(await ledger.client(), document_date="2026-01-01")

    assert (answer.status, answer.body["overdue"]) == (201, True)


async def test_the_document_keeps_the_client_as_it_was(ledger: LedgerHarness) -> None:
    address = {"street": "Brīvības iela 1", "city": "Rīga", "postal_code": "01010", "country": "LV"}
    client_id = await ledger.client(address=address, vat_number="LV40003000000")
    sale = await ledger.sale(client_id)

    await ledger.owner.execute("UPDATE ledger.client SET name = 'Renamed'")

    kept = (await ledger.row("sale", sale.id))["client"]
    assert (kept["name"], kept["address"]["postal_code"]) == ("Ozola Design SIA", "01010")


async def test_a_payment_method_may_be_named_or_numbered(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()

    answers = [await ledger.sale(client_id, payment_method=method) for method in (1, "bank", None)]

    assert [answer.body["payment_method"] for answer in answers] == ["bank", "bank", None]


async def test_a_deposit_over_everything_pays_it_at_once(ledger: LedgerHarness) -> None:
    part = await ledger.sale(await ledger.client(), deposit="65.01")
    whole = await ledger.sale(await ledger.client(), deposit="165.01")

    assert (part.body["settlement"], part.body["amount_due"]) == ("partial", "100.00")
    assert (whole.body["settlement"], whole.body["amount_due"]) == ("paid", "0.00")
    assert (await ledger.triggers()).count("sale.paid") == 1
