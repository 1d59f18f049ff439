"""The step `append_row`: to a CSV file in every kind of place, and to a spreadsheet: each row once, none lost."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from action_executor.guarded_socket import GuardedDialer
from action_executor.http_client import open_http_client
from action_executor.stores.opening import StoreOpener
from chassis.egress import EgressPolicy
from contracts.primitives.ids import derive_id
from contracts.resources.connection import ConnectionIn
from contracts.wire.commands import CREATE_CONNECTION
from contracts.wire.envelope import Envelope
from tests.support.executor import ExecutorHarness
from tests.support.file_servers import KINDS, Place, place
from tests.support.google_sheets import EMAIL, SPREADSHEET, SheetsDouble, google_sheets

VALUES = {"number": "{{ trigger.data.number }}", "total": "{{ trigger.data.total }}"}


@pytest.fixture
async def sheets() -> AsyncIterator[SheetsDouble]:
    async with google_sheets() as double:
        yield double


async def connected(executor: ExecutorHarness, fields: dict[str, Any]) -> str:
    sent = orjson.dumps({"name": "Place"} | fields).decode()
    answer = await executor.command(CREATE_CONNECTION, {"encrypted": executor.encryptor.encrypt(sent).decode()})
    assert answer["status"] == 201, answer
    return str(answer["body"]["id"])


async def jobs(executor: ExecutorHarness, connection_id: str, count: int = 1, **given: Any) -> list[Envelope]:
    """Publish runs of one step that adds a row for each of `count` events."""
    usual = {"file": "books.csv", "values": VALUES, "columns": ["number", "total"]}
    step = {"action": "append_row", "input": usual | given, "connection_id": connection_id}
    automation = await executor.make_automation(step)
    made = [
        executor.run_job(automation, data={"number": f"A-{number}", "total": "1.50"}) for number in range(1, count + 1)
    ]
    await executor.publish(*made)
    return made


async def ended(executor: ExecutorHarness, job: Envelope, state: str = "succeeded") -> dict[str, Any]:
    await executor.run_becomes(job.id, state, deadline_seconds=60)
    (step,) = await executor.steps(job.id)
    return step


async def content(made: Place, account_id: UUID, root: Path, path: str = "books.csv") -> list[list[str]]:
    policy = EgressPolicy.parse("127.0.0.0/8")
    async with open_http_client(policy, connect_seconds=5, timeout_seconds=15) as client:
        opener = StoreOpener(client, GuardedDialer(policy, 5), root)
        store = opener.open(ConnectionIn.model_validate({"name": "Place"} | made.fields), account_id)
        there = await store.read(path)
    assert there is not None
    return list(csv.reader(io.StringIO(there.content.decode(), newline="")))


@pytest.mark.parametrize("kind", KINDS)
async def test_rows_that_come_at_once_are_all_there_once(executor: ExecutorHarness, kind: str, tmp_path: Path) -> None:
    async with (
        place(kind, tmp_path) as made,
        executor.running(folder_root=tmp_path, step_schedule_seconds="0,0.1,0.2,0.4,1,1,2,2,2,2,2,2"),
    ):
        runs = await jobs(executor, await connected(executor, made.fields), count=12)
        steps = [await ended(executor, job) for job in runs]
        columns, *rows = await content(made, executor.account_id, tmp_path)
    assert columns == ["number", "total", "row_id"]
    assert sorted(row[0] for row in rows) == sorted(f"A-{number}" for number in range(1, 13))
    assert sorted(row[2] for row in rows) == sorted(str(derive_id(job.id, "step-0")) for job in runs)
    assert all(step["output"]["added"] for step in steps)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_step_that_is_repeated_adds_no_second_row(executor: ExecutorHarness, kind: str, tmp_path: Path) -> None:
    async with place(kind, tmp_path) as made, executor.running(folder_root=tmp_path):
        (job,) = await jobs(executor, await connected(executor, made.fields))
        await ended(executor, job)
        # As after a crash between the row and the commit of its step.
        await executor.owner.execute(
            "UPDATE execution.step SET state = 'running', output = NULL WHERE run_id = $1", job.id
        )
        await executor.owner.execute(
            "UPDATE execution.run SET state = 'waiting', due_at = now(), finished_at = NULL, step_no = 0 WHERE id = $1",
            job.id,
        )
        again = await ended(executor, job)
        rows = await content(made, executor.account_id, tmp_path)
    assert (again["output"]["row"], again["output"]["added"]) == (2, False)
    assert len(rows) == 2


async def test_a_column_that_is_not_there_is_named(executor: ExecutorHarness, tmp_path: Path) -> None:
    async with place("folder", tmp_path) as made, executor.running(folder_root=tmp_path):
        connection = await connected(executor, made.fields)
        (first,) = await jobs(executor, connection, id_column=None)
        await ended(executor, first)
        (second,) = await jobs(executor, connection, values={"client": "x"}, id_column=None)
        failed = await ended(executor, second, "failed")
        rows = await content(made, executor.account_id, tmp_path)
    assert failed["error"].startswith("input.values.client: is no column of the file, which has number, total")
    assert rows == [["number", "total"], ["A-1", "1.50"]]


async def test_a_spreadsheet_gets_its_columns_and_rows_as_they_are(
    executor: ExecutorHarness, sheets: SheetsDouble
) -> None:
    async with executor.running():
        connection = await connected(executor, sheets.connection)
        (first,) = await jobs(executor, connection, file=SPREADSHEET, values=VALUES | {"note": "=1+1"})
        output = (await ended(executor, first))["output"]
        (second,) = await jobs(executor, connection, file=SPREADSHEET, sheet="Invoices 2026")
        await ended(executor, second)
    assert output == {"file": SPREADSHEET, "sheet": "Invoices 2026", "row": 2, "added": True}
    ids = [str(derive_id(job.id, "step-0")) for job in (first, second)]
    assert sheets.sheets["Invoices 2026"] == [
        ["number", "total", "note", "row_id"], ["A-1", "1.50", "=1+1", ids[0]], ["A-1", "1.50", "", ids[1]],
    ]  # fmt: skip
    assert {query["valueInputOption"] for query in sheets.queries} == {"RAW"}
    assert (sheets.claims[0]["iss"], sheets.claims[0]["scope"].rpartition("/")[2]) == (EMAIL, "spreadsheets")


async def test_a_row_whose_answer_was_lost_is_in_the_spreadsheet_once(
    executor: ExecutorHarness, sheets: SheetsDouble
) -> None:
    sheets.failures, sheets.lost_answers = [429], 1
    async with executor.running():
        (job,) = await jobs(executor, await connected(executor, sheets.connection), file=SPREADSHEET)
        step = await ended(executor, job)
    assert step["attempts"] == 3
    assert (step["output"]["row"], step["output"]["added"]) == (2, False)
    assert len(sheets.sheets["Invoices 2026"]) == 2


async def test_what_google_refuses_is_said(executor: ExecutorHarness, sheets: SheetsDouble) -> None:
    async with executor.running():
        (job,) = await jobs(executor, await connected(executor, sheets.connection), file="unknown")
        step = await ended(executor, job, "failed")
    assert step["error"] == "the store answered 404 NOT_FOUND"
    assert (step["attempts"], "PRIVATE KEY" in repr(step)) == (1, False)
