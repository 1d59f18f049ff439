"""A person holds a collection case until a day or a time, and lets it go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.component.api.test_collections import LATE, case_of, collector
from tests.support.caller import Caller

DAY = datetime.now(tz=UTC).date() + timedelta(days=2)


async def a_case(caller: Caller) -> str:
    await collector(caller)
    client = await caller.client()
    await caller.sale(client["id"], **LATE)
    return str((await case_of(caller, client["id"], "pending"))["id"])


@pytest.mark.parametrize("verb", ["pause", "snooze"])
async def test_a_day_begins_at_midnight_where_the_account_is(caller: Caller, verb: str) -> None:
    await caller.patch("/v1/account", {"time_zone": "Asia/Tokyo"})
    case = await a_case(caller)
    held = await caller.post(f"/v1/cases/{case}/{verb}", {"until": f"{DAY}"})
    assert (held.status, held.json["state"]) == (200, "paused")
    midnight = datetime.fromisoformat(f"{DAY}T00:00:00+09:00")
    assert datetime.fromisoformat(held.json["ends_at"]) == midnight


async def test_a_time_counts_as_it_is(caller: Caller) -> None:
    case = await a_case(caller)
    held = await caller.post(f"/v1/cases/{case}/pause", {"until": f"{DAY}T15:30:00+03:00", "reason": "Holiday"})
    assert (held.json["state"], held.json["reason"]) == ("paused", "Holiday")
    assert datetime.fromisoformat(held.json["ends_at"]) == datetime.fromisoformat(f"{DAY}T15:30:00+03:00")


@pytest.mark.parametrize("until", ["2020-01-01", "2020-01-01T00:00:00Z", "tomorrow", "2026-13-01", 5])
async def test_what_is_over_or_no_day_is_refused_by_name(caller: Caller, until: str | int) -> None:
    refused = await caller.post(f"/v1/cases/{await a_case(caller)}/pause", {"until": until})
    assert (refused.status, refused.json["errors"][0]["path"]) == (422, "until")


async def test_a_case_is_held_only_as_it_was_read(caller: Caller) -> None:
    case = await a_case(caller)
    tag = (await caller.get(f"/v1/cases/{case}")).headers["ETag"]
    body = {"until": f"{DAY}"}
    assert (await caller.post(f"/v1/cases/{case}/pause", body, headers={"If-Match": tag})).status == 200
    assert (await caller.post(f"/v1/cases/{case}/resume", headers={"If-Match": tag})).status == 412
