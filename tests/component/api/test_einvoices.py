"""E-invoices pushed over HTTP, in every form they come in: read, kept whole, and the files inside had again."""

from __future__ import annotations

import base64

import aiohttp
import orjson

from documents.facturx_writer import embedded
from documents.pdf.render import render_sale
from tests.support.caller import Caller
from tests.unit.documents.messages import sample
from tests.unit.documents.test_shop_orders import WOOCOMMERCE
from tests.unit.pdf.builders import SELLER, a_sale

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PURCHASES = "/v1/inbox/purchases"
XML = {"Content-Type": "application/xml"}
REFERENCE = (
    "<cac:AdditionalDocumentReference><cbc:ID>{name}</cbc:ID><cac:Attachment>{content}</cac:Attachment>"
    "</cac:AdditionalDocumentReference>"
)


def with_files(ref: str, *files: tuple[str, bytes]) -> bytes:
    """The sample in UBL with files inside, under a reference of its own."""
    references = "".join(
        REFERENCE.format(
            name=name,
            content=f'<cbc:EmbeddedDocumentBinaryObject mimeCode="text/plain" filename="{name}">'
            f"{base64.b64encode(content).decode()}</cbc:EmbeddedDocumentBinaryObject>",
        )
        for name, content in files
    )
    before = "<cac:AccountingSupplierParty>"
    text = sample("ubl/invoice.xml").decode()
    start = text.index("<cbc:ID>")
    end = text.index("</cbc:ID>")
    return f"{text[:start]}<cbc:ID>{ref}{text[end:]}".replace(before, references + before, 1).encode()


async def test_files_inside_an_invoice_are_listed_typed_by_their_bytes_and_had_again(caller: Caller) -> None:
    body = with_files("E-1", ("hours.csv", b"day;hours\n1;8\n"), ("page.html", b"<html>"), ("../A 1.txt", PDF))
    pushed = await caller.push(await caller.channel(), body, Accept="application/json")
    assert pushed.status == 200, pushed.text
    path = f"{PURCHASES}/{pushed.json['message_id']}"
    message = await caller.read(path)
    assert message["format"] == "ubl"
    assert [(one["name"], one["content_type"]) for one in message["attachments"]] == [
        ("hours.csv", "text/csv"),
        ("A 1.txt.pdf", "application/pdf"),
    ]
    assert [warning["code"] for warning in message["warnings"]] == ["attachment_ignored"]
    second = await caller.get(message["attachments"][1]["url"])
    assert (second.status, second.raw, second.headers["Content-Type"]) == (200, PDF, "application/pdf")
    assert message["file"]["sha256"] == message["attachments"][1]["sha256"]
    assert (await caller.get(f"{path}/file")).raw == PDF
    assert (await caller.get(f"{path}/raw")).raw == body
    for unknown in ("0", "3", "x", "01"):
        assert (await caller.get(f"{path}/attachments/{unknown}")).status == 404


async def test_an_invoice_with_a_large_pdf_inside_is_taken(caller: Caller) -> None:
    large = PDF + bytes(range(256)) * 12_000
    answer = await caller.send("POST", PURCHASES, data=with_files("E-2", ("large.pdf", large)), headers=XML)
    assert answer.status == 201, answer.text
    assert (await caller.get(answer.json["file"]["url"])).raw == large


async def test_a_cross_industry_invoice_is_read(caller: Caller) -> None:
    body = sample("cii/invoice.xml")
    answer = await caller.send("POST", PURCHASES, data=body, headers=XML)
    assert answer.status == 201, answer.text
    assert (answer.json["format"], answer.json["document"]["gross_amount"]) == ("cii", "120.00")


def a_factur_x(xml: bytes, text: str = "A-1") -> bytes:
    """A PDF that carries an invoice."""
    return embedded(render_sale(a_sale(number=text), SELLER, locale="en"), xml, dated="2026-05-01")


