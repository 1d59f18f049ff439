"""The step lists that people were given, each as one story in its language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from playwright.async_api import Browser

from tests.support import oauth
from tests.support.api_installation import House
from tests.support.browser import Person, a_person
from tests.support.caller import Caller
from tests.support.consent import allowed, asking
from tests.support.eventually import eventually

pytestmark = pytest.mark.long

DIRECT: Final = """<Sale><Header><Document><DocumentDate>2026-01-30</DocumentDate><DocumentRef>INV-17</DocumentRef>
<ExternalLink><DocumentURI></DocumentURI><PDF></PDF></ExternalLink>
<SupplierData><SupplierName>Paper and Pens</SupplierName></SupplierData>
<ClientData><ClientName>Baltic Trading</ClientName></ClientData></Document>
<SaleType>sales_invoice</SaleType><Operation>sell_goods</Operation><Currency>EUR</Currency><TaxBasis>1</TaxBasis>
<IncludeTax>false</IncludeTax><PayTerm><PayTermType>1</PayTermType><PayTermDays>14</PayTermDays></PayTerm>
<DateDue></DateDue><Deposit></Deposit><Comment>Thank you</Comment><PaymentMethod>1</PaymentMethod>
<ShippingData><ShippingType>1</ShippingType></ShippingData></Header>
<LineItems><LineItem><Item><ItemCode>P-4</ItemCode><ItemBarCode></ItemBarCode><ItemName>Paper A4</ItemName></Item>
<Description></Description><Qty>10</Qty><Price>4.20</Price><LineDiscount>0</LineDiscount><LineTotal>42.00</LineTotal>
<Unit><UnitName>box</UnitName></Unit></LineItem></LineItems>
<Adjustments><Adjustment><Amount></Amount><Description /><TypeID></TypeID><PctOrAmount></PctOrAmount></Adjustment>
</Adjustments><ShippingCharge><Amount></Amount></ShippingCharge>
<Totals><GrossAmount>42.00</GrossAmount><NetAmount>42.00</NetAmount></Totals></Sale>"""


async def by_the_companys_name(person: Person, settings: str, *links: str) -> None:
    """Click the company's name, then the settings, then links of that page, one after another."""
    await person.page.click("details.account summary")
    await person.page.locator(".sheet").get_by_role("link", name=settings).click()
    await person.arrive()
    for link in links:
        await person.page.locator("main").get_by_role("link", name=link, exact=True).click()
        await person.arrive()


async def test_paytraq_direct_the_channel_is_activated_in_the_purchase_inbox_and_its_address_takes_an_invoice(
    anna: Person, account: Caller
) -> None:
    await anna.press("Purchase inbox")
    await anna.press("Channels")
    await anna.page.select_option("[name=kind]", "direct")
    await anna.press("Activate")
    url = (await anna.page.inner_text("#url-1")).strip()
    sent = await account.push({"url": url}, DIRECT.encode())
    assert sent.status == 200, sent.text
    refused = await account.push({"url": url}, DIRECT.replace("2026-01-30", "30.01.2026").encode())
    assert refused.status != 200, "only what was stored is answered with 200"
    await anna.press("Purchase inbox")
    await anna.press("INV-17")
    await anna.press("Accept")
    await anna.sees("It became")
    [bill] = await account.items("/v1/bills")
    assert (bill["document_ref"], bill["total"]) == ("INV-17", "42.00")


async def test_paytraq_the_key_pair_is_found_under_the_company_and_serves_triggers_and_actions(
    anna: Person, account: Caller
) -> None:
    anna.say_yes()
    await by_the_companys_name(anna, "Account & settings", "API access")
    await anna.press("Make a new pair")
    await anna.sees("Copy the API token now: it is shown this once.")
    key, token = await anna.page.inner_text("#api-key"), await anna.page.inner_text("#api-token")
    headers = {"APIKey": key, "APIToken": token}

    async def act(action: str, **given: Any) -> None:
        done = await account.anonymous("POST", f"/v1/actions/{action}", headers=headers, json=given)
        assert done.status in {200, 201}, done.text

    document = {"document_date": "2026-03-01", "currency": "EUR",
                "lines": [{"description": "Paper", "quantity": "1", "unit_price": "10"}]}  # fmt: skip
    await act("create_client", name="From Google Contacts")
    await act("create_purchase", document=document | {"document_ref": "P-1", "supplier": {"name": "Supplier"}})
    await act("create_sale", document=document | {"document_ref": "M-1", "client": {"name": "Shop"}})
    for path in ("/clients", "/inbox/purchases", "/inbox/sales"):
        await anna.open(path)
        assert await anna.page.locator("table.list tbody tr").count() == 1, path
    sale = await account.sale((await account.items("/v1/clients"))[0]["id"])
    await account.payment(sale["client_id"], "165.01", (sale["id"], "165.01"))
    for trigger in ("client.created", "sale.posted", "payment.posted"):

        async def fired(name: str = trigger) -> Any:
            return (await account.anonymous("GET", f"/v1/triggers/{name}/events", headers=headers)).json

        await eventually(fired)
    await anna.open("/api-access")
    assert token not in await anna.text(), "the token is shown once"


@dataclass(frozen=True, slots=True)
class Words:
    """What is clicked, in one language."""

    settings: str
    connect: str
    site: str
    asks: str
    disconnect: str


SPOKEN: Final[Mapping[str, Words]] = {
    "fr": Words(
        "Compte & paramètres", "Se connecter à Zapier", "Site Web de Zapier", "vos clients", "Dissocier Zapier"
    ),
    "es": Words("Cuenta y ajustes", "Conectar con Zapier", "Sitio web de Zapier", "sus clientes", "Desvincular Zapier"),
}


@pytest.mark.parametrize("locale", SPOKEN)
async def test_invoice2go_zapier_is_let_in_from_the_companys_menu_and_disconnected_by_two_clicks(
    browser: Browser, house: House, account: Caller, locale: str
) -> None:
    words = SPOKEN[locale]
    async with a_person(browser, house, account=account, locale=locale) as person:
        page = person.page
        person.say_yes()
        await by_the_companys_name(person, words.settings, words.connect)
        link = page.get_by_role("link", name=words.site)
        assert str(await link.get_attribute("href")).startswith("https://zapier.com/")
        async with asking(house, page, "Zapier") as zapier:
            await page.goto(zapier.url)
            assert words.asks in await person.text(), "what it asks for is said in the person's language"
            await page.locator("button[value=deny]").click()
            assert "access_denied" in await zapier.came_back(1), "without the permission it cannot be used"
            bearer = await allowed(zapier)
            assert (await oauth.send(house, bearer, "POST", "/v1/clients", json={"name": "Du Zap"})).status == 201
            await person.open("")
            await by_the_companys_name(person, words.settings, "Zapier")
            await person.press(words.disconnect)
            assert (await oauth.send(house, bearer, "GET", "/v1/me")).status == 401
            await page.get_by_role("button", name=words.disconnect).wait_for(state="detached")
            again = await allowed(zapier)
            assert (await oauth.send(house, again, "GET", "/v1/me")).status == 200, "set up anew, it is connected again"
        assert person.complaints == []
