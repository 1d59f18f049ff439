"""Lines that name products, on a real Postgres: what they get from them, and what becomes of the products."""

from __future__ import annotations

from typing import Any, Final

import pytest

from contracts.primitives.ids import new_id
from contracts.wire.commands import CREATE_SALE, REMOVE_PRODUCT, UPDATE_PRODUCT, UPDATE_SALE
from tests.support.ledger import LedgerHarness, an_invoice

CONSULTING: Final[dict[str, Any]] = {
    "code": "CONSULT",
    "name": "Consulting",
    "description": "One hour of consulting",
    "unit": "hour",
    "unit_price": "138.66",
    "tax_rate": "19",
    "tax_category": "S",
}


async def drafted(ledger: LedgerHarness, *lines: dict[str, Any], **fields: Any) -> Any:
    data = an_invoice(client={"name": "A"}, lines=[{"quantity": "1"} | line for line in lines], **fields)
    return await ledger.ask(CREATE_SALE, data)


@pytest.mark.parametrize("by", ["product_id", "item_code"])
async def test_a_line_has_from_its_product_what_it_does_not_say(ledger: LedgerHarness, by: str) -> None:
    product_id = await ledger.product(**CONSULTING)

    sale = await drafted(ledger, {"product_id": product_id} if by == "product_id" else {"item_code": "CONSULT"})

    assert (sale.status, sale.body["total"]) == (201, "165.01")
    (line,) = sale.body["lines"]
    reported = {name: line[name] for name in ("description", "unit", "unit_price", "tax_rate", "tax_category")}
    assert reported == {name: CONSULTING[name] for name in reported}
    assert (line["product_id"], line["item_code"]) == (product_id, "CONSULT")


async def test_what_a_line_says_itself_stands(ledger: LedgerHarness) -> None:
    await ledger.product(**CONSULTING)
    said = {"description": "Advice", "unit": "day", "unit_price": "100.00", "tax_rate": "0"}

    sale = await drafted(ledger, {"item_code": "CONSULT"} | said, {"item_code": "CONSULT", "tax_category": "E"})

    first, second = sale.body["lines"]
    assert {name: first[name] for name in said} == said
    assert first["tax_category"] is None
    assert (second["tax_rate"], second["tax_category"]) == (None, "E")


async def test_a_name_stands_in_for_a_description(ledger: LedgerHarness) -> None:
    await ledger.product(code="PEN", name="Blue pen", unit_price="2.50")

    sale = await drafted(ledger, {"item_code": "PEN"})

    assert (sale.body["lines"][0]["description"], sale.body["total"]) == ("Blue pen", "2.50")


async def test_a_code_that_is_no_products_is_free_text(ledger: LedgerHarness) -> None:
    sale = await drafted(ledger, {"item_code": "NEW", "unit_price": "5.00"})

    assert (sale.body["lines"][0]["item_code"], sale.body["lines"][0]["product_id"]) == ("NEW", None)


@pytest.mark.parametrize(
    ("product", "line"),
    [
        (CONSULTING, {"item_code": "OTHER"}),
        (CONSULTING | {"unit_price": None}, {"item_code": "CONSULT"}),
        (CONSULTING | {"currency": "SEK"}, {"item_code": "CONSULT"}),
    ],
)
async def test_a_missing_price_is_refused(ledger: LedgerHarness, product: dict[str, Any], line: dict[str, Any]) -> None:
    await ledger.product(**product)

    refused = await drafted(ledger, {"description": "A", "unit_price": "1.00"}, line)

    assert refused.status == 422
    assert [fault["path"] for fault in refused.body["errors"]] == ["lines[1].unit_price"]


async def test_the_sales_own_currency_decides_whether_a_price_fits(ledger: LedgerHarness) -> None:
    await ledger.product(**CONSULTING | {"currency": "SEK"})

    assert (await drafted(ledger, {"item_code": "CONSULT"}, currency="SEK")).body["total"] == "165.01"


async def test_products_that_are_not_there_are_all_reported(ledger: LedgerHarness) -> None:
    theirs = await ledger.product(account_id=await ledger.add_account())

    refused = await drafted(
        ledger, {"product_id": theirs}, {"item_code": "A", "unit_price": "1"}, {"product_id": str(new_id())}
    )

    assert refused.status == 404
    assert [fault["path"] for fault in refused.body["errors"]] == ["lines[0].product_id", "lines[2].product_id"]


async def test_an_archived_product_is_on_no_new_document(ledger: LedgerHarness) -> None:
    product_id = await ledger.product(**CONSULTING)
    await ledger.ask(UPDATE_PRODUCT, {"id": product_id, "archived": True})

    by_id = await drafted(ledger, {"product_id": product_id})
    by_code = await drafted(ledger, {"item_code": "CONSULT", "unit_price": "1.00"})

    assert (by_id.status, by_id.body["code"]) == (409, "product_archived")
    assert (by_code.status, by_code.body["lines"][0]["product_id"]) == (201, None)


async def test_a_product_on_a_document_is_archived_not_deleted(ledger: LedgerHarness) -> None:
    product_id = await ledger.product(**CONSULTING)
    sale = await drafted(ledger, {"product_id": product_id}, {"product_id": product_id})

    removed = await ledger.ask(REMOVE_PRODUCT, {"id": product_id})

    assert removed.body == {"id": product_id, "deleted": False, "archived": True}
    assert await ledger.used("products") == 0
    assert (await ledger.row("sale", sale.id))["lines"][0]["product_id"] == product_id


async def test_a_change_of_a_products_price_leaves_documents_as_they_are(ledger: LedgerHarness) -> None:
    product_id = await ledger.product(**CONSULTING)
    sale = await drafted(ledger, {"product_id": product_id}, issue=False)
    await ledger.ask(UPDATE_PRODUCT, {"id": product_id, "unit_price": "200.00"})

    kept = await ledger.ask(UPDATE_SALE, {"id": sale.id, "comment": "Thanks"})
    anew = await ledger.ask(UPDATE_SALE, {"id": sale.id, "lines": [{"product_id": product_id, "quantity": "1"}]})

    assert (kept.body["lines"][0]["unit_price"], anew.body["lines"][0]["unit_price"]) == ("138.66", "200.00")
