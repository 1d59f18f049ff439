"""Imports beside one another: large files, broken files and foreign charsets, and the accounts that wait meanwhile."""

from __future__ import annotations

import asyncio
import io
from contextlib import AsyncExitStack
from typing import Any

import pytest

from contracts.primitives.ids import new_id
from contracts.primitives.problem import FieldError
from ingress.errors import InvalidInput, TooManyRequests
from ingress.imports.receive import FAULTS_SHOWN_MAX, REFUSED_MAX, STEP_RECORDS, Reading
from ingress.imports.records import BadRecord, records
from ingress.imports.worker import READING_PER_ACCOUNT_MAX, Importer
from tests.support.api_installation import House
from tests.support.caller import Answer, Caller
from tests.support.eventually import eventually

PATH = "/v1/imports?kind=clients&format=csv"


async def send(caller: Caller, content: bytes, path: str = PATH, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await caller.send("POST", path, data=content, headers=named)


@pytest.mark.long
async def test_a_small_import_does_not_wait_for_large_ones_of_others(house: House) -> None:
    table = b"name\n" + b"".join(b"Client %d\n" % number for number in range(3000))
    large = [await house.account(f"Large {number}") for number in range(3)]
    for caller in large:
        assert (await send(caller, table, Prefer="respond-async")).status == 202
    small = await house.account("Small")
    assert (await send(small, b"name\nA\n")).json["state"] == "done"
    running = [(await caller.items("/v1/imports"))[0] for caller in large]
    assert [one["state"] for one in running].count("running") >= 2, running
    for caller in large:

        async def done(caller: Caller = caller) -> bool:
            one = (await caller.items("/v1/imports"))[0]
            return bool(one["state"] == "done" and one["created"] == 3000)

        await eventually(done, deadline_seconds=60)


async def test_reading_gives_the_loop_a_turn_after_a_bounded_number_of_records() -> None:
    given, turns = 0, 0

    async def others() -> None:
        nonlocal turns
        loop = asyncio.get_running_loop()
        while True:
            turn = loop.create_future()
            loop.call_soon(turn.set_result, None)
            await turn
            turns += 1

    def bad() -> Any:
        nonlocal given
        for given in range(1, 50_001):
            yield BadRecord(given, [FieldError("name", "is required")])

    beside = asyncio.create_task(others())
    reading = Reading(new_id(), "clients", "skip", io.BytesIO())
    await reading.read(bad())
    beside.cancel()
    assert (reading.lines, reading.refused, given) == (50_000, 50_000, 50_000)
    assert turns >= given / STEP_RECORDS
    assert len(reading.faults) <= 1_100


@pytest.mark.long
async def test_a_file_of_nothing_but_bad_lines_is_given_up_with_the_first_of_them() -> None:
    table = io.BytesIO(b"name,email\n" + b",x\n" * (REFUSED_MAX + 10))
    reading = Reading(new_id(), "clients", "skip", io.BytesIO())
    with pytest.raises(InvalidInput) as refused:
        await reading.read(records(table, kind="clients", form="csv", on_conflict="error"))
    assert refused.value.faults[1].path == "lines[2].name"
    assert len(refused.value.faults) == FAULTS_SHOWN_MAX + 1
    assert reading.lines == REFUSED_MAX + 1


async def test_blank_lines_are_no_lines(caller: Caller) -> None:
    answer = await send(caller, b"name\n" + b"\n" * 3_000_000 + b"A\n")
    assert (answer.status, answer.json["lines"], answer.json["created"]) == (201, 1, 1)
    assert (await send(caller, b"\r\n" * 3_000_000)).faults == {"name": "is a required column"}


async def test_one_account_reads_a_bounded_number_of_files_and_one_at_a_time() -> None:
    unused: Any = None
    importer, account, other = Importer(unused, unused, unused), new_id(), new_id()
    async with AsyncExitStack() as stack:
        turns = [await stack.enter_async_context(importer.place(account)) for _ in range(READING_PER_ACCOUNT_MAX)]
        with pytest.raises(TooManyRequests):
            await stack.enter_async_context(importer.place(account))
        async with turns[0], await stack.enter_async_context(importer.place(other)):
            assert turns[1].lock.locked()
    async with importer.place(account) as turn:
        assert not turn.lock.locked()


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("windows-1252", "cp1252"), ("ISO-8859-1", "cp1252"), ("latin1", "latin-1"), ("UTF-16", "utf-16"),
     ('"utf-8"', "utf-8-sig"), ("windows-1257", "cp1257")],
)  # fmt: skip
async def test_the_content_type_says_the_charset(caller: Caller, charset: str, encoding: str) -> None:
    answer = await send(caller, "Name;E-Mail\nBöhm;\n".encode(encoding), Content_Type=f"text/csv; charset={charset}")
    assert (answer.status, answer.json["created"]) == (201, 1), answer.text
    assert [client["name"] for client in await caller.items("/v1/clients")] == ["Böhm"]


async def test_an_unknown_charset_is_refused_with_those_that_are_read(caller: Caller) -> None:
    for charset in ("ebcdic-cp-us", "utf-7", "idna", "x" * 200, "\xe9"):
        answer = await send(caller, b"name\nA\n", Content_Type=f"text/csv; charset={charset}")
        assert answer.status == 415
        assert "windows-1252" in answer.json["detail"]


async def test_a_price_with_a_decimal_comma_is_read(caller: Caller) -> None:
    table = "Référence;Désignation;Prix;Devise\nA-1;Papier;1.234,50;EUR\nA-2;Encre;1.250;EUR\n"
    answer = await send(caller, table.encode(), "/v1/imports?kind=products&format=csv")
    assert answer.json["created"] == 2, answer.text
    assert {item["code"]: item["unit_price"] for item in await caller.items("/v1/products")} == {
        "A-1": "1234.50", "A-2": "1250",
    }  # fmt: skip


async def test_products_and_clients_exported_and_imported_are_the_same(caller: Caller, stranger: Caller) -> None:
    for number, price in enumerate(("1.234", "0.1", "12", "1234567.891")):
        texts = {"code": f"-{number}", "name": "=1;=1", "description": " x\n\n;+1 "}
        await caller.made_of("/v1/products", texts | {"unit_price": price, "tax_rate": "9.975"})
    await caller.client(name="\uff1d1", comment="\ta\r\n|@b", contacts=[{"name": "A,=1"}])
    for kind in ("products", "clients"):
        table = (await caller.get(f"/v1/{kind}/export")).raw
        answer = await send(stranger, table, f"/v1/imports?kind={kind}&format=csv")
        assert answer.json["refused"] == 0, answer.text
        own = {"id": "", "created_at": "", "updated_at": ""}
        ours, theirs = [
            sorted((one | own for one in await of.items(f"/v1/{kind}")), key=str) for of in (caller, stranger)
        ]
        assert ours == theirs
