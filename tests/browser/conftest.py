"""Where the stories of the console happen: one installation, SMTP server and Chromium for all, an account for each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser

from standalone.all_in_one import prepare_all
from tests.support.api_installation import House, open_house
from tests.support.browser import Person, a_person, chromium_running
from tests.support.caller import Caller
from tests.support.postgres_server import Postgres
from tests.support.smtp_server import SmtpServer, smtp_server


@pytest.fixture(scope="session")
def smtp() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


@pytest.fixture(scope="session")
async def house(postgres: Postgres, smtp: SmtpServer) -> AsyncIterator[House]:
    dsn = await postgres.copy_of(prepare_all)
    async with open_house(dsn, sign_ins_per_minute=0, smtp_url=smtp.url, hook_schedule_seconds="0,0.2") as running:
        yield running
    await postgres.drop_database(dsn)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with chromium_running() as running:
        yield running


@pytest.fixture
async def account(house: House) -> Caller:
    return await house.account()


@pytest.fixture
async def anna(browser: Browser, house: House, account: Caller) -> AsyncIterator[Person]:
    """The account's owner, signed in, in English; what her browser complains about fails the test."""
    async with a_person(browser, house, account=account) as person:
        yield person
        assert person.complaints == []
