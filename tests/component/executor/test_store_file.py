"""The step `store_file`: what it stores, under which name, and that a repeated try stores nothing twice."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from contracts.wire.commands import CREATE_CONNECTION
from tests.support.executor import ExecutorHarness
from tests.support.file_servers import KINDS, Place, place
from tests.support.receiver import Receiver, Reply, open_receiver


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[Place]:
    async with place("folder", tmp_path) as made:
        yield made


async def connected(executor: ExecutorHarness, made: Place, **fields: Any) -> str:
    sent = orjson.dumps({"name": "Place"} | made.fields | fields).decode()
    answer = await executor.command(CREATE_CONNECTION, {"encrypted": executor.encryptor.encrypt(sent).decode()})
    assert answer["status"] == 201, answer
    return str(answer["body"]["id"])


async def run(executor: ExecutorHarness, state: str, *steps: dict[str, Any]) -> list[dict[str, Any]]:
    job = executor.run_job(await executor.make_automation(*steps))
    await executor.publish(job)
    await executor.run_becomes(job.id, state)
    return await executor.steps(job.id)


def storing(connection_id: str, **given: Any) -> dict[str, Any]:
    return {"action": "store_file", "input": given, "connection_id": connection_id}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_fetched_file_is_stored_under_a_name_of_the_event_and_once(
    executor: ExecutorHarness, receiver: Receiver, kind: str, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 1_000
    receiver.always["/scan.pdf"] = Reply(200, {"Content-Type": "application/pdf"}, content)
    async with place(kind, tmp_path) as made, executor.running(folder_root=tmp_path):
        connection = await connected(executor, made)
        step = storing(connection, name="in/{{ trigger.data.number }}.pdf", file=receiver.url("/scan.pdf"))
        (first,), (again,) = await run(executor, "succeeded", step), await run(executor, "succeeded", step)
    output = first["output"]
    assert (output["name"], output["bytes"], output["stored"]) == ("in/A-1.pdf", len(content), True)
    assert output["sha256"] == hashlib.sha256(content).hexdigest()
    assert again["output"] == output | {"stored": False}
    assert "hush" not in repr(first)


async def test_the_file_of_an_earlier_step_is_stored(
    executor: ExecutorHarness, receiver: Receiver, folder: Place, tmp_path: Path
) -> None:
    receiver.always["/label"] = Reply(200, {"Content-Type": "image/png"}, b"\x89PNG\x00\xff")
    async with executor.running(folder_root=tmp_path):
        connection = await connected(executor, folder)
        fetched = {"action": "http_request", "input": {"url": receiver.url("/label"), "method": "GET"}}
        await run(
            executor, "succeeded", fetched, storing(connection, name="label.png", file="{{ steps[0].output.body }}")
        )
    assert (tmp_path / str(executor.account_id) / "books" / "label.png").read_bytes() == b"\x89PNG\x00\xff"


async def test_another_file_of_the_same_name_gets_a_number_or_is_overwritten_on_request(
    executor: ExecutorHarness, folder: Place, tmp_path: Path
) -> None:
    own = tmp_path / str(executor.account_id) / "books"
    async with executor.running(folder_root=tmp_path):
        connection = await connected(executor, folder)
        for text in ("one", "two", "three"):
            await run(executor, "succeeded", storing(connection, name="note.txt", content=text))
        assert {one.name: one.read_text() for one in sorted(own.iterdir())} == {
            "note (2).txt": "two", "note (3).txt": "three", "note.txt": "one",
        }  # fmt: skip
        overwriting = storing(connection, name="note.txt", content="four", if_exists="overwrite")
        await run(executor, "succeeded", overwriting)
    assert (own / "note.txt").read_text() == "four"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"name": "../x", "content": "x"}, "input.name: must"),
        ({"name": "x", "file": "http://192.0.2.1/x"}, "input.file: the target"),
        ({"name": "x", "content_base64": "%"}, "input.content_base64: must be base64"),
        ({"name": "x", "file": {"file": "no"}}, "input.file: must be a URL"),
        ({"name": "x", "sale_id": "0198f7c4-0a00-7f30-8c73-2e4f5a6b7c8d"}, "input.sale_id: there is no sales"),
        ({"name": "x"}, "needs exactly one of"),
        ({"name": "x", "content": "a", "format": "ubl"}, "format belongs to sale_id"),
    ],
)
async def test_what_is_wrong_is_said_by_its_field(
    executor: ExecutorHarness, folder: Place, tmp_path: Path, given: dict[str, Any], reason: str
) -> None:
    await executor.owner.execute(
        "INSERT INTO ingress.account (account_id, name) VALUES ($1, 'Baltic Trading')", executor.account_id
    )
    async with executor.running(folder_root=tmp_path):
        connection = await connected(executor, folder)
        (failed,) = await run(executor, "failed", storing(connection, **given))
    assert reason in failed["error"]


async def test_a_file_that_cannot_be_fetched_now_is_tried_again(
    executor: ExecutorHarness, receiver: Receiver, folder: Place, tmp_path: Path
) -> None:
    receiver.script(Reply(503), Reply(503), Reply(200, {"Content-Type": "text/plain"}, b"whole"), path="/file")
    async with executor.running(folder_root=tmp_path):
        connection = await connected(executor, folder)
        (done,) = await run(executor, "succeeded", storing(connection, name="f.txt", file=receiver.url("/file")))
    assert done["attempts"] == 3
    assert (tmp_path / str(executor.account_id) / "books" / "f.txt").read_bytes() == b"whole"


async def test_without_a_root_there_are_no_folders(executor: ExecutorHarness, folder: Place) -> None:
    async with executor.running():
        sent = orjson.dumps({"name": "Place"} | folder.fields).decode()
        answer = await executor.command(CREATE_CONNECTION, {"encrypted": executor.encryptor.encrypt(sent).decode()})
    assert (answer["status"], answer["body"]["errors"][0]["path"]) == (422, "kind")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": "s3", "url": "https://s3.example/bucket"}, "access_key_id is required"),
        ({"kind": "s3", "url": "https://s3.example", "access_key_id": "a", "secret_access_key": "b"}, "the bucket"),
        ({"kind": "webdav", "url": "https://dav.example", "host_key": "SHA256:xxxx"}, "only with kind sftp"),
        ({"kind": "sftp", "url": "sftp://a.example", "username": "u", "host_key": "SHA256:xxxx"}, "password or"),
        (
            {"kind": "sftp", "url": "ftp://a.example", "username": "u", "password": "p", "host_key": "SHA256:xxxx"},
            "sftp:",
        ),
        (
            {"kind": "sftp", "url": "sftp://10.0.0.1", "username": "u", "password": "p", "host_key": "SHA256:xxxx"},
            "private",
        ),
        ({"kind": "folder", "path": "../other"}, "without . and .."),
        ({"kind": "chat"}, "url is required with kind chat"),
    ],
)
async def test_a_connection_that_cannot_work_is_refused(
    executor: ExecutorHarness, fields: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    async with executor.running(folder_root=tmp_path):
        sent = orjson.dumps({"name": "Place"} | fields).decode()
        answer = await executor.command(CREATE_CONNECTION, {"encrypted": executor.encryptor.encrypt(sent).decode()})
    assert answer["status"] == 422
    assert reason in repr(answer["body"]["errors"])
