"""Pages and a cursor: content flows down the page and on to the next. Units are points, from the top left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from documents.pdf.fonts import BOLD, REGULAR, Typeface

WIDTH: Final = 595.28  # A4
HEIGHT: Final = 841.89
LEFT: Final = 51.0
RIGHT: Final = WIDTH - LEFT
TOP: Final = 51.0
BOTTOM: Final = HEIGHT - 66.0
FOOT: Final = HEIGHT - 42.0  # the last line's baseline

Colour = tuple[float, float, float]
INK: Final[Colour] = (0.11, 0.14, 0.19)
GREY: Final[Colour] = (0.40, 0.44, 0.50)
FAINT: Final[Colour] = (0.86, 0.88, 0.91)
TINT: Final[Colour] = (0.945, 0.957, 0.973)
ACCENT: Final[Colour] = (0.09, 0.25, 0.42)
WHITE: Final[Colour] = (1.0, 1.0, 1.0)
SHADOW: Final[Colour] = (0.94, 0.95, 0.96)

Align = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is set. `leading` is from one baseline to the next."""

    size: float
    leading: float
    weight: str = REGULAR
    colour: Colour = INK


BODY: Final = Style(9, 12.5)
STRONG: Final = Style(9, 12.5, BOLD)
SMALL: Final = Style(8, 11, colour=GREY)


class TextRun(NamedTuple):
    """A line of text, `left` and `baseline` its beginning."""

    left: float
    baseline: float
    text: str
    weight: str
    size: float
    colour: Colour


class Rectangle(NamedTuple):
    """A rectangle, filled, or drawn in outline when `line` is above 0."""

    left: float
    top: float
    width: float
    height: float
    colour: Colour
    radius: float = 0.0
    line: float = 0.0


class Picture(NamedTuple):
    """The bytes of a PNG or JPEG, drawn into a rectangle."""

    left: float
    top: float
    width: float
    height: float
    content: bytes


@dataclass(slots=True)
class Page:
    """The content of one page: boxes and pictures below texts, and the light watermark `across`."""

    boxes: list[Rectangle] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    texts: list[TextRun] = field(default_factory=list)
    across: str = ""


class Cursor(NamedTuple):
    """Where the next content goes."""

    page: int
    top: float

    def down(self, by: float) -> Cursor:
        """The position further down the same page."""
        return Cursor(self.page, self.top + by)


class PageFlow:
    """The pages of one document; `begin` sets the header of each page after the first and returns where it ends."""

    def __init__(self, typeface: Typeface, begin: Callable[[PageFlow, int], float]) -> None:
        self.typeface = typeface
        self.pages = [Page()]
        self._begin = begin
        self._tops = [TOP]

    def room(self, place: Cursor, height: float) -> Cursor:
        """This position if `height` fits below it, else the top of the next page."""
        if place.top + height <= BOTTOM:
            return place
        page = place.page + 1
        if page == len(self.pages):
            self.pages.append(Page())
            self._tops.append(self._begin(self, page))
        return Cursor(page, self._tops[page])

    def rule(self, place: Cursor, left: float, right: float, *, colour: Colour = FAINT, line: float = 0.6) -> None:
        """A line across."""
        self.pages[place.page].boxes.append(Rectangle(left, place.top - line / 2, right - left, line, colour))

    def box(self, page: int, box: Rectangle) -> None:
        """A rectangle."""
        self.pages[page].boxes.append(box)

    def wrapped(self, text: str, style: Style, width: float) -> list[str]:
        """A clean text broken into lines."""
        return self.typeface.wrapped(text, style.weight, style.size, width)

    def line(self, place: Cursor, left: float, width: float, text: str, style: Style, align: Align = "left") -> None:
        """Set one line, its top at `place`; set smaller where it is wider than `width`."""
        size, wide = style.size, self.typeface.width(text, style.weight, style.size)
        if wide > width:
            size, wide = size * width / wide, width
        start = left if align == "left" else left + width - wide
        baseline = place.top + (style.leading + style.size * 0.72) / 2
        self.pages[place.page].texts.append(TextRun(start, baseline, text, style.weight, size, style.colour))

    def block(
        self, place: Cursor, left: float, width: float, lines: Sequence[str], style: Style, align: Align = "left"
    ) -> Cursor:
        """Set lines below one another, on to the next page where there is no room; return where they end."""
        for text in lines:
            place = self.room(place, style.leading)
            self.line(place, left, width, text, style, align)
            place = place.down(style.leading)
        return place
