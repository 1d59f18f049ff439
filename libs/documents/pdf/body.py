"""The lines of a document, and below them taxes, totals, the amount due and the notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from documents.pdf.content import Content, Line, Total
from documents.pdf.fonts import BOLD
from documents.pdf.formats import NO_BREAK_SPACE
from documents.pdf.pages import (
    ACCENT,
    BODY,
    BOTTOM,
    GREY,
    LEFT,
    RIGHT,
    SMALL,
    WHITE,
    Cursor,
    PageFlow,
    Rectangle,
    Style,
)
from documents.pdf.table import HEADING, PADDING, Cell, Column, Table

_DESCRIPTION_LEAST: Final = 140.0
_HEADING_WHOLE_MAX: Final = 76.0  # a heading that is longer takes more lines
_UNIT_BESIDE_MAX: Final = 8  # characters of a unit that stand on the quantity's own line
_LEFT_WIDTH: Final = 220.0
_TOTALS_LEFT: Final = LEFT + 250.0
_TOTALS_WIDTH: Final = RIGHT - _TOTALS_LEFT
_TOTAL: Final = Style(9, 12.5)
_PART: Final = Style(9, 12.5, colour=GREY)
_SUM: Final = Style(9, 12.5, BOLD)
_TOTALS_WHOLE_MAX: Final = 300.0  # totals up to this height are not divided between pages
_BETWEEN: Final = 5.0
_DUE: Final = Style(12, 30, BOLD, WHITE)
_DUE_LABEL: Final = Style(10, 30, BOLD, WHITE)
_NOTES: Final = Style(8.5, 12)
_NOTES_BESIDE_MAX: Final = 14  # lines
_LABEL: Final = Style(8, 14, BOLD, GREY)


@dataclass(frozen=True, slots=True)
class _Figures:
    """A column of figures: its heading, and each line's text in it."""

    heading: str
    text: Callable[[Line], str]


def set_lines(sheets: PageFlow, place: Cursor, content: Content) -> Cursor:
    """Set the table of lines; return where it ends."""
    numbers, *figures = _figures(content)
    first, *widths = (_width(sheets, column, content.lines) for column in (numbers, *figures))
    left = RIGHT - LEFT - first - sum(widths)
    if left < _DESCRIPTION_LEAST:  # figures of many digits are set smaller
        less = (RIGHT - LEFT - first - _DESCRIPTION_LEAST) / sum(widths)
        widths, left = [width * less for width in widths], _DESCRIPTION_LEAST
    columns = [
        Column(numbers.heading, first),
        Column(content.labels.description, left),
        *(Column(column.heading, width, "right") for column, width in zip(figures, widths, strict=True)),
    ]
    return Table(sheets, LEFT, columns).set(place, _rows(sheets, content, figures, left - 2 * PADDING))


def _figures(content: Content) -> list[_Figures]:
    """The columns that this document needs beside the description, which comes second."""
    labels, lines = content.labels, content.lines
    price = labels.unit_price_with_tax if content.with_tax else labels.unit_price
    amount = labels.amount_without_tax if content.with_tax else labels.amount
    figures = [
        _Figures("#", lambda line: line.number),
        _Figures(labels.quantity, _quantity),
        _Figures(price, lambda line: line.unit_price),
    ]
    if any(line.discount for line in lines):
        figures.append(_Figures(labels.line_discount, lambda line: line.discount))
    if any(line.tax for line in lines):
        figures.append(_Figures(labels.tax, lambda line: line.tax))
    return [*figures, _Figures(f"{amount} ({content.currency})", lambda line: line.amount)]


def _quantity(line: Line) -> str:
    beside = line.unit and len(line.unit) <= _UNIT_BESIDE_MAX
    return f"{line.quantity}{NO_BREAK_SPACE}{line.unit}" if beside else line.quantity


def _width(sheets: PageFlow, column: _Figures, lines: Sequence[Line]) -> float:
    """As wide as its widest figure and, as far as that is no waste, its heading."""
    measure = sheets.typeface.width
    widest = max((measure(text, BODY.weight, BODY.size) for text in {column.text(line) for line in lines}), default=0.0)
    words = max(measure(word, HEADING.weight, HEADING.size) for word in column.heading.split())
    whole = min(measure(column.heading, HEADING.weight, HEADING.size), _HEADING_WHOLE_MAX)
    return max(widest, words, whole) + 2 * PADDING + 1


