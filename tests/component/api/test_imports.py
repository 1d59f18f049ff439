"""Files of clients and products over HTTP: imported into the ledger, each line once; and exported."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any
from uuid import UUID

import orjson
import pytest

from chassis.encryption import new_key
from contracts.resources.imports import Import
from contracts.wire.commands import IMPORT_LINES
from standalone.all_in_one import prepare_all
from tests.support.api_installation import House, open_house
from tests.support.caller import Answer, Caller
from tests.support.eventually import eventually
from tests.support.postgres_server import Postgres


async def send(caller: Caller, content: str | bytes, asked: str = "kind=clients&format=csv", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    raw = content.encode() if isinstance(content, str) else content
    return await caller.send("POST", f"/v1/imports?{asked}", data=raw, headers=named)


async def names(caller: Caller) -> set[str]:
    return {item["name"] for item in await caller.items("/v1/clients?limit=200")}


async def test_a_table_becomes_clients(caller: Caller) -> None:
    answer = await send(caller, "name,email,address.city,external_id\nA,a@a.example,Rīga,x\nB,,,\n")
    assert answer.status == 201, answer.text
    reported = answer.json
    assert answer.headers["Location"] == f"/v1/imports/{reported['id']}"
    assert {name: reported[name] for name in ("state", "lines", "handled", "created", "refused", "errors")} == {
        "state": "done", "lines": 2, "handled": 2, "created": 2, "refused": 0, "errors": [],
    }  # fmt: skip
    Import.model_validate(reported)
    assert await caller.read(answer.headers["Location"]) == reported
    assert (await caller.items("/v1/imports"))[0] == reported
    assert await names(caller) == {"A", "B"}
    (client,) = await caller.items("/v1/clients?external_id=x")
    assert client["address"]["city"] == "Rīga"


async def test_json_lines_become_products(caller: Caller) -> None:
    lines = b'{"code": "A", "name": "A", "unit_price": "1.50"}\n{"code": "B", "name": "B", "tax_rate": 9.975}\n'
    answer = await send(caller, lines, "kind=products", Content_Type="application/x-ndjson")
    assert (answer.status, answer.json["created"]) == (201, 2)
    assert {item["unit_price"] for item in await caller.items("/v1/products")} == {"1.50", None}


async def test_bad_lines_are_named_and_the_rest_is_taken(caller: Caller) -> None:
    await caller.client(name="There", external_id="x")
    answer = await send(caller, "name,email,external_id\nA,,\n,nobody,\nB,,x\nC,,\n")
    assert (answer.status, answer.json["created"], answer.json["refused"]) == (201, 2, 2)
    assert [(error["line"], error["path"]) for error in answer.json["errors"]] == [
        (3, "name"), (3, "email"), (4, "external_id"),
    ]  # fmt: skip
    assert await names(caller) == {"There", "A", "C"}


@pytest.mark.parametrize(
    ("content", "paths"),
    [("name,email\nA,\nB,nobody\n", ["lines[3].email"]), ("name,external_id\nA,\nB,x\n", ["lines[3].external_id"])],
)
async def test_or_nothing_at_all(caller: Caller, content: str, paths: list[str]) -> None:
    await caller.client(name="There", external_id="x")
    answer = await send(caller, content, "kind=clients&format=csv&on_error=abort")
    assert (answer.status, answer.json["code"], list(answer.faults)) == (422, "import_aborted", paths)
    assert await names(caller) == {"There"}
    (reported,) = await caller.items("/v1/imports")
    assert (reported["state"], reported["created"], reported["refused"], reported["handled"]) == ("aborted", 0, 1, 2)
    operation = await caller.read(f"/v1/operations/{reported['id']}")
    assert (operation["state"], operation["problem"]["code"]) == ("failed", "import_aborted")
    whole = await send(caller, "name\nA\nB\n", "kind=clients&format=csv&on_error=abort")
    assert (whole.status, whole.json["created"]) == (201, 2)


async def test_what_is_there_is_changed_or_left_as_it_is(caller: Caller) -> None:
    await caller.client(name="A", external_id="x", phone="1")
    table = "name,external_id\nA2,x\nB,y\n"
    left = await send(caller, table, "kind=clients&format=csv&on_conflict=return")
    assert (left.json["created"], left.json["unchanged"]) == (1, 1)
    changed = await send(caller, table, "kind=clients&format=csv&on_conflict=update")
    assert (changed.json["updated"], changed.json["unchanged"]) == (1, 1)
    (client,) = await caller.items("/v1/clients?external_id=x")
    assert (client["name"], client["phone"]) == ("A2", "1")


async def test_many_lines_come_in_chunks_whose_progress_can_be_followed(caller: Caller) -> None:
    table = "name\n" + "".join(f"Client {number}\n" for number in range(1, 1001))
    answer = await send(caller, table, Prefer="respond-async")
    assert (answer.status, answer.json["state"]) == (202, "pending")
    assert answer.headers["Location"] == answer.json["location"] == f"/v1/operations/{answer.json['id']}"
    assert (await caller.read(answer.headers["Location"]))["state"] in {"pending", "succeeded"}
    path = answer.json["progress"]
    assert (await caller.read(path))["lines"] == 1000
    seen = []

    async def done() -> bool:
        reported = await caller.read(path)
        seen.append(reported["handled"])
        return bool(reported["state"] == "done")

    await eventually(done, deadline_seconds=30)
    assert seen == sorted(seen)
    assert (await caller.read(path))["created"] == 1000
    assert (await caller.read("/v1/usage"))["clients"]["used"] == 1000
    operation = await caller.read(answer.headers["Location"])
    assert (operation["state"], operation["result"]["created"]) == ("succeeded", 1000)
    entries = (await caller.read(f"/v1/journey/{answer.json['id']}"))["entries"]
    assert [entry["step"] for entry in entries if entry["service"] == "ledger"] == [IMPORT_LINES] * 5


async def test_one_key_imports_once_however_often_it_is_sent(caller: Caller, stranger: Caller) -> None:
    table, key = "name\nA\nB\n", {"Idempotency_Key": "file-7"}
    answers = await asyncio.gather(*(send(caller, table, **key) for _ in range(4)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert len(await caller.items("/v1/clients")) == 2
    other = await send(caller, table + "C\n", **key)
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")
    assert (await send(stranger, table, **key)).status == 201


async def test_a_chunk_sent_again_after_a_crash_changes_nothing(house: House, caller: Caller) -> None:
    answer = await send(caller, "name\nA\nB\n")
    import_id = UUID(answer.json["id"])
    lines = [{"line": line, "given": {"name": name}} for line, name in ((2, "A"), (3, "B"))]
    body = orjson.dumps({"import_id": import_id, "on_error": "skip", "clients": lines})
    # As the next process finds it when this one dies between the ledger's answer and its own count.
    async with house.pool.acquire() as conn, conn.transaction():
        await conn.execute(
            "INSERT INTO ingress.import_chunk (account_id, import_id, number, body) VALUES ($1, $2, 0, $3)",
            caller.account_id, import_id, body,
        )  # fmt: skip
        await conn.execute(
            "UPDATE ingress.import SET state = 'running', created = 0, finished_at = NULL, due_at = '-infinity'"
            " WHERE account_id = $1 AND id = $2",
            caller.account_id, import_id,
        )  # fmt: skip

    async def done() -> bool:
        return bool((await caller.read(f"/v1/imports/{import_id}"))["state"] == "done")

    await eventually(done)
    assert (await caller.read(f"/v1/imports/{import_id}"))["created"] == 2
    assert len(await caller.items("/v1/clients")) == 2


async def test_an_import_goes_on_where_the_process_before_left_it(postgres: Postgres) -> None:
    dsn = await postgres.copy_of(prepare_all)
    table = "name\n" + "".join(f"Client {number}\n" for number in range(1500))
    key = new_key()
    async with open_house(dsn, secret_keys=key) as first:
        caller = await first.account()
        begun = await send(caller, table, Prefer="respond-async")
    async with open_house(dsn, secret_keys=key) as second:
        after = Caller(second.session, second.url, caller.made)

        async def done() -> bool:
            return bool((await after.read(f"/v1/imports/{begun.json['id']}"))["state"] == "done")

        await eventually(done, deadline_seconds=90)
        assert (await after.read(f"/v1/imports/{begun.json['id']}"))["created"] == 1500
        assert (await after.read("/v1/usage"))["clients"]["used"] == 1500
    await postgres.drop_database(dsn)


async def test_the_plans_limit_holds_for_files_too(house: House) -> None:
    bounded = await house.account(clients_max=3)
    answer = await send(bounded, "name\nA\nB\nC\nD\nE\n")
    assert (answer.json["created"], answer.json["refused"]) == (3, 2)
    assert [error["line"] for error in answer.json["errors"]] == [5, 6]
    assert (await bounded.read("/v1/usage"))["clients"] == {"used": 3, "limit": 3}
    events = await eventually(lambda: bounded.read("/v1/triggers/quota.reached/events"))
    assert [event["data"]["refused"] for event in events] == [IMPORT_LINES]


@pytest.mark.parametrize(
    ("content", "asked", "status", "paths"),
    [
        ("name\n", "kind=clients&format=csv", 422, [""]),
        ("", "kind=clients&format=jsonl", 422, [""]),
        ("name,colour\nA,red\n", "kind=clients&format=csv", 422, ["colour"]),
        ("email\na@a.example\n", "kind=clients&format=csv", 422, ["name"]),
        ("name\nA\n", "kind=invoices&format=csv", 422, ["kind"]),
        ("name\nA\n", "kind=clients&format=xls&on_error=cry", 422, ["format", "on_error"]),
        ("name\nA\n", "kind=clients", 415, []),
        ("name\n" + "A\n" * 5001, "kind=clients&format=csv&on_error=abort", 422, ["on_error"]),
    ],
)  # fmt: skip
async def test_a_file_that_cannot_be_taken_leaves_nothing(
    caller: Caller, content: str, asked: str, status: int, paths: list[str]
) -> None:
    answer = await send(caller, content, asked)
    assert (answer.status, list(answer.faults)) == (status, paths)
    assert await caller.items("/v1/imports") == []
    assert await names(caller) == set()


async def test_a_file_has_its_limit(caller: Caller) -> None:
    answer = await send(caller, b"name\n" + b"x" * (20 * 1024 * 1024))
    assert (answer.status, answer.json["code"]) == (413, "body_too_large")


async def test_importing_needs_the_scope_write(caller: Caller) -> None:
    token = await caller.made_of("/v1/tokens", {"name": "Dashboard", "scopes": ["read"]})
    refused = await caller.anonymous(
        "POST",
        "/v1/imports?kind=clients&format=csv",
        headers={"Authorization": f"Bearer {token['token']}"},
        data=b"name\nA\n",
    )
    assert refused.status == 403


async def test_another_accounts_import_is_not_there(caller: Caller, stranger: Caller) -> None:
    made = (await send(caller, "name\nA\n")).json
    assert (await stranger.get(f"/v1/imports/{made['id']}")).status == 404
    assert await stranger.items("/v1/imports") == []


async def exported(caller: Caller, path: str) -> list[dict[str, str]]:
    answer = await caller.get(path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8"), answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


async def test_clients_leave_as_a_table_that_can_come_back(caller: Caller, stranger: Caller) -> None:
    full: dict[str, Any] = {
        "name": "=cmd()", "email": "a@a.example", "phone": "+371 2", "reg_number": "00400", "external_id": "x",
        "address": {"street": "Brīvības iela 1, k-2", "city": "Rīga", "country": "LV"},
        "contacts": [{"name": 'Jānis "J"', "role": "Accountant"}], "pay_term": {"type": 1, "days": 14},
        "comment": "one\ntwo",
    }  # fmt: skip
    made = await caller.client(**full)
    await caller.client(name="B")
    answer = await caller.get("/v1/clients/export?format=csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="clients.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["name"] for row in rows] == ["B", "'=cmd()"]
    assert (rows[1]["phone"], rows[1]["reg_number"], rows[1]["id"]) == ("'+371 2", "00400", made["id"])

    assert (await send(stranger, answer.raw)).json["created"] == 2
    (back,) = await stranger.items("/v1/clients?external_id=x")
    own = ("id", "created_at", "updated_at")
    assert {name: value for name, value in back.items() if name not in own} == {
        name: value for name, value in made.items() if name not in own
    }


async def test_json_lines_are_what_get_gives(caller: Caller) -> None:
    made = [await caller.client(name=name) for name in "ABC"]
    answer = await caller.get("/v1/clients/export?format=jsonl")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert [orjson.loads(line) for line in answer.raw.splitlines()] == made[::-1]
    again = await send(caller, answer.raw, "kind=clients&on_conflict=return", Content_Type="application/x-ndjson")
    assert (again.status, again.json["unchanged"]) == (201, 3)


async def test_more_than_a_page_leaves_whole_and_filtered(caller: Caller) -> None:
    await send(caller, "name\n" + "".join(f"Client {number}\n" for number in range(1100)))
    rows = await exported(caller, "/v1/clients/export")
    assert len({row["id"] for row in rows}) == len(rows) == 1100
    assert {row["name"] for row in await exported(caller, "/v1/clients/export?query=client+109")} == {
        "Client 109", *(f"Client 109{digit}" for digit in range(10)),
    }  # fmt: skip


async def test_documents_payments_and_products_leave_too(caller: Caller) -> None:
    client = await caller.client(name="A", external_id="crm-1")
    sale = await caller.sale(client["id"])
    await caller.sale(client["id"], issue=False)
    await caller.payment(client["id"], "10.00", (sale["id"], "10.00"))
    await caller.made_of("/v1/products", {"code": "A", "name": "A"})
    (row,) = await exported(caller, "/v1/sales/export?status=issued")
    assert (row["number"], row["total"], row["amount_due"], row["client.external_id"]) == (
        sale["number"], "165.01", "155.01", "crm-1",
    )  # fmt: skip
    assert [row["amount"] for row in await exported(caller, "/v1/payments/export")] == ["10.00"]
    assert [row["code"] for row in await exported(caller, "/v1/products/export")] == ["A"]
    assert await exported(caller, "/v1/suppliers/export") == []
    refused = await caller.get("/v1/sales/export?limit=5&format=xls")
    assert (refused.status, set(refused.faults)) == (422, {"limit", "format"})
    assert (await caller.send("HEAD", "/v1/sales/export")).raw == b""
