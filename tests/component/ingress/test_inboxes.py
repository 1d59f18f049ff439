"""Channels and what other people's programs push through them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

import orjson
import pytest

from contracts.primitives.ids import made_at
from contracts.wire.commands import RECEIVE_INBOX_MESSAGE
from contracts.wire.envelope import Envelope
from tests.support.eventually import eventually
from tests.support.ingress import Account, Answer, Ingress, an_invoice, prepare, running_ingress
from tests.support.postgres_server import Postgres

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
async def ingress(postgres: Postgres) -> AsyncIterator[Ingress]:
    async with running_ingress(await postgres.copy_of(prepare)) as running:
        yield running


def an_order(ref: str = "WEB-1") -> bytes:
    """An order as a shop posts it."""
    line = {"item_code": "MUG-1", "description": "Mug", "quantity": "2", "unit_price": "12.10"}
    client = {"name": "Leo Martin", "email": "leo@customer.example"}
    document = {
        "document_date": "2026-03-02",
        "document_ref": ref,
        "client": client,
        "currency": "EUR",
        "lines": [line],
    }
    return orjson.dumps({"document": document})


def from_xml(answer: Answer) -> dict[str, Any]:
    """An accepted answer as XML senders get it."""
    assert answer.headers["Content-Type"] == "application/xml"
    root = ET.fromstring(answer.raw)  # noqa: S314  our own answer
    found = {child.tag: child.text for child in root}
    return found | {
        "warnings": [{part.tag: part.text for part in warning} for warning in root.iterfind("warnings/warning")]
    }


async def arrived(account: Account, message_id: str) -> Envelope:
    """The command for a message, once the ledger has taken it."""

    def taken() -> list[Envelope]:
        return [one for one in account.ingress.ledger.taken if str(one.id) == message_id]

    return (await eventually(taken))[0]


async def test_a_pushed_invoice_is_committed_once_and_handed_to_the_ledger(ingress: Ingress) -> None:
    account = await ingress.account()
    channel = await account.channel("direct")
    body = an_invoice(ref="A-17")
    answer = await account.push(channel, body, Accept="application/json")
    assert answer.status == 200
    assert answer.json == {"message_id": answer.headers["X-Request-Id"], "duplicate": False, "warnings": []}
    command = await arrived(account, answer.json["message_id"])
    assert command.name == RECEIVE_INBOX_MESSAGE
    assert str(command.account_id) == account.id
    assert command.correlation_id == command.id
    assert command.reply_to is None
    data = command.data
    assert data["message_id"] == answer.json["message_id"]
    assert (data["box"], data["channel"]) == ("purchases", {"id": channel["id"], "kind": "direct", "name": None})
    assert base64.b64decode(data["raw"]) == body
    assert data["content_type"] == "application/xml"
    assert data["document"]["document_ref"] == "A-17"
    assert (data["warnings"], data["duplicate_of"]) == ([], None)
    assert made_at(command.id).timestamp() == pytest.approx(command.at.timestamp(), abs=1)


async def test_an_xml_sender_is_answered_in_xml(ingress: Ingress) -> None:
    account = await ingress.account()
    answer = from_xml(await account.push(await account.channel(), an_invoice()))
    assert answer == {"message_id": answer["message_id"], "duplicate": "false", "warnings": []}


async def test_the_same_document_again_is_the_same_message(ingress: Ingress) -> None:
    account = await ingress.account()
    channel = await account.channel()
    first = from_xml(await account.push(channel, an_invoice(ref="TWICE")))
    again = from_xml(await account.push(channel, b"\n" + an_invoice(ref="TWICE") + b"\n"))
    assert (again["message_id"], again["duplicate"]) == (first["message_id"], "true")
    await arrived(account, first["message_id"])
    other = from_xml(await account.push(channel, an_invoice(ref="OTHER")))
    await arrived(account, other["message_id"])
    assert [one.data["message_id"] for one in ingress.ledger.taken if str(one.account_id) == account.id] == [
        first["message_id"],
        other["message_id"],
    ]


async def test_other_content_under_a_known_reference_is_stored_and_flagged(ingress: Ingress) -> None:
    account = await ingress.account()
    channel = await account.channel()
    first = (await account.push(channel, an_invoice(net="100"), Accept="application/json")).json
    changed = (await account.push(channel, an_invoice(net="110"), Accept="application/json")).json
    assert changed["duplicate"] is False
    assert changed["message_id"] != first["message_id"]
    assert changed["duplicate_of"] == first["message_id"]
    assert [(one["path"], one["code"]) for one in changed["warnings"]] == [("document.document_ref", "resembles")]
    command = await arrived(account, changed["message_id"])
    assert command.data["duplicate_of"] == first["message_id"]
    assert command.data["warnings"] == changed["warnings"]
    again = (await account.push(channel, an_invoice(net="110"), Accept="application/json")).json
    assert (again["message_id"], again["duplicate"]) == (changed["message_id"], True)
    back = (await account.push(channel, an_invoice(net="100"), Accept="application/json")).json
    assert (back["message_id"], back["duplicate"]) == (first["message_id"], True)


async def test_one_document_sent_many_times_at_once_is_one_message(ingress: Ingress) -> None:
    account = await ingress.account()
    channel = await account.channel()
    pushes = [account.push(channel, an_invoice(ref="STORM"), Accept="application/json") for _ in range(60)]
    answers = [answer.json for answer in await asyncio.gather(*pushes)]
    assert len({answer["message_id"] for answer in answers}) == 1
    assert [answer["duplicate"] for answer in answers].count(False) == 1
    stored = await ingress.pool.fetchval(
        "SELECT count(*) FROM ingress.operation WHERE account_id = $1", UUID(account.id)
    )
    assert stored == 1


async def test_many_variants_at_once_all_point_to_one_first(ingress: Ingress) -> None:
    account = await ingress.account()
    channel = await account.channel()
    pushes = [
        account.push(channel, an_invoice(net=str(n)), Accept="application/json") for n in range(1, 21) for _ in "ab"
    ]
    answers = [answer.json for answer in await asyncio.gather(*pushes)]
    assert len({answer["message_id"] for answer in answers}) == 20
    new = [answer for answer in answers if not answer["duplicate"]]
    assert len(new) == 20
    (first,) = [answer["message_id"] for answer in new if "duplicate_of" not in answer]
    assert {answer["duplicate_of"] for answer in new if "duplicate_of" in answer} == {first}


async def test_a_key_gives_the_first_answer_again(ingress: Ingress) -> None:
    account = await ingress.account()
    channel = await account.channel()
    first = await account.push(channel, an_invoice(net="100"), Idempotency_Key="k-1")
    again = await account.push(channel, an_invoice(net="100"), Idempotency_Key="k-1")
    assert from_xml(again) == from_xml(first)
    assert from_xml(again)["duplicate"] == "false"
    assert again.headers["Idempotency-Replayed"] == "true"
    reused = await account.push(channel, an_invoice(net="120"), Idempotency_Key="k-1")
    assert reused.status == 422
    assert b"idempotency_key_reused" in reused.raw
    duplicate = await account.push(channel, an_invoice(net="100"), Idempotency_Key="k-2")
    replayed = await account.push(channel, an_invoice(net="100"), Idempotency_Key="k-2")
    assert from_xml(duplicate) == from_xml(replayed)
    assert from_xml(replayed)["duplicate"] == "true"
    assert "Idempotency-Replayed" not in duplicate.headers
    variant = await account.push(channel, an_invoice(net="150"), Idempotency_Key="k-3")
    assert from_xml(await account.push(channel, an_invoice(net="150"), Idempotency_Key="k-3")) == from_xml(variant)
    assert len(from_xml(variant)["warnings"]) == 1


async def test_the_same_key_many_times_at_once_is_one_message(ingress: Ingress) -> None:
    account = await ingress.account()
    channel = await account.channel()
    pushes = [account.push(channel, an_invoice(ref="K"), Idempotency_Key="storm") for _ in range(40)]
    answers = await asyncio.gather(*pushes)
    assert len({from_xml(answer)["message_id"] for answer in answers}) == 1
    assert {from_xml(answer)["duplicate"] for answer in answers} == {"false"}
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 39


async def test_senders_of_two_channels_may_use_the_same_key(ingress: Ingress) -> None:
    account = await ingress.account()
    one, two = await account.channel(), await account.channel()
    first = await account.push(one, an_invoice(ref="1"), Idempotency_Key="1")
    second = await account.push(two, an_invoice(ref="2"), Idempotency_Key="1")
    assert (first.status, second.status) == (200, 200)
    assert "Idempotency-Replayed" not in second.headers


async def test_all_faults_are_reported_with_their_element_paths(ingress: Ingress) -> None:
    account = await ingress.account()
    body = an_invoice(currency="EURO", net="one")
    answer = await account.push(await account.channel(), body, Accept="application/json")
    assert (answer.status, answer.json["code"]) == (422, "invalid_input")
    assert "/Sale/Header/Currency" in answer.paths
    assert "/Sale/LineItems/LineItem[1]/Price" in answer.paths
    as_xml = await account.push(await account.channel(), body)
    assert as_xml.headers["Content-Type"] == "application/problem+xml"
    assert b"<path>/Sale/Header/Currency</path>" in as_xml.raw


async def test_what_was_refused_is_not_remembered(ingress: Ingress) -> None:
    account = await ingress.account()
    channel = await account.channel()
    assert (await account.push(channel, an_invoice(currency="EURO"), Idempotency_Key="a")).status == 422
    assert from_xml(await account.push(channel, an_invoice(), Idempotency_Key="a"))["duplicate"] == "false"


@pytest.mark.parametrize("kind", ["orders", "hook"])
async def test_a_channel_of_another_kind_is_unknown_to_direct(ingress: Ingress, kind: str) -> None:
    account = await ingress.account()
    channel = await account.channel(kind)
    answer = await account.push({"url": f"/ext/direct/inbox/{channel['url'].rpartition('/')[2]}"}, an_invoice())
    assert answer.status == 404


async def test_an_unknown_channel_is_404_whatever_is_sent(ingress: Ingress) -> None:
    account = await ingress.account()
    for identifier in ("nobody", "%00", "x" * 500, "é"):
        answer = await account.push({"url": f"/ext/direct/inbox/{identifier}"}, b"<broken", Accept="application/json")
        assert (answer.status, answer.json["code"]) == (404, "not_found")


async def test_a_disabled_channel_is_unknown_at_once(ingress: Ingress) -> None:
    account = await ingress.account()
    channel = await account.channel()
    disabled = await account.delete(f"/v1/channels/{channel['id']}")
    assert (disabled.status, disabled.json["state"]) == (200, "disabled")
    assert (await account.push(channel, an_invoice())).status == 404
    assert (await account.get("/v1/channels")).json["items"] == []
    assert [one["id"] for one in (await account.get("/v1/channels?state=disabled")).json["items"]] == [channel["id"]]
    assert (await account.get(f"/v1/channels/{channel['id']}")).json["state"] == "disabled"
    assert (await account.post(f"/v1/channels/{channel['id']}/rotate")).status == 409


async def test_a_rotated_channel_has_a_new_url_and_still_knows_what_came_before(ingress: Ingress) -> None:
    account = await ingress.account()
    old = await account.channel()
    first = from_xml(await account.push(old, an_invoice(ref="BEFORE")))
    rotated = await account.post(f"/v1/channels/{old['id']}/rotate")
    new = rotated.json
    assert (rotated.status, new["kind"], new["state"]) == (200, "direct", "active")
    assert (new["id"], new["url"] != old["url"]) == (old["id"], True)
    assert (await account.push(old, an_invoice(ref="BEFORE"))).status == 404
    again = from_xml(await account.push(new, an_invoice(ref="BEFORE")))
    assert (again["message_id"], again["duplicate"]) == (first["message_id"], "true")
    assert [one["id"] for one in (await account.get("/v1/channels")).json["items"]] == [new["id"]]


async def test_a_channels_secret_cannot_be_guessed_and_fits_into_a_url(ingress: Ingress) -> None:
    account = await ingress.account()
    secrets = {(await account.channel())["url"].rpartition("/")[2] for _ in range(10)}
    assert len(secrets) == 10
    assert all(len(one) >= 32 and one.replace("-", "").replace("_", "").isalnum() for one in secrets)


async def test_an_order_goes_into_the_sales_inbox(ingress: Ingress) -> None:
    account = await ingress.account()
    channel = await account.channel("orders")
    answer = await ingress.send("POST", channel["url"], data=an_order(), headers=JSON)
    assert (answer.status, answer.json["duplicate"]) == (200, False)
    command = await arrived(account, answer.json["message_id"])
    assert command.data["box"] == "sales"
    again = await ingress.send("POST", channel["url"], data=an_order(), headers=JSON)
    assert again.json == {"message_id": answer.json["message_id"], "duplicate": True, "warnings": []}


async def test_the_same_invoice_through_two_channels_is_two_messages(ingress: Ingress) -> None:
    account = await ingress.account()
    answers = [from_xml(await account.push(await account.channel(), an_invoice())) for _ in range(2)]
    assert [answer["duplicate"] for answer in answers] == ["false", "false"]


async def test_a_type_that_is_not_read_is_415_and_a_body_over_the_limit_413(ingress: Ingress) -> None:
    account = await ingress.account()
    channel = await account.channel()
    for content_type in ("text/plain", "image/png"):
        answer = await ingress.send("POST", channel["url"], data=an_invoice(), headers={"Content-Type": content_type})
        assert answer.status == 415
    big = await account.push(channel, b"<Sale>" + b" " * 20 * 1024 * 1024)
    assert big.status == 413
    assert big.headers["Content-Type"] == "application/problem+xml"


async def test_bytes_and_pdfs_are_detected_by_their_content(ingress: Ingress) -> None:
    account = await ingress.account()
    channel = await account.channel()
    for content_type in ("application/octet-stream", "application/pdf"):
        answer = await ingress.send("POST", channel["url"], data=an_invoice(), headers={"Content-Type": content_type})
        assert answer.status == 200


async def test_a_large_document_is_taken(ingress: Ingress) -> None:
    account = await ingress.account()
    body = an_invoice(comment="x" * 9_000).replace(b"</LineItem>", b"</LineItem>" + b" " * 100_000)
    answer = await account.push(await account.channel(), body)
    assert answer.status == 200
    command = await arrived(account, from_xml(answer)["message_id"])
    assert base64.b64decode(command.data["raw"]) == body


async def test_an_accepted_message_is_an_operation_and_an_entry_of_the_journey(ingress: Ingress) -> None:
    account = await ingress.account()
    message_id = from_xml(await account.push(await account.channel(), an_invoice()))["message_id"]
    operation = (await account.get(f"/v1/operations/{message_id}")).json
    assert (operation["command"], operation["request"]) == (
        RECEIVE_INBOX_MESSAGE,
        "POST /ext/direct/inbox/{secret}",
    )
    entry = await ingress.pool.fetchrow(
        "SELECT * FROM ingress_api.journey_entry WHERE subject_id = $1", UUID(message_id)
    )
    assert entry is not None
    assert str(entry["correlation_id"]) == str(entry["message_id"]) == message_id
    assert (entry["service"], entry["step"], entry["cause_id"]) == ("ingress", "accepted", None)
    assert entry["detail"]["path"] == "/ext/direct/inbox/{secret}"
    other = await ingress.account()
    assert (await other.get(f"/v1/operations/{message_id}")).status == 404
