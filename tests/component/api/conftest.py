"""One house for all tests of the API's resources; each test makes accounts of its own in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.api_installation import House, open_house
from tests.support.caller import Caller
from tests.support.postgres_server import Postgres


@pytest.fixture(scope="session")
async def house(postgres: Postgres) -> AsyncIterator[House]:
    dsn = await postgres.create_database()
    async with open_house(dsn) as running:
        yield running
    await postgres.drop_database(dsn)


@pytest.fixture
async def caller(house: House) -> Caller:
    return await house.account()


@pytest.fixture
async def stranger(house: House) -> Caller:
    return await house.account("Somebody Else Ltd")
