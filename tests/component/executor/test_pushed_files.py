"""Documents that steps push into an inbox with a file: fetched, of an earlier step, or given; kept beforehand."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contracts.wire.envelope import Envelope
from tests.support.caller import a_document
from tests.support.eventually import eventually
from tests.support.executor import ExecutorHarness
from tests.support.receiver import Receiver, Reply, open_receiver

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        opened.always["/scan.pdf"] = Reply(200, {"Content-Type": "application/pdf"}, PDF)
        yield opened


async def pushed(executor: ExecutorHarness, *steps: dict[str, Any]) -> Envelope:
    """Run the steps and return the command that reaches the ledger."""
    await executor.publish(executor.run_job(await executor.make_automation(*steps)))

    async def sent() -> list[Envelope]:
        return await executor.outbox("ledger.commands")

    (command,) = await eventually(sent)
    return command


def a_push(file: Any) -> dict[str, Any]:
    return {"action": "create_purchase", "input": a_document() | {"file": file}}


@pytest.mark.parametrize("source", ["url", "step", "bytes"])
async def test_the_file_of_a_step_is_kept_and_named_by_the_command(
    executor: ExecutorHarness, receiver: Receiver, tmp_path: Path, source: str
) -> None:
    url = receiver.url("/scan.pdf")
    steps = {
        "url": [a_push(url)],
        "step": [
            {"action": "http_request", "input": {"url": url, "method": "GET"}},
            a_push("{{ steps[0].output.body }}"),
        ],
        "bytes": [a_push({"name": "scan.pdf", "content": b64encode(PDF).decode()})],
    }[source]
    async with executor.running(files=tmp_path):
        command = await pushed(executor, *steps)
    file, digest = command.data["file"], hashlib.sha256(PDF).hexdigest()
    assert file == {"name": "scan.pdf", "content_type": "application/pdf", "size": len(PDF), "sha256": digest}
    assert (tmp_path / str(executor.account_id) / digest[:2] / digest).read_bytes() == PDF
    assert command.data["document"]["document_ref"] == "A-17"


async def test_a_file_that_cannot_be_fetched_now_is_tried_again_and_pushed_once(
    executor: ExecutorHarness, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.script(503, 503, Reply(200, {"Content-Type": "application/pdf"}, PDF), path="/scan.pdf")
    async with executor.running(files=tmp_path):
        command = await pushed(executor, a_push(receiver.url("/scan.pdf")))
    assert command.data["file"]["size"] == len(PDF)
    assert len(receiver.on("/scan.pdf")) == 3


async def test_a_program_is_not_kept(executor: ExecutorHarness, tmp_path: Path) -> None:
    job = executor.run_job(await executor.make_automation(a_push({"content": b64encode(b"MZ\x90\x00\x03").decode()})))
    async with executor.running(files=tmp_path):
        await executor.publish(job)
        row = await executor.run_becomes(job.id, "failed")
    assert "input.file: must be a PDF" in row["error"]
