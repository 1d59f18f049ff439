"""Another account, and those who take part in OAuth, for the tests of the API's resources."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from ingress.access.oauth.clients import create_client
from tests.support.api_installation import House
from tests.support.caller import Caller
from tests.support.oauth import BACK, Person


@pytest.fixture
async def stranger(house: House) -> Caller:
    return await house.account("Somebody Else Ltd")


@pytest.fixture
async def owner(house: House) -> Caller:
    return await house.account()


@pytest.fixture
async def person(house: House, owner: Caller) -> AsyncIterator[Person]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        yield Person(house.url, browser, owner.made["login"])


@pytest.fixture
async def oauth_client(house: House) -> dict[str, Any]:
    return await create_client(house.pool, "Zapier", [BACK, "http://127.0.0.1:1/back"], confidential=True)
