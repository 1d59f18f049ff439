"""E-invoices pushed over HTTP, in every form they come in: read, kept whole, and the files inside had again."""

from __future__ import annotations

import base64

from tests.support.caller import Caller
from tests.unit.documents.messages import sample

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
