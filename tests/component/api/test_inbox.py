"""The inboxes over HTTP: what was pushed, as read and as it came, and pushing over the API itself."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.caller import Caller, a_document, a_sale_xml
from tests.support.eventually import eventually


async def test_a_suppliers_xml_is_in_the_purchase_inbox_with_its_very_bytes(caller: Caller) -> None:
    xml = a_sale_xml("A-17")
    pushed = await caller.push(await caller.channel(), xml)
    assert pushed.status == 200
    message = (await eventually(lambda: caller.items("/v1/inbox/purchases")))[0]
    assert message["document"]["document_ref"] == "A-17"
    assert (message["state"], message["box"], message["duplicate_of"]) == ("received", "purchases", None)
    assert await caller.read(f"/v1/inbox/purchases/{message['id']}") == message
    raw = await caller.get(f"/v1/inbox/purchases/{message['id']}/raw")
    assert (raw.status, raw.raw, raw.headers["Content-Type"]) == (200, xml, "application/xml")
    assert raw.headers["Content-Disposition"] == f'attachment; filename="{message["id"]}.xml"'
    assert raw.headers["X-Content-Type-Options"] == "nosniff"


async def test_who_was_answered_finds_the_message_at_once(caller: Caller) -> None:
    channel = await caller.channel()

    async def push_and_look(number: int) -> bool:
        pushed = await caller.push(channel, a_sale_xml(f"C-{number}"))
        message_id = pushed.text.partition("<message_id>")[2].partition("<")[0]
        listed = {message["id"] for message in await caller.items("/v1/inbox/purchases?limit=200")}
        return message_id in listed and (await caller.get(f"/v1/inbox/purchases/{message_id}")).status == 200

    assert all(await asyncio.gather(*(push_and_look(number) for number in range(40))))


async def test_a_document_posted_over_the_api_is_answered_as_the_ledger_have_it(caller: Caller) -> None:
    made = await caller.post("/v1/inbox/purchases", a_document("B-1"))
    assert made.status == 201, made.text
    assert made.headers["Location"] == f"/v1/inbox/purchases/{made.json['id']}"
    assert made.json["channel"] is None
    assert made.json["document"]["lines"][0]["quantity"] == "10"
    read = await caller.get(made.headers["Location"])
    assert (read.json, read.headers["ETag"]) == (made.json, made.headers["ETag"])


async def test_the_same_document_again_is_the_same_message(caller: Caller) -> None:
    first, again = [await caller.post("/v1/inbox/purchases", a_document("B-2")) for _ in range(2)]
    assert (first.status, again.status) == (201, 200)
    assert (again.json, again.headers["ETag"]) == (first.json, first.headers["ETag"])
    assert len(await caller.items("/v1/inbox/purchases")) == 1


async def test_sixteen_at_once_with_one_document_leave_one_message(caller: Caller) -> None:
    answers = await asyncio.gather(*(caller.post("/v1/inbox/sales", an_order()) for _ in range(16)))
    assert sorted(answer.status for answer in answers) == [200] * 15 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1


async def test_other_content_under_the_same_reference_is_kept_and_flagged(caller: Caller) -> None:
    first = await caller.post("/v1/inbox/purchases", a_document("B-3"))
    other = await caller.post("/v1/inbox/purchases", a_document("B-3", document_date="2026-03-02"))
    assert (other.status, other.json["state"]) == (201, "duplicate")
    assert other.json["duplicate_of"] == first.json["id"]
    assert any(first.json["id"] in warning["message"] for warning in other.json["warnings"])
    assert [one["id"] for one in await caller.items("/v1/inbox/purchases?state=duplicate")] == [other.json["id"]]


@pytest.mark.parametrize("key", ["one-key", None])
async def test_a_repeated_push_with_a_key_gets_the_first_answer(caller: Caller, key: str | None) -> None:
    headers = {"Idempotency-Key": key} if key else {}
    first, again = [await caller.post("/v1/inbox/sales", an_order(), headers=headers) for _ in range(2)]
    assert again.json["id"] == first.json["id"]
    assert again.status == (201 if key else 200)
    assert ("Idempotency-Replayed" in again.headers) is bool(key)


async def test_a_repeated_push_with_a_key_gets_the_first_answer_whatever_became_of_the_message(caller: Caller) -> None:
    key = {"Idempotency-Key": "k"}
    first = await caller.post("/v1/inbox/sales", an_order(), headers=key)
    await caller.post(f"{first.headers['Location']}/reject", {})
    again = await caller.post("/v1/inbox/sales", an_order(), headers=key)
    assert (again.status, again.json, again.headers["Location"]) == (201, first.json, first.headers["Location"])
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_a_key_with_another_document_is_refused(caller: Caller) -> None:
    key = {"Idempotency-Key": "k"}
    await caller.post("/v1/inbox/purchases", a_document("C-1"), headers=key)
    answer = await caller.post("/v1/inbox/purchases", a_document("C-2"), headers=key)
    assert (answer.status, answer.json["code"]) == (422, "idempotency_key_reused")


async def test_the_two_boxes_do_not_mix(caller: Caller) -> None:
    order = await caller.made_of("/v1/inbox/sales", an_order())
    assert await caller.items("/v1/inbox/purchases") == []
    assert (await caller.get(f"/v1/inbox/purchases/{order['id']}")).status == 404
    assert (await caller.get(f"/v1/inbox/purchases/{order['id']}/raw")).status == 404


async def test_a_document_with_faults_is_refused_with_all_of_them(caller: Caller) -> None:
    answer = await caller.post("/v1/inbox/purchases", a_document("", currency="EURO", lines=[]))
    assert answer.status == 422
    assert {"document.document_ref", "document.currency", "document.lines"} <= set(answer.faults)
    assert await caller.items("/v1/inbox/purchases") == []


async def test_a_content_type_that_is_not_read_is_refused(caller: Caller) -> None:
    answer = await caller.send(
        "POST", "/v1/inbox/purchases", data=b"PK\3\4", headers={"Content-Type": "application/zip"}
    )
    assert answer.status == 415


async def test_a_caller_that_does_not_wait_gets_the_url_of_the_operation(caller: Caller) -> None:
    answer = await caller.post("/v1/inbox/purchases", a_document("D-1"), headers={"Prefer": "respond-async"})
    assert answer.status == 202

    async def done() -> bool:
        return bool((await caller.read(answer.headers["Location"]))["state"] == "succeeded")

    await eventually(done)


async def test_another_accounts_messages_are_not_there(caller: Caller, stranger: Caller) -> None:
    message = await caller.made_of("/v1/inbox/purchases", a_document())
    assert (await stranger.get(f"/v1/inbox/purchases/{message['id']}")).status == 404
    assert (await stranger.get(f"/v1/inbox/purchases/{message['id']}/raw")).status == 404
    mine = await stranger.made_of("/v1/inbox/purchases", a_document())
    assert mine["id"] != message["id"]


def an_order() -> dict[str, object]:
    return a_document("ORDER-1", sale_type="sales_order", supplier=None, client={"name": "Aija"})
