"""People of an account: added, invited, limited by their role, with a password and a second factor of their own."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from playwright.async_api import Browser

from contracts.primitives.ids import new_id
from ingress.access import totp
from tests.support.api_installation import House
from tests.support.browser import Person, a_person
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.long

OWN_PASSWORD: Final = "six-green-bottles-17"
NOT_FOR_VIEWERS: Final = {"/clients/new": "Your role does not allow"}
WRONG: Final = "The name, the password or the code is wrong."


def a_name() -> str:
    """A new sign-in name."""
    return f"ben.{new_id()}@office.example"


async def added(account: Caller, role: str = "member", **fields: Any) -> dict[str, Any]:
    """A person of the account, with the password that was made for them."""
    return await account.made_of("/v1/users", {"name": a_name(), "role": role} | fields)


@asynccontextmanager
async def signed_in(browser: Browser, house: House, name: str, password: str) -> AsyncIterator[Person]:
    """A person with a browser of their own, after their sign-in."""
    async with a_person(browser, house) as person:
        await person.open("")
        await person.sign_in(name, password)
        yield person


async def test_a_person_is_added_signs_in_and_chooses_a_password_of_their_own(
    anna: Person, browser: Browser, house: House
) -> None:
    name = a_name()
    await anna.open("/users")
    await anna.press("Add a person")
    await anna.fill(name="two words")
    await anna.submit()
    await anna.page.locator("[name=name][aria-invalid]").wait_for()
    await anna.fill(name=name)
    await anna.page.select_option("[name=role]", "member")
    await anna.submit()
    await anna.sees("The person can sign in")
    password = (await anna.page.inner_text("#secret-2")).strip()
    async with signed_in(browser, house, name, password) as ben:
        await ben.open("/me")
        await ben.fill(current=password, password=OWN_PASSWORD)
        await ben.submit()
        await ben.sees("The password is changed.")
    async with signed_in(browser, house, name, password) as stranger:
        await stranger.sees(WRONG)
        await stranger.sign_in(name, OWN_PASSWORD)
        await stranger.page.get_by_role("navigation", name="Menu").wait_for()


@pytest.mark.parametrize(
    ("role", "offered", "refused"),
    [
        (
            "viewer",
            {"/sales": None, "/automations": None, "/tokens": 403},
            {"/clients/new": "Your role does not allow"},
        ),
        ("member", {"/sales": "New document", "/automations": "New automation", "/tokens": 403}, {}),
        ("owner", {"/sales": "New document", "/users": "Add a person", "/tokens": "Create access token"}, {}),
    ],
)
async def test_a_role_limits_what_the_menu_and_the_pages_offer(
    browser: Browser, house: House, account: Caller, role: str, offered: dict[str, Any], refused: dict[str, str]
) -> None:
    user = await added(account, role)
    async with signed_in(browser, house, user["name"], user["password"]) as ben:
        menu = await ben.page.get_by_role("navigation", name="Menu").inner_text()
        assert ("Users" in menu, "Access tokens" in menu, "Sales" in menu) == (role == "owner", role == "owner", True)
        for path, button in offered.items():
            answer = await ben.page.goto(f"{house.url}/console{path}")
            assert answer is not None
            assert answer.status == (button if isinstance(button, int) else 200), path
            if not isinstance(button, int):
                buttons = set(await ben.page.locator("main .main").all_inner_texts())
                assert buttons == ({button} if button else set()), path
        for path, said in refused.items():
            await ben.open(path)
            await ben.sees(said)


async def test_an_invited_person_joins_and_goes_from_one_account_to_the_other(
    anna: Person, browser: Browser, house: House, account: Caller
) -> None:
    other = await house.account()
    assert (await account.patch("/v1/account", {"name": "Second Trading"})).status == 200
    await anna.open("/users/invite")
    await anna.page.select_option("[name=role]", "viewer")
    await anna.submit()
    invitation = (await anna.page.inner_text("#secret-1")).strip()
    async with a_person(browser, house, account=other) as ben:
        await ben.open("/me")
        await ben.fill(invitation="nothing of the kind")
        await ben.press("Join")
        await ben.page.locator("main .fault").wait_for()
        await ben.fill(invitation=invitation)
        await ben.press("Join")
        await ben.sees("You belong to this account now.")
        await ben.page.get_by_role("heading", name="Second Trading").wait_for()
        await ben.page.locator("details.account summary").click()
        assert "Viewer" in await ben.page.inner_text(".sheet")
        await ben.press("Baltic Trading OÜ")
        await ben.page.get_by_role("heading", name="Baltic Trading OÜ").wait_for()
        await ben.page.locator("details.account summary").click()
        assert "Owner" in await ben.page.inner_text(".sheet")


async def test_a_forgotten_password_is_replaced_by_the_link_in_a_mail(
    browser: Browser, house: House, account: Caller, smtp: SmtpServer
) -> None:
    address = f"{new_id()}@office.example"
    assert (await account.patch("/v1/account", {"email": "books@baltic.example"})).status == 200
    user = await added(account, email=address)
    async with a_person(browser, house) as ben:
        await ben.open("/sales")
        await ben.press("Forgot your password?")
        await ben.fill(name=user["name"])
        await ben.press("Send a link")
        await ben.sees("a link is on its way")

        def arrived() -> Any:
            return next((mail for mail in smtp.mails if mail.recipients == [address]), None)

        mail = await eventually(arrived)
        link = re.search(r"http\S+", mail.text)
        assert link is not None, mail.text
        await ben.page.goto(link[0])
        await ben.fill(password="short")
        await ben.page.evaluate("document.querySelector('form').noValidate = true")
        await ben.press("Save")
        await ben.sees("Choose 12 characters or more.")
        await ben.fill(password=OWN_PASSWORD)
        await ben.press("Save")
        await ben.sees("Your password is changed.")
        await ben.page.goto(link[0])
        await ben.fill(password=OWN_PASSWORD)
        await ben.press("Save")
        await ben.sees("This link was used, or has ended.")
        await ben.open("/sales")
        await ben.sign_in(user["name"], OWN_PASSWORD)
        await ben.page.get_by_role("heading", name="Sales").wait_for()


async def test_a_second_factor_is_turned_on_asked_for_and_turned_off_by_a_recovery_code(
    browser: Browser, house: House, account: Caller
) -> None:
    user = await added(account)
    async with signed_in(browser, house, user["name"], user["password"]) as ben:
        await ben.open("/me/two-factor")
        secret = totp.read_secret((await ben.page.inner_text("#totp-secret")).strip())
        assert secret is not None
        assert await ben.page.locator("svg.qr path").count() == 1, "apps read it by the camera"
        await ben.fill(code="000000", password="wrong")
        await ben.submit()
        await ben.page.locator("main .fault").wait_for()
        await ben.fill(code=totp.code_of(secret, int(time.time() // totp.STEP_SECONDS)), password=user["password"])
        await ben.submit()
        await ben.sees("Recovery codes")
        recovery = (await ben.page.inner_text("#secret-1")).split()
    async with signed_in(browser, house, user["name"], user["password"]) as ben:
        await ben.sees(WRONG)
        await ben.fill(code=recovery[0])
        await ben.sign_in(user["name"], user["password"])
        await ben.open("/me/two-factor")
        await ben.fill(code=recovery[1], password=user["password"])
        await ben.submit()
        await ben.sees("The second factor is off.")
    async with signed_in(browser, house, user["name"], user["password"]) as ben:
        await ben.page.get_by_role("navigation", name="Menu").wait_for()


async def test_a_person_who_is_removed_is_out_with_their_next_click(
    anna: Person, browser: Browser, house: House, account: Caller
) -> None:
    user = await added(account)
    async with signed_in(browser, house, user["name"], user["password"]) as ben:
        await ben.press("Sales")
        anna.say_yes()
        await anna.open("/users")
        await anna.press(user["name"])
        await anna.press("Remove from the account")
        await anna.sees("Removed.")
        await ben.press("Clients")
        await ben.sees("Sign in")
        await ben.sign_in(user["name"], user["password"])
        assert await ben.page.get_by_role("navigation", name="Menu").count() == 0, "no account is left to work in"
