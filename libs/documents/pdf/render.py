"""Render a sales document: words, then pages, then bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from documents.pdf.body import set_closing, set_lines, set_totals
from documents.pdf.content import Content, content_of
from documents.pdf.drawing import drawn
from documents.pdf.fonts import Typeface, typeface
from documents.pdf.footer import set_feet
from documents.pdf.header import first_head, next_head
from documents.pdf.pages import Page, PageFlow


def render_sale(sale: Mapping[str, Any], seller: Mapping[str, Any], *, locale: str) -> bytes:
    """The PDF of a sale; an equal sale, seller and locale give equal bytes.

    `sale` is what `GET /v1/sales/{id}` returns; `seller` has the account's `name`, and may have the fields that
    `content_of` lists and `logo`, the bytes of a picture; `locale` is the reader's, such as `fr` or `es_MX`: a language
    that is not among `LABELS` gets English.
    """
    letters = typeface()
    content = content_of(sale, seller, locale=locale, typeface=letters)
    return drawn(
        pages_of(content, letters, seller.get("logo")),
        letters,
        title=f"{content.title} {content.number}".strip(),
        author=content.seller.name,
        language=content.language,
        dated=content.dated,
    )


def pages_of(content: Content, letters: Typeface, logo: bytes | None = None) -> list[Page]:
    """The pages of a document; `logo` is a PNG or JPEG that `documents.pdf.logo` has checked."""
    sheets = PageFlow(letters, lambda sheets, page: next_head(sheets, page, content))
    place = set_lines(sheets, first_head(sheets, content, logo), content)
    place = set_totals(sheets, place.down(16), content)
    set_closing(sheets, place, content)
    set_feet(sheets, content)
    return sheets.pages
