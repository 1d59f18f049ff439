"""Answers that their readers do not take count for their account until they are taken or cut off."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from ingress.http import aiohttp_protocol, server
from standalone.all_in_one import prepare_all
from tests.component.api.test_large_answers import with_large_events
from tests.support.api_installation import House, open_house
from tests.support.caller import Caller
from tests.support.eventually import eventually
from tests.support.postgres_server import Postgres

PATH = "/v1/triggers/client.created/events?limit=200"


@pytest.fixture
async def house(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """One in which an account may have two pages of large events unread."""
    monkeypatch.setattr(server, "ANSWER_ACCOUNT_BYTES_MAX", 12 * 1024 * 1024)
    dsn = await postgres.copy_of(prepare_all)
    async with open_house(dsn) as running:
        yield running
    await postgres.drop_database(dsn)


@pytest.mark.long
async def test_who_does_not_read_is_refused_more_until_cut_off(
    house: House, caller: Caller, stranger: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_large_events(house, caller)
    await with_large_events(house, stranger)
    monkeypatch.setattr(aiohttp_protocol, "WRITE_SECONDS", 3.0)
    address = urlsplit(house.url)
    head = (f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {caller.made['access_token']}\r\n\r\n").encode()
    writers = []
    for _ in range(8):
        taking_little = socket.socket()
        taking_little.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # else the kernel takes all of an answer
        taking_little.connect((address.hostname, address.port))
        reader, writer = await asyncio.open_connection(sock=taking_little, limit=1024)
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport of a stream reads
        writer.write(head)
        writers.append((reader, writer))

    async def refused() -> bool:
        answer = await caller.get(PATH)
        return answer.status == 429 and "unread" in answer.text

    assert await eventually(refused)
    assert (await stranger.get(PATH)).status == 200

    async def answered() -> bool:
        return (await caller.get(PATH)).status == 200

    assert await eventually(answered)
    for _, writer in writers:
        writer.close()