def _rows(sheets: PageFlow, content: Content, figures: Sequence[_Figures], width: float) -> Iterator[list[Cell]]:
    for line in content.lines:
        cell: list[tuple[str, Style]] = [(text, BODY) for text in sheets.wrapped(line.text, BODY, width)]
        if below := "  ·  ".join(filter(None, _below(line))):
            cell += [(text, SMALL) for text in sheets.wrapped(below, SMALL, width)]
        yield [[(line.number, BODY)], cell, *([(column.text(line), BODY)] for column in figures)]


def _below(line: Line) -> tuple[str, str, str]:
    """Small text below a description: codes, and a unit too long for its column."""
    return line.code, line.category, line.unit if len(line.unit) > _UNIT_BESIDE_MAX else ""


def set_totals(sheets: PageFlow, place: Cursor, content: Content) -> Cursor:
    """Set taxes at the left, notes below them if there is room, totals at the right; return where all of it ends."""
    rows = [(sheets.wrapped(total.label, _TOTAL, _TOTALS_WIDTH * 0.55), total) for total in content.totals]
    height = sum(len(lines) * _TOTAL.leading + _BETWEEN for lines, _ in rows) + _DUE.leading + 10
    place = sheets.room(place, min(height, _TOTALS_WHOLE_MAX))
    totals, taxes = _totals(sheets, place.down(4), content, rows), _taxes(sheets, place, content)
    return _notes(sheets, taxes, max(totals, taxes), content)


def _taxes(sheets: PageFlow, place: Cursor, content: Content) -> Cursor:
    if not content.taxes:
        return place
    labels = content.labels
    columns = (
        Column(labels.tax, _LEFT_WIDTH * 0.34),
        Column(labels.taxable, _LEFT_WIDTH * 0.36, "right"),
        Column(labels.tax_amount, _LEFT_WIDTH * 0.3, "right"),
    )
    width = columns[0].width - 2 * PADDING
    rows = (
        [[(text, BODY) for text in sheets.wrapped(tax.name, BODY, width)], [(tax.taxable, BODY)], [(tax.tax, BODY)]]
        for tax in content.taxes
    )
    return Table(sheets, LEFT, columns).set(place, rows)


def _totals(sheets: PageFlow, place: Cursor, content: Content, rows: Sequence[tuple[list[str], Total]]) -> Cursor:
    left, width = _TOTALS_LEFT + 10, _TOTALS_WIDTH - 20
    for lines, total in rows:
        label, value = (_SUM, _SUM) if total.is_sum else (_PART, _TOTAL)
        place = sheets.room(place, _TOTAL.leading)
        sheets.line(place, left + width * 0.62, width * 0.38, total.value, value, "right")
        place = sheets.block(place, left, width * 0.6, lines, label).down(_BETWEEN)
    place = sheets.room(place.down(3), _DUE.leading)
    sheets.box(place.page, Rectangle(_TOTALS_LEFT, place.top, _TOTALS_WIDTH, _DUE.leading, ACCENT, radius=3))
    sheets.line(place, left, width * 0.45, content.due.label, _DUE_LABEL)
    sheets.line(place, left + width * 0.47, width * 0.53, content.due.value, _DUE, "right")
    return place.down(_DUE.leading)


def _notes(sheets: PageFlow, beside: Cursor, below: Cursor, content: Content) -> Cursor:
    """Set the seller's notes: at the left of the totals if all of them fit there, else below them."""
    if not content.notes:
        return below
    place, width = beside.down(14), _LEFT_WIDTH
    lines = sheets.wrapped(content.notes, _NOTES, width)
    if len(lines) > _NOTES_BESIDE_MAX or place.top + _LABEL.leading + len(lines) * _NOTES.leading > BOTTOM:
        width = RIGHT - LEFT
        lines = sheets.wrapped(content.notes, _NOTES, width)
        place = sheets.room(below.down(20), _LABEL.leading + min(len(lines), 3) * _NOTES.leading)
    sheets.line(place, LEFT, width, content.labels.notes, _LABEL)
    return max(below, sheets.block(place.down(_LABEL.leading), LEFT, width, lines, _NOTES))


def set_closing(sheets: PageFlow, place: Cursor, content: Content) -> Cursor:
    """Set the seller's closing text below all else; return where it ends."""
    if not content.closing:
        return place
    return sheets.block(place.down(20), LEFT, RIGHT - LEFT, sheets.wrapped(content.closing, SMALL, RIGHT - LEFT), SMALL)
