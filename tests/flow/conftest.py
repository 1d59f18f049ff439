"""Where the stories happen: everything in one process over the bus in Postgres, and four processes over RabbitMQ."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import aiohttp
import pytest

from contracts.wire.topology import ROLES
from ingress.access.accounts import create_account
from standalone.all_in_one import prepare_all
from storage.pool import Pool, open_pool
from tests.support.api_installation import open_house
from tests.support.caller import Caller
from tests.support.installation import installation
from tests.support.listener import Listener, listening
from tests.support.postgres_server import Postgres
from tests.support.rabbitmq_server import Rabbitmq
from tests.support.receiver import Receiver, Reply, open_receiver
from tests.support.smtp_server import SmtpServer, smtp_server

# As delivery.md has them, but in a story's time.
PAUSES: Final = "0,0.2,0.2,0.2,0.2,600"
MESSAGE_PAUSES: Final = ",".join(["0"] + ["0.5"] * 60)


class Deployment:
    """A running installation for stories; each story has accounts of its own."""

    def __init__(self, url: str, pool: Pool, session: aiohttp.ClientSession) -> None:
        self.url, self.pool, self.session = url, pool, session

    async def account(self, name: str = "Baltic Trading OÜ", **given: Any) -> Caller:
        """A new account and its program."""
        return Caller(self.session, self.url, await create_account(self.pool, name, **given))


@pytest.fixture(scope="session")
def mail_server() -> Iterator[SmtpServer]:
    with smtp_server() as server:
        yield server


@pytest.fixture(scope="session")
async def sms_gateway() -> AsyncIterator[Receiver]:
    async with open_receiver() as gateway:
        gateway.always["/sms"] = Reply(202, body=b'{"id": "SM42"}')
        yield gateway


@pytest.fixture(scope="session")
async def one_process(postgres: Postgres, mail_server: SmtpServer, sms_gateway: Receiver) -> AsyncIterator[Deployment]:
    dsn = await postgres.copy_of(prepare_all)
    async with open_house(
        dsn,
        hook_schedule_seconds=PAUSES,
        message_schedule_seconds=MESSAGE_PAUSES,
        smtp_url=mail_server.url,
        sms_url=sms_gateway.url("/sms"),
    ) as house:
        yield Deployment(house.url, house.pool, house.session)
    await postgres.drop_database(dsn)


@pytest.fixture(scope="session")
async def four_processes(
    postgres: Postgres,
    rabbitmq: Rabbitmq,
    tmp_path_factory: pytest.TempPathFactory,
    mail_server: SmtpServer,
    sms_gateway: Receiver,
) -> AsyncIterator[Deployment]:
    dsn, amqp_url = await postgres.create_database(), await rabbitmq.create_vhost()
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session,
        installation(
            dsn=dsn,
            amqp_url=amqp_url,
            folder=tmp_path_factory.mktemp("installation"),
            LEDGERWIRE_HOOK_SCHEDULE_SECONDS=PAUSES,
            LEDGERWIRE_MESSAGE_SCHEDULE_SECONDS=MESSAGE_PAUSES,
            LEDGERWIRE_SMTP_URL=mail_server.url,
            LEDGERWIRE_SMS_URL=sms_gateway.url("/sms"),
        ) as running,
        await open_pool(dsn, role=ROLES["ingress"], name="test", size_max=2) as pool,
    ):
        yield Deployment(running.url, pool, session)
    await rabbitmq.delete_vhost(amqp_url)
    await postgres.drop_database(dsn)


@pytest.fixture(
    params=["one_process", pytest.param("four_processes", marks=pytest.mark.long)],
    ids=["everything in one process", "four processes over RabbitMQ"],
)
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """Each installation stays up for the whole session, whatever order the stories come in."""
    found: Deployment = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def caller(deployment: Deployment) -> Caller:
    return await deployment.account()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening() as running:
        yield running


@pytest.fixture(
    params=["postgres", pytest.param("rabbitmq", marks=pytest.mark.long)],
    ids=["over the bus in Postgres", "over RabbitMQ"],
)
async def amqp(request: pytest.FixtureRequest, rabbitmq: Rabbitmq) -> AsyncIterator[str | None]:
    """The bus of an installation of a test's own: each of both; None is the one in Postgres."""
    if request.param == "postgres":
        yield None
        return
    url = await rabbitmq.create_vhost()
    yield url
    await rabbitmq.delete_vhost(url)
