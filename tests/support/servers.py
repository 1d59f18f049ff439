"""Find or start the real servers that tests, bench and faults run on, without the newcomer doing anything.

In this order: an address that was given (`LEDGERWIRE_TEST_POSTGRES_DSN`, `LEDGERWIRE_TEST_AMQP_URL`), a container
engine that has the images of docker-compose.yml, programs of this machine (PostgreSQL comes with the embedded default),
what the distribution installs. Where none of these is there, it fails and says what to do.

    async with private_rabbitmq() as broker, private_postgres() as postgres:
        ...

Run as a program (`python -m tests.support.servers`) it installs what is missing and says what will be used.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from tests.support import chromium, node, php, postgres_server, rabbitmq_server
from tests.support.container import has_image, image_of
from tests.support.machine import ServersMissing, free_port, say
from tests.support.postgres_server import Postgres
from tests.support.rabbitmq_server import Rabbitmq

__all__ = ["Postgres", "Rabbitmq", "ServersMissing", "free_port", "private_postgres", "private_rabbitmq"]

GIVEN_POSTGRES: Final = "LEDGERWIRE_TEST_POSTGRES_DSN"
GIVEN_AMQP: Final = "LEDGERWIRE_TEST_AMQP_URL"
UNSAFE: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def _no_rabbitmq() -> str:
    image = image_of("rabbitmq")
    return (
        "The tests need a real RabbitMQ, and none was found or could be installed. Do one of these:\n"
        "  - install it:            sudo apt-get install rabbitmq-server   (or your system's package of that name)\n"
        f"  - or fetch its image:    docker pull {image}   (with a container engine running)\n"
        f"  - or give an address:    export {GIVEN_AMQP}=amqp://user:password@host:5672/"
    )


@asynccontextmanager
async def postgres(*, progress: Callable[[str], None] = say) -> AsyncIterator[Postgres]:
    """Give a server that may be shared: the given one, else a private one."""
    if dsn := os.environ.get(GIVEN_POSTGRES):
        yield await postgres_server.given(dsn)
        return
    # No test kills this one, and databases are made and dropped by the hundred: far faster without a disk.
    async with private_postgres(settings=UNSAFE, in_memory=True, progress=progress) as server:
        yield server


@asynccontextmanager
async def rabbitmq(*, progress: Callable[[str], None] = say) -> AsyncIterator[Rabbitmq]:
    """Give a broker that may be shared: the given one, else a private one."""
    if url := os.environ.get(GIVEN_AMQP):
        yield await rabbitmq_server.given(url)
        return
    async with private_rabbitmq(in_memory=True, progress=progress) as broker:
        yield broker


@asynccontextmanager
async def private_postgres(
    *,
    settings: Mapping[str, str] | None = None,
    in_memory: bool = False,
    disk_megabytes: int | None = None,
    progress: Callable[[str], None] = say,
) -> AsyncIterator[Postgres]:
    """Start a server for the caller alone, who may kill it and start it again; it syncs what it commits.

    `settings` are PostgreSQL's own, added to ours. `in_memory`: its data are files in memory where there is room.
    With `disk_megabytes` its data are on a disk of that size that can be filled, where this process may mount one and
    the server is none of a container.
    """
    image = image_of("postgres")
    if await asyncio.to_thread(has_image, image):
        progress(f"PostgreSQL: starting the image {image}")
        server = await postgres_server.from_image(image, settings or {})
    else:
        server = await postgres_server.from_wheel(settings or {}, in_memory=in_memory, disk_megabytes=disk_megabytes)
    try:
        yield server
    finally:
        await server.remove()


@asynccontextmanager
async def private_rabbitmq(
    *, in_memory: bool = False, progress: Callable[[str], None] = say
) -> AsyncIterator[Rabbitmq]:
    """Start a broker for the caller alone, who may kill it and start it again; `in_memory` as for PostgreSQL.

    Raises:
        ServersMissing: there is none, and none can be installed; the message says what to do.
    """
    image = image_of("rabbitmq")
    if await asyncio.to_thread(has_image, image):
        progress(f"RabbitMQ: starting the image {image}")
        broker = await rabbitmq_server.from_image(image)
    else:
        launcher = rabbitmq_server.launcher_of_this_machine()
        if launcher is None and await rabbitmq_server.install(progress):
            launcher = rabbitmq_server.launcher_of_this_machine()
        if launcher is None:
            raise ServersMissing(_no_rabbitmq())
        broker = await rabbitmq_server.from_machine(launcher, in_memory=in_memory)
    try:
        yield broker
    finally:
        await broker.remove()


async def prepare() -> int:
    """Install what is missing and say what the tests will run on; the exit status."""
    image = image_of("postgres")
    if GIVEN_POSTGRES in os.environ:
        say(f"PostgreSQL: the one that {GIVEN_POSTGRES} names")
    else:
        say(f"PostgreSQL: {f'image {image}' if has_image(image) else 'the programs of the embedded default'}")
    image = image_of("rabbitmq")
    if GIVEN_AMQP in os.environ:
        say(f"RabbitMQ: the one that {GIVEN_AMQP} names")
    elif has_image(image):
        say(f"RabbitMQ: image {image}")
    else:
        if rabbitmq_server.launcher_of_this_machine() is None:
            await rabbitmq_server.install()
        if (launcher := rabbitmq_server.launcher_of_this_machine()) is None:
            say(_no_rabbitmq())
            return 1
        say(f"RabbitMQ: {launcher}")
    await chromium.prefer_shell()
    if (browser := await chromium.find_or_install()) is None:
        say(chromium.MISSING)
        return 1
    say(f"Chromium: {browser}")
    say(f"PHP: {await php.find_or_install() or php.MISSING}")
    return await node.prepare()


if __name__ == "__main__":
    sys.exit(asyncio.run(prepare()))
