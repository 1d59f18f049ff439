"""Documents up to 20 MiB are taken, and their bytes come back as they were from the file store."""

from __future__ import annotations

import base64

import pytest

from documents.parser import XML_BYTES_MAX
from ingress.channels.inboxes import RAW_IN_COMMAND_BYTES_MAX
from tests.support.caller import Caller
from tests.unit.documents.messages import sample


def an_invoice_with_a_pdf(pdf_bytes: int) -> bytes:
    content = base64.b64encode(b"%PDF-1.4\n" + b"\0" * pdf_bytes).decode()
    embedded = f'<cbc:EmbeddedDocumentBinaryObject mimeCode="application/pdf" filename="a.pdf">{content}'
    attached = f"<cac:Attachment>{embedded}</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>"
    reference = f"<cac:AdditionalDocumentReference><cbc:ID>1</cbc:ID>{attached}</cac:AdditionalDocumentReference>"
    supplier = b"<cac:AccountingSupplierParty>"
    return sample("ubl/invoice.xml").replace(supplier, reference.encode() + supplier)


@pytest.mark.parametrize("pdf_bytes", [RAW_IN_COMMAND_BYTES_MAX, 1_300_000, 15_000_000])
async def test_a_large_document_is_kept_byte_by_byte(caller: Caller, pdf_bytes: int) -> None:
    xml = an_invoice_with_a_pdf(pdf_bytes)
    pushed = await caller.push(await caller.channel(), xml)
    assert pushed.status == 200, pushed.text
    (message,) = await caller.items("/v1/inbox/purchases")
    assert (message["document"]["document_ref"], message["warnings"]) == ("U-77", [])
    raw = await caller.get(f"/v1/inbox/purchases/{message['id']}/raw")
    assert (raw.status, raw.raw, raw.headers["Content-Type"]) == (200, xml, "application/xml")


async def test_the_same_large_document_again_is_the_same_message(caller: Caller) -> None:
    channel, xml = await caller.channel(), an_invoice_with_a_pdf(1_300_000)
    answers = [await caller.push(channel, xml) for _ in range(2)]
    assert [
        f"<duplicate>{reported}" in answer.text for answer, reported in zip(answers, ("false", "true"), strict=True)
    ] == [True] * 2
    assert len(await caller.items("/v1/inbox/purchases")) == 1


async def test_more_than_20_mib_are_refused(caller: Caller) -> None:
    xml = an_invoice_with_a_pdf(XML_BYTES_MAX * 3 // 4)
    assert (await caller.push(await caller.channel(), xml)).status == 413


async def test_xml_that_is_not_well_formed_is_malformed_in_the_senders_format(caller: Caller) -> None:
    channel = await caller.channel()
    for body in (b"<Invoice><cbc:ID>", b"<!DOCTYPE Sale><Sale/>", "<!DOCTYPE Sale><Sale/>".encode("utf-16")):
        answer = await caller.push(channel, body)
        assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+xml")
        assert "<code>malformed</code>" in answer.text
