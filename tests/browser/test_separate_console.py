"""The console as a process of its own, at another origin than the API, as compose runs it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from cryptography.fernet import Fernet
from playwright.async_api import Browser

from standalone.all_in_one import prepare_all
from tests.support.api_installation import House, open_house
from tests.support.browser import Person, a_person
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.machine import free_port
from tests.support.postgres_server import Postgres

pytestmark = pytest.mark.long

START_SECONDS_MAX = 60.0


@asynccontextmanager
async def a_console(house: House, port: int) -> AsyncIterator[str]:
    """`python -m console` for the API of a house; its address. It ends within its time and without a fault."""
    base = f"http://localhost:{port}/console"
    own = {name: value for name, value in os.environ.items() if not name.startswith("LEDGERWIRE_")}
    environment = own | {
        "LEDGERWIRE_API_URL": house.url, "LEDGERWIRE_PUBLIC_URL": house.url, "LEDGERWIRE_CONSOLE_URL": base,
        "LEDGERWIRE_HOST": "127.0.0.1", "LEDGERWIRE_CONSOLE_PORT": str(port),
        "LEDGERWIRE_HEALTH_PORT": str(free_port()), "LEDGERWIRE_SECRET_KEYS": Fernet.generate_key().decode(),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "console", env=environment)
    try:
        await eventually(lambda: _answers(house, base), deadline_seconds=START_SECONDS_MAX, pause_seconds=0.2)
        yield base
    finally:
        process.send_signal(signal.SIGTERM)
        status = await asyncio.wait_for(process.wait(), START_SECONDS_MAX)
    assert status == 0


async def _answers(house: House, base: str) -> bool:
    try:
        async with house.session.get(f"{base}/static/icon.svg") as reply:
            return reply.status == 200
    except OSError:
        return False


async def test_a_console_at_another_origin_signs_in_shows_pages_and_live_parts(
    browser: Browser, postgres: Postgres
) -> None:
    dsn, port = await postgres.copy_of(prepare_all), free_port()
    async with (
        open_house(dsn, sign_ins_per_minute=0, console_url=f"http://localhost:{port}/console") as house,
        a_console(house, port) as base,
        a_person(browser, house) as person,
    ):
        account = await house.account()
        await person.page.goto(house.url)
        await person.page.wait_for_url(f"{house.url}/oauth/authorize**")
        await person.sign_in(account.made["login"]["name"], account.made["login"]["password"])
        await person.page.wait_for_url(f"{base}**")
        await person.page.get_by_role("heading", name="Baltic Trading OÜ").wait_for()
        await _is_live(person, account)
        await person.page.goto(f"{base}/clients")
        await person.sees("Ozola SIA")
        await person.page.click("details.account summary")
        await person.press("Sign out")
        await person.sees("You are signed out")
        await person.page.goto(f"{base}/clients")
        assert person.page.url.startswith(f"{house.url}/oauth/authorize")
        assert person.complaints == []
    await postgres.drop_database(dsn)


async def _is_live(person: Person, account: Caller) -> None:
    await person.page.evaluate("window.sameAsBefore = true")
    await account.client(name="Ozola SIA")
    await person.page.locator("main [data-live]", has_text="New client").wait_for()
    assert await person.page.evaluate("window.sameAsBefore === true")