async def test_the_invoice_inside_a_pdf_is_read_and_the_pdf_is_its_file(caller: Caller) -> None:
    pdf = a_factur_x(sample("cii/invoice.xml"))
    headers = {"Content-Type": "application/pdf", "Accept": "application/json"}
    pushed = await caller.anonymous("POST", (await caller.channel())["url"], data=pdf, headers=headers)
    assert pushed.status == 200, pushed.text
    path = f"{PURCHASES}/{pushed.json['message_id']}"
    message = await caller.read(path)
    assert (message["format"], message["document"]["gross_amount"]) == ("facturx", "120.00")
    assert message["file"]["content_type"] == "application/pdf"
    assert [(await caller.get(f"{path}/{kind}")).raw for kind in ("file", "raw")] == [pdf, pdf]
    again = await caller.anonymous("POST", (await caller.channel())["url"], data=pdf, headers=headers)
    assert again.status == 200


async def test_a_pdf_as_a_file_of_a_form_or_of_json_is_read_as_well(caller: Caller) -> None:
    form = aiohttp.FormData()
    form.add_field("file", a_factur_x(sample("cii/credit_note.xml")), filename="Avoir.pdf")
    form.add_field("comment", "By post")
    by_form = await caller.send("POST", PURCHASES, data=form)
    assert by_form.status == 201, by_form.text
    assert (by_form.json["document"]["sale_type"], by_form.json["comment"]) == ("credit_note", "By post")
    content = base64.b64encode(a_factur_x(sample("cii/credit_note.xml"), "A-2")).decode()
    by_json = await caller.post(PURCHASES, {"file": {"name": "x.pdf", "content": content}})
    assert (by_json.status, by_json.json["format"]) == (201, "facturx")


async def test_a_plain_pdf_stays_a_file_and_so_does_one_whose_invoice_cannot_be_read(caller: Caller) -> None:
    pdf = {"Content-Type": "application/pdf"}
    plain = await caller.send("POST", PURCHASES, data=PDF, headers=pdf)
    assert (plain.status, plain.json["format"], plain.json["document"]) == (201, "file", {})
    broken = sample("cii/invoice.xml").replace(b"<ram:ID>INVOICE</ram:ID>", b"")
    hostile = b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + sample("cii/invoice.xml").partition(b"?>")[2]
    for inside, why in ((broken, "ram:ID is required"), (hostile, "DOCTYPE")):
        answer = await caller.send("POST", PURCHASES, data=a_factur_x(inside), headers=pdf)
        assert answer.status == 201, answer.text
        (warning,) = answer.json["warnings"]
        assert warning["code"] == "unread_file"
        assert why in warning["message"]


async def test_what_is_sent_as_a_pdf_and_is_none_is_refused_as_that(caller: Caller) -> None:
    pdf = {"Content-Type": "application/pdf"}
    for content in (b"", b"no invoice at all", b"\x89PNG\r\n\x1a\n"):
        answer = await caller.send("POST", PURCHASES, data=content, headers=pdf)
        assert (answer.status, answer.json["code"]) == (400, "malformed"), content
        assert "is no PDF" in answer.json["errors"][0]["message"]
    assert await caller.items(PURCHASES) == []
    under_another_name = await caller.send("POST", PURCHASES, data=sample("cii/invoice.xml"), headers=pdf)
    assert (under_another_name.status, under_another_name.json["format"]) == (201, "cii")


async def test_a_pdf_that_takes_too_much_stays_a_file_and_others_are_read_on(caller: Caller) -> None:
    pdf = {"Content-Type": "application/pdf"}
    bomb = a_factur_x(b"x" * 30_000_000)
    answer = await caller.send("POST", PURCHASES, data=bomb, headers=pdf)
    assert (answer.status, answer.json["format"]) == (201, "file")
    good = await caller.send("POST", PURCHASES, data=a_factur_x(sample("cii/invoice.xml"), "A-9"), headers=pdf)
    assert good.json["format"] == "facturx"


async def test_a_shops_order_is_taken_as_it_comes_and_accepted(caller: Caller) -> None:
    channel = await caller.channel("orders")
    pushed = await caller.push(channel, orjson.dumps(WOOCOMMERCE), Content_Type="application/json")
    assert pushed.status == 200, pushed.text
    accepted = await caller.post(f"/v1/inbox/sales/{pushed.json['message_id']}/accept", {})
    assert accepted.status == 200, accepted.text
    sale = await caller.read(f"/v1/sales/{accepted.json['result']['sale_id']}")
    assert (sale["net"], sale["tax"], sale["total"], sale["client"]["name"]) == ("42.00", "8.82", "50.82", "Aija Ozola")
    assert accepted.json["warnings"] == []
