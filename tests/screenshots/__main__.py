"""`make screenshots`: every page of the console, light, dark and on a phone, into build/screenshots.

The pictures of the user guide are written again into docs/pictures, in few colours, so that they stay small.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import re
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.async_api import Browser, Locator, Page

from tests.support import servers
from tests.support.api_installation import House, open_house
from tests.support.browser import DESKTOP, PHONE, Person, a_person, chromium_running
from tests.support.caller import Caller
from tests.support.console_pages import PAGES, place
from tests.support.console_scene import Scene, a_scene
from tests.support.eventually import eventually
from tests.support.listener import listening
from tests.support.machine import say

ROOT: Final = Path(__file__).parents[2]
ALL: Final = ROOT / "build" / "screenshots"
GUIDE: Final = ROOT / "docs" / "pictures"
HEIGHT_MAX: Final = 2_400
COLOURS: Final = 64
IN_GUIDE: Final = {
    "home": "home", "sales-id": "document", "sales-id-edit": "editor", "inbox-box-id": "inbox",
    "cases": "board", "cases-id": "case", "collectors-id-edit": "collector", "calls-id": "call",
    "automations-id-edit": "builder", "automations-id-backtest": "backtest", "runs-id": "run",
    "hooks-id": "hook", "journey-id": "journey", "api-access": "api-access", "tokens": "tokens",
    "settings": "settings",
}  # fmt: skip
EMPTY: Final = ("/", "/sales", "/payments", "/cases", "/calls", "/inbox/purchases", "/automations", "/hooks")
PROFILE: Final = {"time_zone": "Europe/Riga", "email": "books@baltic.example"}


async def main() -> int:
    """Take all pictures; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots")
    parser.add_argument("--only", default="", help="a part of the paths to take (default: all, and the guide's)")
    parser.add_argument("--language", default="en", choices=("en", "fr", "es"))
    given = parser.parse_args()
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(servers.postgres())
        dsn = await postgres.create_database()
        house = await stack.enter_async_context(open_house(dsn, sign_ins_per_minute=0))
        account = await house.account()
        changed = await account.patch("/v1/account", PROFILE)
        assert changed.status == 200, changed.text
        listener = await stack.enter_async_context(listening())
        scene = await a_scene(account, listener.endpoint())
        browser = await stack.enter_async_context(chromium_running())
        await _pictures(browser, house, account, scene, given)
    say(f"all pictures: {ALL.relative_to(ROOT)}; those of the guide: {GUIDE.relative_to(ROOT)}")
    return 0


async def _pictures(browser: Browser, house: House, account: Caller, scene: Scene, given: argparse.Namespace) -> None:
    ALL.mkdir(parents=True, exist_ok=True)
    GUIDE.mkdir(parents=True, exist_ok=True)
    further = {
        "/cases?view=list": "accounts",
        scene.places["file"]: "inbox-file",
        f"/runs/{scene.places['waiting']}": "run-waiting",
    }
    named = {place(scene, path): _name(path) for path in PAGES} | further
    async with a_person(browser, house, account=account, locale=given.language) as person:
        for path, name in named.items():
            if given.only in path:
                await _of_page(person, path, name, is_for_guide=given.language == "en")
    async with a_person(browser, house, account=await house.account(), locale=given.language) as person:
        for path in (one for one in EMPTY if given.only in one):
            await _of_page(person, path, f"empty-{_name(path)}")
        await person.page.context.clear_cookies()
        await _of_page(person, "", "sign-in")


def _name(path: str) -> str:
    return re.sub(r"[^a-z-]+", "-", path.lower()).strip("-") or "home"


async def _of_page(person: Person, path: str, name: str, *, is_for_guide: bool = False) -> None:
    """One page in both colour schemes, and on a phone."""
    page = person.page
    await page.set_viewport_size(DESKTOP)
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    await person.open(path)
    light = await _picture(page, ALL / f"{name}-light.png")
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    await _picture(page, ALL / f"{name}-dark.png")
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    await page.set_viewport_size(PHONE)
    phone = await _picture(page, ALL / f"{name}-phone.png")
    if is_for_guide and name in IN_GUIDE:
        _keep_small(light, GUIDE / f"{IN_GUIDE[name]}.png")
    if is_for_guide and name == "home":
        _keep_small(phone, GUIDE / "home-phone.png")


async def _picture(page: Page, file: Path) -> bytes:
    """The whole page with what it loads after itself, as far down as people look, in a window that is as tall."""
    await page.locator("[hx-trigger=load]:empty").first.wait_for(state="detached")
    width = page.viewport_size["width"] if page.viewport_size else DESKTOP["width"]
    height = await page.evaluate("document.documentElement.scrollHeight")
    await page.set_viewport_size({"width": width, "height": min(HEIGHT_MAX, height)})
    papers = page.locator("iframe.paper:visible")
    if await papers.count():
        await eventually(partial(_is_drawn, papers.first), deadline_seconds=30)
    content = await page.screenshot()
    await asyncio.to_thread(file.write_bytes, content)
    return content


async def _is_drawn(paper: Locator) -> bool:
    """Whether the browser's reader shows a page of the PDF: white with letters on it, not its empty frame."""
    picture = Image.open(io.BytesIO(await paper.screenshot())).convert("L")
    return sum(picture.histogram()[250:]) > picture.width * picture.height / 4


def _keep_small(content: bytes, file: Path) -> None:
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    picture = picture.crop((0, 0, picture.width, min(picture.height, 1_100)))
    few = picture.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(file, "PNG", optimize=True)


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
