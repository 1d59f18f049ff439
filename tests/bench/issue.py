"""Issues a second over HTTP: invoices of five lines, each asked for, committed, numbered, booked and answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, cycle
from typing import Any

import orjson

from tests.bench.measure import Rate, percentiles
from tests.bench.tenants import Tenant
from tests.support.http_load import LoadConnection, post_bytes

LINES = [
    {
        "item_code": f"P-{number:03}",
        "description": f"Paper, quality {number}",
        "quantity": str(number),
        "unit_price": f"{number}.25",
        "discount": "5" if number == 3 else "0",
        "tax_rate": "21" if number % 2 else "12",
        "unit": "pack",
    }
    for number in range(1, 6)
]


@dataclass(frozen=True, slots=True)
class Issued:
    """How many a second were issued, and how long each waited for its answer, in milliseconds."""

    rate: Rate
    p50_ms: float
    p99_ms: float

    def as_dict(self) -> dict[str, float]:
        """For the report."""
        return {"per_second": round(self.rate.per_second, 1), "p50_ms": self.p50_ms, "p99_ms": self.p99_ms}


def issue_request(tenant: Tenant, number: int) -> bytes:
    """A whole POST of an invoice of five lines that is to be issued."""
    body: dict[str, Any] = {
        "sale_type": "sales_invoice",
        "client_id": tenant.client_id,
        "currency": "EUR",
        "pay_term": {"type": 1, "days": 14},
        "external_id": f"bench-{number}",
        "lines": LINES,
        "issue": True,
    }
    headers = tenant.headers | {"Idempotency-Key": f"bench-{number}"}
    return post_bytes("/v1/sales", orjson.dumps(body), "application/json", headers)


async def issued(
    connections: Sequence[LoadConnection], tenants: Sequence[Tenant], *, seconds: float, first: int
) -> Issued:
    """Issue for the tenants in turn, each connection one at a time; `first` keeps runs from repeating each other.

    Raises:
        AssertionError: an answer was not 201.
    """
    numbers, turn = count(first), cycle(tenants)
    took: list[float] = []
    ends = time.monotonic() + seconds

    async def work(connection: LoadConnection) -> None:
        while (ctx := time.monotonic()) < ends:
            answer = await connection.send(issue_request(next(turn), next(numbers)))
            if answer.status != 201:
                raise AssertionError(f"{answer.status}: {answer.body[:300]!r}")
            took.append((time.monotonic() - ctx) * 1000)
        connection.close()

    began = time.monotonic()
    await asyncio.gather(*map(work, connections))
    rate = Rate(len(took), time.monotonic() - began)
    p50, p99 = percentiles(took)
    return Issued(rate, p50, p99)
