"""What every test may ask for: real servers, started once for all, and a fresh corner of them for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
import structlog
from hypothesis import settings

from chassis.memory import search_for_cycles_less
from ingress.access.credentials import PASSWORDS
from tests.support import servers
from tests.support.machine import say
from tests.support.postgres_server import Postgres
from tests.support.rabbitmq_server import Rabbitmq

# How long one example takes says more of the machine than of the code.
settings.register_profile("ledgerwire", deadline=None)
settings.load_profile("ledgerwire")
# structlog would print an error with the variables of all frames: a second in which this process does nothing else.
structlog.configure(
    [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.fixture(scope="session", autouse=True)
def _quick_hashes() -> None:
    """Hash passwords at the least cost in this process: most tests make accounts, and 30 ms of a core for each add up.

    Programs that tests start hash as they do in production; a hash carries its cost, so both read each other's.
    """
    PASSWORDS._parameters = replace(PASSWORDS._parameters, time_cost=1, memory_cost=8)


@pytest.fixture(scope="session", autouse=True)
def _rare_searches_for_cycles() -> None:
    """As rarely as services do: a search looks at the modules of all services, and at the trees of all files."""
    search_for_cycles_less()


@pytest.fixture(scope="session")
def progress(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Print progress on the terminal although pytest captures what tests print."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def speak(text: str) -> None:
        if capture is None:
            say(text)
            return
        with capture.global_and_fixture_disabled():
            say(f"\n{text}")

    return speak


@pytest.fixture(scope="session")
async def postgres(progress: Callable[[str], None]) -> AsyncIterator[Postgres]:
    """The PostgreSQL server of this run; `database_dsn` is what a test usually wants."""
    async with servers.postgres(progress=progress) as server:
        yield server


@pytest.fixture(scope="session")
async def rabbitmq(progress: Callable[[str], None]) -> AsyncIterator[Rabbitmq]:
    """The RabbitMQ of this run; `amqp_url` is what a test usually wants."""
    async with servers.rabbitmq(progress=progress) as broker:
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
