"""From a fresh installation to the first page: the printed link, signing in and out, language, colours, a phone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from ingress.access import setup
from standalone.all_in_one import prepare_all
from tests.support.api_installation import House, open_house
from tests.support.browser import PHONE, Person, a_person
from tests.support.caller import Caller
from tests.support.postgres_server import Postgres
from tests.support.standalone import standalone_with_errors

pytestmark = pytest.mark.long

PASSWORD = "four plain words here"


async def test_up_prints_one_link_on_a_fresh_installation_and_none_later(tmp_path: Path) -> None:
    async with standalone_with_errors(tmp_path) as (first, said):
        links = re.findall(r"create the first account: (\S+)", said())
        assert len(links) == 1
        assert links[0].startswith(f"{first.url}/console/set-up?token=")
        assert f"console at {first.url}/console" in said()
        await first.create_account("Baltic Trading OÜ")
    async with standalone_with_errors(tmp_path) as (_, said):
        assert "create the first account" not in said()


async def test_the_link_creates_the_first_account_and_its_owner_signs_in(browser: Browser, postgres: Postgres) -> None:
    dsn = await postgres.copy_of(prepare_all)
    async with open_house(dsn, sign_ins_per_minute=0) as fresh, a_person(browser, fresh) as person:
        await person.open("")
        await person.sees("This installation has no account yet")
        secret = await setup.new_link_secret(fresh.pool)
        await person.open(f"/set-up?token={secret}")
        await person.fill(account_name="Baltic Trading OÜ", name="anna", password="short", time_zone="Mars/Base")
        await person.press("Create the account")
        assert await person.page.input_value("[name=account_name]") == "Baltic Trading OÜ", "nothing typed is lost"
        assert await person.page.locator("[name=time_zone]").get_attribute("aria-invalid") == "true"
        assert "must have 12 characters or more" in await person.page.inner_text("#e-password")
        await person.fill(password=PASSWORD, time_zone="Europe/Riga")
        await person.press("Create the account")
        await person.sign_in("anna", PASSWORD)
        await person.page.get_by_role("heading", name="Baltic Trading OÜ").wait_for()
        await person.open(f"/set-up?token={secret}")
        assert "Create the account" not in await person.text(), "the link serves once"
    await postgres.drop_database(dsn)


async def test_a_wrong_link_is_refused_and_says_what_to_do(browser: Browser, postgres: Postgres) -> None:
    dsn = await postgres.copy_of(prepare_all)
    async with open_house(dsn, sign_ins_per_minute=0) as fresh, a_person(browser, fresh) as person:
        await person.open("/set-up?token=wrong")
        await person.fill(account_name="Books", name="anna", password=PASSWORD)
        await person.press("Create the account")
        await person.sees("is not the one of the newest link")
    await postgres.drop_database(dsn)


async def test_the_front_page_leads_to_the_console_and_sign_in_leads_back_to_where_one_was(
    browser: Browser, house: House, account: Caller
) -> None:
    async with a_person(browser, house) as person:
        await person.page.goto(house.url)
        assert "/oauth/authorize" in person.page.url
        await person.open("/sales?status=draft")
        await person.sign_in(account.made["login"]["name"], account.made["login"]["password"])
        await person.page.wait_for_url("**/console/sales?status=draft")


async def test_signing_out_ends_the_session_here_and_at_the_api(anna: Person) -> None:
    before = await anna.page.context.cookies()
    await anna.page.click("details.account summary")
    await anna.press("Sign out")
    await anna.sees("You are signed out")
    await anna.open("/sales")
    assert "/oauth/authorize" in anna.page.url
    held: Any = [one for one in before if one["name"] == "ledgerwire_console"]
    await anna.page.context.add_cookies(held)
    await anna.open("/sales")
    assert "/oauth/authorize" in anna.page.url, "the token of the ended session is worth nothing"


async def test_the_cookies_are_kept_from_scripts_and_other_sites(anna: Person) -> None:
    cookies = [one for one in await anna.page.context.cookies() if one["name"].startswith("ledgerwire")]
    assert len(cookies) >= 3
    assert all(one["httpOnly"] and one["sameSite"] == "Lax" for one in cookies)


@pytest.mark.parametrize(("language", "heading"), [("Français", "Ventes"), ("Español", "Ventas")])
async def test_the_language_is_switched_on_any_page_and_stays(anna: Person, language: str, heading: str) -> None:
    await anna.open("/sales")
    await anna.page.click("details.account summary")
    await anna.press(language)
    await anna.page.get_by_role("heading", name=heading, exact=True).wait_for()
    await anna.open("/sales")
    assert await anna.page.locator("main h1").inner_text() == heading


async def test_the_browsers_language_is_used_until_another_is_chosen(
    browser: Browser, house: House, account: Caller
) -> None:
    async with a_person(browser, house, account=account, locale="fr-FR") as person:
        await person.open("/sales")
        assert await person.page.locator("main h1").inner_text() == "Ventes"
        assert await person.page.get_attribute("html", "lang") == "fr"


async def test_dark_colours_are_chosen_against_the_systems(anna: Person) -> None:
    await anna.page.click("details.account summary")
    await anna.press("Dark")
    colour = await anna.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", colour))) < 150


async def test_a_phone_shows_no_page_wider_than_itself(browser: Browser, house: House, account: Caller) -> None:
    async with a_person(browser, house, account=account, viewport=PHONE) as person:
        for path in ("", "/sales"):
            await person.open(path)
            assert await person.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert not await person.page.locator("#menu").is_visible()
        await person.press("Menu")
        assert await person.page.locator("#menu").is_visible()


async def test_a_phone_finds_a_client(browser: Browser, house: House, account: Caller) -> None:
    await account.client(name="Ozola Design SIA")
    async with a_person(browser, house, account=account, viewport=PHONE) as person:
        await person.open("/sales")
        await person.page.locator("#find").fill("ozola")
        await person.page.locator("#find").press("Enter")
        await person.sees("Ozola Design SIA")


async def test_a_page_is_used_by_keyboard_from_its_first_key(anna: Person) -> None:
    await anna.open("/sales")
    await anna.page.keyboard.press("Tab")
    assert await anna.page.evaluate("document.activeElement.textContent") == "Skip to the content"
    await anna.page.keyboard.press("Enter")
    assert await anna.page.evaluate("document.activeElement.id") == "content"


async def test_a_form_of_another_site_is_refused(anna: Person) -> None:
    sent = await anna.page.request.post(f"{anna.house.url}/console/preferences", form={"theme": "dark"})
    assert sent.status == 403
    token = await anna.page.locator("[name=_csrf]").first.get_attribute("value")
    foreign = await anna.page.request.post(
        f"{anna.house.url}/console/preferences", form={"theme": "dark", "_csrf": token or ""},
        headers={"Origin": "https://elsewhere.example"},
    )  # fmt: skip
    assert foreign.status == 403


async def test_what_is_not_there_is_a_page_in_the_persons_language(
    browser: Browser, house: House, account: Caller
) -> None:
    async with a_person(browser, house, account=account, locale="es") as person:
        await person.open("/nothing-of-this-name")
        await person.sees("Aquí no hay nada")
        await person.open("/sales/0190a0a0-0000-7000-8000-000000000000")
        await person.sees("Aquí no hay nada")


async def test_every_page_forbids_scripts_and_frames_of_others(anna: Person) -> None:
    answer = await anna.page.goto(f"{anna.house.url}/console")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    html = await answer.text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son[a-z]+=|\sstyle=", html)
