"""Read a PDF back: its pages' texts, with every kind of space as the plain one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from documents.pdf.render import render_sale
from tests.unit.pdf.builders import SELLER


def pages(pdf: bytes) -> list[str]:
    """Each page's text; what stands side by side comes one after the other."""
    return [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(BytesIO(pdf)).pages]


def text_of(sale: Mapping[str, Any], *, locale: str = "en", seller: Mapping[str, Any] = SELLER) -> str:
    """All text on a sale's paper."""
    return " ".join(pages(render_sale(sale, seller, locale=locale)))
