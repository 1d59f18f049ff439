"""Inboxes: what suppliers and shops send is looked at beside its source, corrected, accepted or declined."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator

from tests.support.browser import Person
from tests.support.caller import Caller, a_document, a_sale_xml
from tests.support.console_scene import a_picture
from tests.support.eventually import eventually

pytestmark = pytest.mark.long


async def received(account: Caller, ref: str = "A-17", channel: dict[str, Any] | None = None, **fields: Any) -> str:
    """The page of a document that a supplier has sent to a Direct channel of the account."""
    channel = channel or await account.channel()
    sent = await account.anonymous("POST", channel["url"], json=a_document(ref, **fields))
    assert sent.status == 200, sent.text
    return f"/inbox/purchases/{sent.json['message_id']}"


async def state_of(account: Caller, page: str) -> str:
    return str((await account.read(f"/v1{page}"))["state"])


def field(anna: Person, name: str) -> Locator:
    return anna.page.locator(f'main [name="{name}"]')


async def test_a_suppliers_document_is_looked_at_beside_its_source_and_becomes_a_bill(
    anna: Person, account: Caller
) -> None:
    pushed = await account.push(await account.channel(), a_sale_xml("A-1", "One Man Shop", "100"))
    assert pushed.status == 200, pushed.text
    await anna.open("")
    await anna.press("Documents of suppliers")
    await anna.press("A-1")
    assert "<DocumentRef>A-1</DocumentRef>" in await anna.page.inner_text("main pre"), "the source stands beside it"
    await anna.sees("Accepting makes a bill of this supplier")
    await anna.press("Accept")
    await anna.sees("It became")
    await anna.press("this bill")
    await anna.page.get_by_role("heading", name="One Man Shop").wait_for()
    [bill] = await account.items("/v1/bills")
    assert (bill["document_ref"], bill["total"]) == ("A-1", "100.00")


async def test_what_was_read_wrongly_is_corrected_before_it_is_accepted(anna: Person, account: Caller) -> None:
    await anna.open(await received(account))
    await anna.page.click("text=Correct what was read")
    await field(anna, "document.document_ref").fill("A-17/2026")
    await field(anna, "document.currency").fill("EURO")
    await field(anna, "document.lines[0].quantity").fill("12")
    await field(anna, "document.lines[1].description").fill("Pens")
    await field(anna, "document.lines[1].quantity").fill("2")
    await field(anna, "document.lines[1].unit_price").fill("1,50")
    await anna.press("Accept")
    assert await field(anna, "document.currency").get_attribute("aria-invalid") == "true", "the fault is at its field"
    assert await field(anna, "document.document_ref").input_value() == "A-17/2026", "nothing typed is lost"
    assert await field(anna, "document.lines[0].quantity").input_value() == "12"
    await field(anna, "document.currency").fill("EUR")
    await anna.press("Accept")
    await anna.sees("It became")
    [bill] = await account.items("/v1/bills")
    bill = await account.read(f"/v1/bills/{bill['id']}")
    assert (bill["document_ref"], bill["net"]) == ("A-17/2026", "53.40"), "12 x 4.20 + 2 x 1.50"
    assert bill["supplier"]["name"] == "Paper and Pens OÜ"


async def test_a_photographed_receipt_is_typed_in_beside_its_picture(anna: Person, account: Caller) -> None:
    await anna.open("/inbox/purchases/upload")
    file: Any = {"name": "receipt.png", "mimeType": "image/png", "buffer": a_picture()}
    await anna.page.set_input_files("[name=file]", file)
    await anna.press("Upload")
    picture = anna.page.locator("img.picture")
    assert await picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 420
    await anna.press("Accept")
    assert await anna.page.locator("main .fault").count() == 1, "a bill needs more than a picture"
    typed = {
        "supplier.name": "Paper and Pens OÜ", "document_ref": "R-9", "document_date": "2026-03-01", "currency": "EUR",
        "lines[0].description": "Paper A4", "lines[0].quantity": "10", "lines[0].unit_price": "4.20",
    }  # fmt: skip
    for name, text in typed.items():
        await field(anna, f"document.{name}").fill(text)
    await anna.press("Accept")
    await anna.sees("It became")
    [bill] = await account.items("/v1/bills")
    assert (bill["document_ref"], bill["total"]) == ("R-9", "42.00")


async def test_a_document_is_declined_with_its_reason_and_none_waits_any_more(anna: Person, account: Caller) -> None:
    page = await received(account)
    await anna.open(page)
    await anna.fill(reason="x" * 2_000)
    await anna.press("Reject")
    assert await field(anna, "reason").get_attribute("aria-invalid") == "true"
    assert len(await field(anna, "reason").input_value()) == 2_000, "nothing typed is lost"
    assert await state_of(account, page) == "received"
    await anna.fill(reason="We never ordered this")
    await anna.press("Reject")
    await anna.sees("Reason: We never ordered this")
    assert await state_of(account, page) == "rejected"
    await anna.open("/inbox/purchases?state=received")
    await anna.sees("Nothing matches these filters.")


async def test_an_order_of_the_shop_becomes_a_confirmed_document_of_a_new_client(anna: Person, account: Caller) -> None:
    buyer = {"name": "Web buyer", "email": "buyer@shop.example"}
    ordered = a_document("W-1001", client=buyer, sale_type="sales_order")
    ordered["document"].pop("supplier")
    sent = await account.anonymous("POST", (await account.channel("orders"))["url"], json=ordered)
    assert sent.status == 200, sent.text
    await anna.open("/inbox/sales")
    await anna.press("W-1001")
    await anna.page.check("[name=issue]")
    await anna.press("Accept")
    await anna.press("this document")
    await anna.page.get_by_role("link", name="Web buyer").wait_for()
    [sale] = await account.items("/v1/sales")
    assert (sale["sale_type"], sale["status"], sale["total"]) == ("sales_order", "confirmed", "42.00")


async def test_a_sender_who_is_trusted_once_is_accepted_by_a_rule_until_it_is_deleted(
    anna: Person, account: Caller
) -> None:
    await anna.open(await received(account, "A-1"))
    await anna.page.check("[name=always]")
    await anna.press("Accept")
    await anna.sees("It became")
    page = await received(account, "A-2")

    async def accepted() -> bool:
        return await state_of(account, page) == "accepted"

    await eventually(accepted)
    await anna.open(page)
    await anna.sees("It became")
    await anna.open("/inbox-rules")
    await anna.sees("Paper and Pens OÜ")
    anna.say_yes()
    await anna.press("Delete")
    await anna.sees("No rule yet")
    assert await state_of(account, await received(account, "A-3")) == "received"


async def test_a_document_that_came_twice_is_accepted_only_on_purpose(anna: Person, account: Caller) -> None:
    channel = await account.channel()
    first = await received(account, "A-17", channel)
    lines = [{"description": "Paper", "quantity": "11", "unit_price": "4.20"}]
    second = await received(account, "A-17", channel, lines=lines)
    await anna.open(first)
    await anna.press("Accept")
    await anna.sees("It became")
    await anna.open(second)
    await anna.sees("This resembles another message")
    await anna.press("Accept")
    assert await anna.page.locator("main .fault").count() == 1
    assert len(await account.items("/v1/bills")) == 1
    await anna.page.get_by_role("link", name="open it").click()
    await anna.arrive()
    await anna.sees("It became")


async def test_an_upload_without_a_file_asks_for_it(anna: Person, account: Caller) -> None:
    await anna.open("/inbox/purchases/upload")
    await anna.fill(comment="Paid in cash")
    await anna.press("Upload")
    assert await anna.page.locator("input:invalid").count() == 1, "the browser asks for the file"
    assert await anna.page.input_value("[name=comment]") == "Paid in cash"
    assert await account.items("/v1/inbox/purchases") == []
