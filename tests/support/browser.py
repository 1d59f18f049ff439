"""A person with a real Chromium before the console, signed in, and what the browser complained about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from tests.support import chromium
from tests.support.api_installation import House
from tests.support.caller import Caller

SECONDS_MAX: Final = 20.0
PHONE: Final[ViewportSize] = {"width": 360, "height": 740}
DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 800}
# What browsers say of an answer of 4xx or 5xx to the page itself: the stories look at these on purpose.
EXPECTED: Final = ("Failed to load resource", "Autofocus processing was blocked")


@dataclass(slots=True)
class Person:
    """A browser's page at the console of one installation."""

    page: Page
    house: House
    account: Caller | None = None
    complaints: list[str] = field(default_factory=list)

    async def open(self, path: str) -> None:
        """Go to a page of the console."""
        await self.page.goto(f"{self.house.url}/console{path}")

    async def sign_in(self, name: str, password: str) -> None:
        """Fill the sign-in page in."""
        await self.page.fill("[name=name]", name)
        await self.page.fill("[name=password]", password)
        await self.page.click("button[type=submit]")

    async def fill(self, **fields: str) -> None:
        """Fill fields by their names."""
        for name, value in fields.items():
            await self.page.fill(f'[name="{name}"]', value)

    async def press(self, text: str) -> None:
        """Press the button or follow the link of this text."""
        found = self.page.get_by_role("button", name=text, exact=True)
        link = self.page.get_by_role("link", name=text, exact=True)
        await found.or_(link).first.click()

    async def text(self) -> str:
        """What the page shows."""
        return await self.page.inner_text("body")

    async def sees(self, text: str) -> None:
        """Wait until the page shows a text."""
        await self.page.get_by_text(text).first.wait_for(state="visible")


@asynccontextmanager
async def chromium_running() -> AsyncIterator[Browser]:
    """A Chromium without a window."""
    path = await chromium.find_or_install()
    assert path is not None, chromium.MISSING
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@asynccontextmanager
async def a_person(
    browser: Browser, house: House, *, account: Caller | None = None, locale: str = "en",
    viewport: ViewportSize | None = None, **options: Any,
) -> AsyncIterator[Person]:  # fmt: skip
    """A person with a browser of their own, signed in as the owner of `account` if it is given."""
    context = await browser.new_context(locale=locale, viewport=viewport or DESKTOP, **options)
    context.set_default_timeout(SECONDS_MAX * 1000)
    page = await context.new_page()
    person = Person(page, house, account)
    page.on("pageerror", lambda error: person.complaints.append(str(error)))
    page.on("console", lambda said: _note(person, said.type, said.text))
    if account is not None:
        await person.open("")
        await person.sign_in(account.made["login"]["name"], account.made["login"]["password"])
    yield person
    await context.close()


def _note(person: Person, kind: str, text: str) -> None:
    if kind == "error" and not text.startswith(EXPECTED):
        person.complaints.append(text)
