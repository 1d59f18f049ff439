"""Every page there is: readable by everyone in both colour schemes, no wider than a phone, translated, and inert."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Page

from console import i18n
from console.routes import ROUTES
from tests.support.api_installation import House
from tests.support.browser import DESKTOP, PHONE, Person, a_person
from tests.support.console_pages import NO_PAGES, PAGES, place
from tests.support.console_scene import Scene, a_scene
from tests.support.listener import listening

AXE: Final = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
COLOURS: Final = ("color-contrast",)  # the only rule whose result depends on the colour scheme
RUN_AXE: Final = """async (rules) => (await axe.run(document, {runOnly: rules})).violations.map(
  (one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`)"""
TEXTS: Final = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.parentElement.closest("pre, code, script, style")) found.push(node.data.trim());
  }
  return [...found, ...[...document.querySelectorAll("[aria-label], [placeholder]")]
    .flatMap((one) => [one.getAttribute("aria-label"), one.getAttribute("placeholder")])].filter(Boolean);
}"""
HOSTILE: Final = "<img src=x onerror=document.title=1>\"'${7*7}"


@pytest.fixture(scope="module")
async def scene(house: House) -> AsyncIterator[tuple[Any, Scene]]:
    account = await house.account()
    async with listening() as listener:
        yield account, await a_scene(account, listener.endpoint())


@pytest.fixture(scope="module")
async def readers(browser: Browser, house: House, scene: tuple[Any, Scene]) -> AsyncIterator[dict[str, Person]]:
    """The owner with a browser in each language."""
    account, _ = scene
    async with (
        a_person(browser, house, account=account) as english,
        a_person(browser, house, account=account, locale="fr") as french,
        a_person(browser, house, account=account, locale="es") as spanish,
    ):
        yield {"en": english, "fr": french, "es": spanish}


async def findings(page: Page, rules: tuple[str, ...] = RULES) -> list[str]:
    """What axe-core says against a page."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    return list(await page.evaluate(RUN_AXE, list(rules)))


def foreign(locale: str) -> set[str]:
    """The English texts that a page in a language must not show."""
    catalog = i18n.translations(locale)._catalog  # type: ignore[attr-defined]
    return {text for text, translated in catalog.items() if isinstance(text, str) and text and text != translated}


def test_every_route_that_can_be_read_is_a_page_of_the_crawl_or_says_why_not() -> None:
    assert NO_PAGES.keys() <= {route.path for route in ROUTES}
    assert len(PAGES) > 55


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_for_everyone_in_both_colour_schemes_and_no_wider_than_a_phone(
    readers: dict[str, Person], scene: tuple[Any, Scene], path: str
) -> None:
    page = readers["en"].page
    await page.set_viewport_size(DESKTOP)
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    answer = await page.goto(f"{readers['en'].house.url}/console{place(scene[1], path)}")
    assert answer is not None
    assert answer.status == 200, f"{answer.status} {page.url}"
    assert "{" not in page.url
    assert await findings(page) == []
    await page.emulate_media(color_scheme="dark")
    assert await findings(page, COLOURS) == []
    await page.set_viewport_size(PHONE)
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert readers["en"].complaints == []


@pytest.mark.long
@pytest.mark.parametrize("locale", ["fr", "es"])
@pytest.mark.parametrize("path", PAGES)
async def test_a_page_shows_no_text_in_another_language(
    readers: dict[str, Person], scene: tuple[Any, Scene], path: str, locale: str
) -> None:
    person = readers[locale]
    await person.open(place(scene[1], path))
    shown = set(await person.page.evaluate(TEXTS))
    assert shown & foreign(locale) == set()


@pytest.fixture(scope="module")
async def victim(browser: Browser, house: House) -> AsyncIterator[tuple[Person, Scene]]:
    """The owner of an account whose every text is a piece of HTML."""
    account = await house.account(f"Baltic{HOSTILE}")
    async with listening() as listener:
        scene = await a_scene(account, listener.endpoint(), HOSTILE)
        async with a_person(browser, house, account=account) as person:
            yield person, scene


@pytest.mark.long
@pytest.mark.parametrize("path", PAGES)
async def test_hostile_text_is_shown_as_text(victim: tuple[Person, Scene], path: str) -> None:
    person, scene = victim
    await person.open(place(scene, path))
    assert await person.page.locator("[onerror], img[src=x]").count() == 0
    assert HOSTILE in (await person.page.locator("summary .who").inner_text())
    assert await person.page.title() != "1"
    assert person.complaints == []


FORMS: Final = (
    "/clients/new", "/products/new", "/sales/new", "/hooks/new", "/tokens/new", "/connections/new",
    "/users/new", "/automations/new", "/settings", "/me",
)  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("path", FORMS)
async def test_hostile_text_in_every_field_of_a_form_comes_back_as_it_was_typed(
    victim: tuple[Person, Scene], path: str
) -> None:
    page = victim[0].page
    await victim[0].open(path)
    form = page.locator("main form[method=post]").first
    fields = form.locator("input[type=text]:visible, input:not([type]):visible, textarea:visible")
    names = [await field.get_attribute("name") for field in await fields.all()]
    for field in await fields.all():
        await field.fill(HOSTILE)
    async with page.expect_navigation():
        await form.evaluate("form => { form.noValidate = true; form.requestSubmit(); }")
    assert await page.locator("[onerror], img[src=x]").count() == 0
    assert await page.title() != "1"
    if await page.locator("main .fault").count():
        kept = [await page.locator(f'main [name="{name}"]').first.input_value() for name in names if name]
        assert all(HOSTILE in text for text in kept)
