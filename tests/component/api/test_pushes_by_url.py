"""`create_purchase` and `create_sale` by themselves, with a file at a URL."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.caller import Caller, a_document
from tests.support.receiver import Receiver, Reply, open_receiver

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        opened.always["/scan.pdf"] = Reply(200, {"Content-Type": "application/pdf"}, PDF)
        yield opened


def a_push(url: str) -> dict[str, Any]:
    return a_document() | {"file": url}


@pytest.mark.parametrize(("key", "box"), [("create_purchase", "purchases"), ("create_sale", "sales")])
async def test_a_file_at_a_url_is_fetched_once_and_pushed_with_its_document(
    caller: Caller, receiver: Receiver, key: str, box: str
) -> None:
    sent = a_push(receiver.url("/scan.pdf"))
    pushed = await caller.post(f"/v1/actions/{key}", sent, headers={"Idempotency-Key": "p-1"})
    assert (pushed.status, pushed.headers["Location"]) == (201, f"/v1/inbox/{box}/{pushed.json['id']}"), pushed.text
    message = await caller.read(f"/v1/inbox/{box}/{pushed.json['id']}")
    assert message == pushed.json
    assert message["file"]["sha256"] == hashlib.sha256(PDF).hexdigest()
    again = await caller.post(f"/v1/actions/{key}", sent, headers={"Idempotency-Key": "p-1"})
    assert (again.status, again.json, again.headers["Idempotency-Replayed"]) == (201, pushed.json, "true")
    assert len(receiver.on("/scan.pdf")) == 1


async def test_a_dry_run_shows_where_the_file_would_come_from_and_fetches_nothing(
    caller: Caller, receiver: Receiver
) -> None:
    url = receiver.url("/scan.pdf")
    shown = await caller.post("/v1/actions/create_purchase?dry_run=true", a_push(url))
    assert (shown.status, shown.json["would"]["file"]) == (200, {"url": url}), shown.text
    assert (receiver.received, await caller.items("/v1/inbox/purchases")) == ([], [])


@pytest.mark.parametrize("path", ["/gone.pdf", "/program"])
async def test_a_file_that_cannot_be_had_names_its_field_and_pushes_nothing(
    caller: Caller, receiver: Receiver, path: str
) -> None:
    receiver.always["/gone.pdf"] = Reply(404)
    receiver.always["/program"] = Reply(200, {}, b"MZ\x90\x00\x03")
    refused = await caller.post("/v1/actions/create_purchase", a_push(receiver.url(path)))
    assert (refused.status, refused.json["code"]) == (422, "invalid_input")
    assert [fault["path"] for fault in refused.json["errors"]] == ["file"]
    assert await caller.items("/v1/inbox/purchases") == []


@pytest.mark.parametrize("dry_run", ["", "?dry_run=true"])
async def test_a_document_with_faults_is_refused_with_each_of_them(
    caller: Caller, receiver: Receiver, dry_run: str
) -> None:
    sent = {"document": {"lines": []}, "file": receiver.url("/scan.pdf")}
    refused = await caller.post(f"/v1/actions/create_purchase{dry_run}", sent)
    assert (refused.status, refused.json["code"]) == (422, "invalid_input")
    assert "document.document_ref" in [fault["path"] for fault in refused.json["errors"]]
    alone = await caller.post(f"/v1/actions/create_purchase{dry_run}", {"file": receiver.url("/scan.pdf")})
    assert [fault["path"] for fault in alone.json["errors"]] == ["document"]
    assert receiver.received == []


async def test_the_reference_says_where_a_file_may_be_a_url(caller: Caller) -> None:
    paths = (await caller.read("/openapi.json"))["paths"]
    taken = {
        path: repr(paths[path]["post"]["requestBody"]["content"]["application/json"])
        for path in ("/v1/actions/create_purchase", "/v1/actions/create_sale", "/v1/inbox/purchases")
    }
    assert [path for path, schema in taken.items() if "LinkedDocumentMessage" in schema] == [*taken][:2]
