"""Documents: typed with totals that follow, issued, sent by mail, credited, made void, printed and saved."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from tests.support.browser import Person
from tests.support.caller import Caller, an_invoice
from tests.support.eventually import eventually
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.long


async def type_line(page: Page, number: int, **cells: str) -> None:
    for name, text in cells.items():
        await page.fill(f'[name="lines[{number}].{name}"]', text)


async def issued(account: Caller, **client: Any) -> dict[str, Any]:
    """An invoice over 165.01 EUR."""
    made = await account.client(email="aija@ozola.example", **client)
    return await account.sale(made["id"])


async def test_an_invoice_is_typed_with_totals_that_follow_and_issued(anna: Person, account: Caller) -> None:
    page = anna.page
    client = await account.client(name="Ozola Design SIA")
    await account.made_of(
        "/v1/products",
        {"code": "CONS", "name": "Consulting", "unit": "h", "unit_price": "90.00", "currency": "EUR", "tax_rate": "21"},
    )
    await anna.open("/sales/new")
    await page.locator('[name="client.name"]').press_sequentially("Ozola")
    await page.locator("#clients option[value='Ozola Design SIA']").wait_for(state="attached")
    await page.fill('[name="client.name"]', "Ozola Design SIA")
    await page.locator('[name="lines[0].item_code"]').press_sequentially("CONS")
    await page.locator("#products option").wait_for(state="attached")
    await type_line(page, 0, item_code="CONS")
    assert await page.input_value('[name="lines[0].unit_price"]') == "90.00", "the product fills its line in"
    await type_line(page, 0, quantity="8", discount="10")
    await type_line(page, 1, description="Travel", quantity="1", unit_price="64,50", tax_rate="21")
    totals = page.locator("#totals")
    await totals.get_by_text("862.13 EUR").wait_for()  # (8 x 90 x 0.9 + 64.50) x 1.21
    await totals.get_by_text("149.63 EUR").wait_for()
    assert "648.00" in await page.inner_text("#net-0"), "each line has its own amount"
    await anna.press("Issue")
    await page.get_by_role("heading", name="Invoice").wait_for()
    [sale] = await account.items("/v1/sales")
    assert (sale["status"], sale["total"], sale["client"]["id"]) == ("issued", "862.13", client["id"])


async def test_a_line_in_error_is_named_where_it_stands_and_nothing_typed_is_lost(
    anna: Person, account: Caller
) -> None:
    page = anna.page
    await anna.open("/sales/new")
    await page.fill('[name="client.name"]', "New client")
    await type_line(page, 0, description="Consulting", quantity="many", unit_price="90", tax_rate="21")
    await page.fill("[name=comment]", "Thank you")
    await page.get_by_text("The totals appear when this is right").wait_for()
    await anna.press("Issue")
    wrong = page.locator('[name="lines[0].quantity"]')
    assert await wrong.get_attribute("aria-invalid") == "true"
    assert await wrong.input_value() == "many"
    assert await page.input_value("[name=comment]") == "Thank you"
    assert await account.items("/v1/sales") == []
    assert await account.items("/v1/clients") == [], "a refusal makes no client either"
    await wrong.fill("2")
    await anna.press("Save as draft")
    await anna.sees("Saved as a draft.")
    [client] = await account.items("/v1/clients")
    assert client["name"] == "New client"


async def test_a_draft_is_changed_line_by_line_and_deleted(anna: Person, account: Caller) -> None:
    page = anna.page
    sale = await account.made_of("/v1/sales", an_invoice((await account.client())["id"], issue=False))
    await anna.open(f"/sales/{sale['id']}")
    await anna.sees("A draft has no number.")
    await anna.press("Change")
    await page.get_by_role("button", name="Add line").click()
    await type_line(page, 3, description="Parking", quantity="1", unit_price="10", tax_rate="0")
    await page.locator("#totals").get_by_text("175.01 EUR").wait_for()
    assert "10.00" in await page.inner_text("#net-3"), "the amount stands in its own row"
    await page.get_by_role("button", name="Remove line").first.click()
    await page.locator("#totals .sum").get_by_text("10.00 EUR").wait_for()
    await anna.press("Save as draft")
    await anna.sees("Saved as a draft.")
    assert (await account.read(f"/v1/sales/{sale['id']}"))["total"] == "10.00"
    anna.say_yes()
    await anna.press("Delete")
    await anna.sees("No document yet.")


async def test_an_invoice_is_credited_by_a_draft_that_is_issued(anna: Person, account: Caller) -> None:
    sale = await issued(account)
    await anna.open(f"/sales/{sale['id']}")
    await anna.press("Credit")
    await anna.sees("Credit note made as a draft.")
    await anna.press("Issue")
    await anna.sees("Issued.")
    await anna.press("The invoice that it credits")
    await anna.page.get_by_role("heading", name=sale["number"]).wait_for()
    after = await account.read(f"/v1/sales/{sale['id']}")
    assert after["amount_due"] == "0.00", "what is credited is not owed"


async def test_a_document_is_void_after_a_question_and_not_while_it_is_paid(anna: Person, account: Caller) -> None:
    anna.say_yes()
    sale = await issued(account)
    payment = await account.payment(sale["client_id"], "165.01", (sale["id"], "165.01"))
    await anna.open(f"/sales/{sale['id']}")
    await anna.press("Void")
    await anna.page.locator("main .fault").wait_for()
    assert (await account.read(f"/v1/sales/{sale['id']}"))["status"] == "issued"
    await anna.open(f"/payments/{payment['id']}")
    await anna.press("Take off the invoices")
    await anna.open(f"/sales/{sale['id']}")
    await anna.press("Void")
    await anna.sees("Void.")
    assert anna.asked == ["Make this document void? It stays in the ledger with its number."] * 2
    await anna.page.get_by_role("heading", name=sale["number"]).wait_for()


async def test_an_invoice_goes_out_by_mail_with_its_pdf(anna: Person, account: Caller, smtp: SmtpServer) -> None:
    sale = await issued(account)
    assert (await account.patch("/v1/account", {"email": "books@baltic.example"})).status == 200
    address = f"buyer-{sale['id']}@ozola.example"
    await anna.open(f"/sales/{sale['id']}")
    await anna.page.locator("summary", has_text="Send").click()
    await anna.fill(to="buyer@ozola", subject="Your invoice", body="Dear Aija")
    await anna.press("Send with its PDF")
    assert await anna.page.locator("#f-to").get_attribute("aria-invalid") == "true", "the fault is at its field"
    assert await anna.page.input_value("#f-body") == "Dear Aija", "nothing typed is lost"
    await anna.fill(to=address)
    await anna.press("Send with its PDF")
    await anna.sees("It is on its way to the client.")

    def taken() -> Any:
        return next((mail for mail in smtp.mails if mail.recipients == [address]), None)

    mail = await eventually(taken, deadline_seconds=30)
    assert mail.message["Subject"] == "Your invoice"
    assert "Dear Aija" in mail.text
    [content] = mail.files.values()
    assert content.startswith(b"%PDF-")


async def test_an_e_invoice_says_what_is_missing_and_is_saved_once_it_is_there(anna: Person, account: Caller) -> None:
    sale = await issued(account)
    await anna.open(f"/sales/{sale['id']}")
    shown = await anna.page.request.get(f"{anna.house.url}/console/sales/{sale['id']}/pdf")
    assert shown.headers["content-type"] == "application/pdf"
    assert (await shown.body()).startswith(b"%PDF-")
    path = await anna.saves(anna.page.get_by_role("link", name="PayTraq XML"), ".xml")
    assert f"<DocumentRef>{sale['number']}</DocumentRef>" in path.read_text(encoding="utf-8")
    await anna.press("UBL")
    assert "VAT number: is required" in await anna.text(), "the page names what the standard asks for"


async def test_a_page_that_is_printed_shows_the_document_and_not_the_menu(anna: Person, account: Caller) -> None:
    sale = await issued(account)
    await anna.open(f"/sales/{sale['id']}")
    assert await anna.page.locator("#menu").is_visible()
    await anna.page.emulate_media(media="print")
    for hidden in ("#menu", "header.top", "main .acts"):
        assert not await anna.page.locator(hidden).first.is_visible(), hidden
    assert await anna.page.get_by_role("heading", name=sale["number"]).is_visible()
    assert await anna.page.get_by_text("165.01 EUR").first.is_visible()


@pytest.mark.parametrize(("button", "kind"), [("Make Sales order", "sales_order"), ("Make Invoice", "sales_invoice")])
async def test_an_estimate_becomes_the_document_that_follows(
    anna: Person, account: Caller, button: str, kind: str
) -> None:
    client = await account.client()
    estimate = await account.made_of("/v1/sales", an_invoice(client["id"], sale_type="sales_estimate"))
    await anna.open(f"/sales/{estimate['id']}")
    await anna.press("Accept")
    await anna.sees("Accepted.")
    await anna.press(button)
    await anna.press("The document that it was made from")
    await anna.page.get_by_role("heading", name=estimate["number"]).wait_for()
    made = await account.items(f"/v1/sales?sale_type={kind}")
    assert [one["total"] for one in made] == ["165.01"]


async def test_a_list_is_filtered_in_its_address_and_exported(anna: Person, account: Caller) -> None:
    sale = await issued(account)
    await account.made_of("/v1/sales", an_invoice(sale["client_id"], issue=False))
    await anna.open("/sales")
    await anna.page.select_option("[name=status]", "draft")
    await anna.page.wait_for_url("**status=draft**")
    assert await anna.page.locator("table.list tbody tr").count() == 1
    await anna.press("Show all")
    await account.sale((await account.client(name="Kuusk & Partners"))["id"])
    await anna.page.fill('main [name="query"]', "kuusk")
    await anna.press("Filter")
    assert await anna.page.locator("table.list tbody tr").count() == 1
    await anna.page.fill("#find", "kuusk")
    await anna.page.press("#find", "Enter")
    await anna.page.get_by_role("heading", name="Search: kuusk").wait_for()
    assert await anna.page.locator("main a[href*='/sales/']").count() == 1, "a document is found by its client"
    await anna.open("/sales")
    path = await anna.saves(anna.page.get_by_role("link", name="Export"), ".csv")
    assert sale["number"] in path.read_text(encoding="utf-8")
