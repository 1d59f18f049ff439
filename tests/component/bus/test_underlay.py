"""The parts below aio-pika that the adapter uses behave as it needs in the installed versions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from importlib.metadata import version

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import PublishError

from messaging.rabbitmq.connection import Link, OpenConnection
from messaging.rabbitmq.frames import encode_acks, encode_publish
from messaging.rabbitmq.underlay import FrameWriter, call_when_cancelled, open_writer
from tests.support.buses import a_queue
from tests.support.eventually import eventually

CHECKED = {"aio-pika": "10", "aiormq": "7"}


def test_the_installed_versions_are_the_checked_ones() -> None:
    found = {name: version(name).split(".")[0] for name in CHECKED}
    assert found == CHECKED, (
        f"messaging/rabbitmq/underlay.py relies on what {CHECKED} do not document, and {found} are installed:"
        " run this file and tests/component/bus_contract with them, then write their numbers here"
    )


@pytest.fixture
async def live(amqp_url: str) -> AsyncIterator[OpenConnection]:
    async with Link(amqp_url, name="tests", purpose="publish").separate_connection() as connection:
        yield connection


@pytest.fixture
async def channel(live: OpenConnection) -> AbstractChannel:
    return await live.open_channel(confirms=True)


async def publish(writer: FrameWriter, queue: str, body: bytes, message_id: str) -> asyncio.Future[object]:
    """Write a publish by our own frames; the future has the library's answer to it."""
    answered: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    payload = encode_publish(
        writer.number,
        queue,
        body,
        message_id=message_id.encode(),
        stable_id=b"0190",
        at=int(time.time()),
        frame_body_max=writer.frame_body_max,
    )
    await writer.write(payload)
    writer.expect_confirm(message_id, answered.set_result)
    return answered


async def test_our_frames_are_confirmed_between_messages_published_by_the_library(
    channel: AbstractChannel,
) -> None:
    queue, writer = await channel.declare_queue(a_queue().name, durable=True), await open_writer(channel)

    async def publish_by_the_library(body: bytes) -> None:
        await channel.default_exchange.publish(aio_pika.Message(body), routing_key=queue.name, mandatory=True)

    await publish_by_the_library(b"first")
    ours = [await publish(writer, queue.name, b"x" * size, f"ours-{size}") for size in (1, 200_000)]
    await publish_by_the_library(b"last")
    for answer in ours:
        confirmation = await answer
        assert isinstance(confirmation, asyncio.Future)
        assert confirmation.exception() is None
    bodies = [(await queue.get(no_ack=True)).body for _ in range(4)]
    assert [len(body) for body in bodies] == [5, 1, 200_000, 4]


async def test_a_message_without_a_queue_is_reported_as_returned(channel: AbstractChannel) -> None:
    answer = await (await publish(await open_writer(channel), "nobody.has.this", b"x", "ours-1"))
    assert isinstance(answer, asyncio.Future)
    assert isinstance(answer.exception(), PublishError)


async def test_confirms_still_expected_of_a_lost_connection_are_cancelled(live: OpenConnection) -> None:
    writer = await open_writer(await live.open_channel(confirms=True))
    answered: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    writer.expect_confirm("never-written", answered.set_result)
    writer.cancel_confirms()
    answer = await answered
    assert isinstance(answer, asyncio.Future)
    assert answer.cancelled()


async def test_our_acknowledgements_settle_messages_received_by_the_library(live: OpenConnection) -> None:
    name = a_queue().name
    channel, other = await live.open_channel(), await live.open_channel()
    queue = await channel.declare_queue(name, durable=True)
    for number in range(3):
        await channel.default_exchange.publish(aio_pika.Message(b"%d" % number), routing_key=name)
    tags = [(await queue.get()).delivery_tag for _ in range(3)]
    writer = await open_writer(channel)
    await writer.write(encode_acks(writer.number, tags[1], []))
    await channel.close()
    left = await other.get_queue(name)
    assert [(await left.get(no_ack=True)).body, await left.get(fail=False)] == [b"2", None]


async def test_the_callback_runs_when_the_broker_cancels_a_consumer(live: OpenConnection) -> None:
    channel, name, cancelled = await live.open_channel(), a_queue().name, asyncio.Event()
    queue = await channel.declare_queue(name, durable=True)
    await call_when_cancelled(channel, cancelled.set)

    async def ignore(_: object) -> None:
        raise AssertionError("nothing was published")

    await queue.consume(ignore)
    await (await live.open_channel()).queue_delete(name)
    await asyncio.wait_for(cancelled.wait(), 10)


async def test_a_cut_connection_is_reported_as_lost(live: OpenConnection) -> None:
    channel = await live.open_channel()
    live.cut()
    assert await asyncio.wait_for(live.lost, 10)
    await eventually(lambda: channel.is_closed)


async def test_a_connection_that_fails_to_open_leaves_no_socket_open() -> None:
    ended = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass
        writer.close()
        ended.set()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        link = Link(f"amqp://127.0.0.1:{port}/", name="tests", purpose="publish")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2), link.separate_connection():
                pass
        await asyncio.wait_for(ended.wait(), 10)
