"""One action on many rows of a list: ticked by keyboard, asked about once, each row with its own result."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.support.api_installation import House
from tests.support.browser import PHONE, Person, a_person
from tests.support.caller import Caller, an_invoice
from tests.support.eventually import eventually
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.long


async def test_drafts_are_issued_by_keyboard_and_each_row_has_its_result(anna: Person, account: Caller) -> None:
    page, client = anna.page, (await account.client(name="Ozola Design SIA"))["id"]
    await account.made_of("/v1/sales", an_invoice(client, issue=False))
    issued = await account.sale(client)
    anna.say_yes()
    await anna.open("/sales")
    await page.locator('[data-all="id"]').focus()
    await page.keyboard.press("Space")
    assert await page.locator("tbody input[name=id]:checked").count() == 2
    await page.locator("button[value=issue]").focus()
    await page.keyboard.press("Enter")
    await anna.sees("Done: 1 of 2.")
    rows = [await row.inner_text() for row in await page.locator("main tbody tr").all()]
    assert [("Done" in row, "Refused" in row) for row in rows] == [(False, True), (True, False)]
    assert issued["number"] in rows[0]
    assert {sale["status"] for sale in await account.items("/v1/sales")} == {"issued"}


async def test_many_invoices_are_sent_from_a_phone_in_the_persons_language(
    browser: Browser, house: House, account: Caller, smtp: SmtpServer
) -> None:
    assert (await account.patch("/v1/account", {"email": "books@baltic.example"})).status == 200
    clients = [await account.client(email=f"buyer{number}@{house.url[-5:]}.example") for number in range(2)]
    for client in clients:
        await account.sale(client["id"])
    async with a_person(browser, house, account=account, locale="es", viewport=PHONE) as person:
        person.say_yes()
        await person.open("/sales")
        for box in await person.page.locator("tbody input[name=id]").all():
            await box.check()
        await person.press("Enviar")
        await person.sees("Hecho: 2 de 2.")
        assert person.complaints == []
    wanted = {client["email"] for client in clients}
    await eventually(lambda: wanted <= {one for mail in smtp.mails for one in mail.recipients}, deadline_seconds=30)


@pytest.mark.parametrize(
    ("kind", "fields"), [("clients", {"name": "Alma"}), ("products", {"name": "Tea", "code": "T"})]
)
async def test_rows_are_archived_and_restored_together(
    anna: Person, account: Caller, kind: str, fields: dict[str, str]
) -> None:
    made = await account.made_of(f"/v1/{kind}", fields)
    anna.say_yes()
    await anna.open(f"/{kind}")
    await anna.press("Archive")
    await anna.sees("Tick some rows first.")
    await anna.page.check("tbody input[name=id]")
    await anna.press("Archive")
    await anna.sees("Done: 1 of 1.")
    assert (await account.read(f"/v1/{kind}/{made['id']}"))["archived"] is True
    await anna.open(f"/{kind}?archived=true")
    await anna.page.check("tbody input[name=id]")
    await anna.press("Restore")
    await anna.sees("Done: 1 of 1.")
    assert (await account.read(f"/v1/{kind}/{made['id']}"))["archived"] is False
