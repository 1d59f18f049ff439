"""The servers that other tests stand on: fresh for each test, killed and brought back with what they had promised."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import aio_pika
import asyncpg
import psutil
import pytest

from tests.support import container, rabbitmq_server, servers
from tests.support.eventually import eventually
from tests.support.machine import running
from tests.support.postgres_server import Postgres
from tests.support.rabbitmq_server import Rabbitmq

# Starts both servers, says their process ids, and waits to be killed.
DOOMED_PROGRAM = """
import asyncio
from tests.support.servers import private_postgres, private_rabbitmq

async def main():
    async with private_rabbitmq() as broker, private_postgres() as postgres:
        print(broker.pid, postgres.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


# Has a child as a service is one, slow to end, and reports its process id.
SIGNALLED_PROGRAM = """
import asyncio
from tests.support.ending import until_signalled

async def main():
    child = await asyncio.create_subprocess_exec("sleep", "1000", start_new_session=True)
    print(child.pid, flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("ending", flush=True)
        await asyncio.sleep(0.5)
        child.terminate()
        await child.wait()

try:
    asyncio.run(until_signalled(main()))
except asyncio.CancelledError:
    print("ended")
"""


async def publish(url: str, body: bytes) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()  # confirms are on: publish returns when the broker has it on disk
        await channel.declare_queue("kept", durable=True, arguments={"x-queue-type": "quorum"})
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, routing_key="kept", mandatory=True)


async def take(url: str) -> bytes | None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("kept", durable=True, arguments={"x-queue-type": "quorum"})
        message = await queue.get(no_ack=True, fail=False)
        return message.body if message else None


@pytest.mark.long
async def test_a_killed_broker_comes_back_with_what_it_confirmed(amqp_url: str) -> None:
    async with servers.private_rabbitmq() as broker:
        url = await broker.create_vhost()
        await publish(url, b"first")
        # An orderly stop first: the broker notes a new queue on the disk only half a second after it has confirmed it.
        await broker.stop_gracefully()
        await broker.start()
        assert await take(url) == b"first"
        await publish(url, b"promised")
        pid = broker.pid

        await broker.kill()
        assert not running(pid)
        with pytest.raises(OSError, match=r".*"):
            await aio_pika.connect(url, timeout=5)

        await broker.start()
        assert await take(url) == b"promised"
        assert broker.pid != pid
        assert await take(amqp_url) is None, "another broker runs beside it"
        pid = broker.pid
    assert not running(pid)


async def test_a_killed_server_comes_back_with_what_it_committed() -> None:
    async with servers.private_postgres() as server:
        dsn = await server.create_database()
        connection = await asyncpg.connect(dsn)
        assert await connection.fetchval("SELECT current_setting('fsync')") == "on"
        await connection.execute("CREATE TABLE kept AS SELECT 'promised' AS text")
        await server.kill()
        await server.start()

        connection = await asyncpg.connect(dsn)
        assert await connection.fetchval("SELECT text FROM kept") == "promised"
        await connection.close()


@pytest.mark.long
async def test_servers_do_not_outlive_a_killed_test_run() -> None:
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DOOMED_PROGRAM, stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
    )
    assert run.stdout
    pids = [int(pid) for pid in (await run.stdout.readline()).split()]
    assert len(pids) == 2
    run.send_signal(signal.SIGKILL)
    await run.wait()
    await eventually(lambda: not any(map(running, pids)), deadline_seconds=30)


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_each_test_has_its_own_database(database_dsn: str, turn: str) -> None:
    connection = await asyncpg.connect(database_dsn)
    await connection.execute("CREATE TABLE mine (id int)")  # would fail for the second one
    await connection.close()


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_each_test_has_its_own_queues(amqp_url: str, turn: str) -> None:
    assert await take(amqp_url) is None
    await publish(amqp_url, b"mine")


async def test_a_database_can_be_a_copy_of_another(postgres: Postgres) -> None:
    template = await postgres.create_database()
    connection = await asyncpg.connect(template)
    await connection.execute("CREATE TABLE migrated AS SELECT 1 AS version")
    await connection.close()

    copy = await postgres.create_database(template=template)
    connection = await asyncpg.connect(copy)
    assert await connection.fetchval("SELECT version FROM migrated") == 1
    await connection.close()
    await postgres.drop_database(copy)
    await postgres.drop_database(template)


async def test_an_address_that_was_given_is_used(rabbitmq: Rabbitmq, monkeypatch: pytest.MonkeyPatch) -> None:
    url = await rabbitmq.create_vhost()
    monkeypatch.setenv(servers.GIVEN_AMQP, url)
    async with servers.rabbitmq() as given:
        assert given.url == url
        await publish(await given.create_vhost(), b"there")
        with pytest.raises(AssertionError, match="not ours to stop"):
            await given.kill()
    await rabbitmq.delete_vhost(url)


async def test_without_any_broker_it_fails_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    async def cannot_install(_: object) -> bool:
        return False

    monkeypatch.setattr(servers, "has_image", lambda _: False)
    monkeypatch.setattr(rabbitmq_server, "launcher_of_this_machine", lambda: None)
    monkeypatch.setattr(rabbitmq_server, "install", cannot_install)
    with pytest.raises(servers.ServersMissing, match=r"(?s)apt-get install rabbitmq-server.*LEDGERWIRE_TEST_AMQP_URL"):
        async with servers.private_rabbitmq():
            pass


def test_the_images_are_those_of_the_compose_file() -> None:
    text = container.COMPOSE.read_text()
    assert f"image: {container.image_of('postgres')}" in text
    assert f"image: {container.image_of('rabbitmq')}" in text


def test_a_broker_uses_two_cores_and_listens_on_loopback_only(rabbitmq: Rabbitmq) -> None:
    if not isinstance(rabbitmq._machine, rabbitmq_server.Node):
        pytest.skip("this broker is no process of this machine")
    listening = [at for at in psutil.Process(rabbitmq.pid).net_connections("inet") if at.status == psutil.CONN_LISTEN]
    assert {at.laddr.ip for at in listening} == {"127.0.0.1"}
    arguments = psutil.Process(rabbitmq.pid).cmdline()
    assert arguments[arguments.index("-S") + 1] == "2:2"
    assert os.getpgid(rabbitmq.pid) == rabbitmq.pid


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
async def test_a_program_that_a_signal_ends_ends_what_it_started(sent: signal.Signals) -> None:
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SIGNALLED_PROGRAM, stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
    )
    assert run.stdout
    child = int(await run.stdout.readline())
    assert running(child)
    run.send_signal(sent)
    assert await run.stdout.readline() == b"ending\n"
    run.send_signal(sent)  # of an impatient operator
    assert await run.stdout.readline() == b"ended\n"
    await run.wait()
    assert not running(child)
