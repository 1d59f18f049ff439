"""Automations of the seeds, built by clicking alone, in three languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
import pytest
from playwright.async_api import Browser

from tests.support.api_installation import House
from tests.support.browser import Person, a_person
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.listener import listening

pytestmark = pytest.mark.long


@dataclass(frozen=True, slots=True)
class Words:
    """What is clicked, in one language."""

    menu: str
    new: str
    find_event: str
    event: str
    test_trigger: str
    find_action: str
    action: str
    action_key: str
    insert: str
    test_action: str
    would: str
    fault: str
    turn_on: str
    is_on: str


SPOKEN: Final[Mapping[str, Words]] = {
    "fr": Words(
        "Automatisations", "Nouvelle automatisation", "Chercher un événement", "webhook reçu",
        "Tester l\u2019élément déclencheur", "Chercher une action", "créer un client", "create_client",
        "Insérer un champ", "Tester l'action", "Ce qu'elle ferait", "Rien n\u2019a été enregistré",
        "Publier et activer", "Publiée. Elle est active.",
    ),
    "es": Words(
        "Automatizaciones", "Nueva automatización", "Buscar un evento", "webhook recibido",
        "Probar el desencadenador", "Buscar una acción", "crear producto", "create_product",
        "Insertar un campo", "Probar la acción", "Lo que haría", "No se guardó nada",
        "Publicar y activar", "Publicada. Está activa.",
    ),
}  # fmt: skip


async def picked(person: Person, search: str, text: str, entry: str) -> None:
    """Search the catalog of events or of actions, and press an entry that is found."""
    await person.page.get_by_role("searchbox", name=search).fill(text)
    await person.page.locator(f'button[value="{entry}"]:visible').click()
    await person.arrive()


async def inserted(person: Person, field: str, summary: str, expression: str) -> None:
    """Click into a field of the only step, and pick what is filled in there."""
    step = person.page.locator("[data-step]")
    if not await step.locator(".picks").is_visible():
        await step.get_by_text(summary, exact=True).click()
    await step.locator(f'[name="{field}"]').click()
    await person.page.keyboard.press("End")
    await step.locator(f'[data-insert="{{{{ {expression} }}}}"]').click()


async def test_paytraq_every_new_payment_is_posted_to_a_chat(anna: Person, account: Caller) -> None:
    page, text = anna.page, "steps[0].input.text"
    anna.say_yes()
    sale = await account.sale((await account.client(name="Ozola Design SIA"))["id"])
    async with listening() as listener:
        chat = listener.endpoint(usual=200)
        await anna.press("Connections")
        await anna.press("New connection")
        await anna.fill(name="Sales chat", url=chat.url)
        await anna.submit()
        await anna.press("Automations")
        await page.locator("main").get_by_role("link", name="New automation").first.click()
        await anna.arrive()
        await anna.fill(name="Payments to the chat")
        await picked(anna, "Search for an event", "incoming payment", "trigger:payment.posted")
        await anna.press("Test trigger")
        await anna.sees("Newest events, or the sample")
        await picked(anna, "Search for an action", "chat", "add:post_chat_message")
        await page.get_by_label("Connection").select_option("Sales chat")
        await page.locator(f'[name="{text}"]').fill("Paid: ")
        await inserted(anna, text, "Insert a field", "trigger.data.amount")
        await anna.press("Test action")
        await anna.sees("What it would do")
        assert chat.received == [], "a test sends nothing"
        await anna.press("Do it really")
        await anna.sees("What it did")
        assert [one.body["text"].startswith("Paid: ") for one in await chat.receives(1)] == [True]
        await anna.press("Publish and turn on")
        await anna.sees("It is on.")
        await anna.open(f"/sales/{sale['id']}")
        await anna.press("Record payment")
        await anna.submit()
        await anna.sees("Payment recorded.")
        assert [one.body["text"] for one in await chat.receives(2)][1] == "Paid: 165.01"
        await anna.press("Runs")
        await page.locator("main td .badge.b-succeeded").first.wait_for()
        assert "Payments to the chat" in await page.locator("table.list tbody tr").first.inner_text()


@pytest.mark.parametrize("locale", SPOKEN)
async def test_invoice2go_a_zap_is_built_in_the_persons_language_and_a_mistake_in_it_is_mended(
    browser: Browser, house: House, account: Caller, locale: str
) -> None:
    words, field = SPOKEN[locale], "steps[0].input.name"
    channel = await account.channel("hook")
    sent = orjson.dumps({"name": "Atelier Dupont"})
    json = {"Content_Type": "application/json"}
    assert (await account.push(channel, sent, **json)).status == 200
    await eventually(lambda: account.items("/v1/events?trigger=webhook.received"))
    async with a_person(browser, house, account=account, locale=locale) as person:
        await person.press(words.menu)
        await person.page.locator("main").get_by_role("link", name=words.new).first.click()
        await person.arrive()
        await picked(person, words.find_event, words.event, "trigger:webhook.received")
        await person.press(words.test_trigger)
        await picked(person, words.find_action, words.action, f"add:{words.action_key}")
        wrong = person.page.locator(f'[name="{field}"]')
        await wrong.fill("{{ trigger.data")
        await person.press(words.test_action)
        await person.sees(words.fault)
        await person.page.locator(f'[name="{field}"][aria-invalid]').wait_for()
        assert await wrong.input_value() == "{{ trigger.data", "nothing typed is lost"
        await wrong.fill("")
        await inserted(person, field, words.insert, "trigger.data.body.name")
        await person.fill(name="Webhook")
        if words.action_key == "create_product":
            await person.page.locator('[name="steps[0].input.code"]').fill("W-1")
        await person.press(words.test_action)
        await person.sees(words.would)
        await person.press(words.turn_on)
        await person.sees(words.is_on)
        assert person.complaints == []
    assert (await account.push(channel, sent, **json)).status == 200
    path = "/v1/clients" if words.action_key == "create_client" else "/v1/products"

    async def made() -> list[dict[str, Any]]:
        return [one for one in await account.items(path) if one["name"] == "Atelier Dupont"]

    await eventually(made)
