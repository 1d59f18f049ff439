"""The plan over HTTP: what is used, what is refused, and which event reports it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from ingress.access.accounts import UNLIMITED, set_quota
from tests.support.api_installation import House
from tests.support.caller import Caller, an_invoice
from tests.support.eventually import eventually


async def test_what_is_used_is_shown_beside_the_limit(house: House, caller: Caller) -> None:
    bounded = await house.account(clients_max=2, products_max=0)
    await bounded.client()
    usage = await bounded.read("/v1/usage")
    assert (usage["clients"], usage["products"]) == ({"used": 1, "limit": 2}, {"used": 0, "limit": 0})
    today = datetime.now(tz=UTC).date().isoformat()
    assert usage["period"]["start"] <= today <= usage["period"]["end"]
    assert (await caller.read("/v1/usage"))["clients"] == {"used": 0, "limit": None}


async def test_sixteen_callers_make_exactly_as_many_as_there_is_room_for(house: House) -> None:
    bounded = await house.account(clients_max=5)
    answers = await asyncio.gather(*(bounded.post("/v1/clients", {"name": f"C{number}"}) for number in range(16)))
    refused = [answer for answer in answers if answer.status != 201]
    assert len(refused) == 11
    assert {(answer.status, answer.json["code"]) for answer in refused} == {(403, "quota_exceeded")}
    assert len(await bounded.items("/v1/clients")) == 5
    assert (await bounded.read("/v1/usage"))["clients"] == {"used": 5, "limit": 5}
    events = await eventually(lambda: bounded.read("/v1/triggers/quota.reached/events"))
    assert len(events) == 1
    assert (events[0]["data"]["quota"], events[0]["data"]["limit"]) == ("clients", 5)


@pytest.mark.parametrize("client", [{}, {"client": {"name": "New"}}])
async def test_totals_are_calculated_where_there_is_no_room_for_a_client(house: House, client: dict[str, Any]) -> None:
    bounded = await house.account(clients_max=0)
    answer = await bounded.post("/v1/sales/calculate", an_invoice(**client))
    assert (answer.status, answer.json["total"]) == (200, "165.01")
    refused = await bounded.post("/v1/actions/create_client?dry_run=true", {"name": "New"})
    assert (refused.status, refused.json["code"]) == (403, "quota_exceeded")


async def test_a_sale_with_a_client_too_many_leaves_nothing_behind(house: House) -> None:
    bounded = await house.account(clients_max=0)
    refused = await bounded.post("/v1/sales", an_invoice(client={"name": "New"}))
    assert (refused.status, refused.json["code"]) == (403, "quota_exceeded")
    assert await bounded.items("/v1/sales") == []


async def test_a_plan_is_raised_and_lowered(house: House) -> None:
    bounded = await house.account(clients_max=1)
    await bounded.client()
    await set_quota(house.pool, bounded.account_id, clients_max=2)
    await bounded.client(name="Second")
    await set_quota(house.pool, bounded.account_id, clients_max=1)
    assert (await bounded.post("/v1/clients", {"name": "Third"})).status == 403
    assert (await bounded.read("/v1/usage"))["clients"] == {"used": 2, "limit": 1}
    await set_quota(house.pool, bounded.account_id, clients_max=UNLIMITED)
    await bounded.client(name="Third")
    assert (await bounded.read("/v1/usage"))["clients"] == {"used": 3, "limit": None}
