"""Clients on a real Postgres: made, found again, and shown with their balance."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.primitives.ids import new_id
from contracts.wire.commands import CREATE_CLIENT, CREATE_SALE
from tests.support.ledger import LedgerHarness, an_invoice


async def test_a_client_is_answered_as_stored_and_reported_once(ledger: LedgerHarness) -> None:
    answer = await ledger.ask(CREATE_CLIENT, {"name": " Aya Ozola ", "type": "person", "email": "Aya@Customer.example"})

    assert answer.status == 201
    assert (answer.body["name"], answer.body["type"], answer.body["currency"]) == ("Aya Ozola", "person", "EUR")
    assert answer.body["balance"] == []
    (reported,) = await ledger.events()
    assert (reported.name, reported.data["client_id"], reported.data["object"]) == (
        "client.created",
        answer.id,
        answer.body,
    )


async def test_a_client_gets_its_own_currency_or_the_accounts(ledger: LedgerHarness) -> None:
    await ledger.add_account(ledger.account_id, currency="SEK")

    answers = [await ledger.ask(CREATE_CLIENT, {"name": "A"} | given) for given in ({}, {"currency": "JPY"})]

    assert [answer.body["currency"] for answer in answers] == ["SEK", "JPY"]


async def test_an_account_that_ingress_does_not_show_yet_can_work_already(ledger: LedgerHarness) -> None:
    answer = await ledger.ask(CREATE_CLIENT, {"name": "A"}, account_id=new_id())

    assert (answer.status, answer.body["currency"]) == (201, "EUR")


async def test_an_external_id_is_taken_once(ledger: LedgerHarness) -> None:
    first = await ledger.client(external_id="crm-1")
    together = [ledger.command(CREATE_CLIENT, {"name": "B", "external_id": "crm-2"}) for _ in range(2)]

    again = await ledger.ask(CREATE_CLIENT, {"name": "B", "external_id": "crm-1"})
    await ledger.handle(*together)

    assert (again.status, again.body["code"]) == (409, "external_id_taken")
    assert first in again.body["errors"][0]["message"]
    assert [(await ledger.outcome(command.id)).status for command in together] == [201, 409]


async def test_a_collector_is_refused_as_long_as_there_are_none(ledger: LedgerHarness) -> None:
    answer = await ledger.ask(CREATE_CLIENT, {"name": "A", "collector_id": str(new_id())})

    assert (answer.status, answer.body["errors"][0]["path"]) == (404, "collector_id")


@pytest.mark.parametrize(
    ("there", "requested", "clients"),
    [
        ({"name": "A", "external_id": "x"}, {"name": "Z", "external_id": "x", "email": "z@z.example"}, 1),
        ({"name": "A", "email": "A@a.example"}, {"name": "Z", "email": "a@A.example"}, 1),
        ({"name": "A", "email": "a@a.example"}, {"name": "A", "email": "a@a.example", "external_id": "new"}, 2),
        ({"name": "A", "reg_number": "0400"}, {"name": "A", "reg_number": "0400"}, 1),
        ({"name": "A", "reg_number": "0400"}, {"name": "A", "reg_number": "400"}, 2),
        ({"name": "A"}, {"name": "A"}, 1),
        ({"name": "A"}, {"name": "a"}, 2),
    ],
)
async def test_a_client_given_with_a_sale_is_found_by_the_strongest_thing_said(
    ledger: LedgerHarness, there: dict[str, Any], requested: dict[str, str], clients: int
) -> None:
    client_id = await ledger.client(**there)

    sale = await ledger.ask(CREATE_SALE, an_invoice(client=requested))

    assert (sale.body["client_id"] == client_id) is (clients == 1)
    assert (await ledger.triggers()).count("client.created") == clients


async def test_of_two_with_one_address_the_oldest_is_meant(ledger: LedgerHarness) -> None:
    oldest = await ledger.client(name="A", email="office@a.example")
    newest = await ledger.client(name="B", email="office@a.example")

    sale = ledger.command(CREATE_SALE, an_invoice(client={"name": "C", "email": "office@a.example"}))
    await ledger.handle(ledger.command(CREATE_SALE, an_invoice(newest)), sale)

    assert (await ledger.outcome(sale.id)).body["client_id"] == oldest


async def test_a_client_made_for_one_sale_is_found_by_the_next_in_its_batch(ledger: LedgerHarness) -> None:
    sales = [ledger.command(CREATE_SALE, an_invoice(client={"name": "New", "email": "n@n.example"})) for _ in range(3)]

    await ledger.handle(*sales)

    assert len({(await ledger.outcome(sale.id)).body["client_id"] for sale in sales}) == 1
    assert (await ledger.triggers()).count("client.created") == 1


async def test_another_accounts_client_is_not_found(ledger: LedgerHarness) -> None:
    other = await ledger.add_account()
    theirs = await ledger.client(account_id=other, external_id="x")

    named = await ledger.ask(CREATE_SALE, an_invoice(theirs))
    given = await ledger.ask(CREATE_SALE, an_invoice(client={"name": "Mine", "external_id": "x"}))

    assert named.status == 404
    assert given.body["client_id"] != theirs


async def test_the_balance_has_a_row_for_each_currency(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    await ledger.sale(client_id)
    await ledger.sale(client_id, currency="JPY", lines=[{"description": "A", "quantity": "1", "unit_price": "500"}])
    await ledger.pay(client_id, "10.00")

    (reported,) = [event for event in await ledger.events() if event.name == "client.created"]
    row = await ledger.row("client", client_id)

    assert reported.data["object"]["balance"] == []
    assert [(one["currency"], one["receivable_minor"], one["unapplied_minor"]) for one in row["balances"]] == [
        ("EUR", 16501, 1000),
        ("JPY", 500, 0),
    ]
