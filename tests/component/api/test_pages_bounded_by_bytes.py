"""Lists, the journal and exports of large rows: few rows are read at a time, and a page ends where it grows large."""

from __future__ import annotations

from typing import Any

import asyncpg
import orjson
import pytest

from ingress.views import batches, paging
from tests.support.api_installation import House
from tests.support.caller import Caller

DOCUMENTS = 7
LINES = 400


async def with_large_sales(caller: Caller) -> list[str]:
    """Drafts of many lines that compress well; gives their ids, newest first."""
    line = {"quantity": "1", "unit_price": "2", "tax_rate": "21"}
    lines = [line | {"description": f"{number} {'same words ' * 40}"} for number in range(LINES)]
    sale = {"sale_type": "sales_order", "currency": "EUR", "client": {"name": "Long Lists Ltd"}, "lines": lines}
    return [(await caller.made_of("/v1/sales", sale))["id"] for _ in range(DOCUMENTS)][::-1]


async def pages(caller: Caller, path: str) -> list[list[dict[str, Any]]]:
    """All pages of a list."""
    found, cursor = [], ""
    while True:
        page = await caller.read(f"{path}{cursor}")
        found.append(page["items"])
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


async def test_a_page_of_large_documents_ends_early_and_its_cursor_goes_on(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = await with_large_sales(caller)
    monkeypatch.setattr(paging, "PAGE_BYTES", 2 * len(orjson.dumps(await caller.read(f"/v1/sales/{expected[0]}"))) - 1)
    listed = await pages(caller, "/v1/sales?limit=200")
    assert [len(page) for page in listed] == [2, 2, 2, 1]
    assert [sale["id"] for page in listed for sale in page] == expected


async def test_rows_are_read_in_batches_of_bounded_bytes(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = await with_large_sales(caller)
    read: list[int] = []
    in_batches = batches.in_batches

    async def counted(*args: Any) -> Any:
        async for batch in in_batches(*args):
            read.append(len(batch))
            yield batch

    monkeypatch.setattr("ingress.views.queries.in_batches", counted)
    monkeypatch.setattr("ingress.views.queries.BATCH_BYTES", 1)
    (page,) = await pages(caller, "/v1/sales?limit=200")
    assert [sale["id"] for sale in page] == expected
    assert read == [1] * len(expected)
    read.clear()
    answer = await caller.get("/v1/sales/export?format=jsonl")
    assert [orjson.loads(line)["id"] for line in answer.raw.splitlines()] == expected
    assert read == [1] * len(expected)


async def test_a_row_counts_with_the_bytes_that_are_stored_apart(house: House, caller: Caller) -> None:
    await with_large_sales(caller)
    conn = await asyncpg.connect(house.dsn)
    statement = batches.sized("SELECT * FROM ledger_api.sale WHERE account_id = $1", order="id DESC")
    rows = await conn.fetch(statement, caller.account_id, 10, 2**60)
    await conn.close()
    for row in rows:
        assert row["row_bytes"] > len(row["lines"]) // 91
    assert [row["bytes_before"] for row in rows] == [
        sum(other["row_bytes"] for other in rows[:place]) for place in range(len(rows))
    ]


@pytest.mark.parametrize("limit", [1, batches.BATCH_ROWS - 1, batches.BATCH_ROWS, batches.BATCH_ROWS + 1, 200])
async def test_a_page_of_small_rows_has_its_limit_across_batches(caller: Caller, limit: int) -> None:
    made = [(await caller.client(name=f"Client {number}"))["id"] for number in range(2 * batches.BATCH_ROWS + 1)]
    listed = await pages(caller, f"/v1/clients?limit={limit}&query=client")
    assert [client["id"] for page in listed for client in page] == made[::-1]
    assert all(len(page) == limit for page in listed[:-1])
    assert await pages(caller, f"/v1/clients?limit={limit}") == listed


async def test_the_journal_is_read_in_batches(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    line = {"description": "Work", "quantity": "1", "unit_price": "10", "tax_rate": "21"}
    sale = {"sale_type": "sales_invoice", "currency": "EUR", "client": {"name": "A"}, "lines": [line], "issue": True}
    made = [(await caller.made_of("/v1/sales", sale))["id"] for _ in range(3)]
    monkeypatch.setattr("ingress.views.report_queries.BATCH_BYTES", 1)
    monkeypatch.setattr(paging, "PAGE_BYTES", 1)
    listed = await pages(caller, "/v1/journal?limit=10")
    assert [entry["document_id"] for page in listed for entry in page] == made[::-1]
    assert [len(page) for page in listed] == [1, 1, 1]
