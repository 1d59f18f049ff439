"""Products on a real Postgres: made, changed, archived, taken away."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.primitives.ids import new_id
from contracts.wire.commands import CREATE_PRODUCT, REMOVE_PRODUCT, UPDATE_PRODUCT, UPSERT_PRODUCT
from tests.support.ledger import LedgerHarness


def a_product(code: str = "CONSULT", **fields: Any) -> dict[str, Any]:
    return {"code": code, "name": "Consulting"} | fields


async def test_a_product_is_answered_as_it_stands_and_reported_once(ledger: LedgerHarness) -> None:
    answer = await ledger.ask(CREATE_PRODUCT, a_product(type="service", unit_price="138.6600", tax_rate="9.975"))

    assert answer.status == 201
    assert (answer.body["unit_price"], answer.body["tax_rate"], answer.body["currency"]) == ("138.6600", "9.975", "EUR")
    (reported,) = await ledger.events()
    assert (reported.name, reported.data) == (
        "product.created",
        {"subject_id": answer.id, "client_id": None, "object": answer.body},
    )


@pytest.mark.parametrize(
    ("there", "requested", "code", "paths"),
    [
        (a_product("A"), a_product("A"), "code_taken", ["code"]),
        (a_product("A", external_id="x"), a_product("B", external_id="x"), "external_id_taken", ["external_id"]),
        (
            a_product("A", external_id="x"),
            a_product("A", external_id="x"),
            "external_id_taken",
            ["external_id", "code"],
        ),
    ],
)
async def test_a_code_and_an_external_id_are_taken_once(
    ledger: LedgerHarness, there: dict[str, Any], requested: dict[str, Any], code: str, paths: list[str]
) -> None:
    await ledger.ask(CREATE_PRODUCT, there)
    before = await ledger.contents()

    answer = await ledger.ask(CREATE_PRODUCT, requested)

    assert (answer.status, answer.body["code"]) == (409, code)
    assert [fault["path"] for fault in answer.body["errors"]] == paths
    assert await ledger.contents() == before
    assert (await ledger.ask(CREATE_PRODUCT, requested, account_id=await ledger.add_account())).status == 201


async def test_one_code_twice_in_a_batch_is_made_once(ledger: LedgerHarness) -> None:
    batch = [ledger.command(CREATE_PRODUCT, a_product()) for _ in range(2)]

    await ledger.handle(*batch)

    assert [(await ledger.outcome(command.id)).status for command in batch] == [201, 409]


async def test_only_what_was_sent_of_a_product_changes(ledger: LedgerHarness) -> None:
    made = await ledger.ask(CREATE_PRODUCT, a_product(unit_price="10.00", unit="hour"))

    answer = await ledger.ask(UPDATE_PRODUCT, {"id": made.id, "unit_price": "12.50", "unit": None})
    same = await ledger.ask(UPDATE_PRODUCT, {"id": made.id, "unit_price": "12.50"})

    assert (answer.status, answer.body["unit_price"], answer.body["unit"]) == (200, "12.50", None)
    assert same.body == answer.body
    assert await ledger.triggers() == ["product.created"]


@pytest.mark.parametrize("field", ["code", "name", "type", "currency", "archived"])
async def test_what_every_product_has_cannot_be_taken_away(ledger: LedgerHarness, field: str) -> None:
    answer = await ledger.ask(UPDATE_PRODUCT, {"id": await ledger.product(), field: None})

    assert (answer.status, answer.body["errors"][0]["path"]) == (422, field)


async def test_a_code_that_is_anothers_cannot_be_given(ledger: LedgerHarness) -> None:
    await ledger.product(code="A")
    second = await ledger.product(code="B")

    taken = await ledger.ask(UPDATE_PRODUCT, {"id": second, "code": "A"})
    free = await ledger.ask(UPDATE_PRODUCT, {"id": second, "code": "C"})

    assert (taken.status, taken.body["code"], free.status) == (409, "code_taken", 200)


async def test_an_upsert_of_a_product_goes_by_external_id_then_by_code(ledger: LedgerHarness) -> None:
    first = await ledger.product(code="A", external_id="x")

    by_external_id = await ledger.ask(UPSERT_PRODUCT, a_product("A2", external_id="x", on_conflict="update"))
    by_code = await ledger.ask(UPSERT_PRODUCT, a_product("A2", name="Advice", on_conflict="update"))
    found = await ledger.ask(UPSERT_PRODUCT, a_product("A2", name="Other", on_conflict="return"))
    made = await ledger.ask(UPSERT_PRODUCT, a_product("B", on_conflict="update"))

    assert [answer.status for answer in (by_external_id, by_code, found, made)] == [200, 200, 200, 201]
    assert {by_external_id.id, by_code.id, found.id} == {first}
    assert (by_code.body["external_id"], found.body["name"]) == ("x", "Advice")


async def test_a_product_without_documents_is_taken_away(ledger: LedgerHarness) -> None:
    product_id = await ledger.product(code="A")

    answer = await ledger.ask(REMOVE_PRODUCT, {"id": product_id})

    assert answer.body == {"id": product_id, "deleted": True, "archived": False}
    assert await ledger.used("products") == 0
    assert (await ledger.ask(CREATE_PRODUCT, a_product("A"))).status == 201


async def test_an_archived_product_keeps_its_code_and_is_brought_back(ledger: LedgerHarness) -> None:
    product_id = await ledger.product(code="A")
    await ledger.ask(UPDATE_PRODUCT, {"id": product_id, "archived": True})

    taken = await ledger.ask(CREATE_PRODUCT, a_product("A"))
    upsert = await ledger.ask(UPSERT_PRODUCT, a_product("A", on_conflict="update"))
    back = await ledger.ask(UPDATE_PRODUCT, {"id": product_id, "archived": False})

    assert (taken.status, taken.body["code"]) == (409, "code_taken")
    assert (upsert.status, upsert.body["code"]) == (409, "product_archived")
    assert (back.status, back.body["archived"]) == (200, False)


async def test_another_accounts_product_cannot_be_changed_or_taken_away(ledger: LedgerHarness) -> None:
    theirs = await ledger.product(account_id=await ledger.add_account())

    for command in (UPDATE_PRODUCT, REMOVE_PRODUCT):
        for product_id in (theirs, str(new_id())):
            answer = await ledger.ask(command, {"id": product_id})
            assert (answer.status, answer.body["errors"][0]["path"]) == (404, "id")
