"""The typeface of our PDFs: Roboto in two weights, the characters it can draw, and their widths.

Opened once, with the first PDF, for 4 MB. Sizes and widths are in points.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfdoc import PDFDocument
from reportlab.pdfbase.ttfonts import TTFont

REGULAR: Final = "Roboto-Regular"
BOLD: Final = "Roboto-Bold"
REPLACEMENT: Final = "?"
"""Replaces a character that cannot be drawn, so that a reader sees that something is missing."""

_OPENING, _EMBEDDING = threading.Lock(), threading.Lock()
_BREAKS: Final = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_SELECTORS: Final = re.compile("[\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef]")
# Controls, formats (joiners, marks of direction, soft hyphens), surrogates, private and unassigned ones.
_UNDRAWN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_PLANE: Final = 0x10000  # further than this the PDF's map back to text cannot count
_UNITS: Final = 1000


@dataclass(frozen=True, slots=True)
class Typeface:
    """The characters that can be drawn. `widths` are of one point's size, by weight and character."""

    widths: Mapping[str, Mapping[str, float]]
    strange: re.Pattern[str]  # one character that cannot be drawn

    def clean(self, text: str) -> str:
        r"""The text as it can be drawn: composed, lines ended by `\n`, what has no glyph replaced visibly.

        Characters that are invisible by nature are left out: they could only reorder or hide what others read.
        """
        if text.isascii() and text.isprintable():
            return text
        text = _BREAKS.sub("\n", unicodedata.normalize("NFC", text)).replace("\t", " ")
        return self.strange.sub(self._instead, text)

    def _instead(self, match: re.Match[str]) -> str:
        char = match[0]
        if char == "\n":
            return char
        if unicodedata.category(char) == "Cf" or _SELECTORS.match(char):
            return ""
        plain = unicodedata.normalize("NFKC", char)
        return REPLACEMENT if self.strange.search(plain) else plain

    def can_draw(self, text: str) -> bool:
        """Whether all of it has glyphs."""
        return not self.strange.search(text)

    def width(self, text: str, weight: str, size: float) -> float:
        """How wide a clean line is."""
        return size * sum(map(self.widths[weight].__getitem__, text))

    def wrapped(self, text: str, weight: str, size: float, width: float) -> list[str]:
        """Break a clean text into lines of at most `width`; a word that is wider is broken where it must be."""
        widths, room = self.widths[weight], width / size
        if "\n" not in text and sum(map(widths.__getitem__, text)) <= room:
            return [text]
        return [line for paragraph in text.split("\n") for line in _filled(paragraph, widths, room)]


def _filled(paragraph: str, widths: Mapping[str, float], room: float) -> Iterator[str]:
    """Lines of a paragraph, each with as many words as fit; at least one, which may be empty."""
    line: list[str] = []
    used, space = 0.0, widths[" "]
    for word in paragraph.split(" "):
        wide = sum(map(widths.__getitem__, word))
        if line and used + space + wide > room:
            yield " ".join(line)
            line, used = [], 0.0
        if wide <= room:
            used += wide + (space if line else 0)
            line.append(word)
        else:
            *full, last = _cut(word, widths, room)
            yield from full
            line, used = [last], sum(map(widths.__getitem__, last))
    yield " ".join(line)


def _cut(word: str, widths: Mapping[str, float], room: float) -> Iterator[str]:
    """Pieces of a word that fit; one character is always taken to."""
    start, used = 0, 0.0
    for index, char in enumerate(word):
        wide = widths[char]
        if used + wide > room and index > start:
            yield word[start:index]
            start, used = index, 0.0
        used += wide
    yield word[start:]


class _Font(TTFont):
    """A font that several threads may draw with: only making its subset reads on from a shared place in the file."""

    def addObjects(self, doc: PDFDocument) -> None:  # noqa: N802  reportlab's name
        with _EMBEDDING:
            super().addObjects(doc)


def typeface() -> Typeface:
    """The typeface, its fonts known to reportlab under `REGULAR` and `BOLD`."""
    with _OPENING:  # so that no document draws half with one opening and half with another
        return _opened()


@cache
def _opened() -> Typeface:
    fonts = [_open(name) for name in (REGULAR, BOLD)]
    shared = {code for code in fonts[0].face.charToGlyph if code in fonts[1].face.charToGlyph}
    drawn = sorted(code for code in shared if code < _PLANE and unicodedata.category(chr(code)) not in _UNDRAWN)
    widths = {font.fontName: {chr(code): font.face.charWidths[code] / _UNITS for code in drawn} for font in fonts}
    return Typeface(widths, re.compile(f"[^{''.join(map(re.escape, map(chr, drawn)))}]"))


def _open(name: str) -> TTFont:
    # Only the letters a document uses go into it: a third less than with all of ASCII.
    font = _Font(name, str(files("font_roboto") / "files" / f"{name}.ttf"), asciiReadable=False)
    pdfmetrics.registerFont(font)
    return font
