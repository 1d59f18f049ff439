"""Extract the invoice of a Factur-X, ZUGFeRD or Order-X PDF: the XML that is embedded in it under a known name.

pypdf reads objects lazily, and what it inflates is bounded. A hostile file can still make it
work and allocate far beyond its size, so this runs in a process of its own, within limits of the operating system.
"""

from __future__ import annotations

from io import BytesIO
from typing import Final

from pypdf import Configuration, PdfReader, apply_configuration
from pypdf.errors import PyPdfError

INFLATED_BYTES_MAX: Final = 24 * 1024 * 1024
"""A document of 20 MiB and some room: of one stream, whichever filter it has."""

FILES_MAX: Final = 100
"""Embedded files that are looked at: published ones have up to a dozen."""

_NAMES: Final = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "order-x.xml")
_BOUNDED: Final = Configuration(
    zlib_maximum_output_length=INFLATED_BYTES_MAX,
    lzw_maximum_output_length=INFLATED_BYTES_MAX,
    run_length_maximum_output_length=INFLATED_BYTES_MAX,
    brotli_maximum_output_length=INFLATED_BYTES_MAX,
    array_based_stream_maximum_output_length=INFLATED_BYTES_MAX,
    jbig2dec_binary=None,  # no other program is run
)
_FOREIGN: Final = (b"CrossIndustryInvoice", b":Invoice-2", b":CreditNote-2")
_HEAD_BYTES: Final = 4096  # the root element is within them


def invoice_inside(pdf: bytes) -> bytes | None:
    """Return the XML of the invoice that a PDF carries; None where there is none or it cannot be extracted.

    A file under one of the known names counts before any other XML that is an invoice by its root element.
    """
    try:
        with apply_configuration(_BOUNDED):
            reader = PdfReader(BytesIO(pdf), strict=False)
            return None if reader.is_encrypted else _chosen(reader)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError):
        return None  # broken in one of the many ways in which PDFs are


def _chosen(reader: PdfReader) -> bytes | None:
    other: bytes | None = None
    for number, file in enumerate(reader.attachment_list):
        if number == FILES_MAX:
            break
        name = (file.name or "").lower()
        if name in _NAMES:
            return file.content
        if other is None and name.endswith(".xml"):
            content = file.content
            other = content if any(root in content[:_HEAD_BYTES] for root in _FOREIGN) else None
    return other
