"""One invoice from its draft to its payment by clicking alone, its way as a swim lane; and a bill from its message."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw
from pypdf import PdfReader

from tests.support.browser import Person
from tests.support.caller import Caller, a_document


def a_logo() -> bytes:
    """A picture as no other is: 120 x 40, red."""
    image, content = Image.new("RGB", (120, 40), "#fff"), io.BytesIO()
    ImageDraw.Draw(image).rectangle((10, 10, 110, 30), fill="#c00")
    image.save(content, "PNG")
    return content.getvalue()


async def test_an_invoice_goes_from_its_draft_to_its_payment_and_its_way_is_drawn(
    anna: Person, account: Caller
) -> None:
    page = anna.page
    anna.say_yes()
    await account.client(name="Ozola Design SIA")
    await anna.press("New document")
    await page.fill('[name="client.name"]', "Ozola Design SIA")
    for name, text in {"description": "Consulting", "quantity": "2", "unit_price": "50", "tax_rate": "21"}.items():
        await page.fill(f'[name="lines[0].{name}"]', text)
    await page.locator("#totals .sum").get_by_text("121.00 EUR").wait_for()
    await anna.press("Save as draft")
    await anna.sees("A draft has no number.")
    await anna.press("Issue")
    await page.get_by_role("heading", name="INV-").wait_for()
    await anna.press("Record payment")
    await anna.submit()
    await anna.sees("Payment recorded.")
    [sale] = await account.items("/v1/sales")
    assert (sale["settlement"], sale["amount_due"]) == ("paid", "0.00")
    await anna.open(f"/sales/{sale['id']}")
    await page.locator("main h1 .badge.b-paid").wait_for()
    await anna.press("What this document caused")
    lanes = page.locator("table.swimlane")
    for step, lane in (("Accepted", "Reception"), ("Document issued", "Triggers"), ("Issue a document", "Ledger")):
        await lanes.locator(f'td.on[data-label="{lane}"]', has_text=step).first.wait_for()
    assert sale["id"] not in await anna.page.inner_text("main"), "people see names, not ids"


async def test_a_logo_is_uploaded_shown_and_printed_on_the_next_document(anna: Person, account: Caller) -> None:
    page = anna.page
    await anna.press("Settings")
    await page.set_input_files("#logo", {"name": "logo.png", "mimeType": "image/png", "buffer": a_logo()})
    await anna.press("Upload")
    shown = page.get_by_role("img", name="The logo of your company")
    await shown.wait_for()
    assert await shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 120
    sale = await account.sale((await account.client())["id"])
    answer = await page.request.get(f"{anna.house.url}/console/sales/{sale['id']}/pdf")
    [image] = PdfReader(io.BytesIO(await answer.body())).pages[0].images
    assert image.image is not None
    assert image.image.size == (120, 40)
    await anna.press("Remove the logo")
    await anna.sees("It is printed at the head of every document.")


async def test_a_purchase_becomes_a_bill_of_a_new_supplier_and_is_made_void(anna: Person, account: Caller) -> None:
    anna.say_yes()
    line = {"description": "Paper A4", "quantity": "10", "unit_price": "4.20", "tax_rate": "22"}
    document = a_document("A-17", supplier={"name": "Paper and Pens OÜ", "reg_number": "12345678"}, lines=[line])
    channel = await account.channel("direct")
    assert (await account.anonymous("POST", channel["url"], json=document)).status == 200
    await anna.press("Purchase inbox")
    await anna.press("A-17")
    await anna.press("Accept")
    await anna.sees("It became")
    await anna.press("Suppliers")
    await anna.press("Paper and Pens OÜ")
    await anna.press("A-17")
    await anna.page.get_by_role("heading", name="Paper and Pens OÜ").wait_for()
    assert "51.24" in await anna.page.inner_text("main .facts")
    await anna.press("Void")
    await anna.page.locator("main h1 .badge.b-void").wait_for()
    assert anna.asked == ["Make this bill void?"]
    assert await anna.page.get_by_role("button", name="Void").count() == 0
    [bill] = await account.items("/v1/bills")
    assert bill["status"] == "void"
