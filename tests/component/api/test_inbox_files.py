"""Files in the inboxes over HTTP: pushed with or without a document, and given back as they came."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import aiohttp
import orjson

from tests.support.api_installation import House
from tests.support.caller import Answer, Caller, a_document, a_sale_xml

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PURCHASES = "/v1/inbox/purchases"


def a_form(file: bytes = PDF, name: str = "A-17.pdf", **fields: Any) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("file", file, filename=name, content_type="application/octet-stream")
    for field, value in fields.items():
        form.add_field(field, value if isinstance(value, str) else orjson.dumps(value).decode())
    return form


async def push(caller: Caller, form: aiohttp.FormData, path: str = PURCHASES, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await caller.send("POST", path, data=form, headers=named)


async def test_a_file_comes_back_byte_by_byte_under_its_name(caller: Caller) -> None:
    pushed = await push(caller, a_form(name="Rēķins 17.pdf", document=a_document("F-1")["document"], comment="By post"))
    assert pushed.status == 201, pushed.text
    message = pushed.json
    url = f"{caller.url}{PURCHASES}/{message['id']}/file"
    assert message["file"] == {
        "name": "Rēķins 17.pdf",
        "content_type": "application/pdf",
        "size": len(PDF),
        "sha256": hashlib.sha256(PDF).hexdigest(),
        "url": url,
    }
    assert (message["comment"], message["document"]["document_ref"]) == ("By post", "F-1")
    given = await caller.get(url)
    assert (given.status, given.raw, given.headers["Content-Type"]) == (200, PDF, "application/pdf")
    assert given.headers["Content-Disposition"] == (
        "attachment; filename=\"R__ins 17.pdf\"; filename*=UTF-8''R%C4%93%C4%B7ins%2017.pdf"
    )
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert given.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert given.headers["X-Request-Id"]
    assert await caller.read(f"{PURCHASES}/{message['id']}") == message


async def test_a_file_alone_is_what_came(caller: Caller) -> None:
    message = (await push(caller, a_form())).json
    assert (message["state"], message["document"]) == ("received", {})
    raw = await caller.get(f"{PURCHASES}/{message['id']}/raw")
    assert (raw.raw, raw.headers["Content-Type"]) == (PDF, "application/pdf")


async def test_the_document_is_the_raw_form_of_a_message_that_has_one(caller: Caller) -> None:
    document = orjson.dumps(a_document("F-2")["document"])
    message = (await push(caller, a_form(document=document.decode()))).json
    raw = await caller.get(f"{PURCHASES}/{message['id']}/raw")
    assert (raw.raw, raw.headers["Content-Type"]) == (document, "application/json")


async def test_a_file_of_xml_is_read_and_given_back(caller: Caller) -> None:
    xml = a_sale_xml("F-3")
    message = (await push(caller, a_form(xml, "invoice.xml"))).json
    assert message["document"]["document_ref"] == "F-3"
    given = await caller.get(message["file"]["url"])
    assert (given.raw, given.headers["Content-Type"]) == (xml, "application/xml")


async def test_the_head_of_a_file_is_given_without_its_bytes(caller: Caller) -> None:
    message = (await push(caller, a_form())).json
    head = await caller.send("HEAD", message["file"]["url"])
    assert (head.status, head.raw, head.headers["Content-Length"]) == (200, b"", str(len(PDF)))


async def test_a_large_file_is_streamed_whole(caller: Caller) -> None:
    large = PDF + bytes(range(256)) * 40_000
    message = (await push(caller, a_form(large))).json
    given = await caller.get(message["file"]["url"])
    assert hashlib.sha256(given.raw).hexdigest() == message["file"]["sha256"]


async def test_a_message_without_a_file_has_none(caller: Caller) -> None:
    message = await caller.made_of(PURCHASES, a_document("F-4"))
    assert message["file"] is None
    assert (await caller.get(f"{PURCHASES}/{message['id']}/file")).status == 404


async def test_a_file_is_its_accounts_and_boxes_alone(caller: Caller, stranger: Caller) -> None:
    message = (await push(caller, a_form())).json
    assert (await stranger.get(message["file"]["url"])).status == 404
    assert (await caller.get(message["file"]["url"].replace("purchases", "sales"))).status == 404
    assert (await caller.anonymous("GET", message["file"]["url"])).status == 401
    assert (await push(stranger, a_form())).json["id"] != message["id"]


async def test_the_same_file_again_is_the_same_message(caller: Caller) -> None:
    first, again = [await push(caller, a_form(name=name)) for name in ("one.pdf", "two.pdf")]
    assert (first.status, again.status) == (201, 200)
    assert again.json == first.json


async def test_the_same_document_with_another_file_is_flagged(caller: Caller) -> None:
    document = a_document("F-5")["document"]
    first, again, other = [await push(caller, a_form(file, document=document)) for file in (PDF, PDF, PDF + b"\n")]
    assert (first.status, again.status, other.status) == (201, 200, 201)
    assert again.json["id"] == first.json["id"]
    assert (other.json["state"], other.json["duplicate_of"]) == ("duplicate", first.json["id"])


async def test_a_repeated_form_with_a_key_gets_the_first_answer(caller: Caller) -> None:
    first, again = [await push(caller, a_form(), Idempotency_Key="form-1") for _ in range(2)]
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await push(caller, a_form(PDF + b"\n"), Idempotency_Key="form-1")
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")


async def test_sixteen_at_once_with_one_file_leave_one_message(caller: Caller) -> None:
    answers = await asyncio.gather(*(push(caller, a_form()) for _ in range(16)))
    assert sorted(answer.status for answer in answers) == [200] * 15 + [201]
    assert len(await caller.items(PURCHASES)) == 1


async def test_an_order_may_have_a_file_too(caller: Caller) -> None:
    order = a_document("F-6", sale_type="sales_order", client={"name": "Aija"})["document"]
    pushed = await push(caller, a_form(document=order), "/v1/inbox/sales")
    assert pushed.status == 201
    assert pushed.json["file"]["url"] == f"{caller.url}/v1/inbox/sales/{pushed.json['id']}/file"


async def test_a_file_that_is_lost_is_not_pretended(house: House, caller: Caller) -> None:
    message = (await push(caller, a_form())).json
    for path in (house.files / caller.made["account_id"]).rglob(message["file"]["sha256"]):
        path.unlink()
    assert (await caller.get(message["file"]["url"])).status == 503
