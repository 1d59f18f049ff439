"""Clients and products: created, corrected, archived, restored; statement, notes, search and the plan's limit."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.support.api_installation import House
from tests.support.browser import Person, a_person
from tests.support.caller import Caller

pytestmark = pytest.mark.long


async def test_a_client_is_created_with_all_that_reminders_and_invoices_need(anna: Person, account: Caller) -> None:
    await anna.open("/clients")
    await anna.sees("No client yet.")
    await anna.press("New client")
    await anna.fill(
        name="Ozola Design SIA", first_name="Aija", last_name="Ozola", email="aija@ozola.example",
        phone="+371 26123456", vat_number="LV40003000000", currency="EUR", locale="french",
        **{"address.street": "Brīvības iela 1", "address.city": "Rīga", "address.country": "Latvia",
           "pay_term.days": "30"},
    )  # fmt: skip
    await anna.page.select_option("[name='pay_term.type']", "1")
    await anna.submit()
    for wrong in ("locale", "address.country"):
        assert await anna.page.locator(f"[name='{wrong}']").get_attribute("aria-invalid") == "true", wrong
    assert await anna.page.input_value("[name=first_name]") == "Aija", "nothing typed is lost"
    assert await account.items("/v1/clients") == []
    await anna.fill(locale="fr", **{"address.country": "LV"})
    await anna.submit()
    await anna.sees("Created.")
    [client] = await account.items("/v1/clients")
    assert (client["first_name"], client["pay_term"]) == ("Aija", {"type": 1, "days": 30})
    assert client["address"]["city"] == "Rīga"


async def test_a_client_is_changed_and_what_is_emptied_is_gone(anna: Person, account: Caller) -> None:
    client = await account.client(email="old@ozola.example", comment="Call first", first_name="Aija")
    await anna.open(f"/clients/{client['id']}")
    await anna.press("Change")
    await anna.fill(email="new@ozola.example", comment="", name="")
    await anna.submit()
    assert await anna.page.locator("[name=name]:invalid").count() == 1, "the browser asks for the name"
    await anna.fill(name="Ozola Design Latvia")
    await anna.submit()
    await anna.sees("Saved.")
    after = await account.read(f"/v1/clients/{client['id']}")
    assert (after["name"], after["email"], after["comment"]) == ("Ozola Design Latvia", "new@ozola.example", None)
    assert after["first_name"] == "Aija"


async def test_a_client_is_archived_takes_no_document_and_is_restored(anna: Person, account: Caller) -> None:
    client = await account.client()
    await anna.open(f"/clients/{client['id']}")
    await anna.press("Archive")
    await anna.sees("Archived")
    await anna.press("New document")
    await anna.page.fill('[name="lines[0].description"]', "Work")
    await anna.page.fill('[name="lines[0].quantity"]', "1")
    await anna.page.fill('[name="lines[0].unit_price"]', "10")
    await anna.press("Issue")
    await anna.page.locator("main .fault", has_text="archived").wait_for()
    assert await anna.page.input_value('[name="lines[0].description"]') == "Work", "nothing typed is lost"
    await anna.open("/clients?archived=true")
    await anna.press(client["name"])
    await anna.press("Restore")
    await anna.sees("Saved.")
    assert not (await account.read(f"/v1/clients/{client['id']}"))["archived"]


async def test_a_client_is_removed_without_documents_and_archived_with_them(anna: Person, account: Caller) -> None:
    anna.say_yes()
    unused, used = await account.client(name="Unused"), await account.client(name="Used")
    await account.sale(used["id"])
    for client in (unused, used):
        await anna.open(f"/clients/{client['id']}")
        await anna.press("Remove")
        await anna.sees("Removed, or archived where documents are there.")
    assert (await account.get(f"/v1/clients/{unused['id']}")).status == 404
    assert (await account.read(f"/v1/clients/{used['id']}"))["archived"]


async def test_the_statement_shows_what_was_invoiced_and_paid_within_its_dates(anna: Person, account: Caller) -> None:
    client = await account.client()
    sale = await account.sale(client["id"], document_date="2026-02-10")
    await account.payment(client["id"], "100.00", (sale["id"], "100.00"), date="2026-03-05")
    await anna.open(f"/clients/{client['id']}")
    await anna.press("Statement")
    await anna.page.fill("[name=from]", "2026-03-01")
    await anna.page.fill("[name=to]", "2026-03-31")
    await anna.press("Show")
    opening, closing, _ = await anna.page.locator("dl.facts dd").all_inner_texts()
    assert opening.startswith("165.01"), "what was open before"
    assert closing.startswith("65.01"), "what is open after"
    assert await anna.page.locator("table.list tbody tr").count() == 1
    await anna.page.fill("[name=from]", "2026-04-01")
    await anna.press("Show")
    assert await anna.page.locator("main .fault").count() == 1, "the end is before the beginning"
    await anna.page.get_by_role("link", name=client["name"]).wait_for()
    assert await anna.page.input_value("[name=from]") == "2026-04-01", "the dates can be corrected"


async def test_a_note_is_added_to_a_client_and_found_by_search(anna: Person, account: Caller) -> None:
    client = await account.client(name="Ozola Design SIA")
    await anna.open("")
    await anna.page.fill("#find", "ozola")
    await anna.page.press("#find", "Enter")
    await anna.press("Ozola Design SIA")
    await anna.page.fill("#note", "n" * 20_000)
    await anna.press("Add note")
    await anna.page.locator("main .fault").wait_for()
    assert len(await anna.page.input_value("#note")) == 20_000, "nothing typed is lost"
    await anna.page.fill("#note", "Pays by the end of the month")
    await anna.press("Add note")
    await anna.sees("Note added.")
    [note] = await account.items(f"/v1/notes?client_id={client['id']}")
    assert note["body"] == "Pays by the end of the month"


async def test_a_client_beyond_the_plan_is_refused_and_what_was_typed_stays(browser: Browser, house: House) -> None:
    account = await house.account("Small Plan", clients_max=1)
    await account.client()
    async with a_person(browser, house, account=account) as anna:
        await anna.open("/clients/new")
        await anna.fill(name="One too many")
        await anna.submit()
        await anna.page.locator("main .fault").wait_for()
        assert await anna.page.input_value("[name=name]") == "One too many"
        assert len(await account.items("/v1/clients")) == 1
        await anna.open("/settings")
        await anna.sees("of 1")


async def test_a_product_is_created_changed_and_archived_where_it_was_sold(anna: Person, account: Caller) -> None:
    anna.say_yes()
    await anna.open("/products")
    await anna.press("New product")
    await anna.fill(code="CONS", name="Consulting", unit="h", unit_price="ninety", tax_rate="21")
    await anna.submit()
    assert await anna.page.locator("[name=unit_price]").get_attribute("aria-invalid") == "true"
    assert await anna.page.input_value("[name=unit_price]") == "ninety"
    await anna.fill(unit_price="90,00")
    await anna.submit()
    await anna.sees("Created.")
    [product] = await account.items("/v1/products")
    assert product["unit_price"] == "90.00", "a comma is a decimal mark too"
    await anna.press("CONS")
    await anna.fill(unit_price="95")
    await anna.submit()
    await anna.sees("Saved.")
    line = {"product_id": product["id"], "quantity": "1"}
    await account.sale((await account.client())["id"], lines=[line])
    await anna.open(f"/products/{product['id']}")
    await anna.press("Remove")
    await anna.sees("Removed, or archived where documents are there.")
    await anna.open(f"/products/{product['id']}")
    await anna.press("Restore")
    await anna.sees("Saved.")
    after = await account.read(f"/v1/products/{product['id']}")
    assert (after["unit_price"], after["archived"]) == ("95", False)


@pytest.mark.parametrize("code", ["CONS"])
async def test_a_code_that_another_product_has_is_refused_at_the_form(anna: Person, account: Caller, code: str) -> None:
    await account.made_of("/v1/products", {"code": code, "name": "Consulting"})
    await anna.open("/products/new")
    await anna.fill(code=code, name="Another")
    await anna.submit()
    await anna.page.locator("main .fault").wait_for()
    assert await anna.page.input_value("[name=name]") == "Another"
    assert len(await account.items("/v1/products")) == 1
