"""A table on as many pages as it needs, its headings on each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from documents.pdf.fonts import BOLD
from documents.pdf.pages import ACCENT, TINT, Align, Cursor, PageFlow, Rectangle, Style

HEADING: Final = Style(8, 10.5, BOLD, ACCENT)
PADDING: Final = 6.0  # between a cell's text and its sides
_ABOVE: Final = 5.0  # and what is above and below it
_FIRST_ROWS: Final = 60.0  # headings never stand alone at the end of a page
_WHOLE_MAX: Final = 240.0  # a row up to this height is not divided between pages

Cell = Sequence[tuple[str, Style]]
"""The lines of a cell."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, width and alignment."""

    heading: str
    width: float
    align: Align = "left"


class Table:
    """A table whose left edge is `left`."""

    def __init__(self, sheets: PageFlow, left: float, columns: Sequence[Column]) -> None:
        self._sheets, self._left, self._columns = sheets, left, columns
        self._width = sum(column.width for column in columns)
        self._headings = [sheets.wrapped(column.heading, HEADING, column.width - 2 * PADDING) for column in columns]
        self._heading_height = max(map(len, self._headings)) * HEADING.leading + 2 * _ABOVE
        self._begun: dict[int, Cursor] = {}  # where the rows begin on each page

    def set(self, place: Cursor, rows: Iterable[Sequence[Cell]]) -> Cursor:
        """Set headings and rows; return where they end."""
        place = self._head(self._sheets.room(place, self._heading_height + _FIRST_ROWS))
        for row in rows:
            place = self._row(place, row)
        return place

    def _head(self, place: Cursor) -> Cursor:
        height = self._heading_height
        self._sheets.box(place.page, Rectangle(self._left, place.top, self._width, height, TINT, radius=2))
        left = self._left
        for column, lines in zip(self._columns, self._headings, strict=True):
            # Headings of one line stand beside the last line of longer ones.
            top = place.down(height - _ABOVE - len(lines) * HEADING.leading)
            self._sheets.block(top, left + PADDING, column.width - 2 * PADDING, lines, HEADING, column.align)
            left += column.width
        self._begun[place.page] = place.down(height)
        return place.down(height)

    def _row(self, place: Cursor, row: Sequence[Cell]) -> Cursor:
        height = max(sum(style.leading for _, style in cell) for cell in row) + 2 * _ABOVE
        place = self._fitting(place, height if height <= _WHOLE_MAX else row[0][0][1].leading + 2 * _ABOVE)
        start, end, left = place.down(_ABOVE), place, self._left
        for column, cell in zip(self._columns, row, strict=True):
            end = max(end, self._cell(start, left + PADDING, column, cell))
            left += column.width
        end = end.down(_ABOVE)
        self._sheets.rule(end, self._left, self._left + self._width)
        return end

    def _cell(self, place: Cursor, left: float, column: Column, cell: Cell) -> Cursor:
        for text, style in cell:
            place = self._fitting(place, style.leading)
            self._sheets.line(place, left, column.width - 2 * PADDING, text, style, column.align)
            place = place.down(style.leading)
        return place

    def _fitting(self, place: Cursor, height: float) -> Cursor:
        """Where `height` fits, below the headings if that is on another page."""
        there = self._sheets.room(place, height)
        if there.page == place.page:
            return place
        return self._begun.get(there.page) or self._head(there)
