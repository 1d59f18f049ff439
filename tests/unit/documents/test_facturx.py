"""Factur-X PDFs: written as PDF/A-3 with the invoice inside, and read, also where they are hostile."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import facturx
import pytest
from pypdf import PdfReader, PdfWriter

from documents.cii_writer import cii_of
from documents.en16931.from_sale import invoice_of
from documents.facturx import invoice_inside
from documents.facturx_writer import embedded, write_facturx
from documents.pdf.render import render_sale
from tests.support.einvoice_rules import broken_by_cii
from tests.support.ledger_documents import SELLER
from tests.unit.documents.messages import sample
from tests.unit.documents.test_en16931_rules import an_invoice
from tests.unit.pdf.reading import pages


def written(**changes: Any) -> bytes:
    return write_facturx(an_invoice(**changes), SELLER, locale="fr")


def test_the_invoice_inside_is_the_one_on_the_pages() -> None:
    sale = an_invoice()
    inside = invoice_inside(write_facturx(sale, SELLER, locale="fr"))
    assert inside == cii_of(invoice_of(sale, SELLER, "facturx"))
    assert broken_by_cii(inside, xrechnung=False) == []
    assert "121,00" in pages(write_facturx(sale, SELLER, locale="fr"))[0]


def test_another_reader_finds_and_validates_it() -> None:
    name, xml = facturx.get_facturx_xml_from_pdf(written(), check_xsd=True)
    assert (name, facturx.get_level(facturx.facturx.etree.fromstring(xml))) == ("factur-x.xml", "en16931")


def test_an_equal_document_gives_equal_bytes() -> None:
    assert written() == written()


def test_it_is_what_pdf_a_3_wants() -> None:
    reader = PdfReader(BytesIO(written()))
    root: Any = reader.root_object
    assert reader.pdf_header == "%PDF-1.7"
    assert root["/OutputIntents"][0]["/DestOutputProfile"].get_data()[36:40] == b"acsp"
    assert root["/AF"][0]["/AFRelationship"] == "/Alternative"
    metadata = root["/Metadata"].get_data()
    for said in (b"<pdfaid:part>3", b"<pdfaid:conformance>B", b"<fx:ConformanceLevel>EN 16931<"):
        assert said in metadata
    for page in reader.pages:
        fonts: Any = page["/Resources"]["/Font"]  # type: ignore[index]
        assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts.values())


def a_pdf_with(content: bytes, name: str = "factur-x.xml") -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_attachment(name, content)
    made = BytesIO()
    writer.write(made)
    return made.getvalue()


@pytest.mark.parametrize("name", ["factur-x.xml", "ZUGFeRD-invoice.xml", "xrechnung.xml", "invoice 7.XML"])
def test_an_invoice_under_each_usual_name_is_found(name: str) -> None:
    xml = sample("cii/invoice.xml")
    assert invoice_inside(a_pdf_with(xml, name)) == xml


@pytest.mark.parametrize(
    "pdf",
    [
        b"%PDF-1.7\n/EmbeddedFile",
        a_pdf_with(b"<note/>", "note.xml"),
        a_pdf_with(b"text", "factur-x.txt"),
        embedded(render_sale(an_invoice(), SELLER, locale="en"), b"<a/>", dated="2026-05-01")[:3000],
    ],
    ids=["cut off", "other XML", "other name", "truncated"],
)
def test_a_pdf_without_an_invoice_or_a_broken_one_gives_none(pdf: bytes) -> None:
    assert invoice_inside(pdf) is None


def test_a_stream_that_inflates_without_end_is_given_up() -> None:
    bomb = embedded(render_sale(an_invoice(), SELLER, locale="en"), bytes(100 * 1024 * 1024), dated="2026-05-01")
    assert len(bomb) < 1024 * 1024
    assert invoice_inside(bomb) is None
