"""Clients on a real Postgres: changed, found or made, archived, brought back, taken away."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.primitives.ids import new_id
from contracts.wire.commands import CREATE_CLIENT, CREATE_SALE, REMOVE_CLIENT, UPDATE_CLIENT, UPSERT_CLIENT
from ledger.unit_of_work.state import StaleBatch
from tests.support.ledger import LedgerHarness, an_invoice

RIGA = {"street": "Brīvības iela 1", "city": "Rīga", "postal_code": "LV-1010", "region": None, "country": "LV"}
JANIS = {"name": "Jānis", "role": "Accountant", "email": "janis@a.example", "phone": None}


async def test_only_what_was_sent_changes_and_is_reported_once(ledger: LedgerHarness) -> None:
    made = await ledger.ask(CREATE_CLIENT, {"name": "A", "email": "a@a.example", "phone": "1", "address": RIGA})

    answer = await ledger.ask(UPDATE_CLIENT, {"id": made.id, "phone": None, "contacts": [JANIS], "locale": "lv"})

    assert answer.status == 200
    differs = {name for name, value in answer.body.items() if value != made.body[name]}
    assert differs == {"phone", "contacts", "locale", "updated_at"}
    assert (answer.body["phone"], answer.body["contacts"]) == (None, [JANIS])
    reported = (await ledger.events())[-1]
    assert (reported.name, reported.data["client_id"], reported.data["object"]) == (
        "client.updated",
        made.id,
        answer.body,
    )


@pytest.mark.parametrize("sent", [{}, {"name": "A"}, {"contacts": []}, {"email": None}, {"archived": False}])
async def test_a_change_that_changes_nothing_is_not_reported(ledger: LedgerHarness, sent: dict[str, Any]) -> None:
    made = await ledger.ask(CREATE_CLIENT, {"name": "A"})

    answer = await ledger.ask(UPDATE_CLIENT, {"id": made.id} | sent)

    assert (answer.status, answer.body) == (200, made.body)
    assert await ledger.triggers() == ["client.created"]


@pytest.mark.parametrize("field", ["name", "type", "currency", "contacts", "archived"])
async def test_what_every_client_has_cannot_be_taken_away(ledger: LedgerHarness, field: str) -> None:
    client_id = await ledger.client()

    answer = await ledger.ask(UPDATE_CLIENT, {"id": client_id, field: None})

    assert (answer.status, answer.body["errors"][0]["path"]) == (422, field)


async def test_an_external_id_that_is_anothers_cannot_be_given(ledger: LedgerHarness) -> None:
    first = await ledger.client(external_id="crm-1")
    second = await ledger.client(external_id="crm-2")

    taken = await ledger.ask(UPDATE_CLIENT, {"id": second, "external_id": "crm-1"})
    own = await ledger.ask(UPDATE_CLIENT, {"id": first, "external_id": "crm-1"})

    assert (taken.status, taken.body["code"], own.status) == (409, "external_id_taken", 200)


async def test_an_external_id_moves_from_one_client_to_the_next_in_one_batch(ledger: LedgerHarness) -> None:
    old = await ledger.client(external_id="crm-1")
    await ledger.client(external_id="crm-2")
    moves = [
        ledger.command(UPDATE_CLIENT, {"id": old, "external_id": None}),
        ledger.command(UPSERT_CLIENT, {"name": "B", "external_id": "crm-2", "phone": "7", "on_conflict": "update"}),
    ]

    await ledger.handle(*moves)

    assert [(await ledger.outcome(move.id)).status for move in moves] == [200, 200]
    assert (await ledger.ask(CREATE_CLIENT, {"name": "C", "external_id": "crm-1"})).status == 201


async def test_a_document_keeps_its_client_as_it_was(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(name="Before", shipping_address=RIGA)
    sale = await ledger.sale(client_id)

    await ledger.ask(UPDATE_CLIENT, {"id": client_id, "name": "After"})

    kept = (await ledger.row("sale", sale.id))["client"]
    assert (kept["name"], kept["shipping_address"]) == ("Before", RIGA)


async def test_another_accounts_client_cannot_be_changed_or_taken_away(ledger: LedgerHarness) -> None:
    theirs = await ledger.client(account_id=await ledger.add_account())

    for command in (UPDATE_CLIENT, REMOVE_CLIENT):
        for client_id in (theirs, str(new_id())):
            answer = await ledger.ask(command, {"id": client_id})
            assert (answer.status, answer.body["errors"][0]["path"]) == (404, "id")


async def test_an_upsert_makes_a_client_then_changes_it_by_its_external_id(ledger: LedgerHarness) -> None:
    sent = {"name": "A", "external_id": "crm-1", "email": "a@a.example", "on_conflict": "update"}

    made = await ledger.ask(UPSERT_CLIENT, sent)
    changed = await ledger.ask(UPSERT_CLIENT, {**sent, "name": "A Ltd", "email": None})
    again = await ledger.ask(UPSERT_CLIENT, {"name": "A Ltd", "external_id": "crm-1", "on_conflict": "update"})

    assert [made.status, changed.status, again.status] == [201, 200, 200]
    assert (changed.id, changed.body["name"], changed.body["email"]) == (made.id, "A Ltd", None)
    assert again.body == changed.body
    assert await ledger.triggers() == ["client.created", "client.updated"]


async def test_an_upsert_without_an_external_id_is_refused_with_what_is_missing(ledger: LedgerHarness) -> None:
    answer = await ledger.ask(UPSERT_CLIENT, {"name": "A", "on_conflict": "update"})

    assert (answer.status, answer.body["errors"][0]["path"]) == (422, "external_id")


async def test_what_is_found_is_given_back_as_it_is(ledger: LedgerHarness) -> None:
    first = await ledger.ask(CREATE_CLIENT, {"name": "A", "email": "a@a.example"})

    found = await ledger.ask(UPSERT_CLIENT, {"name": "Z", "email": "A@a.example", "on_conflict": "return"})
    made = await ledger.ask(UPSERT_CLIENT, {"name": "Z", "email": "z@a.example", "on_conflict": "return"})

    assert (found.status, found.body) == (200, first.body)
    assert made.status == 201


async def test_upserts_of_one_client_in_one_batch_make_it_once(ledger: LedgerHarness) -> None:
    batch = [
        ledger.command(UPSERT_CLIENT, {"name": f"A{number}", "external_id": "crm-1", "on_conflict": "update"})
        for number in range(3)
    ]

    await ledger.handle(*batch)

    answers = [await ledger.outcome(command.id) for command in batch]
    assert [answer.status for answer in answers] == [201, 200, 200]
    assert {answer.body["name"] for answer in answers} == {"A2"}
    assert await ledger.used("clients") == 1


async def test_a_client_without_documents_is_taken_away(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(external_id="crm-1")

    answer = await ledger.ask(REMOVE_CLIENT, {"id": client_id})
    again = await ledger.ask(REMOVE_CLIENT, {"id": client_id})

    assert (answer.status, answer.body) == (200, {"id": client_id, "deleted": True, "archived": False})
    assert again.status == 404
    assert await ledger.used("clients") == 0
    assert (await ledger.ask(CREATE_CLIENT, {"name": "B", "external_id": "crm-1"})).status == 201


@pytest.mark.parametrize("batches", [1, 2])
async def test_a_client_with_documents_is_archived(ledger: LedgerHarness, batches: int) -> None:
    client_id = await ledger.client()
    sale = ledger.command(CREATE_SALE, an_invoice(client_id, issue=False))
    removal = ledger.command(REMOVE_CLIENT, {"id": client_id})

    for batch in [(sale, removal)] if batches == 1 else [(sale,), (removal,)]:
        await ledger.handle(*batch)

    assert (await ledger.outcome(removal.id)).body == {"id": client_id, "deleted": False, "archived": True}
    assert (await ledger.row("client", client_id))["archived_at"] is not None
    assert (await ledger.events())[-1].data["object"]["archived"] is True
    assert await ledger.used("clients") == 0


async def test_an_archived_client_gets_no_new_documents_but_may_pay(ledger: LedgerHarness) -> None:
    client_id = await ledger.client(external_id="crm-1", email="a@a.example")
    await ledger.sale(client_id)
    await ledger.ask(REMOVE_CLIENT, {"id": client_id})

    by_id = await ledger.sale(client_id)
    by_external_id = await ledger.ask(CREATE_SALE, an_invoice(client={"name": "A", "external_id": "crm-1"}))
    upsert = await ledger.ask(UPSERT_CLIENT, {"name": "A", "external_id": "crm-1", "on_conflict": "update"})
    by_email = await ledger.ask(CREATE_SALE, an_invoice(client={"name": "A", "email": "a@a.example"}))

    for answer, path in ((by_id, "client_id"), (by_external_id, "client.external_id"), (upsert, "external_id")):
        assert (answer.status, answer.body["code"], answer.body["errors"][0]["path"]) == (409, "client_archived", path)
    assert by_email.body["client_id"] != client_id
    assert (await ledger.pay(client_id, "10.00")).status == 201


async def test_an_archived_client_is_brought_back(ledger: LedgerHarness) -> None:
    client_id = await ledger.client()
    gone = await ledger.ask(UPDATE_CLIENT, {"id": client_id, "archived": True})

    back = await ledger.ask(UPDATE_CLIENT, {"id": client_id, "archived": False})

    assert (gone.body["archived"], back.body["archived"]) == (True, False)
    assert (await ledger.sale(client_id)).status == 201
    assert await ledger.used("clients") == 1


async def test_a_client_that_lost_an_address_in_this_batch_is_not_taken_for_its_new_owner(
    ledger: LedgerHarness,
) -> None:
    oldest = await ledger.client(name="A", email="office@a.example")
    await ledger.client(name="B", email="office@a.example")
    change = ledger.command(UPDATE_CLIENT, {"id": oldest, "email": "new@a.example"})
    sale = ledger.command(CREATE_SALE, an_invoice(client={"name": "C", "email": "office@a.example"}))

    with pytest.raises(StaleBatch):  # the bus hands such a batch over again, one by one
        await ledger.handle(change, sale)
    await ledger.handle(change)
    await ledger.handle(sale)

    assert (await ledger.outcome(sale.id)).body["client"]["name"] == "B"
    assert await ledger.used("clients") == 2
