"""What steps get back over a real Postgres: bytes stay bytes, secrets are redacted, and any answer ends the step."""

from __future__ import annotations

import gzip
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from action_executor.actions import ACTIONS, Action
from contracts.wire.commands import CREATE_CONNECTION
from tests.support.executor import ExecutorHarness
from tests.support.raw_receiver import open_raw_receiver
from tests.support.receiver import Receiver, Reply, open_receiver

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40
BIG = bytes(range(256)) * 8000  # 2 MB


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


def step(action: str, *, connection_id: str | None = None, **given: Any) -> dict[str, Any]:
    return {"action": action, "input": given, "connection_id": connection_id}


async def run(executor: ExecutorHarness, *steps: dict[str, Any], state: str = "succeeded") -> list[dict[str, Any]]:
    job = executor.run_job(await executor.make_automation(*steps))
    await executor.publish(job)
    await executor.run_becomes(job.id, state)
    return await executor.steps(job.id)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "application/pdf"}, PDF),
        ({"Content-Type": "application/octet-stream"}, BIG),
        ({"Content-Type": "text/plain"}, b"not UTF-8: \xff\xfe"),
        ({"Content-Type": "text/csv; charset=utf-8"}, "a;ē\r\n".encode() * 60_000),
        ({"Content-Type": "text/plain"}, b"a NUL: \x00"),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, gzip.compress(b"[1]", mtime=0)),
        ({"Content-Type": "application/json"}, b'["\xff"]'),
    ],
)
async def test_a_file_that_is_fetched_and_put_elsewhere_is_equal_byte_by_byte(
    executor: ExecutorHarness, receiver: Receiver, headers: dict[str, str], body: bytes
) -> None:
    receiver.always["/a/b.pdf"] = Reply(200, headers, body)
    async with executor.running():
        fetched, put = await run(
            executor,
            step("http_request", method="GET", url=receiver.url("/a/b.pdf")),
            step("http_request", method="PUT", url=receiver.url("/put"), body="{{ steps[0].output.body }}"),
        )
    (arrived,) = receiver.on("/put")
    assert arrived.body == body
    assert arrived.headers["Content-Type"] == headers["Content-Type"]
    file = fetched["output"]["body"]["file"]
    assert (file["name"], file["size"], file["content_type"]) == ("b.pdf", len(body), headers["Content-Type"])
    assert file["content_base64"] is None or b64decode(file["content_base64"]) == body
    assert put["input"]["body"] == fetched["output"]["body"]


async def test_a_file_of_another_account_is_not_sent(executor: ExecutorHarness, receiver: Receiver) -> None:
    receiver.always["/f"] = Reply(200, {"Content-Type": "application/pdf"}, PDF)
    async with executor.running():
        (fetched,) = await run(executor, step("http_request", method="GET", url=receiver.url("/f")))
        await executor.owner.execute("UPDATE execution.file SET id = gen_random_uuid()")
        body = fetched["output"]["body"]
        (failed,) = await run(executor, step("http_request", url=receiver.url("/put"), body=body), state="failed")
    assert "not kept any more" in failed["error"]
    assert receiver.on("/put") == []


@pytest.mark.parametrize("status", [200, 404])
async def test_an_echo_of_the_connections_secrets_is_redacted(
    executor: ExecutorHarness, receiver: Receiver, status: int
) -> None:
    key, path = "Bearer s3cr3t-and-long", "/v2/T0XYZZY"
    echo = {"auth": key, "b64": b64encode(key.encode()).decode(), "url": f"{path}?k=HUSH", "s3cr3t-and-long": 1}
    headers = {"Content-Type": "application/json", "X-Echo": key, "Location": f"{path}?k=HUSH"}
    receiver.always[path] = Reply(status, headers, orjson.dumps(echo))
    encrypted = executor.encryptor.encrypt(
        orjson.dumps(
            {"name": "A", "kind": "http", "url": receiver.url(f"{path}?k=HUSH"), "headers": {"Authorization": key}}
        ).decode()
    ).decode()
    async with executor.running():
        made = await executor.command(CREATE_CONNECTION, {"encrypted": encrypted})
        state = "succeeded" if status == 200 else "failed"
        steps = await run(executor, step("http_request", connection_id=made["body"]["id"]), state=state)
    assert receiver.on(path)[0].headers["Authorization"] == key
    kept = repr(steps) + repr([dict(row) for row in await executor.owner.fetch("SELECT * FROM execution.run")])
    for secret in ("s3cr3t", "T0XYZZY", "HUSH", echo["b64"]):
        assert str(secret) not in kept
    assert steps[0]["output"]["body"]["auth"] == "[secret]"


