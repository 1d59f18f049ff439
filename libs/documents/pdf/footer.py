"""The footer of every page, set last, because it shows the number of pages."""

from __future__ import annotations

from typing import Final

from documents.pdf.content import Content
from documents.pdf.pages import FAINT, FOOT, GREY, LEFT, RIGHT, Cursor, PageFlow, Style

_FOOT: Final = Style(7.5, 10, colour=GREY)
_PAGE_WIDTH: Final = 110.0


def set_feet(sheets: PageFlow, content: Content) -> None:
    """Set the seller and the page number; and a watermark across a draft."""
    width = RIGHT - LEFT - _PAGE_WIDTH - 10
    sender = sheets.wrapped(content.seller.short, _FOOT, width)[0]
    pages = len(sheets.pages)
    for index, page in enumerate(sheets.pages):
        place = Cursor(index, FOOT - 9)
        sheets.rule(place.down(-6), LEFT, RIGHT, colour=FAINT)
        sheets.line(place, LEFT, width, sender, _FOOT)
        page_label = content.labels.page.format(page=index + 1, pages=pages)
        sheets.line(place, RIGHT - _PAGE_WIDTH, _PAGE_WIDTH, page_label, _FOOT, "right")
        page.across = content.mark.upper() if content.is_draft else ""
