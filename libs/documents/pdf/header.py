"""The header of the first page: seller, document, client, when and how to pay; and the headers of further pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from documents.pdf.content import Content, Tone
from documents.pdf.fonts import BOLD
from documents.pdf.logo import picture_size
from documents.pdf.pages import (
    ACCENT,
    BODY,
    FAINT,
    GREY,
    INK,
    LEFT,
    RIGHT,
    SMALL,
    STRONG,
    TOP,
    WIDTH,
    Colour,
    Cursor,
    PageFlow,
    Picture,
    Rectangle,
    Style,
)

_SELLER: Final = Style(15, 19, BOLD)
_TITLE: Final = Style(22, 26, BOLD, ACCENT)
_NUMBER: Final = Style(11, 15, colour=INK)
_MARK: Final = Style(8, 16, BOLD)
_CLIENT: Final = Style(11, 15, BOLD)
_LABEL: Final = Style(8, 11, BOLD, GREY)
_BAND: Final = 5.0

_SELLER_WIDTH: Final = 250.0
_LOGO_WIDTH: Final = 170.0
_LOGO_HEIGHT: Final = 56.0
_TITLE_LEFT: Final = LEFT + 270.0
_CLIENT_WIDTH: Final = 240.0
_FACTS_LEFT: Final = LEFT + 270.0
_FACT_LABEL_WIDTH: Final = 100.0

TONES: Final[Mapping[Tone, Colour]] = {
    "quiet": GREY,
    "good": (0.10, 0.47, 0.30),
    "warning": (0.66, 0.40, 0.03),
    "bad": (0.70, 0.16, 0.16),
}


def first_head(sheets: PageFlow, content: Content, logo: bytes | None = None) -> Cursor:
    """Set the header of the first page; return where it ends."""
    sheets.box(0, Rectangle(0, 0, WIDTH, _BAND, ACCENT))
    start = Cursor(0, TOP)
    below_logo = _logo(sheets, start, logo) if logo else start
    seller, title = _seller(sheets, below_logo, content), _title(sheets, start, content)
    place = max(seller, title).down(22)
    sheets.rule(place, LEFT, RIGHT)
    place = place.down(14)
    client, facts = _client(sheets, place, content), _facts(sheets, place, content)
    return max(client, facts).down(24)


def next_head(sheets: PageFlow, page: int, content: Content) -> float:
    """Set the header of a further page; return where it ends."""
    sheets.box(page, Rectangle(0, 0, WIDTH, _BAND, ACCENT))
    place = Cursor(page, TOP - 14)
    named = f"{content.title} {content.number}".strip()
    half = (RIGHT - LEFT) / 2 - 10
    sheets.line(place, LEFT, half, sheets.wrapped(content.seller.name, STRONG, half)[0], STRONG)
    sheets.line(place, RIGHT - half, half, named, SMALL, "right")
    place = place.down(18)
    sheets.rule(place, LEFT, RIGHT, colour=FAINT)
    return place.top + 12


def _logo(sheets: PageFlow, place: Cursor, content: bytes) -> Cursor:
    """Set the logo above the seller, as large as its box allows."""
    width, height = picture_size(content)
    scale = min(_LOGO_WIDTH / width, _LOGO_HEIGHT / height)
    picture = Picture(LEFT, place.top, width * scale, height * scale, content)
    sheets.pages[place.page].pictures.append(picture)
    return place.down(picture.height + 8)


def _seller(sheets: PageFlow, place: Cursor, content: Content) -> Cursor:
    seller = content.seller
    place = sheets.block(place, LEFT, _SELLER_WIDTH, sheets.wrapped(seller.name, _SELLER, _SELLER_WIDTH), _SELLER)
    place = place.down(3)
    for detail in seller.details:
        place = sheets.block(place, LEFT, _SELLER_WIDTH, sheets.wrapped(detail, SMALL, _SELLER_WIDTH), SMALL)
    return place


def _title(sheets: PageFlow, place: Cursor, content: Content) -> Cursor:
    width = RIGHT - _TITLE_LEFT
    place = place.down(-4)
    for text, style in ((content.title, _TITLE), (content.number, _NUMBER)):
        if text:
            place = sheets.block(place, _TITLE_LEFT, width, sheets.wrapped(text, style, width), style, "right")
    return _marked(sheets, place.down(7), content) if content.mark else place


def _marked(sheets: PageFlow, place: Cursor, content: Content) -> Cursor:
    """A small stamp at the right edge."""
    text, colour = content.mark.upper(), TONES[content.tone]
    wide = sheets.typeface.width(text, BOLD, _MARK.size)
    left = RIGHT - wide - 14
    sheets.box(place.page, Rectangle(left, place.top, wide + 14, _MARK.leading, colour, radius=3, line=1))
    sheets.line(place, left + 7, wide, text, Style(_MARK.size, _MARK.leading, BOLD, colour))
    return place.down(_MARK.leading)


def _client(sheets: PageFlow, place: Cursor, content: Content) -> Cursor:
    client = content.client
    sheets.line(place, LEFT, _CLIENT_WIDTH, content.labels.client, _LABEL)
    place = place.down(_LABEL.leading + 3)
    place = sheets.block(place, LEFT, _CLIENT_WIDTH, sheets.wrapped(client.name, _CLIENT, _CLIENT_WIDTH), _CLIENT)
    for detail in client.details:
        place = sheets.block(place, LEFT, _CLIENT_WIDTH, sheets.wrapped(detail, BODY, _CLIENT_WIDTH), BODY)
    return place


def _facts(sheets: PageFlow, place: Cursor, content: Content) -> Cursor:
    left = _FACTS_LEFT + _FACT_LABEL_WIDTH
    for label, value in content.facts:
        sheets.line(place, _FACTS_LEFT, _FACT_LABEL_WIDTH - 8, label, Style(9, BODY.leading, colour=GREY))
        place = sheets.block(place, left, RIGHT - left, sheets.wrapped(value, BODY, RIGHT - left), BODY, "right")
        place = place.down(3)
    return place
