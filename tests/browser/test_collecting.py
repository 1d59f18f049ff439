"""Collectors and calls in the console, and the steps that CreditorWatch Collect's users know."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.support.api_installation import House
from tests.support.browser import Person, a_person
from tests.support.caller import Caller
from tests.support.debtors import BY_HAND, CALL, case_of, collects, owes
from tests.support.eventually import eventually

pytestmark = pytest.mark.long

SOON = str(dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=3))
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'&{{ 7 * 7 }}"


async def test_a_collector_is_built_by_picking_and_previewed_in_each_language(anna: Person, account: Caller) -> None:
    await account.client(name="Ozola Design SIA", first_name="Aija", phone="+37126123456")
    await anna.open("/collectors/new")
    await anna.page.get_by_role("button", name="SMS", exact=True).click()
    await anna.page.locator("#step-1").wait_for()
    assert await anna.page.locator("svg.stops circle").count() == 2
    second = anna.page.locator("#step-1")
    text = second.locator("[name='steps[1].template.en.body']")
    await text.fill("Hello ")
    await text.press("End")
    await second.get_by_text("Insert a field").click()
    await second.get_by_role("button", name="Contact's name").click()
    assert await text.input_value() == "Hello {{ client.contact }}"
    await second.get_by_role("button", name="Preview").click()
    await anna.page.locator("#step-1 .preview").nth(2).wait_for()
    shown = await anna.page.locator("#step-1 .preview").all_inner_texts()
    assert len(shown) == 3
    assert any("Hello Aija" in one for one in shown)
    await anna.submit()
    await anna.sees("Nothing was saved")
    await anna.page.locator("[name=name][aria-invalid]").wait_for()
    await anna.fill(name="Friendly")
    await anna.page.locator("#step-1 > details > summary").click()
    await anna.page.fill("[name='steps[1].amount']", "five")
    await anna.submit()
    await anna.page.locator("[name='steps[1].amount'][aria-invalid]").wait_for()
    await anna.page.fill("[name='steps[1].amount']", "5")
    await anna.submit()
    await anna.page.get_by_role("heading", name="Friendly").wait_for()
    await anna.sees("5 days after the due date")
    made = next(one for one in await account.items("/v1/collectors") if one["name"] == "Friendly")
    assert [one["channel"] for one in made["steps"]] == ["email", "sms"]


async def test_steps_change_their_order_and_a_change_makes_a_version(anna: Person, account: Caller) -> None:
    made = await collects(account, BY_HAND, CALL | {"delay": "P2D"}, default=False)
    await anna.open(f"/collectors/{made['id']}/edit")
    await anna.page.get_by_role("button", name="Move step 2 up").click()
    await anna.page.get_by_role("button", name="Remove step 2").click()
    await anna.submit()
    await anna.sees("version 2")
    await anna.sees("version 1")
    now = await account.read(f"/v1/collectors/{made['id']}")
    assert [one["channel"] for one in now["steps"]] == ["call"]


async def test_calls_are_made_by_the_keyboard_alone_one_after_the_other(anna: Person, account: Caller) -> None:
    await collects(account, CALL)
    await owes(account, "Ozola Design SIA")
    second = await owes(account, "Kalns Būve")
    await anna.open("/calls")
    await anna.press("Call the next one")
    first_name = await anna.page.inner_text("main h1")
    await anna.page.keyboard.press("4")
    assert await anna.page.locator("[value=promised]").is_checked()
    await anna.page.keyboard.press("Control+Enter")
    await anna.sees("an outcome promised needs promise")
    await anna.page.keyboard.press("4")
    await anna.page.fill("[name='promise.date']", SOON)
    await anna.page.fill("[name=note]", "Pays on Friday, 4 invoices")
    assert await anna.page.locator("[value=promised]").is_checked(), "a digit in a text chooses no outcome"
    await anna.page.keyboard.press("Control+Enter")
    await anna.sees("This is the next one.")
    assert await anna.page.inner_text("main h1") != first_name
    await anna.page.keyboard.press("1")
    await anna.page.keyboard.press("Control+Enter")
    await anna.sees("No call is left.")
    await anna.sees("Pays on Friday, 4 invoices")
    assert [one["state"] for one in await account.items("/v1/promises")] == ["open"]
    outcomes = sorted(one["outcome"] for one in await account.items("/v1/calls"))
    assert outcomes == ["no_answer", "promised"]
    assert second.client["id"] in {one["client_id"] for one in await account.items("/v1/calls")}


async def test_when_reminders_go_is_set_with_the_fault_at_its_field(anna: Person, account: Caller) -> None:
    await anna.open("/collectors/settings")
    await anna.page.fill("[name='send_window.opens']", "nine")
    await anna.press("Save")
    await anna.page.locator("[name='send_window.opens'][aria-invalid]").wait_for()
    await anna.page.fill("[name='send_window.opens']", "09:00")
    await anna.page.check("[name='send_window.weekdays'][value='1']")
    await anna.page.fill("[name='send_window.holidays']", "2026-12-25\n2026-12-26")
    await anna.fill(min_contact_days="3")
    await anna.page.select_option("[name=disputed_invoices]", "mark")
    await anna.press("Save")
    await anna.sees("Saved.")
    kept = await account.read("/v1/account")
    assert kept["send_window"]["weekdays"] == [1]
    assert kept["send_window"]["holidays"] == ["2026-12-25", "2026-12-26"]
    assert kept["min_contact_interval"] == "P3D"
    assert kept["disputed_invoices"] == "mark"
    assert await anna.page.input_value("[name=min_contact_days]") == "3"


async def test_the_steps_of_collects_users_fire_message_note_and_move(anna: Person, account: Caller) -> None:
    await collects(account, BY_HAND)
    lawyers = await collects(account, BY_HAND, name="Lawyers", default=False)
    debtor = await owes(account, "Ozola Design SIA")
    await anna.open("/tokens/new")
    await anna.fill(name="Zapier")
    await anna.submit()
    token = (await anna.page.inner_text("#secret-1")).strip()
    await anna.open(f"{debtor.page}/note")
    await anna.fill(body="A note is added to a contact")
    await anna.submit()
    await anna.open(f"/calls/{debtor.case['id']}")
    await anna.page.keyboard.press("3")
    await anna.fill(note="Call notes are added")
    await anna.page.get_by_role("button", name="Save", exact=True).click()
    await anna.sees("The call is recorded")
    await anna.open(f"{debtor.page}/dispute")
    await anna.fill(reason="Marked as disputed with a reason")
    await anna.submit()
    await anna.open("/cases?view=list")
    await anna.page.check('[data-all="client_id"]')
    await anna.press("Change collector")
    await anna.page.select_option("[name=collector_id]", lawyers["id"])
    await anna.press("Change collector")
    await anna.sees("The invoices of 1 client were moved.")
    said = {
        "client_id": debtor.client["id"], "direction": "received", "channel": "email", "origin": "external",
        "from": "aija@ozola.example", "subject": "Re: open", "body": "A customer replies",
    }  # fmt: skip
    await account.made_of("/v1/messages", said)

    async def fired(trigger: str) -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {token}"}
        found = await account.anonymous("GET", f"/v1/triggers/{trigger}/events", headers=headers)
        assert found.status == 200, found.text
        return [one["data"] for one in found.json]

    async def all_there() -> bool:
        notes = {one["kind"] for one in await fired("note.created")}
        return {"note", "call", "dispute"} <= notes and bool(await fired("message.created"))

    await eventually(all_there, deadline_seconds=30)
    (move,) = await fired("invoices.moved")
    assert (move["cause"], move["to_collector"]["name"]) == ("person", "Lawyers")


async def test_hostile_text_in_each_field_is_shown_as_text(anna: Person, account: Caller) -> None:
    await collects(account, CALL, name=HOSTILE)
    debtor = await owes(account, HOSTILE, first_name=HOSTILE)
    dialogs: list[str] = []
    anna.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    for deed, name in (("note", "body"), ("message", "body"), ("dispute", "reason")):
        await anna.open(f"{debtor.page}/{deed}")
        if deed == "message":
            await anna.fill(subject=HOSTILE)
        await anna.page.fill(f'[name="{name}"]', HOSTILE)
        await anna.submit()
        await anna.page.wait_for_url(f"**{debtor.page}")
    await account.post("/v1/calls", {"client_id": debtor.client["id"], "outcome": "other", "note": HOSTILE})
    await account.post(f"/v1/cases/{debtor.case['id']}/pause", {"reason": HOSTILE})
    pages = (
        debtor.page,
        "/cases",
        "/cases?view=list",
        "/calls",
        f"/calls/{debtor.case['id']}",
        "/disputes",
        "/collectors",
    )
    for path in pages:
        await anna.open(path)
        await anna.page.get_by_text("<script>alert(2)</script>").first.wait_for(state="attached")
        assert await anna.page.locator("img[src=x], main script").count() == 0, path
    assert dialogs == []


async def test_the_board_and_the_editor_speak_french_and_spanish(
    browser: Browser, house: House, account: Caller
) -> None:
    await collects(account, BY_HAND)
    debtor = await owes(account, "Ozola Design SIA")
    for locale, words in (
        ("fr", "Une étape attend que quelqu\u2019un l\u2019envoie."),
        ("es", "Un paso espera a que alguien lo envíe."),
    ):
        async with a_person(browser, house, account=account, locale=locale) as person:
            await person.open(debtor.page)
            await person.page.get_by_role("heading", name=words).wait_for()
    assert await case_of(account, debtor.client["id"], "pending")
