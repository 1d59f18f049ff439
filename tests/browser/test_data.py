"""Data in and out: sample data, imports with their progress and bad lines, settings, export."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.browser import Person
from tests.support.caller import Caller

pytestmark = pytest.mark.long


def csv(text: str, name: str = "clients.csv") -> Any:
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode()}


async def test_sample_data_are_loaded_and_removed_with_one_press_and_own_data_stay(
    anna: Person, account: Caller
) -> None:
    anna.say_yes()
    await anna.press("Look around with sample data first")
    await anna.press("Load the sample data")
    await anna.sees("The sample data are there. Look around.")
    own = await account.client(name="My own client")
    assert len(await account.items("/v1/clients")) == 4
    await anna.open("/sales")
    assert await anna.page.locator("table.list tbody tr").count() == 4
    await anna.open("/sample-data")
    await anna.press("Remove the sample data")
    await anna.page.locator("main .notice").wait_for()
    assert [one["id"] for one in await account.items("/v1/clients?archived=false")] == [own["id"]]
    await anna.open("/sample-data")
    await anna.press("Load the sample data")
    await anna.sees("The sample data are there. Look around.")
    assert len(await account.items("/v1/clients?archived=false")) == 4, "they can be loaded again"
    loaded = [one for one in await account.items("/v1/sales") if one["status"] != "void"]
    assert len(loaded) == 4, "with their documents"


async def test_a_list_of_clients_is_imported_and_its_bad_lines_are_named(anna: Person, account: Caller) -> None:
    await anna.open("/clients")
    await anna.press("Import")
    lines = ("Nom;Courriel;Code postal", "Alma SIA;a@shop.example;01000", "Berg AS;not an address;", "Cesis OÜ;;")
    await anna.page.set_input_files("[name=file]", csv("\n".join(lines)))
    await anna.submit()
    await anna.page.locator("main .badge.b-done").wait_for()
    bad = anna.page.locator("table.list tbody tr")
    assert await bad.count() == 1
    assert "E-mail" in await bad.inner_text(), "the field is named as people know it"
    clients = {one["name"]: one for one in await account.items("/v1/clients")}
    assert clients.keys() == {"Alma SIA", "Cesis OÜ"}
    assert clients["Alma SIA"]["address"]["postal_code"] == "01000", "a leading zero is kept"


async def test_an_import_takes_nothing_where_a_line_is_bad_if_that_was_chosen(anna: Person, account: Caller) -> None:
    await anna.open("/imports/new?kind=clients")
    await anna.page.select_option("#on_error", "abort")
    await anna.page.set_input_files("[name=file]", csv("name,email\nAlma SIA,a@shop.example\nBerg AS,nonsense\n"))
    await anna.submit()
    await anna.page.locator("main .fault, main .badge.b-aborted").first.wait_for()
    assert await account.items("/v1/clients") == []


async def test_a_table_with_unknown_headings_is_mapped_column_by_column(anna: Person, account: Caller) -> None:
    await anna.open("/imports/new?kind=products")
    rows = "Kurzzeichen,Bezeichnung,Was es kostet\nCONS,Consulting,90.00\nTRAV,Travel,64.50\n"
    await anna.page.set_input_files("[name=file]", csv(rows, "artikel.csv"))
    preview = anna.page.locator("#columns")
    await preview.get_by_text("Consulting").wait_for()
    await anna.submit()
    await anna.page.locator("main .fault").wait_for()
    assert await account.items("/v1/products") == []
    await anna.page.set_input_files("[name=file]", csv(rows, "artikel.csv"))
    for number, field in enumerate(("code", "name", "unit_price")):
        await preview.locator("select").nth(number).select_option(field)
    await anna.submit()
    await anna.page.locator("main .badge.b-done").wait_for()
    products = {one["code"]: one["unit_price"] for one in await account.items("/v1/products")}
    assert products == {"CONS": "90.00", "TRAV": "64.50"}


async def test_the_companys_profile_is_saved_with_the_fault_at_its_field(anna: Person, account: Caller) -> None:
    await anna.open("/settings")
    await anna.fill(legal_name="Baltic Trading OÜ", **{"bank_accounts[0].iban": "EE00 1234"})
    await anna.press("Save")
    assert await anna.page.locator("[name='bank_accounts[0].iban']").get_attribute("aria-invalid") == "true"
    assert await anna.page.input_value("[name=legal_name]") == "Baltic Trading OÜ", "nothing typed is lost"
    await anna.fill(number_format="{prefix}/{year}/{number:4}", **{"bank_accounts[0].iban": "EE382200221020145685"})
    await anna.press("Save")
    await anna.sees("Saved.")
    sale = await account.sale((await account.client())["id"])
    assert sale["number"].endswith("/0001"), "the next document is numbered so"


async def test_everything_is_exported_from_the_settings(anna: Person, account: Caller) -> None:
    client = await account.client(name="=Ozola; Design")
    await account.sale(client["id"])
    await anna.open("/settings")
    for kind in ("Clients", "Sales"):
        path = await anna.saves(anna.page.locator("main").get_by_role("link", name=kind, exact=True), ".csv")
        assert "Ozola; Design" in path.read_text(encoding="utf-8")
