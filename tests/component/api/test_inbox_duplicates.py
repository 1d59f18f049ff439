"""Whether a message came before: only the same bytes, or the same canonical XML, on the same channel, are the same."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from tests.support.caller import Caller, a_document, a_sale_xml
from tests.support.eventually import eventually

JSON = {"Content-Type": "application/json"}
WITH_ACCOUNT = b"<BankAccount>%s</BankAccount></Header>"


async def pushed(caller: Caller, url: str, body: bytes, content_type: str = "application/xml") -> dict[str, Any]:
    headers = {"Content-Type": content_type, "Accept": "application/json"}
    answer = await caller.anonymous("POST", url, data=body, headers=headers)
    assert answer.status == 200, answer.text
    return answer.json  # type: ignore[no-any-return]  # parsed JSON


async def stored(caller: Caller, message_id: str, box: str = "purchases") -> dict[str, Any]:
    async def found() -> list[Any]:
        answer = await caller.get(f"/v1/inbox/{box}/{message_id}")
        return [answer.json] if answer.status == 200 else []

    return (await eventually(found))[0]  # type: ignore[no-any-return]  # parsed JSON


@pytest.mark.parametrize(
    "change",
    [
        (b"</Header>", WITH_ACCOUNT % b"DE02500105170137075030"),  # an element that the reader does not know
        (b"</Header>", b"</Header><!-- pay to another account -->"),
        (b"<Header>", b"<Header changed='1'>"),
        (b"</Header>", b"</Header>\n"),
        (b"</Header>", b"<Comment>other</Comment></Header>"),
    ],
)
async def test_a_changed_document_is_stored_whole_and_flagged(caller: Caller, change: tuple[bytes, bytes]) -> None:
    url = (await caller.channel())["url"]
    original = a_sale_xml("D-1")
    changed = original.replace(*change)
    first, second, again = [await pushed(caller, url, body) for body in (original, changed, changed)]
    assert (second["duplicate"], second["duplicate_of"]) == (False, first["message_id"])
    assert (again["duplicate"], again["message_id"]) == (True, second["message_id"])
    message = await stored(caller, second["message_id"])
    assert (message["state"], message["duplicate_of"]) == ("duplicate", first["message_id"])
    flagged = [one for one in message["warnings"] if one["code"] == "resembles"]
    assert [one["path"] for one in flagged] == ["document.document_ref"]
    assert first["message_id"] in flagged[0]["message"]
    for message_id, body in ((first["message_id"], original), (second["message_id"], changed)):
        assert (await caller.get(f"/v1/inbox/purchases/{message_id}/raw")).raw == body


async def test_the_same_canonical_xml_is_the_same_message_and_fires_nothing(caller: Caller) -> None:
    url = (await caller.channel())["url"]
    body = a_sale_xml("D-2")
    first = await pushed(caller, url, body)
    again = await pushed(caller, url, b"<?xml version='1.0'?>\n" + body.replace(b"<Header>", b"<Header >") + b"\n")
    assert (again["message_id"], again["duplicate"]) == (first["message_id"], True)
    await stored(caller, first["message_id"])
    assert len(await caller.items("/v1/inbox/purchases")) == 1


async def test_a_changed_order_in_json_is_stored_whole_and_flagged(caller: Caller) -> None:
    url = (await caller.channel("orders"))["url"]
    order = a_document("D-3")
    order["document"]["client"] = order["document"].pop("supplier")
    bodies = [orjson.dumps(order), orjson.dumps(order, option=orjson.OPT_INDENT_2)]
    first, second = [await pushed(caller, url, body, "application/json") for body in bodies]
    assert (second["duplicate"], second["duplicate_of"]) == (False, first["message_id"])
    await stored(caller, second["message_id"], "sales")
    assert (await caller.get(f"/v1/inbox/sales/{second['message_id']}/raw")).raw == bodies[1]


async def test_two_senders_at_once_lose_nothing_and_store_nothing_twice(caller: Caller) -> None:
    url = (await caller.channel())["url"]
    original = a_sale_xml("D-4")
    bodies = [original.replace(b"</Header>", WITH_ACCOUNT % str(number % 2).encode()) for number in range(40)]
    answers = await asyncio.gather(*(pushed(caller, url, body) for body in bodies))
    by_content = [{answer["message_id"] for answer in answers[place::2]} for place in (0, 1)]
    assert [len(ids) for ids in by_content] == [1, 1]
    assert [answer["duplicate"] for answer in answers].count(False) == 2
    assert [answer.get("duplicate_of") for answer in answers if not answer["duplicate"]].count(None) == 1
    for (message_id,), body in zip(by_content, bodies[:2], strict=True):
        await stored(caller, message_id)
        assert (await caller.get(f"/v1/inbox/purchases/{message_id}/raw")).raw == body


async def test_a_flagged_message_is_accepted_plainly_while_no_other_is(caller: Caller) -> None:
    first = (await caller.post("/v1/inbox/purchases", a_document("D-5"))).json
    second = (await caller.post("/v1/inbox/purchases", a_document("D-5", comment="other"))).json
    assert second["duplicate_of"] == first["id"]
    assert (await caller.post(f"/v1/inbox/purchases/{second['id']}/accept", {})).status == 200
    refused = await caller.post(f"/v1/inbox/purchases/{first['id']}/accept", {})
    assert (refused.status, refused.json["code"]) == (409, "duplicate_accepted")
    accepted = await caller.post(f"/v1/inbox/purchases/{first['id']}/accept", {"despite_duplicate": True})
    assert accepted.status == 200
