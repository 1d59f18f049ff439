"""What a file is by its bytes, and names that are safe everywhere."""

from __future__ import annotations

import io
import unicodedata
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.filetype import ENDINGS, HEAD_BYTES, NAME_CHARS_MAX, safe_name, sniffed


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
        (b"\xef\xbb\xbf\r\n%PDF-1.4", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"II*\0\x08\0\0\0", "image/tiff"),
        (b"MM\0*\0\0\0\x08", "image/tiff"),
        (b"GIF89a\x01\0", "image/gif"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "image/heic"),
        (b'<?xml version="1.0"?><Sale/>', "application/xml"),
        (b"\xef\xbb\xbf  <Sale>", "application/xml"),
        (b"\xff\xfe" + "<?xml".encode("utf-16-le"), "application/xml"),
        (b"<!-- made by us --><Invoice", "application/xml"),
        (b'\n {"document": {}}', "application/json"),
        (b"{\\rtf1\\ansi", "application/rtf"),
        (b"BM\x8a\0\0\0\0\0\0\0", "image/bmp"),
        (b"Please pay 12.50 by Friday.\r\n", "text/plain"),
        ("R\u0113\u0137ins".encode("cp1257"), "text/plain"),
        (b"BMW service", "text/plain"),
        (b"[1, 2]", "text/plain"),
        (b"GIF", "text/plain"),
        (b"\xff\xfe" + "Pay".encode("utf-16-le"), "text/plain"),
    ],
)
def test_what_invoices_come_as_is_detected_by_its_bytes(head: bytes, media_type: str) -> None:
    assert sniffed(head) == media_type


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"PK\x03\x04\x14\0",
        b"\x1f\x8b\x08\0",
        b"MZ\x90\0",
        b"\x7fELF\x02",
        b"#!/bin/sh\n",
        b"<!DOCTYPE html><p>%PDF-1.7",
        b"  <HTML><script>",
        b"<script>alert(1)</script>",
        b"\xff\xfe" + "<html>".encode("utf-16-le"),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"\0" * 100,
    ],
)
def test_what_no_invoice_comes_as_is_not_taken(head: bytes) -> None:
    assert sniffed(head) is None


@pytest.mark.parametrize(
    ("given_name", "media_type", "name"),
    [
        ("A-17.pdf", "application/pdf", "A-17.pdf"),
        ("A-17.PDF", "application/pdf", "A-17.PDF"),
        ("../../etc/passwd", "application/pdf", "passwd.pdf"),
        ("C:\\Invoices\\A-17.pdf", "application/pdf", "A-17.pdf"),
        ("..", "image/png", "file.png"),
        (None, "image/jpeg", "file.jpg"),
        ("photo.jpeg", "image/jpeg", "photo.jpeg"),
        (".htaccess", "application/xml", "htaccess.xml"),
        ("invoice.pdf.exe", "application/pdf", "invoice.pdf.exe.pdf"),
        ("invoice\u202efdp.exe", "application/pdf", "invoicefdp.exe.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "application/pdf", "aSet-Cookie_ x.pdf"),
        ('a".pdf', "application/pdf", "a_.pdf"),
        ("Rēķins Nr. 5.pdf", "application/pdf", "Rēķins Nr. 5.pdf"),
        ("a\0b.pdf", "application/pdf", "ab.pdf"),
        ("x" * 300 + ".pdf", "application/pdf", "x" * (NAME_CHARS_MAX - 4) + ".pdf"),
    ],
)
def test_a_name_loses_what_could_do_harm(given_name: str | None, media_type: str, name: str) -> None:
    assert safe_name(given_name, media_type) == name


@given(st.text(max_size=300), st.sampled_from(sorted(ENDINGS)))
def test_any_name_is_short_plain_and_of_its_type(text: str, media_type: str) -> None:
    name = safe_name(text, media_type)
    assert 1 <= len(name) <= NAME_CHARS_MAX
    assert not set(name) & set('<>:"|?*/\\')
    assert not name.startswith(".")
    assert not any(unicodedata.category(char)[0] == "C" for char in name)
    assert safe_name(name, media_type) == name


def a_zip(*names: str, content: bytes = b"x" * 300) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return packed.getvalue()


OFFICE = "application/vnd.openxmlformats-officedocument"


@pytest.mark.parametrize(
    ("names", "name", "media_type"),
    [
        (("[Content_Types].xml", "_rels/.rels", "word/document.xml"), None, f"{OFFICE}.wordprocessingml.document"),
        (("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), "a.docx", f"{OFFICE}.spreadsheetml.sheet"),
        (("[Content_Types].xml",), "a.DOCX", f"{OFFICE}.wordprocessingml.document"),
        (("[Content_Types].xml",), "a.zip", None),
        (("run.exe", "word/document.xml"), "a.docx", None),
    ],
)
def test_an_office_document_is_distinguished_from_other_archives(
    names: tuple[str, ...], name: str | None, media_type: str | None
) -> None:
    assert sniffed(a_zip(*names)[:HEAD_BYTES], name) == media_type


def test_an_open_document_says_its_type_first() -> None:
    assert sniffed(a_zip("mimetype", content=b"application/epub+zip")) is None
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    assert sniffed(packed.getvalue()) == "application/vnd.oasis.opendocument.text"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("a.doc", "application/msword"), ("a.XLS", "application/vnd.ms-excel"), ("setup.msi", None), (None, None)],
)
def test_an_old_office_document_is_detected_by_its_extension(name: str | None, media_type: str | None) -> None:
    assert sniffed(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, name) == media_type


def test_a_table_is_distinguished_from_text_by_its_ending() -> None:
    assert sniffed(b"item;price\r\nPaper;4.50\r\n", "lines.csv") == "text/csv"
