"""The same reference over two channels: both messages are kept, the later one is flagged, and no rule accepts both."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from tests.component.api.test_inbox_duplicates import pushed, stored
from tests.support.caller import Caller, a_document, a_sale_xml
from tests.support.eventually import eventually


def an_order(reference: str, client: str = "Leo Martin") -> bytes:
    order = a_document(reference)
    order["document"].pop("supplier")
    order["document"]["client"] = {"name": client}
    return orjson.dumps(order)


async def two_channels(caller: Caller, kind: str) -> list[dict[str, Any]]:
    return [await caller.channel(kind) for _ in range(2)]


async def test_the_same_bill_over_another_channel_is_kept_and_flagged(caller: Caller) -> None:
    one, other = await two_channels(caller, "direct")
    body = a_sale_xml("X-1")
    first, second = await pushed(caller, one["url"], body), await pushed(caller, other["url"], body)
    assert (second["duplicate"], second["duplicate_of"]) == (False, first["message_id"])
    message = await stored(caller, second["message_id"])
    assert (message["state"], message["duplicate_of"]) == ("duplicate", first["message_id"])
    assert "resembles" in {warning["code"] for warning in message["warnings"]}
    changed = await pushed(caller, other["url"], body.replace(b"</Header>", b"<Comment>new</Comment></Header>"))
    assert changed["duplicate_of"] == first["message_id"]
    assert (await pushed(caller, other["url"], body))["message_id"] == second["message_id"]


async def test_orders_of_two_clients_under_one_reference_are_two_orders(caller: Caller) -> None:
    one, other = await two_channels(caller, "orders")
    await pushed(caller, one["url"], an_order("X-2"), "application/json")
    second = await pushed(caller, other["url"], an_order("X-2", "Ana Silva"), "application/json")
    assert "duplicate_of" not in second


@pytest.mark.parametrize("at_once", [False, True])
async def test_no_rule_issues_an_order_that_comes_over_two_channels_twice(caller: Caller, *, at_once: bool) -> None:
    channels = await two_channels(caller, "orders")
    for channel in channels:
        match = {"channel_id": channel["id"].upper()}
        rule = {"box": "sales", "match": match, "issue": True, "conditions": {"no_warnings": False}}
        assert (await caller.post("/v1/inbox/rules", rule)).status == 201
    sending = [pushed(caller, channel["url"], an_order("X-3"), "application/json") for channel in channels]
    answers = await asyncio.gather(*sending) if at_once else [await one for one in sending]
    assert [answer.get("duplicate_of") for answer in answers].count(None) == 1

    async def states() -> bool:
        messages = [await stored(caller, answer["message_id"], "sales") for answer in answers]
        return sorted(message["state"] for message in messages) == ["accepted", "duplicate"]

    await eventually(states)
    assert len(await caller.items("/v1/sales")) == 1


async def test_a_channel_names_its_last_message_however_many_came_by_others_since(caller: Caller) -> None:
    one, other = await two_channels(caller, "direct")
    first = await pushed(caller, one["url"], a_sale_xml("X-1"))
    others = [await pushed(caller, other["url"], a_sale_xml(f"Y-{number}")) for number in range(3)]
    await stored(caller, others[-1]["message_id"])
    shown = {channel["id"]: channel for channel in await caller.items("/v1/channels")}
    assert shown[one["id"]]["last_message"]["id"] == first["message_id"]
    assert (await caller.read(f"/v1/channels/{other['id']}"))["last_message"]["id"] == others[-1]["message_id"]
    unused = await caller.channel("direct")
    assert "last_message" not in await caller.read(f"/v1/channels/{unused['id']}")
