"""A person with a real Chromium before the console, signed in, and what the browser complained about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, Dialog, Error, Locator, Page, ViewportSize, async_playwright

from tests.support import chromium
from tests.support.api_installation import House
from tests.support.caller import Caller
from tests.support.eventually import eventually

SECONDS_MAX: Final = 45.0
QUESTIONS_TAKEN_BACK_MAX: Final = 3  # in one story
PHONE: Final[ViewportSize] = {"width": 360, "height": 740}
DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 800}
# What browsers say of an answer of 4xx or 5xx to the page itself: the stories look at these on purpose.
EXPECTED: Final = ("Failed to load resource", "Autofocus processing was blocked")
# Runs before the scripts of the page. The window gets events last: what no script has prevented leaves the page.
NOTE_LEAVING: Final = """
  const mark = () => document.documentElement.setAttribute("data-leaving", "");
  addEventListener("submit", (event) => {
    if (!event.defaultPrevented && event.target.target !== "_blank") mark();
  });
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || link.target === "_blank" || link.hasAttribute("download")) return;
    const [here, there] = [location, link].map((one) => one.href.split("#")[0]);
    if (link.protocol.startsWith("http") && (here !== there || !link.hash)) mark();
  });
"""
STAYED: Final = "document.documentElement.removeAttribute('data-leaving')"


@dataclass(slots=True)
class Person:
    """A browser's page at the console of one installation."""

    page: Page
    house: House
    account: Caller | None = None
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)  # the questions that were answered
    _answering: int = 0
    _taken_back: int = 0

    def say_yes(self) -> None:
        """Answer yes to every question of the page from now on."""
        self.page.on("dialog", lambda dialog: self._accept(dialog))  # noqa: PLW0108  Playwright marks a bound method

    async def _accept(self, dialog: Dialog) -> None:
        self._answering += 1
        try:
            await dialog.accept()
            self.asked.append(dialog.message)
        except Error as error:
            # Chromium took the question back, as answered with no: seen once, beside a PDF that began to show.
            if "No dialog is showing" not in str(error):
                raise
            self._taken_back += 1
        finally:
            self._answering -= 1

    async def open(self, path: str) -> None:
        """Go to a page of the console, once the answer to the form or link before is there."""
        await self.arrive()
        await self.page.goto(f"{self.house.url}/console{path}")

    async def arrive(self) -> None:
        """Wait until the page that a form or link leads to has replaced the present one; at once if none does."""
        await self.page.locator("html:not([data-leaving])").wait_for(state="attached")
        await self.page.wait_for_load_state("domcontentloaded")

    async def sign_in(self, name: str, password: str) -> None:
        """Fill the sign-in page in."""
        await self.page.fill("[name=name]", name)
        await self.page.fill("[name=password]", password)
        await self.page.click("button[type=submit]")
        await self.arrive()

    async def fill(self, **fields: str) -> None:
        """Fill fields by their names."""
        for name, value in fields.items():
            await self.page.fill(f'[name="{name}"]', value)

    async def press(self, text: str) -> None:
        """Press the button or follow the link of this text, and wait for the page that it leads to."""
        found = self.page.get_by_role("button", name=text, exact=True)
        link = self.page.get_by_role("link", name=text, exact=True)
        before = self._taken_back
        await found.or_(link).first.click()
        await eventually(lambda: not self._answering)
        await self.arrive()
        assert self._taken_back < QUESTIONS_TAKEN_BACK_MAX, f"the question of {text!r} is taken back again and again"
        if self._taken_back > before:
            await self.press(text)

    async def submit(self) -> None:
        """Press the main button of the page's form, and wait for the answer."""
        await self.page.locator("main button.main").click()
        await self.arrive()

    async def saves(self, link: Locator, ending: str) -> Path:
        """Follow a link to a file whose name ends so; answer where the browser has put it.

        A Chromium that shows no PDF downloads the one within the page as well, whenever it gets there.
        """
        async with self.page.expect_download(lambda one: one.suggested_filename.endswith(ending)) as waiting:
            await link.click()
        return await (await waiting.value).path()

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
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
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
    await context.add_init_script(NOTE_LEAVING)
    page = await context.new_page()
    person = Person(page, house, account)
    page.on("pageerror", lambda error: person.complaints.append(str(error)))
    page.on("console", lambda said: _note(person, said.type, said.text))
    page.on("download", lambda _: _stay(page))
    if account is not None:
        await person.open("")
        await person.sign_in(account.made["login"]["name"], account.made["login"]["password"])
    yield person
    await context.close()


async def _stay(page: Page) -> None:
    """The answer was a file: no other page comes. The story may have closed this one by then."""
    with suppress(Error):
        await page.evaluate(STAYED)


def _note(person: Person, kind: str, text: str) -> None:
    if kind == "error" and not text.startswith(EXPECTED):
        person.complaints.append(text)
