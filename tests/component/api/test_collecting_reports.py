"""`/v1/reports/debtor-days` and `/v1/reports/collections`: against sums made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.caller import Caller
from tests.support.eventually import eventually


def a_line(price: str) -> list[dict[str, str]]:
    return [{"description": "Work", "quantity": "1", "unit_price": price}]


async def test_debtor_days_are_receivables_by_what_was_invoiced_in_the_month(caller: Caller) -> None:
    client = await caller.client()
    january = await caller.sale(client["id"], document_date="2026-01-10", lines=a_line("310"))
    await caller.sale(client["id"], document_date="2026-02-10", lines=a_line("280"))
    await caller.payment(client["id"], "155", (january["id"], "155"), date="2026-01-31")
    report = await caller.read("/v1/reports/debtor-days?as_of=2026-03-10&months=3")
    assert [list(one.values()) for one in report["items"]] == [
        ["2026-03", "EUR", "435.00", "0.00", 10, None],
        ["2026-02", "EUR", "435.00", "280.00", 28, "43.5"],
        ["2026-01", "EUR", "155.00", "310.00", 31, "15.5"],
    ]
    later = await caller.read("/v1/reports/debtor-days?as_of=2026-02-28&months=1")
    assert [list(one.values()) for one in later["items"]] == [["2026-02", "EUR", "435.00", "280.00", 28, "43.5"]]


async def test_an_account_without_sales_has_no_debtor_days(caller: Caller) -> None:
    assert (await caller.read("/v1/reports/debtor-days"))["items"] == []
    assert (await caller.read("/v1/reports/debtor-days?as_of=1900-01-01&months=120"))["items"] == []


async def test_each_step_has_what_was_promised_and_paid_after_it(caller: Caller) -> None:
    steps = [{"channel": "call", "delay": "P1D", "automatic": False}, {"channel": "call", "delay": "P2D"}]
    collector = await caller.made_of("/v1/collectors", {"name": "By phone", "default": True, "steps": steps})
    client = await caller.client()
    sale = await caller.sale(client["id"], document_date="2026-01-02", date_due="2026-01-10", lines=a_line("200"))

    async def due() -> list[dict[str, Any]]:
        return await caller.items("/v1/calls?due=true")

    await eventually(due)
    await caller.made_of("/v1/calls", {"client_id": client["id"], "outcome": "spoke", "advance": True})
    soon = (datetime.now(tz=UTC).date() + timedelta(days=7)).isoformat()
    promise = {"client_id": client["id"], "date": soon, "amount": "150"}
    await caller.made_of("/v1/promises", promise)
    await caller.payment(client["id"], "50", (sale["id"], "50"))
    report = await caller.read("/v1/reports/collections")
    (step,) = report["items"]
    assert step == {
        "collector": {"id": collector["id"], "name": "By phone"},
        "step": 1,
        "channel": "call",
        "currency": "EUR",
        "reminded": 1,
        "promised": 1,
        "reminded_amount": "200.00",
        "promised_amount": "150.00",
        "collected_amount": "50.00",
        "collected_share": "25.0",
    }
    assert (await caller.read("/v1/reports/collections?from=2020-01-01&to=2020-02-01"))["items"] == []


@pytest.mark.parametrize("query", ["from=2026-02-01&to=2026-01-01", "from=2020-01-01&to=2026-01-01", "months=0"])
async def test_a_period_that_cannot_be_is_refused(caller: Caller, query: str) -> None:
    path = "debtor-days" if "months" in query else "collections"
    assert (await caller.get(f"/v1/reports/{path}?{query}")).status == 422


async def test_activity_lists_what_happened_with_a_client_newest_first(caller: Caller) -> None:
    client, other = await caller.client(), await caller.client()
    sale = await caller.sale(client["id"])
    await caller.made_of("/v1/notes", {"client_id": other["id"], "body": "Another"})
    note = await caller.made_of("/v1/notes", {"client_id": client["id"], "body": "Called us", "origin": "external"})
    message = await caller.made_of("/v1/messages", {
        "client_id": client["id"], "channel": "sms", "body": "Paid?", "origin": "external", "direction": "sent",
    })  # fmt: skip
    soon = (datetime.now(tz=UTC).date() + timedelta(days=7)).isoformat()
    promise = await caller.made_of("/v1/promises", {"client_id": client["id"], "date": soon, "amount": "10"})
    dispute = await caller.made_of("/v1/disputes", {"sale_id": sale["id"], "reason": "Too much"})
    path = f"/v1/reports/activity?client_id={client['id']}"
    listed = await caller.items(path)
    ids = {one["id"]: one["kind"] for one in listed}
    assert [ids.get(one["id"]) for one in (note, message, promise, dispute)] == [
        "note",
        "message",
        "promise",
        "dispute",
    ]
    assert [one["at"] for one in listed] == sorted((one["at"] for one in listed), reverse=True)
    assert next(one for one in listed if one["kind"] == "promise")["detail"]["amount"] == "10.00"
    assert [one["id"] for one in await caller.items(f"{path}&kind=message")] == [message["id"]]
    first = await caller.read(f"{path}&limit=2")
    second = await caller.read(f"{path}&limit=2&cursor={first['next_cursor']}")
    assert [*first["items"], *second["items"]] == listed[:4]
