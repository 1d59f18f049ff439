"""The event log over the API: pages with filters, and streams that are taken up where they broke off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import orjson
import pytest

from ingress.http import event_stream
from ingress.views.event_feed import ACCOUNT_STREAMS_MAX
from tests.support.api_installation import House
from tests.support.caller import Caller
from tests.support.eventually import eventually


@pytest.fixture
async def caller(house: House) -> Caller:
    return await house.account()


async def logged(caller: Caller, count: int, path: str = "/v1/events") -> list[dict[str, Any]]:
    async def enough() -> list[dict[str, Any]] | None:
        items = await caller.items(path)
        return items if len(items) >= count else None

    return await eventually(enough) or []


@dataclass(slots=True)
class Listening:
    """A client of a stream, which reads message by message."""

    reply: aiohttp.ClientResponse

    async def next(self) -> dict[str, str]:
        """The next message with data."""
        async with asyncio.timeout(10):
            fields: dict[str, str] = {}
            while True:
                line = (await self.reply.content.readline()).decode()
                assert line, "the stream has ended"
                name, _, value = line.rstrip("\n").partition(": ")
                if name and value:
                    fields[name] = value
                elif "data" in fields:
                    return fields


@asynccontextmanager
async def listening(caller: Caller, path: str, last: str | None = None) -> AsyncIterator[Listening]:
    headers = {"Authorization": f"Bearer {caller.made['access_token']}"} | ({"Last-Event-ID": last} if last else {})
    async with caller.session.get(caller.url + path, headers=headers, timeout=aiohttp.ClientTimeout(total=60)) as reply:
        assert reply.status == 200, await reply.text()
        assert reply.headers["Content-Type"] == "text/event-stream"
        yield Listening(reply)


async def test_the_log_is_read_newest_first_in_pages(caller: Caller) -> None:
    for number in range(3):
        await caller.client(name=f"Client {number}")
    items = await logged(caller, 3)
    assert [item["data"]["name"] for item in items] == ["Client 2", "Client 1", "Client 0"]
    first = await caller.read("/v1/events?limit=2")
    second = await caller.read(f"/v1/events?limit=2&cursor={first['next_cursor']}")
    assert first["items"] + second["items"] == items
    assert second["next_cursor"] is None


async def test_one_event_is_read_by_its_id_and_by_its_account_only(caller: Caller, stranger: Caller) -> None:
    await caller.client(name="First")
    [event] = await logged(caller, 1)
    assert await caller.read(f"/v1/events/{event['id']}") == event
    assert (await stranger.get(f"/v1/events/{event['id']}")).status == 404


async def test_the_log_is_filtered_by_trigger_client_and_time(caller: Caller) -> None:
    first, second = await caller.client(name="First"), await caller.client(name="Second")
    await caller.sale(first["id"])
    await logged(caller, 4)
    created = await caller.items("/v1/events?trigger=client.created")
    assert [item["data"]["name"] for item in created] == ["Second", "First"]
    of_first = await caller.items(f"/v1/events?client_id={first['id']}")
    assert {item["type"] for item in of_first} == {"client.created", "sale.created", "sale.posted"}
    of_both = await caller.items(f"/v1/events?client_id={second['id']}&trigger=client.created")
    assert [item["data"]["id"] for item in of_both] == [second["id"]]
    ahead = (datetime.now(tz=UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert await caller.items(f"/v1/events?since={ahead}") == []
    assert (await caller.get("/v1/events?trigger=no.such")).faults.keys() == {"trigger"}


async def test_another_accounts_events_are_not_there(caller: Caller, stranger: Caller) -> None:
    await caller.client()
    await logged(caller, 1)
    assert await stranger.items("/v1/events") == []


async def test_a_stream_sends_what_happens_as_hooks_get_it(caller: Caller, stranger: Caller) -> None:
    async with listening(caller, "/v1/events/stream") as stream:
        await stranger.client(name="Not theirs")
        made = await caller.client(name="Live")
        message = await stream.next()
        assert message["event"] == "client.created"
        [item] = await caller.items("/v1/events")
        assert orjson.loads(message["data"]) == item
        assert (message["id"], item["data"]["id"]) == (item["id"], made["id"])


async def test_a_stream_of_one_trigger_and_client_sends_nothing_else(caller: Caller) -> None:
    first, second = await caller.client(), await caller.client()
    path = f"/v1/events/stream?trigger=sale.posted&client_id={second['id']}"
    async with listening(caller, path) as stream:
        await caller.sale(first["id"])
        sale = await caller.sale(second["id"])
        message = await stream.next()
        assert orjson.loads(message["data"])["data"]["id"] == sale["id"]


async def test_a_stream_is_taken_up_after_the_event_that_was_read_last(caller: Caller) -> None:
    async with listening(caller, "/v1/events/stream") as stream:
        await caller.client(name="Seen")
        seen = await stream.next()
    missed = [(await caller.client(name=f"Missed {number}"))["id"] for number in range(3)]
    await logged(caller, 4)
    async with listening(caller, "/v1/events/stream", last=seen["id"]) as stream:
        got = [orjson.loads((await stream.next())["data"])["data"]["id"] for _ in missed]
        assert got == missed
        live = await caller.client(name="Live")
        assert orjson.loads((await stream.next())["data"])["data"]["id"] == live["id"]


async def test_an_event_that_is_not_known_cannot_be_taken_up_from(caller: Caller, stranger: Caller) -> None:
    await stranger.client()
    [theirs] = await logged(stranger, 1)
    for last in ("x", theirs["id"]):
        refused = await caller.get("/v1/events/stream", headers={"Last-Event-ID": last})
        assert (refused.status, set(refused.faults)) == (422, {"Last-Event-ID"})


async def test_an_account_opens_so_many_streams(caller: Caller, stranger: Caller) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(ACCOUNT_STREAMS_MAX):
            await stack.enter_async_context(listening(caller, "/v1/events/stream"))
        refused = await caller.get("/v1/events/stream")
        assert (refused.status, refused.json["code"]) == (429, "too_many_requests")
        await stack.enter_async_context(listening(stranger, "/v1/events/stream"))


async def test_a_stream_ends_when_its_token_is_deleted(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.0)
    token = await caller.made_of("/v1/tokens", {"name": "Short"})
    reader = Caller(caller.session, caller.url, caller.made | {"access_token": token["token"]})
    async with listening(reader, "/v1/events/stream") as stream:
        await caller.delete(f"/v1/tokens/{token['id']}")
        with pytest.raises(aiohttp.ClientError):
            await stream.reply.read()


async def test_a_journey_is_streamed_entry_by_entry_and_resumed(caller: Caller) -> None:
    made = await caller.client()
    async with listening(caller, f"/v1/journey/{made['id']}/stream") as stream:
        steps = [await stream.next() for _ in range(3)]
        assert [step["event"] for step in steps] == ["accepted", "create_client", "client.created"]
        await caller.patch(f"/v1/clients/{made['id']}", {"phone": "+371 20000000"})
        later = await stream.next()
        assert later["event"] == "accepted"
    async with listening(caller, f"/v1/journey/{made['id']}/stream", last=later["id"]) as stream:
        again = await stream.next()
        assert float(again["id"].partition("-")[0]) > float(later["id"].partition("-")[0]) - 6
    refused = await caller.get(f"/v1/journey/{made['id']}/stream", headers={"Last-Event-ID": "x"})
    assert refused.status == 422
