"""What came in by day and week: exact, of every confirmed payment, within a bounded period."""

from __future__ import annotations

from typing import Any

import pytest

from ingress.response_models.reports import MoneyIn
from tests.support.caller import Caller


async def sums(caller: Caller, query: str) -> list[tuple[str, str, str, int]]:
    report = await caller.read(f"/v1/reports/money-in?{query}")
    MoneyIn.model_validate(report)
    return [(one["date"], one["currency"], one["received"], one["payments"]) for one in report["items"]]


async def test_confirmed_payments_are_summed_by_day_and_by_week_from_monday(caller: Caller) -> None:
    client = (await caller.client())["id"]
    await caller.payment(client, "100.10", date="2026-03-01")  # a Sunday
    await caller.payment(client, "0.01", date="2026-03-02")
    await caller.payment(client, "0.02", date="2026-03-04")
    await caller.payment(client, "0.02", date="2026-03-04")
    await caller.payment(client, "700", date="2026-03-04", currency="JPY")
    await caller.payment(client, "999.00", date="2026-03-04", status="pending")
    reversed_one = await caller.payment(client, "50.00", date="2026-03-04")
    await caller.made_of(f"/v1/payments/{reversed_one['id']}/reverse", {})
    assert await sums(caller, "from=2026-03-01&to=2026-03-31") == [
        ("2026-03-04", "EUR", "0.04", 2), ("2026-03-04", "JPY", "700", 1), ("2026-03-02", "EUR", "0.01", 1),
        ("2026-03-01", "EUR", "100.10", 1),
    ]  # fmt: skip
    assert await sums(caller, "from=2026-03-01&to=2026-03-31&by=week") == [
        ("2026-03-02", "EUR", "0.05", 3), ("2026-03-02", "JPY", "700", 1), ("2026-02-23", "EUR", "100.10", 1),
    ]  # fmt: skip
    assert await sums(caller, "from=2026-03-03&to=2026-03-03&by=week") == []


async def test_another_account_sees_none_of_it(caller: Caller, stranger: Caller) -> None:
    await caller.payment((await caller.client())["id"], "10.00", date="2026-03-04")
    assert await sums(stranger, "from=2026-03-01&to=2026-03-31") == []


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("from=2026-02-02&to=2026-02-01", "to"),
        ("from=2025-01-01&to=2026-01-02", "to"),
        ("by=month", "by"),
        ("from=yesterday", "from"),
    ],
)
async def test_a_period_that_is_none_or_longer_than_a_year_is_refused(caller: Caller, query: str, path: str) -> None:
    answer = await caller.get(f"/v1/reports/money-in?{query}")
    assert answer.status == 422
    faults: list[dict[str, Any]] = answer.json["errors"]
    assert [fault["path"] for fault in faults] == [path]
