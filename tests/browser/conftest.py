"""Where the stories of the console happen: one installation and one Chromium for all, an account for each."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.support.api_installation import House, open_house
from tests.support.browser import Person, a_person, chromium_running
from tests.support.caller import Caller
from tests.support.postgres_server import Postgres


@pytest.fixture(scope="session")
async def house(postgres: Postgres) -> AsyncIterator[House]:
    dsn = await postgres.create_database()
    async with open_house(dsn, sign_ins_per_minute=0) as running:
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
