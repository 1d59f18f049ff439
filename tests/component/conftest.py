"""One installation with accounts for each test, and databases of one service each, copied from a migrated one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from standalone.all_in_one import prepare_all
from tests.support import dispatcher as dispatchers
from tests.support import executor as executors
from tests.support import ledger as ledgers
from tests.support import pipeline as pipelines
from tests.support.api_installation import House, open_house
from tests.support.caller import Caller
from tests.support.dispatcher import DispatcherHarness, open_dispatcher
from tests.support.executor import ExecutorHarness
from tests.support.ledger import LedgerHarness
from tests.support.postgres_server import Postgres


@pytest.fixture(scope="session")
async def house(postgres: Postgres) -> AsyncIterator[House]:
    dsn = await postgres.copy_of(prepare_all)
    async with open_house(dsn) as running:
        yield running
    await postgres.drop_database(dsn)


@pytest.fixture
async def caller(house: House) -> Caller:
    return await house.account()


@pytest.fixture
async def ledger_dsn(postgres: Postgres) -> AsyncIterator[str]:
    dsn = await postgres.copy_of(ledgers.prepare)
    yield dsn
    await postgres.drop_database(dsn)


@pytest.fixture
async def ledger(ledger_dsn: str) -> AsyncIterator[LedgerHarness]:
    async with ledgers.open_harness(ledger_dsn, sessions=17) as harness:  # 16 at once, and one that looks on
        yield harness


@pytest.fixture
async def executor_dsn(postgres: Postgres) -> AsyncIterator[str]:
    dsn = await postgres.copy_of(executors.prepare)
    yield dsn
    await postgres.drop_database(dsn)


@pytest.fixture
async def executor(executor_dsn: str) -> AsyncIterator[ExecutorHarness]:
    async with executors.open_harness(executor_dsn) as harness:
        yield harness


@pytest.fixture
async def dispatcher_dsn(postgres: Postgres) -> AsyncIterator[str]:
    dsn = await postgres.copy_of(dispatchers.prepare)
    yield dsn
    await postgres.drop_database(dsn)


@pytest.fixture
async def dispatcher(dispatcher_dsn: str) -> AsyncIterator[DispatcherHarness]:
    async with open_dispatcher(dispatcher_dsn) as harness:
        yield harness


@pytest.fixture
async def pipeline_dsn(postgres: Postgres) -> AsyncIterator[str]:
    dsn = await postgres.copy_of(pipelines.prepare)
    yield dsn
    await postgres.drop_database(dsn)
