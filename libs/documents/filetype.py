"""Recognise a file's type by its first bytes, and make a file name that is safe everywhere.

Accepted is what people send as invoices and orders: PDF, pictures, XML, JSON, office documents and plain text. Other
archives, web pages and programs are not. Nothing is unpacked here, and no stored type is executed by a viewer. The
sender's name decides only between types that begin alike (DOCX and XLSX, text and CSV).
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import Final

HEAD_BYTES: Final = 4096  # in an office document the names of the first entries stand in so much
NAME_CHARS_MAX: Final = 120

_OOXML: Final = "application/vnd.openxmlformats-officedocument"
_ODF: Final = "application/vnd.oasis.opendocument"

XML: Final = "application/xml"
JSON: Final = "application/json"
PDF: Final = "application/pdf"

ENDINGS: Final[dict[str, str]] = {
    PDF: "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/tiff": "tif",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/heic": "heic",
    XML: "xml",
    JSON: "json",
    "image/bmp": "bmp",
    "image/avif": "avif",
    "text/plain": "txt",
    "text/csv": "csv",
    "application/rtf": "rtf",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.ms-outlook": "msg",
    f"{_OOXML}.wordprocessingml.document": "docx",
    f"{_OOXML}.spreadsheetml.sheet": "xlsx",
    f"{_OOXML}.presentationml.presentation": "pptx",
    f"{_ODF}.text": "odt",
    f"{_ODF}.spreadsheet": "ods",
}
"""Every accepted type, with the usual ending of its name."""

_BEGINNINGS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"{\\rtf", "application/rtf"),
)
_BY_ENDING: Final = {ending: media_type for media_type, ending in ENDINGS.items()}
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_ENDINGS: Final = frozenset({"doc", "xls", "ppt", "msg"})
_ZIP: Final = b"PK\x03\x04"
_ZIP_NAME_AT: Final = 30  # where the name of the first entry begins
_OOXML_FIRST: Final = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"word/", b"xl/", b"ppt/", b"customXml/")
_OOXML_FOLDERS: Final = ((b"word/", "docx"), (b"xl/", "xlsx"), (b"ppt/", "pptx"))
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_PROGRAM: Final = (b"#!", b"MZ")
_WEB_PAGE: Final = re.compile(rb"<(!doctype\s+html|html|head|body|script|iframe)\b", re.IGNORECASE)
_MARKUP: Final = re.compile(rb"<[?!A-Za-z_]")
_HEIC: Final = frozenset({b"heic", b"heix", b"heif", b"mif1", b"msf1"})
_BLANK: Final = b" \t\r\n"
# Of no use in a name on one system or another, or misleading when shown.
_UNSAFE: Final = frozenset('<>:"|?*/\\')


def sniffed(head: bytes, name: str | None = None) -> str | None:
    """The media type of a file that begins with these bytes (`HEAD_BYTES` or all); None when it is not accepted."""
    ending = (name or "").rpartition(".")[2].lower()
    if head.startswith(_OLE):
        return _BY_ENDING[ending] if ending in _OLE_ENDINGS else None
    if head.startswith(_ZIP):
        return _sniffed_zip(head, ending)
    return _sniffed_picture(head) or _sniffed_text(head, ending)


def _sniffed_picture(head: bytes) -> str | None:
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        return "image/heic"
    if head[4:12] == b"ftypavif":
        return "image/avif"
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0":
        return "image/bmp"
    return next((media_type for beginning, media_type in _BEGINNINGS if head.startswith(beginning)), None)


def _sniffed_zip(head: bytes, ending: str) -> str | None:
    """Distinguish an office document from any other archive, by the names of its first entries."""
    names = head[_ZIP_NAME_AT:]
    if names.startswith(b"mimetype"):
        return next((kind for kind in (f"{_ODF}.text", f"{_ODF}.spreadsheet") if kind.encode() in names[:80]), None)
    if not names.startswith(_OOXML_FIRST):
        return None
    found = next((kind for folder, kind in _OOXML_FOLDERS if folder in names), ending)
    return _BY_ENDING[found] if found in {"docx", "xlsx", "pptx"} else None


def _sniffed_text(head: bytes, ending: str) -> str | None:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = head[2:].replace(b"\0", b"").lstrip(_BLANK)
    else:
        text = head.removeprefix(codecs.BOM_UTF8).lstrip(_BLANK)
        if text.startswith(b"%PDF-"):
            return PDF
        if text.startswith(b"{"):
            return JSON
    if _MARKUP.match(text):
        return None if _WEB_PAGE.match(text) else XML
    if not text or _CONTROL.search(text) or text.startswith(_PROGRAM):
        return None
    return "text/csv" if ending == "csv" else "text/plain"


def safe_name(given: str | None, media_type: str) -> str:
    """A file's name without folders, control and direction characters or leading dots, with its type's own ending.

    "../../etc/passwd" that is a PDF becomes "passwd.pdf", "invoice.pdf.exe" that is one "invoice.pdf.exe.pdf".
    """
    ending = f".{ENDINGS[media_type]}"
    base = unicodedata.normalize("NFC", re.split(r"[/\\]", given or "")[-1])
    kept = "".join("_" if char in _UNSAFE else char for char in base if unicodedata.category(char)[0] != "C")
    base_name = " ".join(kept.split()).strip(". ")
    if base_name.lower().endswith(_spellings(ending)):
        base_name, _, ending = base_name.rpartition(".")
        ending = f".{ending}"
    base_name = base_name[: NAME_CHARS_MAX - len(ending)].strip(". ") or "file"
    return base_name + ending


def _spellings(ending: str) -> tuple[str, ...]:
    return {".jpg": (".jpg", ".jpeg"), ".tif": (".tif", ".tiff"), ".heic": (".heic", ".heif")}.get(ending, (ending,))
