"""Clients, sales and payments over HTTP: made by the ledger, read from its views, each account its own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from contracts.primitives.ids import new_id
from ingress.views import queries
from tests.support.caller import Caller, a_payment, an_invoice
from tests.support.eventually import eventually


async def test_a_client_is_made_and_then_read_as_it_was_answered(caller: Caller) -> None:
    made = await caller.post("/v1/clients", {"name": "Aya Ozola", "type": "person", "email": "aya@customer.example"})
    assert made.status == 201, made.text
    assert made.headers["Location"] == f"/v1/clients/{made.json['id']}"
    read = await caller.get(f"/v1/clients/{made.json['id']}")
    assert (read.status, read.json) == (200, made.json)


async def test_clients_are_listed_newest_first_page_by_page(caller: Caller) -> None:
    ids = [(await caller.client(name=f"Client {number}"))["id"] for number in range(5)]
    first = await caller.read("/v1/clients?limit=2")
    second = await caller.read(f"/v1/clients?limit=2&cursor={first['next_cursor']}")
    third = await caller.read(f"/v1/clients?limit=2&cursor={second['next_cursor']}")
    listed = [item["id"] for page in (first, second, third) for item in page["items"]]
    assert listed == ids[::-1]
    assert third["next_cursor"] is None


async def test_a_page_that_is_just_full_is_the_last(caller: Caller) -> None:
    await caller.client()
    assert (await caller.read("/v1/clients?limit=1"))["next_cursor"] is None


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("query=ozola", {"Ozola Design SIA"}),
        ("query=OZOLA+des", {"Ozola Design SIA"}),
        ("query=100%25", {"100% Cotton"}),
        ("query=%25", {"100% Cotton"}),
        ("query=_", set()),
        ("query=%5C", set()),
        ("query=buyer%40", {"100% Cotton"}),
        ("email=BUYER%40cotton.example", {"100% Cotton"}),
        ("external_id=crm-1", {"Ozola Design SIA"}),
        ("external_id=crm-1&email=buyer%40cotton.example", set()),
        ("query=nobody", set()),
        ("query=%ff%ED%A0%80", set()),
    ],
)
async def test_clients_are_found_by_what_is_known_of_them(caller: Caller, asked: str, found: set[str]) -> None:
    await caller.client(name="Ozola Design SIA", external_id="crm-1")
    await caller.client(name="100% Cotton", email="Buyer@cotton.example")
    assert {item["name"] for item in await caller.items(f"/v1/clients?{asked}")} == found


async def test_an_invoice_is_issued_paid_and_read_at_every_stage(caller: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"])
    assert (sale["total"], sale["settlement"], sale["status"]) == ("165.01", "unpaid", "issued")
    assert await caller.read(f"/v1/sales/{sale['id']}") == sale
    paid = await caller.payment(client["id"], "165.01", (sale["id"], "165.01"))
    assert await caller.read(f"/v1/payments/{paid['id']}") == paid
    now = await caller.read(f"/v1/sales/{sale['id']}")
    assert (now["settlement"], now["amount_due"]) == ("paid", "0.00")


async def test_sales_are_filtered_by_each_of_their_facts(caller: Caller) -> None:
    one, other = await caller.client(name="One"), await caller.client(name="Other")
    draft = await caller.sale(one["id"], issue=False)
    late = await caller.sale(one["id"], document_date="2026-01-01", date_due="2026-01-15", external_id="shop-9")
    quote = await caller.sale(other["id"], sale_type="sales_estimate")
    paid = await caller.sale(other["id"])
    await caller.payment(other["id"], "165.01", (paid["id"], "165.01"))

    async def found(asked: str) -> list[str]:
        return [item["id"] for item in await caller.items(f"/v1/sales?{asked}")]

    assert await found("") == [paid["id"], quote["id"], late["id"], draft["id"]]
    assert await found("status=draft") == [draft["id"]]
    assert await found("sale_type=sales_estimate") == [quote["id"]]
    assert await found(f"client_id={one['id']}") == [late["id"], draft["id"]]
    assert await found("settlement=paid") == [paid["id"]]
    assert await found("overdue=true") == [late["id"]]
    assert late["id"] not in await found("overdue=false")
    assert await found(f"status=issued&client_id={other['id']}&limit=1") == [paid["id"]]
    assert await found("external_id=shop-9") == [late["id"]]
    assert await found(f"number={late['number']}") == [late["id"]]
    assert await found("from=2026-01-01&to=2026-01-01") == [late["id"]]
    assert late["id"] not in await found("from=2026-01-02")
    assert await found(f"query={late['number'].lower()[:12]}&overdue=true") == [late["id"]]
    assert await found("query=shop-9") == [late["id"]]
    assert await found("query=othe&status=issued") == [paid["id"], quote["id"]]
    assert await found("query=nothing+of+theirs") == []


async def test_a_document_older_than_the_newest_is_found_by_its_number_and_its_client(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "RECENT_MAX", 1)
    old = await caller.sale((await caller.client(name="Ozola Design"))["id"], external_id="web-7")
    await caller.sale((await caller.client(name="Another"))["id"])
    for text in (old["number"], old["number"].lower(), "web-7", "zola"):
        assert [one["id"] for one in await caller.items(f"/v1/sales?query={text}")] == [old["id"]]


async def test_payments_are_listed_by_client(caller: Caller) -> None:
    one, other = await caller.client(name="One"), await caller.client(name="Other")
    first = await caller.payment(one["id"], "10.00")
    await caller.payment(other["id"], "20.00")
    assert [item["id"] for item in await caller.items(f"/v1/payments?client_id={one['id']}")] == [first["id"]]
    assert len(await caller.items("/v1/payments")) == 2


@pytest.mark.parametrize("path", ["clients", "sales", "payments", "inbox/purchases", "hooks", "automations"])
async def test_what_is_not_there_is_not_found(caller: Caller, path: str) -> None:
    for identifier in (str(new_id()), "not-an-id", "0"):
        answer = await caller.get(f"/v1/{path}/{identifier}")
        assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")


async def test_another_accounts_things_are_not_there(caller: Caller, stranger: Caller) -> None:
    client = await caller.client()
    sale = await caller.sale(client["id"])
    payment = await caller.payment(client["id"], "1.00")
    for path in (f"clients/{client['id']}", f"sales/{sale['id']}", f"payments/{payment['id']}"):
        assert (await stranger.get(f"/v1/{path}")).status == 404
    for path in ("clients", "sales", "payments"):
        assert await stranger.items(f"/v1/{path}") == []
    assert (await stranger.post("/v1/sales", an_invoice(client["id"]))).status in {404, 422}
    assert (await stranger.post("/v1/payments", a_payment(client["id"], "1.00"))).status in {404, 422}


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("cursor=nonsense", "cursor"),
        ("status=happy", "status"),
        ("client_id=12", "client_id"),
        ("overdue=perhaps", "overdue"),
        ("from=2026-12-01&to=2026-01-01", "to"),
        ("color=red", "color"),
    ],
)
async def test_a_query_that_means_nothing_is_refused_by_name(caller: Caller, asked: str, path: str) -> None:
    answer = await caller.get(f"/v1/sales?{asked}")
    assert answer.status == 422
    assert list(answer.faults) == [path]


async def test_every_fault_of_a_sale_is_reported_at_once(caller: Caller) -> None:
    client = await caller.client()
    answer = await caller.post(
        "/v1/sales",
        an_invoice(client["id"], colour="red", lines=[{"quantity": "one", "unit_price": "1e30", "description": "x"}]),
    )
    assert answer.status == 422
    assert set(answer.faults) == {"colour", "lines[0].quantity", "lines[0].unit_price"}
    assert await caller.items("/v1/sales") == []


async def test_one_key_makes_one_sale_however_often_and_at_once_it_is_sent(caller: Caller) -> None:
    client = await caller.client()
    body, key = an_invoice(client["id"]), {"Idempotency-Key": "order-7"}
    answers = await asyncio.gather(*(caller.post("/v1/sales", body, headers=key) for _ in range(8)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert len(await caller.items("/v1/sales")) == 1


async def test_who_does_not_wait_finds_the_client_at_the_operation(caller: Caller) -> None:
    answer = await caller.post("/v1/clients", {"name": "Later"}, headers={"Prefer": "respond-async"})
    assert answer.status == 202
    operation: dict[str, Any] = {}

    async def settled() -> bool:
        operation.update(await caller.read(answer.headers["Location"]))
        return bool(operation["state"] != "pending")

    await eventually(settled)
    assert operation["state"] == "succeeded"
    assert await caller.read(f"/v1/clients/{operation['result']['id']}") == operation["result"]


async def test_reading_needs_the_scope_read_and_writing_write(caller: Caller) -> None:
    token = await caller.made_of("/v1/tokens", {"name": "Dashboard", "scopes": ["read"]})
    bearer = {"Authorization": f"Bearer {token['token']}"}
    assert (await caller.anonymous("GET", "/v1/clients", headers=bearer)).status == 200
    refused = await caller.anonymous("POST", "/v1/clients", headers=bearer, json={"name": "No"})
    assert (refused.status, refused.json["code"]) == (403, "forbidden")
    assert (await caller.anonymous("GET", "/v1/clients")).status == 401
