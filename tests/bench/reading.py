"""Reading at size: pages of a list of a million documents, and papers a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

import asyncpg
import orjson

from ingress.views.paging import write_cursor
from tests.bench.measure import Rate, percentiles
from tests.bench.tenants import Tenant
from tests.support.http_load import Answer, LoadConnection, get_bytes

PAGES = 50
WARM_UP = 3


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Of an account with a great many documents: its middle one, and a client with a great many of them."""

    middle_id: str
    client_id: str


async def landmarks(dsn: str, account_id: str) -> Landmarks:
    """Find them."""
    conn = await asyncpg.connect(dsn)
    try:
        row = await conn.fetchrow(
            "SELECT sale_id, client_id FROM ledger.sale_state WHERE account_id = $1 ORDER BY sale_id"
            " OFFSET (SELECT count(*) / 2 FROM ledger.sale_state WHERE account_id = $1) LIMIT 1",
            account_id,
        )
    finally:
        await conn.close()
    assert row is not None, "the account has no documents"
    return Landmarks(str(row["sale_id"]), str(row["client_id"]))


def lists(marks: Landmarks) -> dict[str, dict[str, str]]:
    """The pages to ask for, by name: the query of each."""
    deep = {"cursor": write_cursor("/v1/sales", UUID(marks.middle_id))}
    ctx = {
        "": {},
        "status": {"status": "issued"},
        "type and status": {"sale_type": "sales_order", "status": "confirmed"},
        "client": {"client_id": marks.client_id},
        "client and status": {"client_id": marks.client_id, "status": "draft"},
        "unpaid": {"settlement": "unpaid"},
        "overdue": {"overdue": "true"},
        "not overdue": {"overdue": "false"},
    }
    return {
        f"{name}, {place}".strip(", "): query | cursor
        for name, query in ctx.items()
        for place, cursor in (("first", {}), ("deep", deep))
    }


async def page_times(connection: LoadConnection, tenant: Tenant, marks: Landmarks) -> dict[str, float]:
    """Each page's median in milliseconds as the caller sees it, one at a time; and the worst 99th percentile."""
    medians, slowest = {}, []
    for name, query in lists(marks).items():
        request = get_bytes(f"/v1/sales?{urlencode(query)}", tenant.headers)
        for _ in range(WARM_UP):
            page = orjson.loads((await fetch(connection, request)).body)
        assert page["items"], f"{name} is empty"
        medians[name], p99 = percentiles([await took_ms(connection, request) for _ in range(PAGES)])
        slowest.append(p99)
    return medians | {"slowest p99": max(slowest)}


async def newest_sales(connection: LoadConnection, tenant: Tenant) -> list[str]:
    """The ids of an account's newest documents."""
    answer = await fetch(connection, get_bytes("/v1/sales", tenant.headers))
    connection.close()
    return [item["id"] for item in orjson.loads(answer.body)["items"]]


async def documents(
    connections: Sequence[LoadConnection], tenant: Tenant, sale_ids: Sequence[str], *, seconds: float, path: str = "pdf"
) -> tuple[Rate, Mapping[str, float]]:
    """PDFs (or what else `path` gives) a second, each connection one at a time, and how long they took."""
    requests = [get_bytes(f"/v1/sales/{sale_id}/{path}", tenant.headers) for sale_id in sale_ids]
    took: list[float] = []
    await fetch(connections[0], requests[0])  # the first brings the typeface
    ends = time.monotonic() + seconds

    async def work(connection: LoadConnection) -> None:
        while time.monotonic() < ends:
            took.append(await took_ms(connection, requests[len(took) % len(requests)]))
        connection.close()

    began = time.monotonic()
    await asyncio.gather(*map(work, connections))
    p50, p99 = percentiles(took)
    return Rate(len(took), time.monotonic() - began), {"p50_ms": p50, "p99_ms": p99}


async def took_ms(connection: LoadConnection, request: bytes) -> float:
    """How long an answer of 200 took as the caller sees it, in milliseconds."""
    began = time.monotonic()
    await fetch(connection, request)
    return (time.monotonic() - began) * 1000


async def fetch(connection: LoadConnection, request: bytes) -> Answer:
    """The answer, which must be 200."""
    answer = await connection.send(request)
    assert answer.status == 200, f"{answer.status}: {answer.body[:300]!r}"
    return answer
