"""`create_purchase` and `create_sale` by themselves, with a file at a URL."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.api_installation import House
from tests.support.caller import Caller, a_document
from tests.support.eventually import eventually
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
    assert message | {"duplicate": False} == pushed.json
    assert message["file"]["sha256"] == hashlib.sha256(PDF).hexdigest()
    again = await caller.post(f"/v1/actions/{key}", sent, headers={"Idempotency-Key": "p-1"})
    assert (again.status, again.json, again.headers["Idempotency-Replayed"]) == (201, pushed.json, "true")
    assert len(receiver.on("/scan.pdf")) == 1


@pytest.mark.parametrize(("key", "box"), [("create_purchase", "purchases"), ("create_sale", "sales")])
async def test_the_same_document_and_file_again_is_a_duplicate_of_the_first(
    caller: Caller, receiver: Receiver, key: str, box: str
) -> None:
    receiver.always["/copy.pdf"] = receiver.always["/scan.pdf"]
    first = await caller.post(f"/v1/actions/{key}", a_push(receiver.url("/scan.pdf")))
    again = await caller.post(f"/v1/actions/{key}", a_push(receiver.url("/scan.pdf")))
    assert (first.status, first.json["duplicate"]) == (201, False), first.text
    assert (again.status, again.json) == (200, first.json | {"duplicate": True}), again.text
    elsewhere = await caller.post(f"/v1/actions/{key}", a_push(receiver.url("/copy.pdf")))
    assert (elsewhere.status, elsewhere.json["id"]) == (200, first.json["id"])
    assert [message["id"] for message in await caller.items(f"/v1/inbox/{box}")] == [first.json["id"]]


async def test_another_file_under_the_same_reference_is_flagged_for_a_person(
    caller: Caller, receiver: Receiver
) -> None:
    receiver.always["/other.pdf"] = Reply(200, {"Content-Type": "application/pdf"}, PDF + b"\n")
    first = await caller.post("/v1/actions/create_purchase", a_push(receiver.url("/scan.pdf")))
    other = await caller.post("/v1/actions/create_purchase", a_push(receiver.url("/other.pdf")))
    assert (other.status, other.json["duplicate"]) == (201, False), other.text
    assert (other.json["state"], other.json["duplicate_of"]) == ("duplicate", first.json["id"])
    assert "resembles" in [warning["code"] for warning in other.json["warnings"]]


@pytest.mark.parametrize("key", ["create_purchase", "create_sale"])
async def test_a_push_without_a_url_says_as_well_whether_it_is_a_duplicate(caller: Caller, key: str) -> None:
    first = await caller.post(f"/v1/actions/{key}", a_document())
    again = await caller.post(f"/v1/actions/{key}", a_document())
    assert (first.status, first.json["duplicate"]) == (201, False), first.text
    assert (again.status, again.json) == (200, first.json | {"duplicate": True}), again.text


async def test_a_file_over_the_accounts_storage_is_not_kept_by_a_step_either(house: House, receiver: Receiver) -> None:
    bounded = await house.account(storage_max=len(PDF) - 1)
    refused = await bounded.post("/v1/actions/create_purchase", a_push(receiver.url("/scan.pdf")))
    assert (refused.status, refused.json["code"]) == (403, "quota_exceeded"), refused.text
    assert [one["path"] for one in refused.json["errors"]] == ["file"]
    assert f"has {len(PDF)} bytes, and the account's files have at most {len(PDF) - 1}" in refused.text
    assert (await bounded.read("/v1/usage"))["storage"]["used"] == 0
    assert await bounded.items("/v1/inbox/purchases") == []


async def test_a_run_shows_that_the_accounts_storage_is_full(house: House, receiver: Receiver) -> None:
    bounded = await house.account(storage_max=len(PDF) - 1)
    step = {"action": "create_purchase", "input": a_push(receiver.url("/scan.pdf"))}
    automation = {"name": "Keep", "trigger": {"key": "client.created"}, "steps": [step], "enabled": True}
    made = await bounded.made_of("/v1/automations", automation)
    await bounded.made_of("/v1/clients", {"name": "Aya"})

    async def ended() -> list[Any]:
        runs = await bounded.items(f"/v1/runs?automation_id={made['id']}")
        return [run for run in runs if run["state"] == "failed"]

    (failed,) = await eventually(ended)
    (shown,) = (await bounded.read(f"/v1/runs/{failed['id']}"))["steps"]
    assert (shown["state"], shown["output"]["code"]) == ("failed", "quota_exceeded")
    assert "the account's storage is full" in shown["error"]


async def test_the_same_push_at_once_makes_one_message(caller: Caller, receiver: Receiver) -> None:
    sent = a_push(receiver.url("/scan.pdf"))
    answers = await asyncio.gather(*(caller.post("/v1/actions/create_purchase", sent) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [200] * 4 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1


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