NESTED = b"[" * 255 + b"]" * 255
ANSWERS = {
    "/reason": (b"HTTP/1.1 200 \xff\xfe\r\nContent-Length: 2\r\n\r\nok", "succeeded"),
    "/header": (b"HTTP/1.1 200 OK\r\nX-A: \xff\x80\r\nContent-Length: 2\r\n\r\nok", "succeeded"),
    "/deep": (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 510\r\n\r\n" + NESTED,
        "succeeded",
    ),
    "/chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok", "succeeded"),
    "/short": (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok", "succeeded"),
    "/length": (b"HTTP/1.1 200 OK\r\nContent-Length: nonsense\r\n\r\nok", "succeeded"),
    "/charset": (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=no\xff\r\n\r\nok", "succeeded"),
    "/informed": (
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50 + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "succeeded",
    ),
    "/away": (b"HTTP/1.1 302 \xff\r\nLocation: \xff\r\nContent-Length: 0\r\n\r\n", "failed"),
    "/bad": (b"HTTP/1.1 400 \xff\r\nContent-Type: application/json\r\n\r\n" + NESTED, "failed"),
    "/nothing": (b"\x00\xff no HTTP at all\r\n\r\n", "failed"),
}


async def test_any_answer_ends_the_step_at_once_with_its_true_reason(executor: ExecutorHarness) -> None:
    async with open_raw_receiver() as raw, executor.running(step_schedule_seconds="0"):
        raw.answers |= {path: answer for path, (answer, _) in ANSWERS.items()}
        for path, (_, state) in ANSWERS.items():
            (done,) = await run(executor, step("http_request", method="GET", url=raw.url(path)), state=state)
            assert "worker" not in (done["error"] or "")
        assert {path: raw.count(path) for path in ANSWERS} == dict.fromkeys(ANSWERS, 1)


async def test_an_unexpected_exception_is_a_failure_of_its_step(
    executor: ExecutorHarness, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> Any:
        raise RecursionError("too deep")

    monkeypatch.setitem(ACTIONS, "http_request", Action(broken, calls_out=True))
    async with executor.running():
        (failed,) = await run(executor, step("http_request", url=receiver.url()), state="failed")
    assert failed["error"] == "http_request ended unexpectedly: RecursionError: too deep"
    assert failed["attempts"] == 1


async def test_a_target_that_is_refused_says_nothing_of_its_addresses(executor: ExecutorHarness) -> None:
    async with executor.running(egress_allow="localhost.localdomain"):
        (failed,) = await run(executor, step("http_request", url="https://localhost.localdomain:1/"), state="failed")
        (literal,) = await run(executor, step("http_request", url="https://10.1.2.3/"), state="failed")
    assert literal["error"] == "input.url: the target is not allowed"
    assert "127.0.0.1" not in failed["error"]
    assert "::1" not in failed["error"]


async def test_a_header_that_a_template_gave_a_line_end_fails_at_once(
    executor: ExecutorHarness, receiver: Receiver
) -> None:
    headers = {"X-A": "{{ trigger.data.number }}"}
    automation = await executor.make_automation(step("http_request", url=receiver.url(), headers=headers))
    job = executor.run_job(automation, data={"number": "a\r\nX-Evil: b"})
    async with executor.running():
        await executor.publish(job)
        row = await executor.run_becomes(job.id, "failed")
    assert "input.headers.X-A" in row["error"]
    assert receiver.received == []
