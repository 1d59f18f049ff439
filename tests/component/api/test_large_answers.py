"""Answers whose size their caller chooses: bounded by bytes, and closed when the caller does not read."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlsplit

import asyncpg
import orjson
import pytest

from contracts.primitives.ids import new_id
from ingress.http import aiohttp_protocol
from ingress.views import event_queries
from tests.support.api_installation import House
from tests.support.caller import Caller
from tests.support.eventually import eventually

EVENT_BYTES = 900_000
EVENTS = 20
COPY_EVENT = """
INSERT INTO dispatch.event
SELECT (jsonb_populate_record(e, jsonb_build_object('event_id', $1::uuid, 'body', $2::bytea))).*
  FROM dispatch.event e WHERE e.account_id = $3 LIMIT 1
"""


async def with_large_events(house: House, caller: Caller) -> list[str]:
    """Events of almost a megabyte each; gives their ids, newest first."""
    conn = await asyncpg.connect(house.dsn)
    made = sorted((new_id() for _ in range(EVENTS)), reverse=True)
    await caller.client()
    await eventually(lambda: caller.read("/v1/triggers/client.created/events"))
    for identifier in made:
        body = orjson.dumps({"id": str(identifier), "text": "x" * EVENT_BYTES})
        await conn.execute(COPY_EVENT, identifier, body, caller.account_id)
    await conn.close()
    return [str(identifier) for identifier in made]


async def test_a_poll_is_bounded_by_bytes_and_its_links_lead_through_all(house: House, caller: Caller) -> None:
    expected, seen = await with_large_events(house, caller), []
    path = "/v1/triggers/client.created/events?limit=200"
    while path:
        answer = await caller.get(path)
        assert len(answer.raw) < event_queries.EVENTS_BYTES + 2 * EVENT_BYTES
        seen += [event["id"] for event in answer.json]
        link = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
        path = link[1] if link else ""
    assert seen[1:] == expected  # the first is the client that was made last
    assert len(seen) == EVENTS + 1
    samples = await caller.get("/v1/triggers/client.created/samples?limit=200")
    assert len(samples.raw) < event_queries.EVENTS_BYTES + 2 * EVENT_BYTES


async def test_a_reader_that_takes_nothing_is_cut_off(
    house: House, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_large_events(house, caller)
    monkeypatch.setattr(aiohttp_protocol, "WRITE_SECONDS", 0.2)
    host, port = urlsplit(house.url).hostname, urlsplit(house.url).port
    reader, writer = await asyncio.open_connection(host, port, limit=1024)
    writer.write(
        b"GET /v1/triggers/client.created/events?limit=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
        + caller.made["access_token"].encode() + b"\r\n\r\n"
    )  # fmt: skip
    assert (await reader.read(12)).startswith(b"HTTP/1.1 200")
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport of a stream reads

    async def cut() -> bool:
        try:
            writer.write(b"x")
            await writer.drain()
        except ConnectionError:
            return True
        return False

    assert await eventually(cut)
