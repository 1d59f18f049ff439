"""What every test may ask for: real servers, started once for all, and a fresh corner of them for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from tests.support import servers
from tests.support.machine import say
from tests.support.postgres_server import Postgres
from tests.support.rabbitmq_server import Rabbitmq


@pytest.fixture(scope="session")
def tell(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Speak to the person in front of the screen although pytest keeps what tests print."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def speak(text: str) -> None:
        if capture is None:
            say(text)
            return
        with capture.global_and_fixture_disabled():
            say(f"\n{text}")

    return speak


@pytest.fixture(scope="session")
async def postgres(tell: Callable[[str], None]) -> AsyncIterator[Postgres]:
    """The PostgreSQL server of this run; `database_dsn` is what a test usually wants."""
    async with servers.postgres(tell=tell) as server:
        yield server


@pytest.fixture(scope="session")
async def rabbitmq(tell: Callable[[str], None]) -> AsyncIterator[Rabbitmq]:
    """The RabbitMQ of this run; `amqp_url` is what a test usually wants."""
    async with servers.rabbitmq(tell=tell) as broker:
        yield broker


@pytest.fixture
async def database_dsn(postgres: Postgres) -> AsyncIterator[str]:
    """The address of an empty database, as superuser, for one test."""
    dsn = await postgres.create_database()
    yield dsn
    await postgres.drop_database(dsn)


@pytest.fixture
async def amqp_url(rabbitmq: Rabbitmq) -> AsyncIterator[str]:
    """The address of an empty virtual host, for one test."""
    url = await rabbitmq.create_vhost()
    yield url
    await rabbitmq.delete_vhost(url)
