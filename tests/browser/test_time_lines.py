"""What happened over time: a document's time line, a bill's, and the money that came in by week."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from playwright.async_api import Browser

from tests.support.api_installation import House
from tests.support.browser import Person, a_person
from tests.support.caller import Caller, a_document, an_invoice

pytestmark = pytest.mark.long


async def happened(person: Person) -> list[str]:
    """The titles of the page's time line, newest first."""
    return [(await one.inner_text()).strip() for one in await person.page.locator("ol.line > li > strong").all()]


async def test_a_documents_time_line_shows_what_became_of_it_and_leads_to_each(anna: Person, account: Caller) -> None:
    client = (await account.client())["id"]
    sale = await account.made_of("/v1/sales", an_invoice(client, issue=False))
    await anna.open(f"/sales/{sale['id']}")
    assert await happened(anna) == ["New draft"]
    await anna.press("Issue")
    await anna.sees("Issued.")
    await anna.page.get_by_label("New note").fill("Ask Aija first")
    await anna.press("Add note")
    await anna.sees("Note added.")
    await anna.fill(reason="Two hours too many")
    await anna.press("Mark as disputed")
    await anna.page.select_option("[name=resolution]", "accepted")
    await anna.press("Resolve")
    await anna.sees("Dispute resolved.")
    payment = await account.payment(client, "165.01", (sale["id"], "165.01"))
    await anna.open(f"/sales/{sale['id']}")
    shown = await happened(anna)
    assert shown[-2:] == ["Document issued", "New draft"]
    assert shown[-5:-2] == ["Dispute resolved", "Dispute opened", "Note"]
    assert sorted(shown[:-5]) == ["Invoice paid", "Payment applied"]
    for words in ("Ask Aija first", "Two hours too many", "Accepted"):
        await anna.page.locator("ol.line").get_by_text(words).wait_for()
    await anna.press("Payment applied")
    await anna.page.wait_for_url(f"**/payments/{payment['id']}")


async def test_a_long_time_line_goes_on_with_what_is_older(anna: Person, account: Caller) -> None:
    client = (await account.client())["id"]
    sale = await account.sale(client)
    for number in range(50):
        note = {"client_id": client, "sale_id": sale["id"], "body": f"Note {number}"}
        await account.made_of("/v1/notes", note)
    await anna.open(f"/sales/{sale['id']}")
    assert await happened(anna) == ["Note"] * 50
    await anna.press("Older")
    assert await happened(anna) == ["Document issued", "New draft"]


async def test_a_bills_time_line_leads_to_the_message_that_it_came_in(anna: Person, account: Caller) -> None:
    channel = await account.channel()
    sent = await account.anonymous("POST", channel["url"], json=a_document("A-17"))
    accepted = await account.made_of(f"/v1/inbox/purchases/{sent.json['message_id']}/accept", {})
    [bill] = await account.items("/v1/bills")
    await account.made_of(f"/v1/bills/{bill['id']}/void", {"reason": "Sent twice"})
    assert accepted["state"] == "accepted"
    await anna.open(f"/bills/{bill['id']}")
    assert await happened(anna) == ["Document voided", "Bill recorded", "Inbox message received"]
    await anna.page.locator("ol.line").get_by_text("Sent twice").wait_for()
    await anna.press("Inbox message received")
    await anna.page.wait_for_url(f"**/inbox/purchases/{sent.json['message_id']}")


async def test_money_in_is_the_sum_of_all_payments_however_many_there_are(
    browser: Browser, house: House, account: Caller
) -> None:
    client, today = (await account.client())["id"], dt.datetime.now(tz=dt.UTC).date()
    earlier = today - dt.timedelta(weeks=3)
    await asyncio.gather(*(account.payment(client, "0.07", date=str(earlier)) for _ in range(3)))
    for _ in range(21):
        await asyncio.gather(*(account.payment(client, "1.01", date=str(today)) for _ in range(10)))
    async with a_person(browser, house, account=account, locale="fr") as person:
        await person.open("")
        await person.sees("212,31")  # 210 x 1.01 + 3 x 0.07, which a page of 200 payments does not have
        await person.page.get_by_text("En tableau").last.click()
        await person.page.get_by_role("cell", name="212,10").wait_for()
        await person.page.get_by_role("cell", name="0,21").wait_for()
        assert person.complaints == []
