"""What a file is by its own first bytes, and a name for it that is safe everywhere: what a sender claims is not asked.

Only what an invoice or order comes as is taken: PDF, pictures, XML and JSON. Archives, office documents, web pages and
programs are not, so nothing is ever unpacked here and nothing that is kept can run where it is looked at.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import Final

HEAD_BYTES: Final = 1024
NAME_CHARS_MAX: Final = 120

XML: Final = "application/xml"
JSON: Final = "application/json"

ENDINGS: Final[dict[str, str]] = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/tiff": "tif",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/heic": "heic",
    XML: "xml",
    JSON: "json",
}
"""Every type that is taken, with the usual ending of its name."""

_BEGINNINGS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_WEB_PAGE: Final = re.compile(rb"<(!doctype\s+html|html|head|body|script|iframe)\b", re.IGNORECASE)
_MARKUP: Final = re.compile(rb"<[?!A-Za-z_]")
_HEIC: Final = frozenset({b"heic", b"heix", b"heif", b"mif1", b"msf1"})
_BLANK: Final = b" \t\r\n"
# Of no use in a name on one system or another, or misleading when shown.
_UNSAFE: Final = frozenset('<>:"|?*/\\')


def sniffed(head: bytes) -> str | None:
    """The media type of a file that begins with these bytes (`HEAD_BYTES` or all); None when it is not taken."""
    for beginning, media_type in _BEGINNINGS:
        if head.startswith(beginning):
            return media_type
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        return "image/heic"
    return _sniffed_text(head)


def _sniffed_text(head: bytes) -> str | None:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # of the types taken only XML is ever written so
        text = head[2:].replace(b"\0", b"").lstrip(_BLANK)
    else:
        text = head.removeprefix(codecs.BOM_UTF8).lstrip(_BLANK)
        if text.startswith(b"%PDF-"):
            return "application/pdf"
        if text.startswith(b"{"):
            return JSON
    return XML if _MARKUP.match(text) and not _WEB_PAGE.match(text) else None


def safe_name(given: str | None, media_type: str) -> str:
    """A file's name without folders, control and direction characters or leading dots, with its type's own ending.

    "../../etc/passwd" that is a PDF becomes "passwd.pdf", "invoice.pdf.exe" that is one "invoice.pdf.exe.pdf".
    """
    ending = f".{ENDINGS[media_type]}"
    base = unicodedata.normalize("NFC", re.split(r"[/\\]", given or "")[-1])
    kept = "".join("_" if char in _UNSAFE else char for char in base if unicodedata.category(char)[0] != "C")
    stem = " ".join(kept.split()).strip(". ")
    if stem.lower().endswith(_spellings(ending)):
        stem, _, ending = stem.rpartition(".")
        ending = f".{ending}"
    stem = stem[: NAME_CHARS_MAX - len(ending)].strip(". ") or "file"
    return stem + ending


def _spellings(ending: str) -> tuple[str, ...]:
    return {".jpg": (".jpg", ".jpeg"), ".tif": (".tif", ".tiff"), ".heic": (".heic", ".heif")}.get(ending, (ending,))
