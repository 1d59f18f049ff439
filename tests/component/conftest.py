"""One installation with accounts for each test, and databases of one service each, copied from a migrated one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest

from contracts.primitives.ids import new_id
from standalone.all_in_one import prepare_all
from tests.support import dispatcher as dispatchers
from tests.support import executor as executors
from tests.support import ledger as ledgers
from tests.support import pipeline as pipelines
from tests.support.api_installation import House, open_house
from tests.support.caller import Caller
from tests.support.dispatcher import DispatcherHarness, Replica, open_dispatcher
from tests.support.executor import ExecutorHarness
from tests.support.ledger import LedgerHarness
from tests.support.postgres_server import Postgres
from tests.support.reused_database import ReusedDatabase


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


@pytest.fixture(scope="session")
async def ledgers_database(postgres: Postgres) -> AsyncIterator[ReusedDatabase[LedgerHarness]]:
    sessions = 17  # 16 at once, and one that looks on
    reused = ReusedDatabase(postgres, ledgers.prepare, partial(ledgers.open_harness, sessions=sessions))
    yield reused
    await reused.close()


@pytest.fixture
async def ledger(ledgers_database: ReusedDatabase[LedgerHarness]) -> AsyncIterator[LedgerHarness]:
    async with ledgers_database.lend() as harness:
        yield await harness.with_new_account()


@pytest.fixture
async def executor_dsn(postgres: Postgres) -> AsyncIterator[str]:
    dsn = await postgres.copy_of(executors.prepare)
    yield dsn
    await postgres.drop_database(dsn)


@pytest.fixture(scope="session")
async def executors_database(postgres: Postgres) -> AsyncIterator[ReusedDatabase[ExecutorHarness]]:
    reused = ReusedDatabase(postgres, executors.prepare, executors.open_harness)
    yield reused
    await reused.close()


@pytest.fixture
async def executor(executors_database: ReusedDatabase[ExecutorHarness]) -> AsyncIterator[ExecutorHarness]:
    async with executors_database.lend() as harness:
        yield replace(harness, account_id=new_id())


@pytest.fixture
async def dispatcher_dsn(postgres: Postgres) -> AsyncIterator[str]:
    dsn = await postgres.copy_of(dispatchers.prepare)
    yield dsn
    await postgres.drop_database(dsn)


@pytest.fixture(scope="session")
async def dispatchers_database(postgres: Postgres) -> AsyncIterator[ReusedDatabase[DispatcherHarness]]:
    reused = ReusedDatabase(postgres, dispatchers.prepare, open_dispatcher)
    yield reused
    await reused.close()


@pytest.fixture
async def dispatcher(dispatchers_database: ReusedDatabase[DispatcherHarness]) -> AsyncIterator[DispatcherHarness]:
    async with dispatchers_database.lend() as harness:
        yield replace(harness, account_id=new_id(), replica=Replica())


@pytest.fixture
async def pipeline_dsn(postgres: Postgres) -> AsyncIterator[str]:
    dsn = await postgres.copy_of(pipelines.prepare)
    yield dsn
    await postgres.drop_database(dsn)
